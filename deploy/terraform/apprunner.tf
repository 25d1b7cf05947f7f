# For accounts that already use App Runner (closed to new ones since 2026-04-30). Requests
# end after 120 s, so streams end after 110 s and clients come back; the processor is
# throttled while no request comes, so every new job wakes the worker by a request.

resource "aws_apprunner_vpc_connector" "this" {
  count              = local.ecs ? 0 : 1
  vpc_connector_name = local.prefix
  subnets            = aws_subnet.private[*].id
  security_groups    = [aws_security_group.tasks.id]
}

resource "aws_apprunner_auto_scaling_configuration_version" "this" {
  for_each                        = local.ecs ? {} : { api = var.api, worker = var.worker }
  auto_scaling_configuration_name = "${local.prefix}-${each.key}"
  min_size                        = each.value.min
  max_size                        = each.value.max
  max_concurrency                 = each.key == "api" ? 100 : 1
}

resource "aws_apprunner_service" "api" {
  count                          = local.ecs ? 0 : 1
  service_name                   = "${local.prefix}-api"
  auto_scaling_configuration_arn = aws_apprunner_auto_scaling_configuration_version.this["api"].arn

  source_configuration {
    auto_deployments_enabled = false

    authentication_configuration {
      access_role_arn = aws_iam_role.execution["api"].arn
    }

    image_repository {
      image_identifier      = local.image
      image_repository_type = "ECR"

      image_configuration {
        port                          = local.api_port
        start_command                 = "mlopsd api"
        runtime_environment_variables = merge(local.environment, local.extra_environment.api, { MLOPSD_WAKE_URL = "https://${aws_apprunner_service.worker[0].service_url}/wake" })
        runtime_environment_secrets   = local.secret_environment.api
      }
    }
  }

  instance_configuration {
    cpu               = var.api.cpu
    memory            = var.api.memory
    instance_role_arn = aws_iam_role.task["api"].arn
  }

  health_check_configuration {
    protocol = "HTTP"
    path     = "/readyz"
    interval = 10
    timeout  = 5
  }

  network_configuration {
    egress_configuration {
      egress_type       = "VPC"
      vpc_connector_arn = aws_apprunner_vpc_connector.this[0].arn
    }
  }

  encryption_configuration {
    kms_key = aws_kms_key.this.arn
  }
}

resource "aws_apprunner_service" "worker" {
  count                          = local.ecs ? 0 : 1
  service_name                   = "${local.prefix}-worker"
  auto_scaling_configuration_arn = aws_apprunner_auto_scaling_configuration_version.this["worker"].arn

  source_configuration {
    auto_deployments_enabled = false

    authentication_configuration {
      access_role_arn = aws_iam_role.execution["worker"].arn
    }

    image_repository {
      image_identifier      = local.image
      image_repository_type = "ECR"

      image_configuration {
        port                          = local.api_port
        start_command                 = "mlopsd worker"
        runtime_environment_variables = merge(local.environment, local.extra_environment.worker)
        runtime_environment_secrets   = local.secret_environment.worker
      }
    }
  }

  instance_configuration {
    cpu               = var.worker.cpu
    memory            = var.worker.memory
    instance_role_arn = aws_iam_role.task["worker"].arn
  }

  health_check_configuration {
    protocol = "HTTP"
    path     = "/healthz"
    interval = 10
    timeout  = 5
  }

  network_configuration {
    ingress_configuration {
      is_publicly_accessible = true
    }

    egress_configuration {
      egress_type       = "VPC"
      vpc_connector_arn = aws_apprunner_vpc_connector.this[0].arn
    }
  }

  encryption_configuration {
    kms_key = aws_kms_key.this.arn
  }
}
