locals {
  # What the program uses, each with the settings and the least rights that it needs.
  ports = [for port in [var.model_registry, var.model_artifact, var.feat_online, var.vec, var.tbl_sql, var.kv, var.obj_curated] : port if port != null]

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
      MAX_CONCURRENCY     = tostring(ceil(var.concurrency * 8))
      AUTH_MODE           = "platform"
      AUTH_AUDIENCE       = var.auth_audience
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

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = max(var.base_logs.retention_days, var.log_retention_days)
  kms_key_id        = var.sec_keys.key_arn
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/${var.name}/access"
  retention_in_days = max(var.base_logs.retention_days, var.log_retention_days)
  kms_key_id        = var.sec_keys.key_arn
}

resource "aws_iam_role" "this" {
  name = "${var.name}-fn"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
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
      [
        { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] },
        { Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource = ["*"] },
      ],
      var.net_private == null ? [] : [{
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"]
        Resource = ["*"]
      }],
    )
  })
}

resource "aws_lambda_function" "this" {
  function_name                  = var.name
  role                           = aws_iam_role.this.arn
  package_type                   = "Image"
  image_uri                      = "${var.image.repository_url}:${var.program}-${var.image_tag}"
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_s
  publish                        = true
  kms_key_arn                    = var.sec_keys.key_arn
  reserved_concurrent_executions = max(var.concurrency, var.provisioned)

  environment {
    variables = local.environment
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = var.net_private == null ? [] : [var.net_private]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [vpc_config.value.security_group_id]
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

resource "aws_lambda_provisioned_concurrency_config" "this" {
  count = var.provisioned > 0 ? 1 : 0

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = var.provisioned
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  protocol_type = "HTTP"
}

# The gateway checks signature, issuer and audience of each access token.
resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.this.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.auth_issuer
    audience = [var.auth_audience]
  }
}

resource "aws_apigatewayv2_integration" "this" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.live.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = min(30000, var.timeout_s * 1000)
}

resource "aws_apigatewayv2_route" "v1" {
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = "ANY /v1/{proxy+}"
  target             = "integrations/${aws_apigatewayv2_integration.this.id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.jwt.id
}

resource "aws_apigatewayv2_stage" "live" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    throttling_rate_limit    = var.rate_limit
    throttling_burst_limit   = var.rate_limit * 2
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn

    format = jsonencode({
      request_id = "$context.requestId"
      route      = "$context.routeKey"
      status     = "$context.status"
      ms         = "$context.responseLatency"
      error      = "$context.authorizer.error"
    })
  }
}

resource "aws_lambda_permission" "gateway" {
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}
