locals {
  embed_arn = "arn:${var.partition}:bedrock:${var.region}::foundation-model/${var.embed_model}"
  ports     = concat(var.obj_raw.read, var.vec.read, var.vec.write, var.queue == null ? [] : concat(var.queue.read, var.queue.write))
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "worker" {
  name = "${var.name}-worker"
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

resource "aws_iam_role_policy" "worker" {
  name = "worker"
  role = aws_iam_role.worker.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in local.ports : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        { Effect = "Allow", Action = ["bedrock:InvokeModel"], Resource = [local.embed_arn] },
        { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] },
        { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead.arn] },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
      ],
      var.net_private == null ? [] : [{
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
        Resource = ["*"]
      }],
    )
  })
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-dead"
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 1209600
  tags                      = var.tags
}

resource "aws_lambda_function" "this" {
  function_name                  = var.name
  description                    = "Parses documents, cuts them into chunks, embeds and indexes them"
  role                           = aws_iam_role.worker.arn
  package_type                   = "Image"
  image_uri                      = "${var.image.repository_url}:pipelines-${var.image_tag}"
  architectures                  = ["x86_64"]
  memory_size                    = var.memory_mb
  timeout                        = 60
  reserved_concurrent_executions = var.concurrency
  kms_key_arn                    = var.kms_key_arn
  tags                           = var.tags

  image_config {
    entry_point = ["python", "-m", "awslambdaric"]
    command     = ["pipelines.${var.program}.main.handle"]
  }

  environment {
    variables = merge(var.obj_raw.env, var.vec.env, var.vec.secrets, {
      EMBED_MODEL_ID  = var.embed_model
      EMBED_DIMENSION = "1024"
      CHUNK_TOKENS    = tostring(var.chunk_tokens)
    })
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

  dynamic "vpc_config" {
    for_each = var.net_private == null ? [] : [var.net_private]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [vpc_config.value.security_group_id]
    }
  }
}

# The cap keeps the embedding model's token quota out of reach of a burst of uploads.
resource "aws_lambda_event_source_mapping" "queue" {
  count                   = var.queue == null ? 0 : 1
  event_source_arn        = var.queue.arn
  function_name           = aws_lambda_function.this.arn
  batch_size              = 5
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  scaling_config {
    maximum_concurrency = max(2, var.concurrency)
  }
}

# Nightly: everything that is in the raw zone and not yet in the index.
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
    Statement = [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [aws_lambda_function.this.arn] }]
  })
}

resource "aws_scheduler_schedule" "nightly" {
  name                = var.name
  description         = "Index what the night has brought"
  schedule_expression = "cron(0 2 * * ? *)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_lambda_function.this.arn
    role_arn = aws_iam_role.schedule.arn
    input    = jsonencode({ action = "reindex" })
  }
}
