# terraform test: plans of every way to run it, with a mocked provider.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    }
  }

  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "123456789012"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }
}

variables {
  environment     = "prod"
  owner           = "platform@example.com"
  region          = "eu-central-1"
  image_tag       = "0.1.0"
  certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/0d4f9c8e-0000-4000-8000-000000000000"
  allowed_cidrs   = ["192.0.2.0/24"]
  oidc_issuer     = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_pool"
  oidc_audience   = "mlopsd"
}

run "fargate" {
  command = plan

  assert {
    condition     = length(aws_ecs_service.this) == 2 && length(aws_apprunner_service.api) == 0
    error_message = "ecs runs api and worker on Fargate and nothing on App Runner"
  }

  assert {
    condition     = length(aws_ecs_service.this["worker"].load_balancer) == 0 && length(aws_ecs_service.this["api"].load_balancer) == 1
    error_message = "the api stands behind the load balancer, the worker does not"
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.deletion_protection
    error_message = "the database is encrypted, private and protected"
  }

  assert {
    condition     = aws_lb_listener.https[0].protocol == "HTTPS"
    error_message = "the load balancer serves HTTPS only"
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets
    error_message = "artifacts are never public"
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.this : contains(keys(local.metrics), a.metric_name)])
    error_message = "every alarm watches a metric that the logs give"
  }

  assert {
    condition     = alltrue(flatten([for p in local.panels : [for m in p.metrics : contains(keys(local.metrics), m)]]))
    error_message = "every panel shows a metric that the logs give"
  }

  assert {
    condition     = length(aws_db_proxy.this) == 0
    error_message = "no proxy unless asked for"
  }
}

run "proxy" {
  command = plan

  variables {
    database_proxy = true
  }

  assert {
    condition     = aws_db_proxy.this[0].require_tls
    error_message = "the proxy demands TLS"
  }
}

run "model_providers" {
  command = plan

  variables {
    provider_keys = ["anthropic"]
  }

  assert {
    condition     = length(local.secret_environment.api) == 2 && contains(keys(local.secret_environment.worker), "ANTHROPIC_API_KEY")
    error_message = "the worker alone gets a provider's key"
  }
}

run "app_runner" {
  command = plan

  variables {
    runtime         = "apprunner"
    certificate_arn = null
  }

  assert {
    condition     = length(aws_apprunner_service.api) == 1 && length(aws_ecs_service.this) == 0 && length(aws_lb.this) == 0
    error_message = "apprunner makes no cluster and no load balancer"
  }

  assert {
    condition     = local.extra_environment.api.MLOPSD_STREAM_TIME == "110"
    error_message = "streams end before App Runner's 120 s"
  }
}

run "a_certificate_is_needed" {
  command = plan

  variables {
    certificate_arn = null
  }

  expect_failures = [var.certificate_arn]
}

run "the_issuer_is_https" {
  command = plan

  variables {
    oidc_issuer = "http://idp.example"
  }

  expect_failures = [var.oidc_issuer]
}
