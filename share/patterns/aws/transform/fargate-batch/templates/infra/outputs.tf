locals {
  train   = "${var.obj_curated.uri}train/"
  lineage = "${var.obj_curated.uri}lineage/"
}

output "ds_train" {
  description = "Training sets, each with the hash of its content"
  value = {
    bucket = var.obj_curated.bucket
    arn    = var.obj_curated.arn
    prefix = "${var.obj_curated.prefix}train/"
    uri    = local.train
    env    = { DS_TRAIN_URI = local.train }
    read   = var.obj_curated.read
    write  = var.obj_curated.write
  }
}

output "gov_lineage" {
  description = "Which data every dataset was made from"
  value = {
    uri   = local.lineage
    env   = { GOV_LINEAGE_URI = local.lineage }
    read  = var.obj_curated.read
    write = var.obj_curated.write
  }
}

output "llm_embed" {
  description = "The embedding model runs in the task itself; queries must use the same"
  value = {
    model_id = "local-hashing"
    arn      = aws_ecs_task_definition.this.arn
    env      = { EMBED_MODEL_ID = "", EMBED_DIMENSION = "512" }
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
