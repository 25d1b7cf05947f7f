locals {
  groups = [for n in range(var.groups) : var.groups == 1 ? var.name : "${var.name}-${n + 1}"]
}

resource "aws_sagemaker_model_package_group" "this" {
  for_each                        = toset(local.groups)
  model_package_group_name        = each.value
  model_package_group_description = "Registered versions; only approved ones are served"
  tags                            = merge(var.tags, { versions_kept = tostring(var.versions_kept) })
}

# Metrics, lineage and stages of the registered versions.
resource "aws_s3_bucket" "registry" {
  bucket        = "${var.name}-registry-${var.account_id}"
  force_destroy = !var.protected
  tags          = merge(var.tags, { classification = var.data_classification })
}

resource "aws_s3_bucket_public_access_block" "registry" {
  bucket                  = aws_s3_bucket.registry.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "registry" {
  bucket = aws_s3_bucket.registry.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "registry" {
  bucket = aws_s3_bucket.registry.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "registry" {
  bucket = aws_s3_bucket.registry.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "registry" {
  bucket = aws_s3_bucket.registry.id

  rule {
    id     = "old-stages"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      newer_noncurrent_versions = min(100, var.versions_kept)
      noncurrent_days           = max(30, var.backup_retention_days)
    }
  }

  depends_on = [aws_s3_bucket_versioning.registry]
}

resource "aws_s3_bucket_policy" "registry" {
  bucket = aws_s3_bucket.registry.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.registry.arn, "${aws_s3_bucket.registry.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.registry]
}

resource "aws_cloudwatch_event_rule" "approval" {
  name        = "${var.name}-approval"
  description = "A model version was approved or rejected"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.sagemaker"]
    "detail-type" = ["SageMaker Model Package State Change"]
    detail        = { ModelPackageGroupName = local.groups }
  })
}

resource "aws_cloudwatch_event_target" "approval" {
  count = var.alarm_topic_arn == null ? 0 : 1
  rule  = aws_cloudwatch_event_rule.approval.name
  arn   = var.alarm_topic_arn
}
