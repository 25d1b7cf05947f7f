locals {
  write = [{
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }]
}

output "obs_logs" {
  description = "Log group that programs write to"
  value = {
    group_name = aws_cloudwatch_log_group.this.name
    arn        = aws_cloudwatch_log_group.this.arn
    write      = local.write
  }
}

output "shared" {
  description = "The log group, for modules that share it"
  value = {
    group_prefix   = aws_cloudwatch_log_group.this.name
    arn            = aws_cloudwatch_log_group.this.arn
    retention_days = aws_cloudwatch_log_group.this.retention_in_days
  }
}

output "watch" {
  description = "Errors in any program's log"
  value = [{
    name       = "log-errors"
    title      = "Errors in the logs"
    namespace  = var.name
    metric     = "Errors"
    dimensions = {}
    statistic  = "Sum"
    threshold  = 10
    comparison = "GreaterThanThreshold"
    periods    = 5
    unit       = "Count"
  }]
}
