# Single-table design: pk is the item's key; `expires` removes what has run out.
resource "aws_dynamodb_table" "items" {
  name                        = "${var.name}-items"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  deletion_protection_enabled = var.protected
  table_class                 = "STANDARD"
  tags                        = merge(var.tags, { classification = var.data_classification })

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.pitr
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  # A ceiling on what a runaway client can cost: 4,000 items a second of the planned size.
  on_demand_throughput {
    max_read_request_units  = ceil(4000 * var.read_units_per_item)
    max_write_request_units = ceil(4000 * var.write_units_per_item)
  }
}

# Vectors beside their text: one partition per source, one item per chunk.
resource "aws_dynamodb_table" "chunks" {
  name                        = "${var.name}-chunks"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "source"
  range_key                   = "position"
  deletion_protection_enabled = var.protected
  tags                        = merge(var.tags, { classification = var.data_classification })

  attribute {
    name = "source"
    type = "S"
  }

  attribute {
    name = "position"
    type = "N"
  }

  point_in_time_recovery {
    enabled = var.pitr
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}
