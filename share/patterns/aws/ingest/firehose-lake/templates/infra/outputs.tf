output "evt" {
  description = "Events of landed files, and the streams that producers write to"
  value = {
    name = aws_cloudwatch_event_rule.landed.name
    arn  = aws_cloudwatch_event_rule.landed.arn
    env  = { EVT_URI = "firehose://${join(",", aws_kinesis_firehose_delivery_stream.this[*].name)}" }
    write = [
      { actions = ["firehose:PutRecord", "firehose:PutRecordBatch"], resources = aws_kinesis_firehose_delivery_stream.this[*].arn },
    ]
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    for stream in aws_kinesis_firehose_delivery_stream.this : {
      name       = "freshness-${stream.name}"
      title      = "Age of undelivered events"
      namespace  = "AWS/Firehose"
      metric     = "DeliveryToS3.DataFreshness"
      dimensions = { DeliveryStreamName = stream.name }
      statistic  = "Maximum"
      threshold  = var.buffer_s * 3
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Seconds"
    }
  ]
}
