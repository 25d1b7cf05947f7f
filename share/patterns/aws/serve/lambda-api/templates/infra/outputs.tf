output "ep_sync" {
  description = "Where requests are answered"
  value = {
    url  = "${aws_apigatewayv2_api.this.api_endpoint}/v1"
    name = aws_apigatewayv2_api.this.name
  }
}

output "obs_traces" {
  description = "Where request logs with their ids are"
  value = {
    endpoint = aws_cloudwatch_log_group.this.name
  }
}

output "watch" {
  description = "Latency, errors and throttling of the function"
  value = [
    {
      name       = "latency"
      title      = "Latency"
      namespace  = "AWS/ApiGateway"
      metric     = "Latency"
      dimensions = { ApiId = aws_apigatewayv2_api.this.id }
      statistic  = "p${var.latency_percentile}"
      threshold  = var.latency_target_ms
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Milliseconds"
    },
    {
      name       = "errors"
      title      = "Errors"
      namespace  = "AWS/ApiGateway"
      metric     = "5xx"
      requests   = "Count"
      dimensions = { ApiId = aws_apigatewayv2_api.this.id }
      statistic  = "Sum"
      threshold  = max(1, var.errors_per_minute)
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
    {
      name       = "throttled"
      title      = "Requests turned away"
      namespace  = "AWS/Lambda"
      metric     = "Throttles"
      dimensions = { FunctionName = aws_lambda_function.this.function_name }
      statistic  = "Sum"
      threshold  = 5
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
