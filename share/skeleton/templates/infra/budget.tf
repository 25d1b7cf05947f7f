# Warns before the month's budget is spent, and when the forecast passes it.
resource "aws_budgets_budget" "monthly" {
  name         = "${local.name}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(local.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = ["user:Project$${local.project}"]
  }

  dynamic "notification" {
    for_each = length(var.alert_emails) == 0 ? {} : {
      warning  = { kind = "ACTUAL", percent = 80 }
      spent    = { kind = "ACTUAL", percent = 100 }
      forecast = { kind = "FORECASTED", percent = 100 }
    }

    content {
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value.percent
      threshold_type             = "PERCENTAGE"
      notification_type          = notification.value.kind
      subscriber_email_addresses = var.alert_emails
    }
  }
}
