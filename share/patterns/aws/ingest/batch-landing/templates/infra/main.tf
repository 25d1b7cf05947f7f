locals {
  statements = concat(
    [for s in concat(var.obj_raw.read, var.obj_raw.write) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
    [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
      {
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [aws_secretsmanager_secret.source.arn]
      },
      {
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.dead.arn]
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.kms_key_arn]
      },
    ],
    var.net_private == null ? [] : [{
      Effect   = "Allow"
      Action   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
      Resource = ["*"]
    }],
  )
}

# Address and credentials of the source; the value is set by its owner, never here.
resource "aws_secretsmanager_secret" "source" {
  name                    = "${var.name}-source"
  description             = "Where data is pulled from: {\"uri\": …, \"token\": …}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.protected ? 30 : 0
  tags                    = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "task" {
  name = "${var.name}-task"
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

resource "aws_iam_role_policy" "task" {
  name   = "task"
  role   = aws_iam_role.task.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-dead"
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 1209600
  tags                      = var.tags
}

resource "aws_lambda_function" "this" {
  function_name                  = var.name
  description                    = "Copies what is new at the source into the raw zone"
  role                           = aws_iam_role.task.arn
  package_type                   = "Image"
  image_uri                      = "${var.image.repository_url}:pipelines-${var.image_tag}"
  architectures                  = ["x86_64"]
  memory_size                    = var.memory_mb
  timeout                        = 900
  reserved_concurrent_executions = 1
  kms_key_arn                    = var.kms_key_arn
  tags                           = var.tags

  image_config {
    entry_point = ["python", "-m", "awslambdaric"]
    command     = ["pipelines.${var.program}.main.handle"]
  }

  ephemeral_storage {
    size = min(10240, 2048 + var.memory_mb)
  }

  environment {
    variables = merge(var.obj_raw.env, {
      SOURCE_SECRET_ARN = aws_secretsmanager_secret.source.arn
      FILES_PER_RUN     = tostring(var.files_per_run)
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

resource "aws_iam_role" "workflow" {
  name = "${var.name}-flow"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "workflow" {
  name = "workflow"
  role = aws_iam_role.workflow.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [aws_lambda_function.this.arn] },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"]
        Resource = ["*"]
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "workflow" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

# One pass copies at most files_per_run files; the workflow repeats it until nothing is left.
resource "aws_sfn_state_machine" "this" {
  name     = var.name
  role_arn = aws_iam_role.workflow.arn
  type     = "STANDARD"
  tags     = var.tags

  definition = jsonencode({
    Comment        = "Pull until the source has nothing new"
    StartAt        = "Pull"
    TimeoutSeconds = 14400
    States = {
      Pull = {
        Type           = "Task"
        Resource       = "arn:${var.partition}:states:::lambda:invoke"
        Parameters     = { FunctionName = aws_lambda_function.this.arn }
        ResultSelector = { "more.$" = "$.Payload.more" }
        TimeoutSeconds = 930
        Retry = [{
          ErrorEquals     = ["States.ALL"]
          IntervalSeconds = 30
          MaxAttempts     = 4
          BackoffRate     = 2
          JitterStrategy  = "FULL"
        }]
        Next = "More"
      }
      More = {
        Type    = "Choice"
        Choices = [{ Variable = "$.more", BooleanEquals = true, Next = "Pull" }]
        Default = "Done"
      }
      Done = { Type = "Succeed" }
    }
  })

  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = var.kms_key_arn
    kms_data_key_reuse_period_seconds = 300
  }

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.workflow.arn}:*"
  }

  tracing_configuration {
    enabled = true
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
  name = "start"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["states:StartExecution"], Resource = [aws_sfn_state_machine.this.arn] },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
    ]
  })
}

resource "aws_scheduler_schedule" "this" {
  name                = var.name
  description         = "${var.runs_per_day} runs a day"
  schedule_expression = var.runs_per_day == 1 ? "cron(0 1 * * ? *)" : "rate(${floor(1440 / var.runs_per_day)} minutes)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 10
  }

  target {
    arn      = aws_sfn_state_machine.this.arn
    role_arn = aws_iam_role.schedule.arn

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }
  }
}
