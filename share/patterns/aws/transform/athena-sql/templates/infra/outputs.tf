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

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "scanned"
      title      = "Bytes scanned above plan"
      namespace  = "AWS/Athena"
      metric     = "ProcessedBytes"
      dimensions = { WorkGroup = aws_athena_workgroup.this.name, QueryType = "DML", QueryState = "SUCCEEDED" }
      statistic  = "Sum"
      threshold  = var.scan_limit_gb * var.scan_factor * 1000000000
      comparison = "GreaterThanThreshold"
      periods    = 1
      unit       = "Count"
    },
  ]
}
