output "gov_access" {
  description = "Grants by tag"
  value = {
    database = var.tbl_lake.database
    arn      = aws_iam_role.analyst.arn
    env      = { GOV_ACCESS_ROLE_ARN = aws_iam_role.analyst.arn }
  }
}

output "gov_dlp" {
  description = "Sensitive-data findings"
  value = {
    arn = aws_cloudwatch_event_rule.findings.arn
  }
}
