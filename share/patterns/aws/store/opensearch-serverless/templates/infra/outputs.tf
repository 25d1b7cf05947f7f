locals {
  host   = trimprefix(aws_opensearchserverless_collection.this.collection_endpoint, "https://")
  access = [{ actions = ["sts:AssumeRole"], resources = [aws_iam_role.access.arn] }]
}

output "vec" {
  description = "Vector search"
  value = {
    backend           = "opensearch"
    endpoint          = aws_opensearchserverless_collection.this.collection_endpoint
    index             = local.index
    arn               = aws_opensearchserverless_collection.this.arn
    security_group_id = aws_security_group.endpoint.id
    env = {
      VEC_URI      = "opensearch://${local.host}/${local.index}"
      VEC_ROLE_ARN = aws_iam_role.access.arn
    }
    read  = local.access
    write = local.access
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "search-units"
      title      = "Search units above plan"
      namespace  = "AWS/AOSS"
      metric     = "SearchOCU"
      dimensions = { ClientId = var.account_id }
      statistic  = "Maximum"
      threshold  = var.search_ocu * 2
      comparison = "GreaterThanThreshold"
      periods    = 15
      unit       = "Count"
    },
    {
      name       = "index-units"
      title      = "Indexing units above plan"
      namespace  = "AWS/AOSS"
      metric     = "IndexingOCU"
      dimensions = { ClientId = var.account_id }
      statistic  = "Maximum"
      threshold  = var.index_ocu * 2
      comparison = "GreaterThanThreshold"
      periods    = 15
      unit       = "Count"
    },
  ]
}
