locals {
  root  = "${path.root}/.."
  files = setunion(fileset(local.root, "common/**/*.py"), fileset(local.root, "pipelines/**/*.py"), fileset(local.root, "data/contract.json"))
  code  = "${var.obj_curated.prefix}code/${var.name}/"
  uri   = "s3://${var.obj_curated.bucket}/${local.code}"

  # Half as much again as the planned work, on the planned workers.
  timeout_minutes = max(15, ceil(var.dpu_hours_per_day * 90 / var.workers))
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws-glue/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "job" {
  name = "${var.name}-job"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "glue.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  name = "job"
  role = aws_iam_role.job.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        for s in concat(var.obj_raw.read, var.obj_curated.read, var.obj_curated.write, var.tbl_lake.read, var.tbl_lake.write) :
        { Effect = "Allow", Action = s.actions, Resource = s.resources }
      ],
      [
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"]
          Resource = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws-glue/*"]
        },
        {
          Effect    = "Allow"
          Action    = ["cloudwatch:PutMetricData"]
          Resource  = ["*"]
          Condition = { StringEquals = { "cloudwatch:namespace" = "Glue" } }
        },
      ],
    )
  })
}

resource "aws_glue_security_configuration" "this" {
  name = var.name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = var.kms_key_arn
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = var.kms_key_arn
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.kms_key_arn
    }
  }
}

# The job runs the same functions as the local pipeline: they travel with it.
resource "aws_s3_object" "code" {
  for_each    = local.files
  bucket      = var.obj_curated.bucket
  key         = "${local.code}${each.value}"
  source      = "${local.root}/${each.value}"
  source_hash = filemd5("${local.root}/${each.value}")
  kms_key_id  = var.kms_key_arn
  tags        = var.tags
}

resource "aws_glue_job" "this" {
  name                   = var.name
  description            = "Cleans raw rows against the dataset contract and writes the curated zone"
  role_arn               = aws_iam_role.job.arn
  glue_version           = "5.0"
  worker_type            = var.worker
  number_of_workers      = var.workers
  execution_class        = var.flex ? "FLEX" : "STANDARD"
  timeout                = local.timeout_minutes
  max_retries            = 1
  security_configuration = aws_glue_security_configuration.this.name
  tags                   = var.tags

  command {
    name            = "glueetl"
    script_location = "${local.uri}pipelines/${var.program}/glue_job.py"
    python_version  = "3"
  }

  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = {
    "--code_uri"                         = local.uri
    "--obj_raw_uri"                      = var.obj_raw.uri
    "--obj_curated_uri"                  = var.obj_curated.uri
    "--database"                         = var.tbl_lake.database
    "--enable-metrics"                   = "true"
    "--enable-continuous-cloudwatch-log" = "true"
    "--continuous-log-logGroup"          = aws_cloudwatch_log_group.this.name
    "--enable-glue-datacatalog"          = "true"
    "--TempDir"                          = "${var.obj_curated.uri}tmp/${var.name}/"
  }

  depends_on = [aws_s3_object.code]
}

resource "aws_glue_trigger" "nightly" {
  name              = "${var.name}-nightly"
  description       = "After the night's data has landed"
  type              = "SCHEDULED"
  schedule          = "cron(0 3 * * ? *)"
  start_on_creation = true
  tags              = var.tags

  actions {
    job_name = aws_glue_job.this.name
  }
}
