# What all parts share: names, tags, the account, and the key that encrypts at rest.

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_availability_zones" "this" {
  #checkov:skip=CKV_AWS_394:the first two by name are taken, and a new zone's name comes last
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  prefix     = "${var.name}-${var.environment}"
  ecs        = var.runtime == "ecs"
  zones      = slice(data.aws_availability_zones.this.names, 0, 2)
  account    = data.aws_caller_identity.this.account_id
  partition  = data.aws_partition.this.partition
  root_arn   = "arn:${local.partition}:iam::${local.account}:root"
  namespace  = "mlopsd/${local.prefix}"
  image      = "${aws_ecr_repository.this.repository_url}:${var.image_tag}"
  api_port   = 8080
  public_url = local.ecs ? "https://${aws_lb.this[0].dns_name}" : "https://${aws_apprunner_service.api[0].service_url}"
  tags = {
    application = var.name
    environment = var.environment
    owner       = var.owner
    managed_by  = "terraform"
  }
}

data "aws_iam_policy_document" "key" {
  # The account's own policies decide who uses the key.
  #checkov:skip=CKV_AWS_109:a key policy speaks of its own key only
  #checkov:skip=CKV_AWS_111:a key policy speaks of its own key only
  #checkov:skip=CKV_AWS_356:a key policy speaks of its own key only
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.root_arn]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/${local.prefix}/*"]
    }
  }

  statement {
    sid       = "Alarms"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "${local.prefix}: database, artifacts, secrets, logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.prefix}"
  target_key_id = aws_kms_key.this.key_id
}
