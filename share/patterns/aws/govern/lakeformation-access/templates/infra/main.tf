locals {
  # Keys in the order of their use; the first two decide access, the others describe.
  keys = {
    sensitivity = ["public", "internal", "confidential", "pii", "phi", "pci"]
    domain      = ["raw", "curated", "features", "models"]
    residency   = [var.region]
    retention   = ["short", "standard", "legal-hold"]
    owner       = ["platform", "data-science"]
  }
  names = ["sensitivity", "domain", "residency", "retention", "owner"]
  used  = slice(local.names, 0, min(5, max(2, var.tag_keys)))
}

resource "aws_iam_role" "location" {
  name = "${var.name}-lake"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lakeformation.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "location" {
  name = "lake"
  role = aws_iam_role.location.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in concat(var.tbl_lake.read, var.tbl_lake.write) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [{ Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] }],
    )
  })
}

resource "aws_lakeformation_resource" "tables" {
  arn      = "${var.tbl_lake.arn}/${var.tbl_lake.prefix}"
  role_arn = aws_iam_role.location.arn
}

resource "aws_lakeformation_lf_tag" "this" {
  for_each = toset(local.used)
  key      = "${var.name}-${each.value}"
  values   = local.keys[each.value]
}

resource "aws_lakeformation_resource_lf_tags" "database" {
  database {
    name = var.tbl_lake.database
  }

  lf_tag {
    key   = aws_lakeformation_lf_tag.this["sensitivity"].key
    value = contains(local.keys.sensitivity, var.data_classification) ? var.data_classification : "internal"
  }

  lf_tag {
    key   = aws_lakeformation_lf_tag.this["domain"].key
    value = "curated"
  }
}

# Analysts see what is public or internal; anything stricter needs a grant of its own.
resource "aws_iam_role" "analyst" {
  name                 = "${var.name}-analyst"
  max_session_duration = 3600
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
    }]
  })
}

resource "aws_iam_role_policy" "analyst" {
  name = "query"
  role = aws_iam_role.analyst.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lakeformation:GetDataAccess", "glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"]
      Resource = ["*"]
    }]
  })
}

resource "aws_lakeformation_permissions" "analyst" {
  principal   = aws_iam_role.analyst.arn
  permissions = ["SELECT", "DESCRIBE"]

  lf_tag_policy {
    resource_type = "TABLE"

    expression {
      key    = aws_lakeformation_lf_tag.this["sensitivity"].key
      values = ["public", "internal"]
    }

    expression {
      key    = aws_lakeformation_lf_tag.this["domain"].key
      values = ["curated"]
    }
  }
}

resource "aws_macie2_account" "this" {
  count                        = var.macie ? 1 : 0
  finding_publishing_frequency = "ONE_HOUR"
  status                       = "ENABLED"
}

resource "aws_macie2_classification_job" "tables" {
  count      = var.macie ? 1 : 0
  name       = var.name
  job_type   = "SCHEDULED"
  job_status = "RUNNING"
  tags       = var.tags

  s3_job_definition {
    bucket_definitions {
      account_id = var.account_id
      buckets    = [var.tbl_lake.bucket]
    }
  }

  schedule_frequency {
    weekly_schedule = "SUNDAY"
  }

  depends_on = [aws_macie2_account.this]
}

resource "aws_cloudwatch_event_rule" "findings" {
  name        = "${var.name}-findings"
  description = "Sensitive data was found where it should not be"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.macie"]
    "detail-type" = ["Macie Finding"]
  })
}
