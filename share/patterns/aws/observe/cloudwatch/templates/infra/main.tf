locals {
  # One alarm for each thing that a module wants watched; that module's bill has it.
  all    = flatten([for module, list in var.watch : [for w in list : merge(w, { key = "${module}-${w.name}" })]])
  alarms = { for w in local.all : w.key => w }

  widgets = [
    for i, w in slice(local.all, 0, min(length(local.all), var.metrics)) : {
      type   = "metric"
      x      = (i % 3) * 8
      y      = floor(i / 3) * 6
      width  = 8
      height = 6
      properties = {
        title  = "${w.key}: ${w.title}"
        region = var.region
        stat   = w.statistic
        period = 60
        metrics = [
          concat([w.namespace, w.metric], flatten([for name, value in w.dimensions : [name, value]])),
        ]
        annotations = { horizontal = [{ label = "alarm", value = w.threshold }] }
      }
    }
  ]
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
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
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

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

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
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboards

  dashboard_name = count.index == 0 ? var.name : "${var.name}-${count.index}"
  dashboard_body = jsonencode({ widgets = local.widgets })
}

# A share of the requests is traced from end to end.
resource "aws_xray_sampling_rule" "this" {
  rule_name      = trimsuffix(substr(var.name, 0, 32), "-")
  priority       = 1000
  version        = 1
  reservoir_size = 1
  fixed_rate     = var.trace_sample_pct / 100
  host           = "*"
  http_method    = "*"
  resource_arn   = "*"
  service_name   = "*"
  service_type   = "*"
  url_path       = "*"
}
