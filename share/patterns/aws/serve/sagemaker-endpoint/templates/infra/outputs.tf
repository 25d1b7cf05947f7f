locals {
  dimensions = { EndpointName = aws_sagemaker_endpoint.this.name, VariantName = "live" }
}

output "ep_sync" {
  description = "Where requests are answered, signed with AWS credentials"
  value = {
    url  = "https://runtime.sagemaker.${var.region}.amazonaws.com/endpoints/${aws_sagemaker_endpoint.this.name}/invocations"
    name = aws_sagemaker_endpoint.this.name
    read = [{
      actions   = ["sagemaker:InvokeEndpoint"]
      resources = [aws_sagemaker_endpoint.this.arn]
    }]
  }
}

output "obs_traces" {
  description = "Where request logs with their ids are"
  value = {
    endpoint = aws_cloudwatch_log_group.this.name
  }
}

output "watch" {
  description = "Latency, errors and saturation of the endpoint"
  value = [
    {
      name       = "latency"
      title      = "Latency of the model"
      namespace  = "AWS/SageMaker"
      metric     = "ModelLatency"
      dimensions = local.dimensions
      statistic  = "p${var.latency_percentile}"
      threshold  = var.latency_target_ms * 1000
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Microseconds"
    },
    {
      name       = "errors"
      title      = "Errors"
      namespace  = "AWS/SageMaker"
      metric     = "Invocation5XXErrors"
      requests   = "Invocations"
      dimensions = local.dimensions
      statistic  = "Sum"
      threshold  = max(1, var.errors_per_minute)
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
