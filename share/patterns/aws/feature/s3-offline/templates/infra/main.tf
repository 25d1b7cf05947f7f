locals {
  root     = "${path.root}/.."
  files    = setunion(fileset(local.root, "common/**/*.py"), fileset(local.root, "pipelines/**/*.py"), fileset(local.root, "data/contract.json"))
  code     = "s3://${aws_s3_bucket.features.id}/code/"
  database = replace("${var.name}_features", "-", "_")
}

resource "aws_s3_bucket" "features" {
  bucket        = "${var.name}-features-${var.account_id}"
  force_destroy = !var.protected
  tags          = merge(var.tags, { classification = var.data_classification })
}

resource "aws_s3_bucket_public_access_block" "features" {
  bucket                  = aws_s3_bucket.features.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "features" {
  bucket = aws_s3_bucket.features.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "features" {
  bucket = aws_s3_bucket.features.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "features" {
  bucket = aws_s3_bucket.features.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "features" {
  bucket = aws_s3_bucket.features.id

  rule {
    id     = "age"
    status = "Enabled"

    filter {
      prefix = "history/"
    }

    expiration {
      days = var.retention_days
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
      noncurrent_days = max(var.backup_retention_days, 7)
    }
  }

  depends_on = [aws_s3_bucket_versioning.features]
}

resource "aws_s3_bucket_policy" "features" {
  bucket = aws_s3_bucket.features.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.features.arn, "${aws_s3_bucket.features.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.features]
}

resource "aws_glue_catalog_database" "this" {
  name         = local.database
  description  = "Feature views"
  location_uri = "s3://${aws_s3_bucket.features.id}/"
  tags         = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws-glue/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "job" {
  name = "${var.name}-job"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "glue.amazonaws.com" }
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
      [
        for s in concat(var.obj_curated.read, var.tbl_lake.read) :
        { Effect = "Allow", Action = s.actions, Resource = s.resources }
      ],
      [
        { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.features.arn] },
        { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource = ["${aws_s3_bucket.features.arn}/*"] },
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"]
          Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws-glue/*"]
        },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
      ],
    )
  })
}

# The library that computes features for training and serving travels with the job.
resource "aws_s3_object" "code" {
  for_each    = local.files
  bucket      = aws_s3_bucket.features.id
  key         = "code/${each.value}"
  source      = "${local.root}/${each.value}"
  source_hash = filemd5("${local.root}/${each.value}")
  kms_key_id  = var.kms_key_arn
  tags        = var.tags
}

resource "aws_glue_security_configuration" "this" {
  name = var.name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = var.kms_key_arn
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = var.kms_key_arn
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.kms_key_arn
    }
  }
}

resource "aws_glue_job" "this" {
  name                   = var.name
  description            = "Computes feature views, point in time"
  role_arn               = aws_iam_role.job.arn
  glue_version           = "5.0"
  worker_type            = "G.1X"
  number_of_workers      = max(2, min(10, var.views * 2))
  execution_class        = "FLEX"
  timeout                = 240
  max_retries            = 1
  security_configuration = aws_glue_security_configuration.this.name
  tags                   = var.tags

  command {
    name            = "glueetl"
    script_location = "${local.code}pipelines/${var.program}/glue_job.py"
    python_version  = "3"
  }

  execution_property {
    max_concurrent_runs = max(1, var.views)
  }

  default_arguments = {
    "--code_uri"                         = local.code
    "--obj_curated_uri"                  = var.obj_curated.uri
    "--feat_offline_uri"                 = "s3://${aws_s3_bucket.features.id}/history/"
    "--enable-metrics"                   = "true"
    "--enable-continuous-cloudwatch-log" = "true"
    "--continuous-log-logGroup"          = aws_cloudwatch_log_group.this.name
    "--TempDir"                          = "s3://${aws_s3_bucket.features.id}/tmp/"
  }

  depends_on = [aws_s3_object.code]
}

resource "aws_glue_trigger" "nightly" {
  name              = "${var.name}-nightly"
  description       = "After the night's rows were cleaned"
  type              = "SCHEDULED"
  schedule          = "cron(0 5 * * ? *)"
  start_on_creation = true
  tags              = var.tags

  actions {
    job_name = aws_glue_job.this.name
  }
}
