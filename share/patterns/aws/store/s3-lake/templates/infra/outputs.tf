output "obj_raw" {
  description = "The raw zone"
  value = {
    bucket = aws_s3_bucket.this["raw"].id
    arn    = aws_s3_bucket.this["raw"].arn
    prefix = ""
    uri    = "s3://${aws_s3_bucket.this["raw"].id}/"
    env = {
      OBJ_RAW_URI      = "s3://${aws_s3_bucket.this["raw"].id}/"
      OBJ_RAW_PREFIXES = tostring(var.prefixes)
    }
    read = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.this["raw"].arn] },
      { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.this["raw"].arn}/*"] },
      local.key_use.read,
    ]
    write = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.this["raw"].arn] },
      { actions = ["s3:PutObject", "s3:AbortMultipartUpload"], resources = ["${aws_s3_bucket.this["raw"].arn}/*"] },
      local.key_use.write,
    ]
  }
}

output "obj_curated" {
  description = "The curated zone"
  value = {
    bucket = aws_s3_bucket.this["curated"].id
    arn    = aws_s3_bucket.this["curated"].arn
    prefix = ""
    uri    = "s3://${aws_s3_bucket.this["curated"].id}/"
    env    = { OBJ_CURATED_URI = "s3://${aws_s3_bucket.this["curated"].id}/" }
    read = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.this["curated"].arn] },
      { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.this["curated"].arn}/*"] },
      local.key_use.read,
    ]
    write = [
      { actions = ["s3:ListBucket"], resources = [aws_s3_bucket.this["curated"].arn] },
      { actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], resources = ["${aws_s3_bucket.this["curated"].arn}/*"] },
      local.key_use.write,
    ]
  }
}

output "tbl_lake" {
  description = "Tables over the curated zone"
  value = {
    database = aws_glue_catalog_database.this.name
    bucket   = aws_s3_bucket.this["curated"].id
    arn      = aws_s3_bucket.this["curated"].arn
    prefix   = "tables/"
    uri      = "s3://${aws_s3_bucket.this["curated"].id}/tables/"
    env      = { TBL_LAKE_DATABASE = aws_glue_catalog_database.this.name }
    read = [
      {
        actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"]
        resources = [
          "arn:${var.partition}:glue:${var.region}:${var.account_id}:catalog",
          aws_glue_catalog_database.this.arn,
          "arn:${var.partition}:glue:${var.region}:${var.account_id}:table/${local.database}/*",
        ]
      },
      { actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.this["curated"].arn}/tables/*"] },
      local.key_use.read,
    ]
    write = [
      {
        actions = ["glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition", "glue:CreatePartition", "glue:UpdatePartition"]
        resources = [
          "arn:${var.partition}:glue:${var.region}:${var.account_id}:catalog",
          aws_glue_catalog_database.this.arn,
          "arn:${var.partition}:glue:${var.region}:${var.account_id}:table/${local.database}/*",
        ]
      },
      { actions = ["s3:PutObject", "s3:DeleteObject"], resources = ["${aws_s3_bucket.this["curated"].arn}/tables/*"] },
      local.key_use.write,
    ]
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "raw-errors"
      title      = "Failed requests to the raw zone"
      namespace  = "AWS/S3"
      metric     = "5xxErrors"
      dimensions = { BucketName = aws_s3_bucket.this["raw"].id, FilterId = "all" }
      statistic  = "Sum"
      threshold  = 10
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
