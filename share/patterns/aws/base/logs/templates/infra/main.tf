# Where programs write their logs; each program's stream is prefixed with its slot.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}"
  retention_in_days = max(var.retention_days, var.log_retention_days)
  kms_key_id        = var.sec_keys.key_arn
  skip_destroy      = var.protected
}

# Counted once a minute, so that an alarm can stand on errors of any program.
resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.level = \"error\" || $.level = \"critical\" }"

  metric_transformation {
    name          = "Errors"
    namespace     = var.name
    value         = "1"
    default_value = "0"
  }
}
