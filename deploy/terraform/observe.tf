# The service writes one "stats" line a minute and one line a request; what stands there
# becomes metrics (metrics.json, which a test holds against the service), a dashboard with
# the panels of the specification's section 23.8, and alarms.

locals {
  metrics = jsondecode(file("${path.module}/metrics.json"))
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each       = local.metrics
  name           = "${local.prefix}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.service[each.value.from].name
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.key
    namespace = local.namespace
    value     = each.value.value
    unit      = each.value.unit
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${local.prefix}-alarms"
  kms_master_key_id = aws_kms_key.this.key_id
}

resource "aws_sns_topic_subscription" "mail" {
  count     = var.alarm_email != null ? 1 : 0
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

locals {
  alarms = {
    api-5xx            = { metric = "http_5xx", statistic = "Sum", threshold = 5, periods = 3, why = "the api keeps answering 5xx" }
    job-retry-storm    = { metric = "jobs_retried", statistic = "Sum", threshold = 20, periods = 3, why = "jobs are tried again in numbers" }
    policy-fail-spike  = { metric = "policy_failed", statistic = "Sum", threshold = 10, periods = 1, why = "many plans fail policy at once" }
    budget-crossed     = { metric = "budget_crossed", statistic = "Sum", threshold = 0, periods = 1, why = "a project crossed its token or money quota" }
    dead-letters       = { metric = "jobs_dead", statistic = "Maximum", threshold = 0, periods = 1, why = "jobs were given up" }
    queue-not-draining = { metric = "queue_depth", statistic = "Minimum", threshold = 50, periods = 3, why = "jobs wait and are not taken" }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = local.alarms
  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = "${each.value.why}; see the runbook in deploy/README.md"
  namespace           = local.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

locals {
  panels = [
    { title = "time to artifact", metrics = ["time_to_artifact_s"], statistic = "p95" },
    { title = "SSE disconnect rate", metrics = ["streams_opened", "streams_ended_early"], statistic = "Sum" },
    { title = "job retries", metrics = ["jobs_retried", "jobs_dead"], statistic = "Sum" },
    { title = "LLM error codes", metrics = ["model_errors"], statistic = "Sum" },
    { title = "cost deltas", metrics = ["cost_delta_usd"], statistic = "Maximum" },
    { title = "requests answered 5xx", metrics = ["http_5xx"], statistic = "Sum" },
    { title = "queue depth", metrics = ["queue_depth"], statistic = "Maximum" },
    { title = "policy verdicts", metrics = ["policy_failed"], statistic = "Sum" },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.prefix
  dashboard_body = jsonencode({
    widgets = [for i, p in local.panels : {
      type   = "metric"
      x      = (i % 2) * 12
      y      = floor(i / 2) * 6
      width  = 12
      height = 6
      properties = {
        title   = p.title
        region  = var.region
        view    = "timeSeries"
        stat    = p.statistic
        period  = 300
        metrics = [for m in p.metrics : [local.namespace, m]]
      }
    }]
  })
}
