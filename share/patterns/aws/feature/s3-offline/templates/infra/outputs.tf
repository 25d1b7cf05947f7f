output "feat_offline" {
  description = "Feature history"
  value = {
    bucket = aws_s3_bucket.features.id
    arn    = aws_s3_bucket.features.arn
    prefix = "history/"
    uri    = "s3://${aws_s3_bucket.features.id}/history/"
    env    = { FEAT_OFFLINE_URI = "s3://${aws_s3_bucket.features.id}/history/" }
    read = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.features.arn] },
      { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.features.arn}/*"] },
      { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
    ]
    write = [
      { actions = ["s3:PutObject", "s3:DeleteObject"], resources = ["${aws_s3_bucket.features.arn}/history/*"] },
      { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] },
    ]
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "failed"
      title      = "Failed tasks of the feature job"
      namespace  = "Glue"
      metric     = "glue.driver.aggregate.numFailedTasks"
      dimensions = { JobName = aws_glue_job.this.name, JobRunId = "ALL", Type = "count" }
      statistic  = "Sum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 1
      unit       = "Count"
    },
  ]
}
