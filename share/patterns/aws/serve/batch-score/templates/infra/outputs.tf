output "ep_batch" {
  description = "Where the scores are"
  value = {
    uri  = "${var.obj_curated.uri}scores/"
    name = var.gpu ? aws_scheduler_schedule.gpu[0].name : aws_scheduler_schedule.this[0].name
    env  = { EP_BATCH_URI = "${var.obj_curated.uri}scores/" }
    read = var.obj_curated.read
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
