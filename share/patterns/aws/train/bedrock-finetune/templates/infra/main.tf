locals {
  base_arn = "arn:${var.partition}:bedrock:${var.region}::foundation-model/${var.base_model}"
  schedule = var.runs_per_month <= 1 ? "cron(0 4 1 * ? *)" : "rate(${max(1, floor(730 / var.runs_per_month))} hours)"
  inputs   = [for port in [var.ds_train, var.obj_curated] : port if port != null]
  training = length(local.inputs) > 0 ? "${local.inputs[0].uri}finetune/train.jsonl" : "s3://${aws_s3_bucket.models.id}/finetune/train.jsonl"
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

resource "aws_iam_role" "job" {
  name = "${var.name}-job"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "bedrock.amazonaws.com" }
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
      [for s in flatten([for port in local.inputs : port.read]) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.models.arn] },
        { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = ["${aws_s3_bucket.models.arn}/*"] },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant"], Resource = [var.kms_key_arn] },
      ],
    )
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
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
    Statement = concat(
      [for s in concat(var.model_registry.read, var.model_registry.write) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        {
          Effect = "Allow"
          Action = ["bedrock:CreateModelCustomizationJob", "bedrock:GetModelCustomizationJob", "bedrock:TagResource"]
          Resource = [
            local.base_arn,
            "arn:${var.partition}:bedrock:${var.region}:${var.account_id}:custom-model/*",
            "arn:${var.partition}:bedrock:${var.region}:${var.account_id}:model-customization-job/*",
          ]
        },
        {
          Effect    = "Allow"
          Action    = ["iam:PassRole"]
          Resource  = [aws_iam_role.job.arn]
          Condition = { StringEquals = { "iam:PassedToService" = "bedrock.amazonaws.com" } }
        },
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"]
          Resource = ["*"]
        },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:DescribeKey"], Resource = [var.kms_key_arn] },
      ],
    )
  })
}

resource "aws_sfn_state_machine" "this" {
  name     = var.name
  role_arn = aws_iam_role.workflow.arn
  type     = "STANDARD"
  tags     = var.tags

  definition = jsonencode({
    Comment = "Adapt the base model to the current training set"
    StartAt = "Tune"
    States = {
      Tune = {
        Type     = "Task"
        Resource = "arn:${var.partition}:states:::bedrock:createModelCustomizationJob.sync"
        Parameters = {
          BaseModelIdentifier = local.base_arn
          "CustomModelName.$" = "States.Format('${var.name}-{}', States.UUID())"
          "JobName.$"         = "States.Format('${var.name}-{}', States.UUID())"
          CustomModelKmsKeyId = var.kms_key_arn
          CustomizationType   = "FINE_TUNING"
          RoleArn             = aws_iam_role.job.arn
          HyperParameters     = { epochCount = tostring(var.epochs) }
          TrainingDataConfig  = { S3Uri = local.training }
          OutputDataConfig    = { S3Uri = "s3://${aws_s3_bucket.models.id}/jobs/" }
        }
        Retry = [{ ErrorEquals = ["Bedrock.ThrottlingException"], IntervalSeconds = 600, MaxAttempts = 4, BackoffRate = 2 }]
        End   = true
      }
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
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
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
  description         = "Retraining"
  schedule_expression = local.schedule
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 60
  }

  target {
    arn      = aws_sfn_state_machine.this.arn
    role_arn = aws_iam_role.schedule.arn
  }
}
