locals {
  results = "s3://${var.obj_curated.bucket}/${var.obj_curated.prefix}athena/"
  sql     = file("${path.root}/../pipelines/${var.program}/clean.sql")
}

resource "aws_athena_workgroup" "this" {
  name          = var.name
  description   = "Scheduled SQL models; a query that would scan too much is stopped"
  force_destroy = !var.protected
  tags          = var.tags

  configuration {
    bytes_scanned_cutoff_per_query     = var.scan_limit_gb * 1000000000
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = local.results
      expected_bucket_owner = var.account_id

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}

# Raw JSON lines as one text column: the SQL models take them apart.
resource "aws_glue_catalog_table" "raw" {
  name          = "raw_line"
  database_name = var.tbl_lake.database
  description   = "Raw rows as they were landed"
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL       = "TRUE"
    classification = "json"
  }

  storage_descriptor {
    location      = "${var.obj_raw.uri}rows/${var.dataset}/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.RegexSerDe"
      parameters            = { "input.regex" = "(.*)" }
    }

    columns {
      name = "line"
      type = "string"
    }
  }
}

resource "aws_athena_named_query" "clean" {
  name        = "${var.name}-clean"
  description = "Newest row of every event"
  workgroup   = aws_athena_workgroup.this.id
  database    = var.tbl_lake.database
  query       = local.sql
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "workflow" {
  name = "${var.name}-flow"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "workflow" {
  name = "workflow"
  role = aws_iam_role.workflow.id

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
          Action   = ["athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup"]
          Resource = [aws_athena_workgroup.this.arn]
        },
        { Effect = "Allow", Action = ["s3:GetBucketLocation"], Resource = [var.obj_curated.arn] },
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"]
          Resource = ["*"]
        },
      ],
    )
  })
}

resource "aws_sfn_state_machine" "this" {
  name     = var.name
  role_arn = aws_iam_role.workflow.arn
  type     = "STANDARD"
  tags     = var.tags

  definition = jsonencode({
    Comment        = "Rebuild the curated rows"
    StartAt        = "Clean"
    TimeoutSeconds = 7200
    States = {
      Clean = {
        Type     = "Task"
        Resource = "arn:${var.partition}:states:::athena:startQueryExecution.sync"
        Parameters = {
          WorkGroup             = aws_athena_workgroup.this.name
          QueryString           = "UNLOAD (${local.sql}) TO '${var.obj_curated.uri}athena-curated/' WITH (format = 'JSON')"
          QueryExecutionContext = { Database = var.tbl_lake.database }
        }
        Retry = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 60, MaxAttempts = 2, BackoffRate = 2 }]
        End   = true
      }
    }
  })

  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = var.kms_key_arn
    kms_data_key_reuse_period_seconds = 300
  }

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }
}

resource "aws_iam_role" "schedule" {
  name = "${var.name}-clock"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule" {
  name = "start"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["states:StartExecution"], Resource = [aws_sfn_state_machine.this.arn] },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
    ]
  })
}

resource "aws_scheduler_schedule" "this" {
  name                = var.name
  description         = "After the night's data has landed"
  schedule_expression = "cron(0 3 * * ? *)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_sfn_state_machine.this.arn
    role_arn = aws_iam_role.schedule.arn
  }
}
