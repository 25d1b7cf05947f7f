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
      MAX_CONCURRENCY     = tostring(ceil(var.servers * 8))
      AUTH_MODE           = "jwt"
      AUTH_ISSUER         = var.auth_issuer
      AUTH_AUDIENCE       = var.auth_audience
      WORKERS             = tostring(var.servers)
      DATA_DIR            = "/scratch"
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

resource "aws_iam_role" "execution" {
  name = "${var.name}-exec"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in var.image.read : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${var.base_logs.arn}:*"] },
        { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [aws_secretsmanager_secret.jwks.arn] },
        { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.sec_keys.key_arn] },
      ],
    )
  })
}

resource "aws_iam_role" "task" {
  name = "${var.name}-task"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "task" {
  name = "use-ports"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.statements
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(var.vcpu * 1024)
  memory                   = tostring(var.memory_gb * 1024)
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    name                   = "program"
    image                  = "${var.image.repository_url}:${var.program}-${var.image_tag}"
    essential              = true
    readonlyRootFilesystem = true
    user                   = "10001"
    stopTimeout            = 30
    linuxParameters        = { initProcessEnabled = true }
    portMappings           = [{ containerPort = 8080, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "scratch", containerPath = "/scratch", readOnly = false }]
    environment            = [for name, value in local.environment : { name = name, value = value }]
    secrets                = [{ name = "AUTH_JWKS", valueFrom = aws_secretsmanager_secret.jwks.arn }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = var.base_logs.group_prefix
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = var.program
      }
    }
  }])
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "The program: requests from the load balancer only"
  vpc_id      = var.net_private.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  security_group_id            = aws_security_group.this.id
  description                  = "Requests from the load balancer"
  referenced_security_group_id = var.net_public.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_lb_target_group" "this" {
  name                 = trimsuffix(substr(var.name, 0, 32), "-")
  port                 = 8080
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.net_private.vpc_id
  deregistration_delay = 30

  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path                = "/health/ready"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener_rule" "this" {
  listener_arn = var.net_public.listener_arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  condition {
    path_pattern {
      values = ["/v1/*", "/health/*", "/docs", "/openapi.json"]
    }
  }
}

resource "aws_ecs_service" "this" {
  name                               = var.name
  cluster                            = var.base_ecs_cluster.arn
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = var.replicas
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  health_check_grace_period_seconds  = 60
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  network_configuration {
    subnets          = var.net_private.subnet_ids
    security_groups  = [var.net_private.security_group_id, aws_security_group.this.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "program"
    container_port   = 8080
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  depends_on = [aws_lb_listener_rule.this]

  lifecycle {
    ignore_changes = [desired_count]
  }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.base_ecs_cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.replicas
  max_capacity       = var.max_replicas
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 300
    scale_out_cooldown = 30

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "requests" {
  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.requests_per_task_minute
    scale_in_cooldown  = 300
    scale_out_cooldown = 30

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${var.net_public.load_balancer}/${aws_lb_target_group.this.arn_suffix}"
    }
  }
}
