locals {
  max_seconds = min(2419200, ceil(var.hours_per_run * 3600 * 2) + 1800)

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

resource "aws_iam_role" "job" {
  name = "${var.name}-job"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "sagemaker.amazonaws.com" }
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
      [
        { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] },
        { Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], Resource = [var.image.arn] },
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
          Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/sagemaker/TrainingJobs*"]
        },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:DescribeKey"], Resource = [var.kms_key_arn] },
      ],
      var.net_private == null ? [] : [{
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission", "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs", "ec2:DescribeDhcpOptions", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"]
        Resource = ["*"]
      }],
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
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob", "sagemaker:AddTags"]
        Resource = ["arn:${var.partition}:sagemaker:${var.region}:${var.account_id}:training-job/${var.name}-*"]
      },
      {
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [aws_iam_role.job.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
      },
      {
        Effect   = "Allow"
        Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
        Resource = ["arn:${var.partition}:events:${var.region}:${var.account_id}:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"]
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"]
        Resource = ["*"]
      },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
    ]
  })
}

resource "aws_sfn_state_machine" "this" {
  name     = var.name
  role_arn = aws_iam_role.workflow.arn
  type     = "STANDARD"
  tags     = var.tags

  definition = jsonencode({
    Comment = "Train, evaluate and register"
    StartAt = "Train"
    States = {
      Train = {
        Type     = "Task"
        Resource = "arn:${var.partition}:states:::sagemaker:createTrainingJob.sync"
        Parameters = merge(
          {
            "TrainingJobName.$" = "States.Format('${var.name}-{}', States.UUID())"
            RoleArn             = aws_iam_role.job.arn
            AlgorithmSpecification = {
              TrainingImage       = "${var.image.repository_url}:pipelines-${var.image_tag}"
              TrainingInputMode   = "File"
              ContainerEntrypoint = ["python", "-m", "pipelines.${var.program}"]
            }
            Environment = merge(local.environment, { SCRATCH_DIR = "/opt/ml/scratch" })
            ResourceConfig = {
              InstanceCount  = var.instances
              InstanceType   = var.instance
              VolumeSizeInGB = 100
              VolumeKmsKeyId = var.kms_key_arn
            }
            OutputDataConfig = {
              S3OutputPath = "s3://${aws_s3_bucket.models.id}/jobs/"
              KmsKeyId     = var.kms_key_arn
            }
            CheckpointConfig                      = { S3Uri = "${local.checkpoints}sagemaker/" }
            EnableManagedSpotTraining             = var.spot
            EnableInterContainerTrafficEncryption = true
            StoppingCondition = merge(
              { MaxRuntimeInSeconds = local.max_seconds },
              var.spot ? { MaxWaitTimeInSeconds = min(2419200, local.max_seconds * 2) } : {},
            )
          },
          var.net_private == null ? {} : {
            VpcConfig = {
              Subnets          = var.net_private.subnet_ids
              SecurityGroupIds = [var.net_private.security_group_id]
            }
          },
        )
        Retry = [{ ErrorEquals = ["SageMaker.AmazonSageMakerException", "States.Timeout"], IntervalSeconds = 300, MaxAttempts = 3, BackoffRate = 2 }]
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
