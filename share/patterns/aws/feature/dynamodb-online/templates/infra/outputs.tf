output "feat_online" {
  description = "Latest feature values by entity"
  value = {
    backend    = "dynamodb"
    table_name = aws_dynamodb_table.this.name
    arn        = aws_dynamodb_table.this.arn
    env        = { FEAT_ONLINE_BACKEND = "dynamodb", FEAT_ONLINE_URI = local.uri }
    read       = local.read
    write      = local.write
  }
}

output "kv" {
  description = "The table as a key-value store"
  value = {
    table_name = aws_dynamodb_table.this.name
    arn        = aws_dynamodb_table.this.arn
    env        = { KV_URI = local.uri }
    read       = local.read
    write      = local.write
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "throttled"
      title      = "Throttled feature reads"
      namespace  = "AWS/DynamoDB"
      metric     = "ThrottledRequests"
      dimensions = { TableName = aws_dynamodb_table.this.name }
      statistic  = "Sum"
      threshold  = 1
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
    {
      name       = "writer-errors"
      title      = "Errors while writing features"
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = { FunctionName = aws_lambda_function.writer.function_name }
      statistic  = "Sum"
      threshold  = 3
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
