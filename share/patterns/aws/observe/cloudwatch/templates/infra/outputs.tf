output "obs_metrics" {
  description = "Where programs put their own metrics"
  value = {
    namespace = var.name
    env       = { OBS_METRICS_NAMESPACE = var.name }
    write = [{
      actions   = ["cloudwatch:PutMetricData"]
      resources = ["*"]
    }]
  }
}

output "obs_alert" {
  description = "Topic that alarms go to"
  value = {
    topic_arn = aws_sns_topic.alarms.arn
  }
}
