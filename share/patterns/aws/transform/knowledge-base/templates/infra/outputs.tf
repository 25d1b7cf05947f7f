output "llm_embed" {
  description = "The embedding model; queries must use the same"
  value = {
    model_id = var.embed_model
    arn      = local.embed_arn
    env      = { EMBED_MODEL_ID = var.embed_model, EMBED_DIMENSION = "1024" }
    read     = [{ actions = ["bedrock:InvokeModel"], resources = [local.embed_arn] }]
  }
}

output "gov_lineage" {
  description = "Every chunk names its source document"
  value = {
    uri = "${var.obj_raw.uri}documents/"
    env = { GOV_LINEAGE_URI = "${var.obj_raw.uri}documents/" }
  }
}

output "watch" {
  description = "What to alarm on"
  value = [{
    name       = "dead"
    title      = "Ingestions that could not be started"
    namespace  = "AWS/SQS"
    metric     = "ApproximateNumberOfMessagesVisible"
    dimensions = { QueueName = aws_sqs_queue.dead.name }
    statistic  = "Maximum"
    threshold  = 0
    comparison = "GreaterThanThreshold"
    periods    = 5
    unit       = "Count"
  }]
}
