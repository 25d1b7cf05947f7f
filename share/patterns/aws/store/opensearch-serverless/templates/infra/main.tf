locals {
  # Names of collections and policies have at most 32 characters.
  short      = trim(substr(var.name, 0, 26), "-")
  collection = "${local.short}-vec"
  index      = "chunk"
  siblings   = "${split("-${var.environment}-", var.name)[0]}-${var.environment}"
}

resource "aws_opensearchserverless_security_policy" "encryption" {
  name = "${local.short}-enc"
  type = "encryption"

  policy = jsonencode({
    Rules       = [{ ResourceType = "collection", Resource = ["collection/${local.collection}"] }]
    AWSOwnedKey = false
    KmsARN      = var.kms_key_arn
  })
}

resource "aws_security_group" "endpoint" {
  name        = "${var.name}-aoss"
  description = "Endpoint of the vector collection, open to the workloads of this plan only"
  vpc_id      = var.net_private.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-aoss" })
}

resource "aws_vpc_security_group_ingress_rule" "workloads" {
  security_group_id            = aws_security_group.endpoint.id
  referenced_security_group_id = var.net_private.security_group_id
  description                  = "HTTPS from workloads"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  tags                         = var.tags
}

resource "aws_opensearchserverless_vpc_endpoint" "this" {
  name               = "${local.short}-vpce"
  vpc_id             = var.net_private.vpc_id
  subnet_ids         = var.net_private.subnet_ids
  security_group_ids = [aws_security_group.endpoint.id]
}

resource "aws_opensearchserverless_security_policy" "network" {
  name = "${local.short}-net"
  type = "network"

  policy = jsonencode([{
    Description     = "From the private network only"
    Rules           = [{ ResourceType = "collection", Resource = ["collection/${local.collection}"] }]
    AllowFromPublic = false
    SourceVPCEs     = [aws_opensearchserverless_vpc_endpoint.this.id]
  }])
}

# Workloads of this plan assume this role for the collection: the data policy then names one principal.
resource "aws_iam_role" "access" {
  name                 = "${var.name}-vec"
  max_session_duration = 3600
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
      Condition = { ArnLike = { "aws:PrincipalArn" = "arn:${var.partition}:iam::${var.account_id}:role/${local.siblings}-*" } }
    }]
  })
}

resource "aws_iam_role_policy" "access" {
  name = "collection"
  role = aws_iam_role.access.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["aoss:APIAccessAll"]
      Resource = [aws_opensearchserverless_collection.this.arn]
    }]
  })
}

resource "aws_opensearchserverless_access_policy" "this" {
  name = "${local.short}-data"
  type = "data"

  policy = jsonencode([{
    Description = "Workloads read and write the chunk index"
    Rules = [
      {
        ResourceType = "index"
        Resource     = ["index/${local.collection}/*"]
        Permission   = ["aoss:CreateIndex", "aoss:DescribeIndex", "aoss:UpdateIndex", "aoss:ReadDocument", "aoss:WriteDocument"]
      },
      {
        ResourceType = "collection"
        Resource     = ["collection/${local.collection}"]
        Permission   = ["aoss:DescribeCollectionItems"]
      },
    ]
    Principal = [aws_iam_role.access.arn]
  }])
}

resource "aws_opensearchserverless_collection" "this" {
  name             = local.collection
  description      = "Vectors of document chunks; planned for ${var.index_ocu} indexing and ${var.search_ocu} search units"
  type             = "VECTORSEARCH"
  standby_replicas = "ENABLED"
  tags             = merge(var.tags, { classification = var.data_classification })

  depends_on = [
    aws_opensearchserverless_security_policy.encryption,
    aws_opensearchserverless_security_policy.network,
  ]
}
