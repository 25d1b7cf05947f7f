locals {
  family = split(".", var.instance)[0]
  gpu    = startswith(local.family, "g")
  size   = { "m6i.xlarge" = { vcpu = 4, gb = 16, gpus = 0 }, "g4dn.xlarge" = { vcpu = 4, gb = 16, gpus = 1 }, "g5.xlarge" = { vcpu = 4, gb = 16, gpus = 1 }, "g5.12xlarge" = { vcpu = 48, gb = 192, gpus = 4 } }[var.instance]

  # Several types of the same shape: a reclaimed pool does not stop training.
  pools = {
    "m6i.xlarge"  = ["m6i.xlarge", "m6a.xlarge", "m5.xlarge", "m7i.xlarge"]
    "g4dn.xlarge" = ["g4dn.xlarge", "g4dn.2xlarge"]
    "g5.xlarge"   = ["g5.xlarge", "g5.2xlarge"]
    "g5.12xlarge" = ["g5.12xlarge", "g4dn.12xlarge"]
  }

  # Runs a month, spread evenly; a monthly run starts on the first.
  schedule = var.runs_per_month <= 1 ? "cron(0 4 1 * ? *)" : "rate(${max(1, floor(730 / var.runs_per_month))} hours)"

  inputs      = [for port in [var.ds_train, var.feat_offline, var.obj_curated] : port if port != null]
  models      = "s3://${aws_s3_bucket.models.id}/models/"
  checkpoints = "s3://${aws_s3_bucket.models.id}/checkpoints/"

  environment = merge(concat([for port in local.inputs : port.env], [var.model_registry.env, {
    MODEL_ARTIFACT_URI = local.models
    CHECKPOINT_URI     = local.checkpoints
  }])...)

  ports = concat(
    flatten([for port in local.inputs : port.read]),
    var.model_registry.read,
    var.model_registry.write,
    [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.models.arn] },
      { actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], resources = ["${aws_s3_bucket.models.arn}/models/*", "${aws_s3_bucket.models.arn}/checkpoints/*"] },
    ],
  )
}

resource "aws_s3_bucket" "models" {
  bucket        = "${var.name}-models-${var.account_id}"
  force_destroy = !var.protected
  tags          = merge(var.tags, { classification = var.data_classification })
}

resource "aws_s3_bucket_public_access_block" "models" {
  bucket                  = aws_s3_bucket.models.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "models" {
  bucket = aws_s3_bucket.models.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "models" {
  bucket = aws_s3_bucket.models.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "models" {
  bucket = aws_s3_bucket.models.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "models" {
  bucket = aws_s3_bucket.models.id

  rule {
    id     = "checkpoints"
    status = "Enabled"

    filter {
      prefix = "checkpoints/"
    }

    expiration {
      days = 14
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = max(var.backup_retention_days, 30)
    }
  }

  depends_on = [aws_s3_bucket_versioning.models]
}


resource "aws_s3_bucket_policy" "models" {
  bucket = aws_s3_bucket.models.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.models.arn, "${aws_s3_bucket.models.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.models]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/batch/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "instance" {
  name = "${var.name}-host"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "instance" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "instance" {
  name = "${var.name}-host"
  role = aws_iam_role.instance.name
  tags = var.tags
}

resource "aws_iam_role" "job" {
  name = "${var.name}-job"
  tags = var.tags

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

resource "aws_iam_role_policy" "job" {
  name = "job"
  role = aws_iam_role.job.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in local.ports : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [{ Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] }],
    )
  })
}

resource "aws_launch_template" "this" {
  name_prefix = "${var.name}-"
  description = "Encrypted disk, metadata service version 2"
  tags        = var.tags

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 100
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = merge(var.tags, { Name = var.name })
  }
}

resource "aws_batch_compute_environment" "this" {
  type  = "MANAGED"
  state = "ENABLED"
  tags  = var.tags

  compute_resources {
    type                = "SPOT"
    allocation_strategy = "SPOT_PRICE_CAPACITY_OPTIMIZED"
    min_vcpus           = 0
    max_vcpus           = max(var.max_vcpu, local.size.vcpu)
    instance_type       = local.pools[var.instance]
    instance_role       = aws_iam_instance_profile.instance.arn
    subnets             = var.net_private.subnet_ids
    security_group_ids  = [var.net_private.security_group_id]
    tags                = merge(var.tags, { Name = var.name })

    ec2_configuration {
      image_type = local.gpu ? "ECS_AL2_NVIDIA" : "ECS_AL2023"
    }

    launch_template {
      launch_template_id = aws_launch_template.this.id
      version            = "$Latest"
    }
  }

  update_policy {
    job_execution_timeout_minutes = 60
    terminate_jobs_on_update      = false
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_batch_job_queue" "this" {
  name     = var.name
  state    = "ENABLED"
  priority = 10
  tags     = var.tags

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.this.arn
  }
}

resource "aws_batch_job_definition" "this" {
  name                  = var.name
  type                  = "container"
  platform_capabilities = ["EC2"]
  propagate_tags        = true
  tags                  = var.tags

  container_properties = jsonencode({
    image                  = "${var.image.repository_url}:pipelines-${var.image_tag}"
    command                = ["python", "-m", "pipelines.${var.program}"]
    jobRoleArn             = aws_iam_role.job.arn
    readonlyRootFilesystem = true
    user                   = "10001"
    environment            = [for k, v in merge(local.environment, { SCRATCH_DIR = "/scratch" }) : { name = k, value = v }]
    volumes                = [{ name = "scratch", host = {} }]
    mountPoints            = [{ sourceVolume = "scratch", containerPath = "/scratch", readOnly = false }]
    resourceRequirements = concat(
      [
        { type = "VCPU", value = tostring(local.size.vcpu) },
        { type = "MEMORY", value = tostring(local.size.gb * 900) },
      ],
      local.gpu ? [{ type = "GPU", value = tostring(local.size.gpus) }] : [],
    )
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "train"
      }
    }
  })

  # A reclaimed machine is not the job's fault: try again from the last checkpoint.
  retry_strategy {
    attempts = 5

    evaluate_on_exit {
      on_status_reason = "Host EC2*"
      action           = "RETRY"
    }

    evaluate_on_exit {
      on_reason = "*"
      action    = "EXIT"
    }
  }

  timeout {
    attempt_duration_seconds = ceil(var.hours_per_run * 3600 * 2) + 600
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
  name = "submit"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["batch:SubmitJob"]
        Resource = [aws_batch_job_queue.this.arn, "${aws_batch_job_definition.this.arn_prefix}:*"]
      },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.kms_key_arn] },
    ]
  })
}

resource "aws_scheduler_schedule" "this" {
  name                = var.name
  description         = "Retraining"
  schedule_expression = local.schedule
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 60
  }

  target {
    arn      = "arn:${var.partition}:scheduler:::aws-sdk:batch:submitJob"
    role_arn = aws_iam_role.schedule.arn

    input = jsonencode({
      JobName       = var.name
      JobQueue      = aws_batch_job_queue.this.arn
      JobDefinition = aws_batch_job_definition.this.arn_prefix
    })
  }
}

resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-failed"
  description = "A training run failed for good"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.batch"]
    "detail-type" = ["Batch Job State Change"]
    detail        = { status = ["FAILED"], jobQueue = [aws_batch_job_queue.this.arn] }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  count = var.alarm_topic_arn == null ? 0 : 1
  rule  = aws_cloudwatch_event_rule.failed.name
  arn   = var.alarm_topic_arn
}
