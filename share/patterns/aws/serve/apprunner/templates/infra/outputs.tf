output "ep_sync" {
  description = "Where requests are answered"
  value = {
    url  = "https://${aws_apprunner_service.this.service_url}/v1"
    name = aws_apprunner_service.this.service_name
  }
}

output "obs_traces" {
  description = "Where request logs with their ids are"
  value = {
    endpoint = "/aws/apprunner/${aws_apprunner_service.this.service_name}"
  }
}

output "watch" {
  description = "Latency and errors of the program"
  value = [
    {
      name       = "latency"
      title      = "Latency"
      namespace  = "AWS/AppRunner"
      metric     = "RequestLatency"
      dimensions = { ServiceName = aws_apprunner_service.this.service_name, ServiceID = aws_apprunner_service.this.service_id }
      statistic  = "p${var.latency_percentile}"
      threshold  = var.latency_target_ms
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Milliseconds"
    },
    {
      name       = "errors"
      title      = "Errors"
      namespace  = "AWS/AppRunner"
      metric     = "5xxStatusResponses"
      requests   = "Requests"
      dimensions = { ServiceName = aws_apprunner_service.this.service_name, ServiceID = aws_apprunner_service.this.service_id }
      statistic  = "Sum"
      threshold  = max(1, var.errors_per_minute)
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
