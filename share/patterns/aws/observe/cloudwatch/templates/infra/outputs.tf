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
    # Spelt out, so that it is known when planning.
    topic_arn = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${aws_sns_topic.alarms.name}"
  }
}
