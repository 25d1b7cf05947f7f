resource "aws_s3_bucket" "registry" {
  bucket        = "${var.name}-registry-${var.account_id}"
  force_destroy = !var.protected

  # Versions that nobody can delete, where a regime asks for it.
  object_lock_enabled = var.lock_days > 0
  tags                = merge(var.tags, { classification = var.data_classification })
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

resource "aws_s3_bucket_object_lock_configuration" "registry" {
  count  = var.lock_days > 0 ? 1 : 0
  bucket = aws_s3_bucket.registry.id

  rule {
    default_retention {
      mode = var.protected ? "COMPLIANCE" : "GOVERNANCE"
      days = var.lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.registry]
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
      {
        Sid       = "VersionsStay"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        Resource  = ["${aws_s3_bucket.registry.arn}/entries/*/versions/*"]
        Condition = { Bool = { "aws:PrincipalIsAWSService" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.registry]
}

# A change of stage is an event: deployments and people can follow it.
resource "aws_s3_bucket_notification" "registry" {
  bucket      = aws_s3_bucket.registry.id
  eventbridge = true
}

resource "aws_cloudwatch_event_rule" "promoted" {
  name        = "${var.name}-promoted"
  description = "A model was promoted"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [aws_s3_bucket.registry.id] }
      object = { key = [{ wildcard = "entries/*/stages/*" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "promoted" {
  count = var.alarm_topic_arn == null ? 0 : 1
  rule  = aws_cloudwatch_event_rule.promoted.name
  arn   = var.alarm_topic_arn
}
