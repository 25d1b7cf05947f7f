locals {
  # What the program uses, each with the settings and the least rights that it needs.
  ports = [for port in [var.model_registry, var.model_artifact, var.feat_offline, var.ds_train, var.obj_curated] : port if port != null]

  environment = merge(concat(
    [for port in local.ports : port.env],
    [for port in local.ports : port.secrets],
    [{
      ENVIRONMENT         = var.environment
      CODE_VERSION        = var.image_tag
      DATA_CLASSIFICATION = var.data_classification
      SHARDS              = tostring(ceil(var.tasks))
      TIME_LIMIT_S        = tostring(ceil(var.task_hours_per_run / var.tasks * 3600 * 2) + 600)
      DEVICE              = var.gpu ? "gpu" : "cpu"
      DATA_DIR            = "/scratch"
    }],
  )...)

  statements = concat(
    [for s in flatten([for port in local.ports : port.read]) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
    [{ Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.sec_keys.key_arn] }],
    [for s in flatten([for port in [var.obj_curated] : port.write]) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
  )
}

resource "aws_iam_role" "execution" {
  name = "${var.name}-exec"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in var.image.read : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${var.base_logs.arn}:*"] }],
    )
  })
}

resource "aws_iam_role" "task" {
  name = "${var.name}-task"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "task" {
  name = "use-ports"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.statements
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(var.vcpu * 1024)
  memory                   = tostring(var.memory_gb * 1024)
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    name                   = "program"
    image                  = "${var.image.repository_url}:pipelines-${var.image_tag}"
    command                = ["python", "-m", "pipelines.${var.program}"]
    essential              = true
    readonlyRootFilesystem = true
    user                   = "10001"
    stopTimeout            = 120
    linuxParameters        = { initProcessEnabled = true }
    mountPoints            = [{ sourceVolume = "scratch", containerPath = "/scratch", readOnly = false }]
    environment            = [for name, value in local.environment : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = var.base_logs.group_prefix
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = var.program
      }
    }
  }])
}

resource "aws_iam_role" "schedule" {
  name = "${var.name}-clock"

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
  name = "run-task"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = ["${aws_ecs_task_definition.this.arn_without_revision}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.base_ecs_cluster.arn } }
      },
      { Effect = "Allow", Action = ["iam:PassRole"], Resource = [aws_iam_role.execution.arn, aws_iam_role.task.arn] },
      { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.failed.arn] },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.sec_keys.key_arn] },
    ]
  })
}

# Runs that could not be started wait here, and an alarm tells.
resource "aws_sqs_queue" "failed" {
  name                      = "${var.name}-failed"
  kms_master_key_id         = var.sec_keys.key_arn
  message_retention_seconds = 1209600
}

resource "aws_scheduler_schedule" "this" {
  name                = var.name
  schedule_expression = var.runs_per_month <= 1 ? "cron(0 3 1 * ? *)" : "rate(${max(1, floor(730 / var.runs_per_month))} hours)"
  kms_key_arn         = var.sec_keys.key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = var.base_ecs_cluster.arn
    role_arn = aws_iam_role.schedule.arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this.arn
      launch_type         = "FARGATE"
      task_count          = ceil(var.tasks)

      network_configuration {
        subnets          = var.net_private.subnet_ids
        security_groups  = [var.net_private.security_group_id]
        assign_public_ip = false
      }
    }

    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.failed.arn
    }
  }
}
