locals {
  buckets = {
    raw     = "${var.name}-raw-${var.account_id}"
    curated = "${var.name}-curated-${var.account_id}"
  }
  database = replace("${var.name}_lake", "-", "_")
  key_use = {
    read  = { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] }
    write = { actions = ["kms:GenerateDataKey", "kms:Decrypt"], resources = [var.kms_key_arn] }
  }
}

resource "aws_s3_bucket" "this" {
  for_each      = local.buckets
  bucket        = each.value
  force_destroy = !var.protected
  tags          = merge(var.tags, { zone = each.key, classification = var.data_classification })
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = aws_s3_bucket.this
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id

  rule {
    id     = "age"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = max(var.backup_retention_days, 1)
    }

    dynamic "transition" {
      for_each = var.retention_days > var.cold_after_days ? ["STANDARD_IA"] : []

      content {
        days          = var.cold_after_days
        storage_class = transition.value
      }
    }

    dynamic "transition" {
      for_each = each.key == "raw" ? ["GLACIER_IR"] : []

      content {
        days          = max(var.retention_days, var.cold_after_days + 30)
        storage_class = transition.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [each.value.arn, "${each.value.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "OnlyThisAccount"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource  = ["${each.value.arn}/*"]
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = var.account_id }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Uploads become events, which queues and workflows subscribe to.
resource "aws_s3_bucket_notification" "raw" {
  bucket      = aws_s3_bucket.this["raw"].id
  eventbridge = true
}

# Read and written under prefix/00/ to prefix/NN/ when one prefix is too slow for the load.
resource "aws_ssm_parameter" "prefixes" {
  name        = "/${var.name}/prefixes"
  description = "Key prefixes that writers spread objects over"
  type        = "String"
  value       = tostring(var.prefixes)
  tags        = var.tags
}

resource "aws_glue_catalog_database" "this" {
  name         = local.database
  description  = "Tables over the curated zone"
  location_uri = "s3://${aws_s3_bucket.this["curated"].id}/"
  tags         = var.tags
}

resource "aws_s3_bucket_metric" "raw" {
  bucket = aws_s3_bucket.this["raw"].id
  name   = "all"
}
