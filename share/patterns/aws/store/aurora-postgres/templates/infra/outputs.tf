locals {
  address    = aws_rds_cluster.this.endpoint
  base       = "${local.address}:${aws_rds_cluster.this.port}/${local.database}"
  secret_arn = aws_rds_cluster.this.master_user_secret[0].secret_arn
  access = [
    { actions = ["secretsmanager:GetSecretValue"], resources = [local.secret_arn] },
    { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
  ]
}

output "tbl_sql" {
  description = "The relational database"
  value = {
    endpoint          = local.address
    port              = aws_rds_cluster.this.port
    database          = local.database
    secret_arn        = local.secret_arn
    security_group_id = aws_security_group.this.id
    env               = { TBL_SQL_URI = "postgres://${local.base}" }
    secrets           = { TBL_SQL_SECRET_ARN = local.secret_arn }
    read              = local.access
    write             = local.access
  }
}

output "vec" {
  description = "Vector search by pgvector"
  value = {
    backend           = "aurora"
    endpoint          = local.address
    index             = "knowledge.chunk"
    arn               = aws_rds_cluster.this.arn
    security_group_id = aws_security_group.this.id
    env               = { VEC_URI = "aurora://${local.base}" }
    secrets           = { VEC_SECRET_ARN = local.secret_arn }
    read              = local.access
    write             = local.access
  }
}

output "vec_index" {
  description = "The table that a knowledge base may fill, through the Data API"
  value = {
    arn        = aws_rds_cluster.this.arn
    secret_arn = local.secret_arn
    database   = local.database
    table      = "knowledge.chunk"
    write = concat(local.access, [
      { actions = ["rds-data:BatchExecuteStatement", "rds-data:ExecuteStatement"], resources = [aws_rds_cluster.this.arn] },
      { actions = ["rds:DescribeDBClusters"], resources = [aws_rds_cluster.this.arn] },
    ])
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "capacity"
      title      = "Capacity units in use, of ${var.max_acu} at most (${format("%.1f", var.mean_acu)} on average)"
      namespace  = "AWS/RDS"
      metric     = "ACUUtilization"
      dimensions = { DBClusterIdentifier = aws_rds_cluster.this.cluster_identifier }
      statistic  = "Average"
      threshold  = 85
      comparison = "GreaterThanThreshold"
      periods    = 10
      unit       = "Percent"
    },
    {
      name       = "storage"
      title      = "Used storage, planned for ${var.storage_gb} GB and ${ceil(var.working_set_gb)} GB of it hot"
      namespace  = "AWS/RDS"
      metric     = "VolumeBytesUsed"
      dimensions = { DBClusterIdentifier = aws_rds_cluster.this.cluster_identifier }
      statistic  = "Average"
      threshold  = var.storage_gb * 2000000000
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Bytes"
    },
    {
      name       = "read-latency"
      title      = "Read latency of the database"
      namespace  = "AWS/RDS"
      metric     = "ReadLatency"
      dimensions = { DBClusterIdentifier = aws_rds_cluster.this.cluster_identifier }
      statistic  = "p95"
      threshold  = var.latency_target_ms / 5000
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Seconds"
    },
  ]
}
