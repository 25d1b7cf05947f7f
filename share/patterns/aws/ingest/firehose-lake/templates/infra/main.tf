resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/kinesisfirehose/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_cloudwatch_log_stream" "this" {
  count          = var.streams
  name           = "delivery-${count.index}"
  log_group_name = aws_cloudwatch_log_group.this.name
}

resource "aws_iam_role" "delivery" {
  name = "${var.name}-delivery"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "firehose.amazonaws.com" }
      Condition = { StringEquals = { "sts:ExternalId" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "delivery" {
  name = "delivery"
  role = aws_iam_role.delivery.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in concat(var.obj_raw.read, var.obj_raw.write) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        {
          Effect   = "Allow"
          Action   = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
          Resource = [var.obj_raw.arn]
        },
        {
          Effect   = "Allow"
          Action   = ["logs:PutLogEvents"]
          Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
        },
      ],
    )
  })
}

# Producers spread events over the streams; each takes 5 MB or 5,000 records a second.
resource "aws_kinesis_firehose_delivery_stream" "this" {
  count       = var.streams
  name        = "${var.name}-${count.index}"
  destination = "extended_s3"
  tags        = merge(var.tags, { classification = var.data_classification })

  server_side_encryption {
    enabled  = true
    key_type = "CUSTOMER_MANAGED_CMK"
    key_arn  = var.kms_key_arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.delivery.arn
    bucket_arn          = var.obj_raw.arn
    prefix              = "${var.obj_raw.prefix}rows/${var.dataset}/ingest_date=!{timestamp:yyyy-MM-dd}/"
    error_output_prefix = "${var.obj_raw.prefix}dead-letter/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/"
    file_extension      = ".jsonl.gz"
    compression_format  = "GZIP"
    buffering_interval  = var.buffer_s
    buffering_size      = var.buffer_mb
    kms_key_arn         = var.kms_key_arn

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.this.name
      log_stream_name = aws_cloudwatch_log_stream.this[count.index].name
    }

    processing_configuration {
      enabled = true

      processors {
        type = "AppendDelimiterToRecord"
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "landed" {
  name        = "${var.name}-landed"
  description = "A file of events arrived in the raw zone"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [var.obj_raw.bucket] }
      object = { key = [{ prefix = "${var.obj_raw.prefix}rows/" }] }
    }
  })
}
