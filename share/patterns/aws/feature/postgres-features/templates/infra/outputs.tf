locals {
  address    = aws_db_instance.this.address
  uri        = "postgres://${local.address}:${aws_db_instance.this.port}/${local.database}"
  secret_arn = aws_db_instance.this.master_user_secret[0].secret_arn
  read = [
    { actions = ["secretsmanager:GetSecretValue"], resources = [local.secret_arn] },
    { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
  ]
  write = local.read
}

output "feat_online" {
  description = "Latest feature values by entity"
  value = {
    backend    = "postgres"
    endpoint   = local.address
    table_name = "item"
    arn        = aws_db_instance.this.arn
    env        = { FEAT_ONLINE_BACKEND = "postgres", FEAT_ONLINE_URI = local.uri }
    secrets    = { FEAT_ONLINE_SECRET_ARN = local.secret_arn }
    read       = local.read
    write      = local.write
  }
}

output "tbl_sql" {
  description = "The relational database behind the features"
  value = {
    endpoint          = local.address
    port              = aws_db_instance.this.port
    database          = local.database
    secret_arn        = local.secret_arn
    security_group_id = aws_security_group.this.id
    env               = { TBL_SQL_URI = local.uri }
    secrets           = { TBL_SQL_SECRET_ARN = local.secret_arn }
    read              = local.read
    write             = local.write
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "cpu"
      title      = "Database CPU"
      namespace  = "AWS/RDS"
      metric     = "CPUUtilization"
      dimensions = { DBInstanceIdentifier = aws_db_instance.this.identifier }
      statistic  = "Average"
      threshold  = 80
      comparison = "GreaterThanThreshold"
      periods    = 10
      unit       = "Percent"
    },
    {
      name       = "storage"
      title      = "Free storage of the database"
      namespace  = "AWS/RDS"
      metric     = "FreeStorageSpace"
      dimensions = { DBInstanceIdentifier = aws_db_instance.this.identifier }
      statistic  = "Minimum"
      threshold  = var.storage_gb * 100000000
      comparison = "LessThanThreshold"
      periods    = 5
      unit       = "Bytes"
    },
    {
      name       = "read-latency"
      title      = "Read latency of the database"
      namespace  = "AWS/RDS"
      metric     = "ReadLatency"
      dimensions = { DBInstanceIdentifier = aws_db_instance.this.identifier }
      statistic  = "p95"
      threshold  = var.latency_target_ms / 5000
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Seconds"
    },
    {
      name       = "writer-errors"
      title      = "Errors while writing features"
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = { FunctionName = aws_lambda_function.writer.function_name }
      statistic  = "Sum"
      threshold  = 3
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
