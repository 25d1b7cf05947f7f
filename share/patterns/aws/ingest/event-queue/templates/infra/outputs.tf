output "queue" {
  description = "Items to work on"
  value = {
    name            = aws_sqs_queue.this.name
    url             = aws_sqs_queue.this.url
    arn             = aws_sqs_queue.this.arn
    dead_letter_arn = aws_sqs_queue.dead.arn
    batch_size      = var.batch_size
    env             = { QUEUE_URI = aws_sqs_queue.this.url, QUEUE_BATCH_SIZE = tostring(var.batch_size) }
    read = [
      { actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"], resources = [aws_sqs_queue.this.arn] },
      { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
    ]
    write = [
      { actions = ["sqs:SendMessage"], resources = [aws_sqs_queue.this.arn, aws_sqs_queue.dead.arn] },
      { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] },
    ]
  }
}

output "evt" {
  description = "Events of uploaded items"
  value = {
    name = aws_cloudwatch_event_rule.uploaded.name
    arn  = aws_cloudwatch_event_rule.uploaded.arn
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "age"
      title      = "Age of the oldest waiting item"
      namespace  = "AWS/SQS"
      metric     = "ApproximateAgeOfOldestMessage"
      dimensions = { QueueName = aws_sqs_queue.this.name }
      statistic  = "Maximum"
      threshold  = var.visibility_timeout_s * 2
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Seconds"
    },
    {
      name       = "dead"
      title      = "Items set aside"
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.dead.name }
      statistic  = "Maximum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
