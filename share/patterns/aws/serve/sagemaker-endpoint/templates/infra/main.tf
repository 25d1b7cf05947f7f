locals {
  # What the program uses, each with the settings and the least rights that it needs.
  ports = [for port in [var.model_registry, var.model_artifact, var.feat_online, var.vec, var.tbl_sql, var.kv] : port if port != null]

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
      AUTH_MODE           = "platform"
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

resource "aws_iam_role" "this" {
  name = "${var.name}-model"

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

resource "aws_iam_role_policy" "this" {
  name = "use-ports"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.statements,
      [for s in var.image.read : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        { Effect = "Allow", Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/sagemaker/Endpoints/${var.name}*"] },
        { Effect = "Allow", Action = ["cloudwatch:PutMetricData"], Resource = ["*"], Condition = { StringEquals = { "cloudwatch:namespace" = ["/aws/sagemaker/Endpoints"] } } },
        {
          Effect = "Allow"
          Action = [
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
          ]
          Resource = ["*"]
        },
      ],
    )
  })
}

# Made before the endpoint, so that it is encrypted and does not keep logs for ever.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/sagemaker/Endpoints/${var.name}"
  retention_in_days = max(var.base_logs.retention_days, var.log_retention_days)
  kms_key_id        = var.sec_keys.key_arn
}

resource "aws_sagemaker_model" "this" {
  name                     = "${var.name}-${substr(sha256("${var.image_tag}${jsonencode(local.environment)}"), 0, 8)}"
  execution_role_arn       = aws_iam_role.this.arn
  enable_network_isolation = false

  primary_container {
    image       = "${var.image.repository_url}:${var.program}-${var.image_tag}"
    environment = local.environment
  }

  vpc_config {
    subnets            = var.net_private.subnet_ids
    security_group_ids = [var.net_private.security_group_id]
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  name_prefix = "${substr(var.name, 0, 36)}-"
  kms_key_arn = startswith(var.instance, "ml.g") ? null : var.sec_keys.key_arn

  production_variants {
    variant_name           = "live"
    model_name             = aws_sagemaker_model.this.name
    instance_type          = var.instance
    initial_instance_count = var.instances
    initial_variant_weight = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name

  deployment_config {
    auto_rollback_configuration {
      alarms {
        alarm_name = aws_cloudwatch_metric_alarm.rollback.alarm_name
      }
    }

    blue_green_update_policy {
      termination_wait_in_seconds = 120

      traffic_routing_configuration {
        type                     = "CANARY"
        wait_interval_in_seconds = 300

        canary_size {
          type  = "CAPACITY_PERCENT"
          value = 50
        }
      }
    }
  }
}

# A deployment that answers with errors is taken back.
resource "aws_cloudwatch_metric_alarm" "rollback" {
  alarm_name          = "${var.name}-rollback"
  alarm_description   = "Errors of ${var.name} while a version is rolled out"
  namespace           = "AWS/SageMaker"
  metric_name         = "Invocation5XXErrors"
  dimensions          = { EndpointName = var.name, VariantName = "live" }
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.05
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "sagemaker"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this.name}/variant/live"
  min_capacity       = var.instances
  max_capacity       = var.max_instances
}

resource "aws_appautoscaling_policy" "this" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.requests_per_task_minute
    scale_in_cooldown  = 600
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
