locals {
  dimensions = {
    LoadBalancer = var.net_public.load_balancer
    TargetGroup  = aws_lb_target_group.this.arn_suffix
  }
}

output "ep_sync" {
  description = "Where requests are answered"
  value = {
    url  = "https://${var.net_public.dns_name}/v1"
    name = aws_ecs_service.this.name
  }
}

output "obs_traces" {
  description = "Where request logs with their ids are"
  value = {
    endpoint = var.base_logs.group_prefix
  }
}

output "watch" {
  description = "Latency, errors and saturation of the program"
  value = [
    {
      name       = "latency"
      title      = "Latency"
      namespace  = "AWS/ApplicationELB"
      metric     = "TargetResponseTime"
      dimensions = local.dimensions
      statistic  = "p${var.latency_percentile}"
      threshold  = var.latency_target_ms / 1000
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Seconds"
    },
    {
      name       = "errors"
      title      = "Errors"
      namespace  = "AWS/ApplicationELB"
      metric     = "HTTPCode_Target_5XX_Count"
      requests   = "RequestCount"
      dimensions = local.dimensions
      statistic  = "Sum"
      threshold  = max(1, var.errors_per_minute)
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
    {
      name       = "unhealthy"
      title      = "Tasks that are not ready"
      namespace  = "AWS/ApplicationELB"
      metric     = "UnHealthyHostCount"
      dimensions = local.dimensions
      statistic  = "Maximum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 10
      unit       = "Count"
    },
    {
      name       = "memory"
      title      = "Memory of the tasks"
      namespace  = "AWS/ECS"
      metric     = "MemoryUtilization"
      dimensions = { ClusterName = var.base_ecs_cluster.name, ServiceName = aws_ecs_service.this.name }
      statistic  = "Maximum"
      threshold  = 85
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Percent"
    },
  ]
}
