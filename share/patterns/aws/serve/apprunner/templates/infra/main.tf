locals {
  # What the program uses, each with the settings and the least rights that it needs.
  ports = [for port in [var.model_registry, var.model_artifact, var.feat_online, var.vec, var.kv, var.obj_curated] : port if port != null]

  environment = merge(concat(
    [for port in local.ports : port.env],
    [for port in local.ports : port.secrets],
    [{
      ENVIRONMENT         = var.environment
      VERSION             = var.image_tag
      LOG_LEVEL           = "INFO"
      CPU_BUDGET_MS       = tostring(var.cpu_budget_ms)
      LATENCY_TARGET_MS   = tostring(var.latency_target_ms)
      LATENCY_PERCENTILE  = tostring(var.latency_percentile)
      AVAILABILITY_TARGET = tostring(var.availability_target)
      DATA_CLASSIFICATION = var.data_classification
      MAX_CONCURRENCY     = tostring(ceil(var.servers * 8))
      AUTH_MODE           = "jwt"
      AUTH_ISSUER         = var.auth_issuer
      AUTH_AUDIENCE       = var.auth_audience
      WORKERS             = tostring(var.servers)
    }],
    var.llm_model == "none" ? [] : [{ LLM_MODEL = var.llm_model, LLM_PRICE_SKU = var.llm_price, ALLOW_INDEXING = "false" }],
  )...)

  statements = concat(
    [for s in flatten([for port in local.ports : port.read]) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
    [{ Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.sec_keys.key_arn] }],
    var.llm_model == "none" ? [] : [{
      Effect = "Allow"
      Action = ["bedrock:InvokeModel"]
      Resource = [
        "arn:${var.partition}:bedrock:*::foundation-model/${var.llm_model}*",
        "arn:${var.partition}:bedrock:*::foundation-model/amazon.titan-embed-text-v2:0",
        "arn:${var.partition}:bedrock:${var.region}:${var.account_id}:inference-profile/*${var.llm_model}*",
      ]
    }],
  )
}

# Public keys of the issuer, as a JWK set; put there by whoever runs the issuer.
resource "aws_secretsmanager_secret" "jwks" {
  name       = "${var.name}-jwks"
  kms_key_id = var.sec_keys.key_arn
}

resource "aws_secretsmanager_secret_version" "jwks" {
  secret_id     = aws_secretsmanager_secret.jwks.id
  secret_string = jsonencode({ keys = [] })

  lifecycle {
    ignore_changes = [secret_string]
  }
}

resource "aws_iam_role" "access" {
  name = "${var.name}-pull"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "build.apprunner.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "access" {
  name = "pull-image"
  role = aws_iam_role.access.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in var.image.read : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [{ Effect = "Allow", Action = ["ecr:DescribeImages"], Resource = [var.image.arn] }],
    )
  })
}

resource "aws_iam_role" "this" {
  name = "${var.name}-run"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "tasks.apprunner.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "use-ports"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.statements,
      [{ Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [aws_secretsmanager_secret.jwks.arn] }],
    )
  })
}

resource "aws_apprunner_vpc_connector" "this" {
  count = var.net_private == null ? 0 : 1

  vpc_connector_name = var.name
  subnets            = var.net_private.subnet_ids
  security_groups    = [var.net_private.security_group_id]
}

resource "aws_apprunner_auto_scaling_configuration_version" "this" {
  auto_scaling_configuration_name = trimsuffix(substr(var.name, 0, 32), "-")
  min_size                        = min(25, var.instances)
  max_size                        = min(25, var.instances * 2)
  max_concurrency                 = min(200, max(1, var.servers * 8))
}

resource "aws_apprunner_observability_configuration" "this" {
  observability_configuration_name = trimsuffix(substr(var.name, 0, 32), "-")

  trace_configuration {
    vendor = "AWSXRAY"
  }
}

resource "aws_apprunner_service" "this" {
  service_name                   = trimsuffix(substr(var.name, 0, 40), "-")
  auto_scaling_configuration_arn = aws_apprunner_auto_scaling_configuration_version.this.arn

  source_configuration {
    auto_deployments_enabled = false

    authentication_configuration {
      access_role_arn = aws_iam_role.access.arn
    }

    image_repository {
      image_identifier      = "${var.image.repository_url}:${var.program}-${var.image_tag}"
      image_repository_type = "ECR"

      image_configuration {
        port                          = "8080"
        runtime_environment_variables = local.environment
        runtime_environment_secrets   = { AUTH_JWKS = aws_secretsmanager_secret.jwks.arn }
      }
    }
  }

  instance_configuration {
    cpu               = tostring(var.vcpu * 1024)
    memory            = tostring(var.memory_gb * 1024)
    instance_role_arn = aws_iam_role.this.arn
  }

  health_check_configuration {
    protocol            = "HTTP"
    path                = "/health/ready"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 1
    unhealthy_threshold = 3
  }

  encryption_configuration {
    kms_key = var.sec_keys.key_arn
  }

  network_configuration {
    dynamic "egress_configuration" {
      for_each = aws_apprunner_vpc_connector.this

      content {
        egress_type       = "VPC"
        vpc_connector_arn = egress_configuration.value.arn
      }
    }
  }

  observability_configuration {
    observability_enabled           = true
    observability_configuration_arn = aws_apprunner_observability_configuration.this.arn
  }

  depends_on = [aws_iam_role_policy.access, aws_iam_role_policy.this]
}
