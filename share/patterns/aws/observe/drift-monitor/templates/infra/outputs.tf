output "obs_drift" {
  description = "Metrics of drift"
  value = {
    namespace = local.namespace
    uri       = "${var.obj_curated.uri}drift/"
  }
}

output "watch" {
  description = "Runs that could not be started"
  value = [{
    name       = "not-started"
    title      = "Runs that could not be started"
    namespace  = "AWS/SQS"
    metric     = "ApproximateNumberOfMessagesVisible"
    dimensions = { QueueName = aws_sqs_queue.failed.name }
    statistic  = "Maximum"
    threshold  = 0
    comparison = "GreaterThanThreshold"
    periods    = 5
    unit       = "Count"
  }]
}
