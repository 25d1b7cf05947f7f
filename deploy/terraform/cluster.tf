# The image, the log groups, and the roles of api and worker.

resource "aws_ecr_repository" "this" {
  name                 = local.prefix
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.this.arn
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "keep the last twenty images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "service" {
  #checkov:skip=CKV_AWS_338:logs name users; how long they are kept is var.retention_days, not a year by rule
  for_each          = toset(["api", "worker"])
  name              = "/${local.prefix}/${each.key}"
  retention_in_days = var.retention_days.logs
  kms_key_id        = aws_kms_key.this.arn
}

# Model providers' keys: made by hand or by the key's owner, read by the worker alone.
data "aws_secretsmanager_secret" "provider" {
  for_each = var.provider_keys
  name     = "${var.name}/${var.environment}/provider/${each.key}"
}

data "aws_iam_policy_document" "tasks_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [local.ecs ? "ecs-tasks.amazonaws.com" : "tasks.apprunner.amazonaws.com"]
    }
  }
}

# What a running task may do: its artifacts, and the key that encrypts them.
data "aws_iam_policy_document" "task" {
  statement {
    sid       = "Artifacts"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${aws_s3_bucket.artifacts.arn}/*"]
  }

  statement {
    sid       = "ListArtifacts"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.artifacts.arn]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "task" {
  for_each           = toset(["api", "worker"])
  name               = "${local.prefix}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
}

resource "aws_iam_role_policy" "task" {
  for_each = aws_iam_role.task
  name     = "artifacts"
  role     = each.value.id
  policy   = data.aws_iam_policy_document.task.json
}

# What starts a task: image, logs, and the secrets that become its environment. The api
# gets no provider key, because it never calls a model.
data "aws_iam_policy_document" "execution_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [local.ecs ? "ecs-tasks.amazonaws.com" : "build.apprunner.amazonaws.com"]
    }
  }
}

locals {
  secrets = {
    api = [aws_secretsmanager_secret.db.arn, aws_secretsmanager_secret.listen_db.arn]
    worker = concat(
      [aws_secretsmanager_secret.db.arn, aws_secretsmanager_secret.listen_db.arn],
      [for s in data.aws_secretsmanager_secret.provider : s.arn],
    )
  }
}

data "aws_iam_policy_document" "execution" {
  for_each = local.secrets

  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = each.value
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.this.arn]
  }

  statement {
    sid       = "Image"
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability", "ecr:DescribeImages"]
    resources = [aws_ecr_repository.this.arn]
  }

  statement {
    sid = "Registry"
    #checkov:skip=CKV_AWS_356:the call knows no resource
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.service[each.key].arn}:*"]
  }
}

resource "aws_iam_role" "execution" {
  for_each           = local.secrets
  name               = "${local.prefix}-${each.key}-start"
  assume_role_policy = data.aws_iam_policy_document.execution_assume.json
}

resource "aws_iam_role_policy" "execution" {
  for_each = aws_iam_role.execution
  name     = "start"
  role     = each.value.id
  policy   = data.aws_iam_policy_document.execution[each.key].json
}

locals {
  environment = {
    MLOPSD_LISTEN        = "0.0.0.0:${local.api_port}"
    MLOPSD_ARTIFACTS     = "s3://${aws_s3_bucket.artifacts.bucket}?region=${var.region}&sse=aws:kms&kms_key=${aws_kms_key.this.arn}"
    MLOPSD_OIDC_ISSUER   = var.oidc_issuer
    MLOPSD_OIDC_AUDIENCE = var.oidc_audience
    MLOPSD_LOG           = "json"
    MLOPSD_RATE          = "600"
    MLOPS_HOME           = "/var/lib/mlops"
    AWS_REGION           = var.region
  }
  stream_time = local.ecs ? 900 : 110 # App Runner ends a request after 120 s
  extra_environment = {
    api    = { MLOPSD_STREAM_TIME = tostring(local.stream_time) }
    worker = { MLOPSD_SLOTS = tostring(var.worker.slots) }
  }
  secret_environment = {
    api = {
      MLOPS_DB          = aws_secretsmanager_secret.db.arn
      MLOPSD_LISTEN_DSN = aws_secretsmanager_secret.listen_db.arn
    }
    worker = merge(
      {
        MLOPS_DB          = aws_secretsmanager_secret.db.arn
        MLOPSD_LISTEN_DSN = aws_secretsmanager_secret.listen_db.arn
      },
      { for name, s in data.aws_secretsmanager_secret.provider : "${upper(name)}_API_KEY" => s.arn },
    )
  }
}
