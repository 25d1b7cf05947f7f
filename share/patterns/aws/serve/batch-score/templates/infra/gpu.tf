# Fargate has no GPU: with one, the same program runs as a job on machines that come
# for a run and go after it.
locals {
  gpus = var.gpu ? 1 : 0
}

resource "aws_iam_role" "machine" {
  count = local.gpus

  name = "${var.name}-machine"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "machine" {
  count = local.gpus

  role       = aws_iam_role.machine[0].name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "machine" {
  count = local.gpus

  name = "${var.name}-machine"
  role = aws_iam_role.machine[0].name
}

resource "aws_launch_template" "machine" {
  count = local.gpus

  name_prefix = "${var.name}-"
  description = "Encrypted disk, metadata service version 2"

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 100
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = var.sec_keys.key_arn
      delete_on_termination = true
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
}

resource "aws_batch_compute_environment" "machines" {
  count = local.gpus

  type  = "MANAGED"
  state = "ENABLED"

  compute_resources {
    type               = "EC2"
    min_vcpus          = 0
    max_vcpus          = ceil(var.tasks) * var.vcpu
    instance_type      = ["g4dn.xlarge"]
    instance_role      = aws_iam_instance_profile.machine[0].arn
    subnets            = var.net_private.subnet_ids
    security_group_ids = [var.net_private.security_group_id]

    ec2_configuration {
      image_type = "ECS_AL2_NVIDIA"
    }

    launch_template {
      launch_template_id = aws_launch_template.machine[0].id
      version            = "$Latest"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_batch_job_queue" "scores" {
  count = local.gpus

  name     = var.name
  state    = "ENABLED"
  priority = 10

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.machines[0].arn
  }
}

resource "aws_batch_job_definition" "scores" {
  count = local.gpus

  name                  = var.name
  type                  = "container"
  platform_capabilities = ["EC2"]
  propagate_tags        = true

  container_properties = jsonencode({
    image                  = "${var.image.repository_url}:pipelines-${var.image_tag}"
    command                = ["python", "-m", "pipelines.${var.program}"]
    jobRoleArn             = aws_iam_role.task.arn
    readonlyRootFilesystem = true
    user                   = "10001"
    environment            = [for name, value in local.environment : { name = name, value = value }]
    volumes                = [{ name = "scratch", host = {} }]
    mountPoints            = [{ sourceVolume = "scratch", containerPath = "/scratch", readOnly = false }]
    resourceRequirements = [
      { type = "VCPU", value = tostring(var.vcpu) },
      { type = "MEMORY", value = tostring(min(var.memory_gb, 15) * 960) },
      { type = "GPU", value = "1" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = var.base_logs.group_prefix
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = var.program
      }
    }
  })

  timeout {
    attempt_duration_seconds = ceil(var.task_hours_per_run / var.tasks * 3600 * 2) + 600
  }
}

resource "aws_iam_role_policy" "machine_logs" {
  count = local.gpus

  name = "write-logs"
  role = aws_iam_role.machine[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${var.base_logs.arn}:*"] },
    ]
  })
}

resource "aws_iam_role_policy" "submit" {
  count = local.gpus

  name = "submit-job"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["batch:SubmitJob"]
        Resource = [aws_batch_job_queue.scores[0].arn, "${aws_batch_job_definition.scores[0].arn_prefix}:*"]
      },
    ]
  })
}

resource "aws_scheduler_schedule" "gpu" {
  count = local.gpus

  name                = "${var.name}-gpu"
  schedule_expression = local.clock
  kms_key_arn         = var.sec_keys.key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = "arn:${var.partition}:scheduler:::aws-sdk:batch:submitJob"
    role_arn = aws_iam_role.schedule.arn

    input = jsonencode(merge(
      {
        JobName       = var.name
        JobQueue      = aws_batch_job_queue.scores[0].arn
        JobDefinition = aws_batch_job_definition.scores[0].arn_prefix
      },
      var.tasks > 1 ? { ArrayProperties = { Size = ceil(var.tasks) } } : {},
    ))

    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.failed.arn
    }
  }
}
