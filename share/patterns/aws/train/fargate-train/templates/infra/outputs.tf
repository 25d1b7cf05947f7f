output "model_artifact" {
  description = "Model files, by model and version"
  value = {
    bucket = aws_s3_bucket.models.id
    arn    = aws_s3_bucket.models.arn
    prefix = "models/"
    uri    = "s3://${aws_s3_bucket.models.id}/models/"
    env    = { MODEL_ARTIFACT_URI = "s3://${aws_s3_bucket.models.id}/models/" }
    read = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.models.arn] },
      { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.models.arn}/models/*"] },
      { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
    ]
    write = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.models.arn] },
      { actions = ["s3:PutObject", "s3:AbortMultipartUpload"], resources = ["${aws_s3_bucket.models.arn}/models/*"] },
      { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] },
    ]
  }
}

output "obs_metrics" {
  description = "Metrics of training runs"
  value = {
    namespace = "ECS/ContainerInsights"
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "dead"
      title      = "Runs that could not start"
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.dead.name }
      statistic  = "Sum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 1
      unit       = "Count"
    },
  ]
}
