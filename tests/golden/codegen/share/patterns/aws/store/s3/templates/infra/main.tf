resource "aws_s3_bucket" "this" {
  bucket = "${var.name}-${var.class}-${var.limit}"
}

locals {
  key     = var.sec_keys.key_arn
  shared  = var.base_kms.key_arn
  vectors = try(var.vec.endpoint, null)
  watched = var.watch
}
