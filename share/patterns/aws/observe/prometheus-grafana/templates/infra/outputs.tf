output "obs_metrics" {
  description = "Where programs' metrics are written to"
  value = {
    namespace = var.name
    endpoint  = aws_prometheus_workspace.this.prometheus_endpoint
    env       = { OBS_METRICS_ENDPOINT = "${aws_prometheus_workspace.this.prometheus_endpoint}api/v1/remote_write" }
    write = [{
      actions   = ["aps:RemoteWrite"]
      resources = [aws_prometheus_workspace.this.arn]
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
