locals {
  all = flatten([for module, list in var.watch : [for w in list : merge(w, { key = "${module}-${w.name}" })]])
}

resource "aws_cloudwatch_log_group" "prometheus" {
  name              = "/aws/prometheus/${var.name}"
  retention_in_days = max(var.base_logs.retention_days, var.log_retention_days)
  kms_key_id        = var.sec_keys.key_arn
}

resource "aws_prometheus_workspace" "this" {
  alias       = var.name
  kms_key_arn = var.sec_keys.key_arn

  logging_configuration {
    log_group_arn = "${aws_cloudwatch_log_group.prometheus.arn}:*"
  }
}

# Service level rules; programs export http_requests_total and http_request_seconds.
resource "aws_prometheus_rule_group_namespace" "slo" {
  name         = "slo"
  workspace_id = aws_prometheus_workspace.this.id

  data = yamlencode({
    groups = [{
      name     = "slo"
      interval = "${var.interval_s}s"
      rules = [
        {
          record = "job:errors:ratio1h"
          expr   = "sum(rate(http_requests_total{status=~\"5..\"}[1h])) / sum(rate(http_requests_total[1h]))"
        },
        {
          record = "job:errors:ratio6h"
          expr   = "sum(rate(http_requests_total{status=~\"5..\"}[6h])) / sum(rate(http_requests_total[6h]))"
        },
        {
          alert  = "ErrorBudgetFastBurn"
          expr   = "job:errors:ratio1h > ${14.4 * (1 - var.availability_target / 100)}"
          for    = "2m"
          labels = { severity = "page" }
        },
        {
          alert  = "ErrorBudgetSlowBurn"
          expr   = "job:errors:ratio6h > ${6 * (1 - var.availability_target / 100)}"
          for    = "15m"
          labels = { severity = "ticket" }
        },
        {
          alert  = "LatencyAboveTarget"
          expr   = "histogram_quantile(${var.latency_percentile / 100}, sum by (le) (rate(http_request_seconds_bucket[5m]))) > ${var.latency_target_ms / 1000}"
          for    = "5m"
          labels = { severity = "page" }
        },
      ]
    }]
  })
}

resource "aws_prometheus_alert_manager_definition" "this" {
  workspace_id = aws_prometheus_workspace.this.id

  definition = yamlencode({
    alertmanager_config = yamlencode({
      route = { receiver = "alarms", group_by = ["alertname"] }
      receivers = [{
        name = "alarms"
        sns_configs = [{
          topic_arn = aws_sns_topic.alarms.arn
          sigv4     = { region = var.region }
        }]
      }]
    })
  })
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.sec_keys.key_arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = ["aps.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Action    = ["sns:GetTopicAttributes", "sns:Publish"]
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.alert_emails)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

# Metrics of AWS services stay in CloudWatch; their alarms reach the same people.
resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for w in local.all : w.key => w }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.title} (docs/runbook.md)"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_iam_role" "grafana" {
  name = "${var.name}-grafana"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "grafana.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "grafana" {
  name = "read-metrics"
  role = aws_iam_role.grafana.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"], Resource = [aws_prometheus_workspace.this.arn] },
      { Effect = "Allow", Action = ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"], Resource = ["*"] },
    ]
  })
}

resource "aws_grafana_workspace" "this" {
  name                     = var.name
  description              = "Planned for ${var.editors} editors, ${var.viewers} viewers and ${var.series} series"
  account_access_type      = "CURRENT_ACCOUNT"
  authentication_providers = ["AWS_SSO"]
  permission_type          = "CUSTOMER_MANAGED"
  role_arn                 = aws_iam_role.grafana.arn
  data_sources             = ["CLOUDWATCH", "PROMETHEUS"]
}
