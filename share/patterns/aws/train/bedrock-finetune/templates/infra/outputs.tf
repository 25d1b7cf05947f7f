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
      { actions = ["s3:PutObject"], resources = ["${aws_s3_bucket.models.arn}/models/*"] },
      { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] },
    ]
  }
}

output "llm_gen" {
  description = "The base model; an adapted one replaces it after evaluation"
  value = {
    model_id = var.base_model
    arn      = local.base_arn
    env      = { LLM_GEN_MODEL_ID = var.base_model }
    read     = [{ actions = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], resources = [local.base_arn] }]
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "failed"
      title      = "Failed training runs"
      namespace  = "AWS/States"
      metric     = "ExecutionsFailed"
      dimensions = { StateMachineArn = aws_sfn_state_machine.this.arn }
      statistic  = "Sum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 1
      unit       = "Count"
    },
  ]
}
