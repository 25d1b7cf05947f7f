locals {
  uri = "rediss://${aws_elasticache_replication_group.this.configuration_endpoint_address}:6379/${aws_elasticache_user.workload.user_name}"

  sources = concat(
    var.feat_offline == null ? [] : var.feat_offline.read,
    var.stream == null ? [] : var.stream.read,
  )

  # Access is by IAM: a short-lived token instead of a password.
  read = [{
    actions   = ["elasticache:Connect"]
    resources = [aws_elasticache_replication_group.this.arn, aws_elasticache_user.workload.arn]
  }]
  write = local.read

  environment = {
    FEAT_ONLINE_URI   = local.uri
    FEAT_ONLINE_CACHE = aws_elasticache_replication_group.this.id
  }
}

resource "aws_elasticache_subnet_group" "this" {
  name        = var.name
  description = "Private subnets of the feature cache"
  subnet_ids  = var.net_private.subnet_ids
  tags        = var.tags
}

resource "aws_security_group" "this" {
  name        = "${var.name}-cache"
  description = "The feature cache, open to the workloads of this plan only"
  vpc_id      = var.net_private.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-cache" })
}

resource "aws_vpc_security_group_ingress_rule" "workloads" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.net_private.security_group_id
  description                  = "Valkey from workloads"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  tags                         = var.tags
}

resource "aws_elasticache_user" "workload" {
  user_id       = substr("${var.name}-w", 0, 40)
  user_name     = substr("${var.name}-w", 0, 40)
  engine        = "valkey"
  access_string = "on ~* +@read +@write +@connection +cluster"
  tags          = var.tags

  authentication_mode {
    type = "iam"
  }
}

resource "aws_elasticache_user_group" "this" {
  user_group_id = substr("${var.name}-g", 0, 40)
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.workload.user_id]
  tags          = var.tags
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = trimsuffix(substr(var.name, 0, 40), "-")
  description                = "Online features"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = var.node
  num_node_groups            = var.shards
  replicas_per_node_group    = var.standbys
  parameter_group_name       = "default.valkey8.cluster.on"
  port                       = 6379
  automatic_failover_enabled = true
  multi_az_enabled           = true
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]
  user_group_ids             = [aws_elasticache_user_group.this.user_group_id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  kms_key_id                 = var.kms_key_arn
  snapshot_retention_limit   = min(35, max(1, var.backup_retention_days))
  snapshot_window            = "02:00-03:00"
  maintenance_window         = "sun:03:30-sun:04:30"
  final_snapshot_identifier  = var.protected ? "${substr(var.name, 0, 34)}-final" : null
  apply_immediately          = !var.protected
  tags                       = merge(var.tags, { classification = var.data_classification })
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
        {
          Effect   = "Allow"
          Action   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
          Resource = ["*"]
        },
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

  vpc_config {
    subnet_ids         = var.net_private.subnet_ids
    security_group_ids = [var.net_private.security_group_id]
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
