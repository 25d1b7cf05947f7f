locals {
  entries  = "s3://${aws_s3_bucket.registry.id}/entries/"
  packages = concat([for g in aws_sagemaker_model_package_group.this : g.arn], [for g in local.groups : "arn:${var.partition}:sagemaker:${var.region}:${var.account_id}:model-package/${g}/*"])

  read = [
    { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.registry.arn] },
    { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.registry.arn}/*"] },
    { actions = ["kms:Decrypt"], resources = [var.kms_key_arn] },
    { actions = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"], resources = local.packages },
  ]

  write = [
    { actions = ["s3:PutObject"], resources = ["${aws_s3_bucket.registry.arn}/entries/*", "${aws_s3_bucket.registry.arn}/lineage/*"] },
    { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] },
    { actions = ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"], resources = local.packages },
  ]
}

output "model_registry" {
  description = "Registered models and their stages"
  value = {
    backend = "sagemaker"
    name    = local.groups[0]
    arn     = aws_s3_bucket.registry.arn
    uri     = local.entries
    env     = { MODEL_REGISTRY_BACKEND = "sagemaker", MODEL_REGISTRY_URI = local.entries, MODEL_PACKAGE_GROUP = local.groups[0] }
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
