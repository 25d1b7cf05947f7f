locals {
  uri = "dynamodb://${aws_dynamodb_table.this.name}"

  sources = concat(
    var.feat_offline == null ? [] : var.feat_offline.read,
    var.stream == null ? [] : var.stream.read,
  )

  read = [
    { actions = ["dynamodb:GetItem", "dynamodb:BatchGetItem"], resources = [aws_dynamodb_table.this.arn] },
    { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
  ]

  write = [
    { actions = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"], resources = [aws_dynamodb_table.this.arn] },
    { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] },
  ]

  environment = {
    FEAT_ONLINE_URI      = local.uri
    FEAT_ONLINE_TTL_DAYS = tostring(var.ttl_days)
  }
}

resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  deletion_protection_enabled = var.protected
  tags                        = merge(var.tags, { classification = var.data_classification })

  attribute {
    name = "pk"
    type = "S"
  }

  # A feature that nobody refreshed is not served.
  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  # A ceiling on what a runaway client can cost: 20,000 entities a second.
  on_demand_throughput {
    max_read_request_units  = ceil(20000 * var.read_units)
    max_write_request_units = 20000
  }
}

# Keeps the store fresh: from the stream as events happen, from history once an hour.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "writer" {
  name = "${var.name}-writer"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "writer" {
  name = "writer"
  role = aws_iam_role.writer.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in local.sources : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [for s in concat(local.read, local.write) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] },
        { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead.arn] },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
      ],
    )
  })
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-dead"
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 1209600
  tags                      = var.tags
}

resource "aws_lambda_function" "writer" {
  function_name = var.name
  description   = "Writes the latest feature values"
  role          = aws_iam_role.writer.arn
  package_type  = "Image"
  image_uri     = "${var.image.repository_url}:pipelines-${var.image_tag}"
  architectures = ["x86_64"]
  memory_size   = 1024
  timeout       = 300
  kms_key_arn   = var.kms_key_arn
  tags          = var.tags

  image_config {
    entry_point = ["python", "-m", "awslambdaric"]
    command     = ["pipelines.${var.program}.main.handle"]
  }

  environment {
    variables = merge(local.environment, var.feat_offline == null ? {} : var.feat_offline.env)
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.dead.arn
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_lambda_event_source_mapping" "stream" {
  count                          = var.stream == null ? 0 : 1
  event_source_arn               = var.stream.arn
  function_name                  = aws_lambda_function.writer.arn
  starting_position              = "LATEST"
  batch_size                     = 200
  parallelization_factor         = 2
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 5
  function_response_types        = ["ReportBatchItemFailures"]
  tags                           = var.tags

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead.arn
    }
  }
}

resource "aws_iam_role" "schedule" {
  name = "${var.name}-clock"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule" {
  name = "invoke"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [aws_lambda_function.writer.arn] }]
  })
}

resource "aws_scheduler_schedule" "refresh" {
  count               = var.feat_offline == null ? 0 : 1
  name                = var.name
  description         = "Refresh from the feature history"
  schedule_expression = "rate(1 hour)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 10
  }

  target {
    arn      = aws_lambda_function.writer.arn
    role_arn = aws_iam_role.schedule.arn
    input    = jsonencode({ action = "materialise" })
  }
}
