output "gov_audit" {
  description = "The audit trail"
  value = {
    bucket = aws_s3_bucket.audit.id
    arn    = aws_cloudtrail.this.arn
    env    = { GOV_AUDIT_URI = "s3://${aws_s3_bucket.audit.id}/AWSLogs/${var.account_id}/" }
    read = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.audit.arn] },
      { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.audit.arn}/*"] },
      { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
    ]
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "findings"
      title      = "Threat findings and root logins"
      namespace  = "AWS/Events"
      metric     = "MatchedEvents"
      dimensions = { RuleName = aws_cloudwatch_event_rule.findings.name }
      statistic  = "Sum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
