output "feat_online" {
  description = "Latest feature values by entity"
  value = {
    backend  = "redis"
    endpoint = aws_elasticache_replication_group.this.configuration_endpoint_address
    arn      = aws_elasticache_replication_group.this.arn
    env      = { FEAT_ONLINE_BACKEND = "redis", FEAT_ONLINE_URI = local.uri, FEAT_ONLINE_CACHE = aws_elasticache_replication_group.this.id }
    read     = local.read
    write    = local.write
  }
}

output "kv" {
  description = "The cache as a key-value store"
  value = {
    table_name = aws_elasticache_replication_group.this.id
    arn        = aws_elasticache_replication_group.this.arn
    env        = { KV_URI = local.uri, KV_CACHE = aws_elasticache_replication_group.this.id }
    read       = local.read
    write      = local.write
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "memory"
      title      = "Free memory of the feature cache"
      namespace  = "AWS/ElastiCache"
      metric     = "FreeableMemory"
      dimensions = { CacheClusterId = "${aws_elasticache_replication_group.this.id}-0001-001" }
      statistic  = "Minimum"
      threshold  = floor(var.memory_gb * 100000000)
      comparison = "LessThanThreshold"
      periods    = 5
      unit       = "Bytes"
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
