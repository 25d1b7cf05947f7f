locals {
  key_use = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] }
}

output "kv" {
  description = "The key-value table"
  value = {
    table_name = aws_dynamodb_table.items.name
    arn        = aws_dynamodb_table.items.arn
    env        = { KV_URI = "dynamodb://${aws_dynamodb_table.items.name}" }
    read = [
      { actions = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"], resources = [aws_dynamodb_table.items.arn] },
      local.key_use,
    ]
    write = [
      { actions = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"], resources = [aws_dynamodb_table.items.arn] },
      local.key_use,
    ]
  }
}

output "vec" {
  description = "Chunks and their vectors, scanned exactly"
  value = {
    backend  = "dynamodb"
    endpoint = aws_dynamodb_table.chunks.name
    index    = aws_dynamodb_table.chunks.name
    arn      = aws_dynamodb_table.chunks.arn
    env      = { VEC_URI = "dynamodb://${aws_dynamodb_table.chunks.name}" }
    read = [
      { actions = ["dynamodb:Query", "dynamodb:Scan", "dynamodb:DescribeTable"], resources = [aws_dynamodb_table.chunks.arn] },
      local.key_use,
    ]
    write = [
      { actions = ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"], resources = [aws_dynamodb_table.chunks.arn] },
      local.key_use,
    ]
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "throttled"
      title      = "Throttled requests to the items table"
      namespace  = "AWS/DynamoDB"
      metric     = "ThrottledRequests"
      dimensions = { TableName = aws_dynamodb_table.items.name }
      statistic  = "Sum"
      threshold  = 1
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
