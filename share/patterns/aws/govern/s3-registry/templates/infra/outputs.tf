locals {
  entries = "s3://${aws_s3_bucket.registry.id}/entries/"

  read = [
    { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.registry.arn] },
    { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.registry.arn}/*"] },
    { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
  ]

  write = [
    { actions = ["s3:PutObject"], resources = ["${aws_s3_bucket.registry.arn}/entries/*", "${aws_s3_bucket.registry.arn}/lineage/*"] },
    { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] },
  ]
}

output "model_registry" {
  description = "Registered models and their stages"
  value = {
    backend = "s3"
    name    = aws_s3_bucket.registry.id
    arn     = aws_s3_bucket.registry.arn
    uri     = local.entries
    env     = { MODEL_REGISTRY_BACKEND = "s3", MODEL_REGISTRY_URI = local.entries }
    read    = local.read
    write   = local.write
  }
}

output "gov_lineage" {
  description = "What every model was made from"
  value = {
    uri   = "s3://${aws_s3_bucket.registry.id}/lineage/"
    env   = { GOV_LINEAGE_URI = "s3://${aws_s3_bucket.registry.id}/lineage/" }
    read  = local.read
    write = local.write
  }
}
