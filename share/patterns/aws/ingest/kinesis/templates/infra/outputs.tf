output "stream" {
  description = "The event stream"
  value = {
    name = aws_kinesis_stream.this.name
    arn  = aws_kinesis_stream.this.arn
    env  = { STREAM_URI = "kinesis://${aws_kinesis_stream.this.name}" }
    read = [
      {
        actions   = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListShards"]
        resources = [aws_kinesis_stream.this.arn]
      },
      { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
    ]
    write = [
      { actions = ["kinesis:PutRecord", "kinesis:PutRecords"], resources = [aws_kinesis_stream.this.arn] },
      { actions = ["kms:GenerateDataKey"], resources = [var.kms_key_arn] },
    ]
  }
}

output "evt" {
  description = "Events of the raw zone"
  value = {
    name = aws_cloudwatch_event_rule.landed.name
    arn  = aws_cloudwatch_event_rule.landed.arn
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "iterator-age"
      title      = "Age of the oldest unread event"
      namespace  = "AWS/Kinesis"
      metric     = "GetRecords.IteratorAgeMilliseconds"
      dimensions = { StreamName = aws_kinesis_stream.this.name }
      statistic  = "Maximum"
      threshold  = 60000 + var.batch_window_s * 2000
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Milliseconds"
    },
    {
      name       = "write-throttled"
      title      = "Refused writes to the stream"
      namespace  = "AWS/Kinesis"
      metric     = "WriteProvisionedThroughputExceeded"
      dimensions = { StreamName = aws_kinesis_stream.this.name }
      statistic  = "Sum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
    {
      name       = "consumer-errors"
      title      = "Errors of the stream's consumer"
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = { FunctionName = aws_lambda_function.this.function_name }
      statistic  = "Sum"
      threshold  = 3
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
    {
      name       = "dead"
      title      = "Events set aside"
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
