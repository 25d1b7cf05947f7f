output "obs_drift" {
  description = "Metrics and reports of drift"
  value = {
    namespace = local.namespace
    uri       = "${var.obj_curated.uri}drift/"
  }
}

output "watch" {
  description = "Runs that failed for good"
  value = [{
    name       = "failed"
    title      = "Comparisons that failed for good"
    namespace  = "AWS/SQS"
    metric     = "ApproximateNumberOfMessagesVisible"
    dimensions = { QueueName = aws_sqs_queue.dead.name }
    statistic  = "Maximum"
    threshold  = 0
    comparison = "GreaterThanThreshold"
    periods    = 5
    unit       = "Count"
  }]
}
