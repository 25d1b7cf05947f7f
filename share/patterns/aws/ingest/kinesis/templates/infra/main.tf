resource "aws_kinesis_stream" "this" {
  name                      = var.name
  shard_count               = var.mode == "provisioned" ? var.shards : null
  retention_period          = var.retention_hours
  encryption_type           = "KMS"
  kms_key_id                = var.kms_key_arn
  enforce_consumer_deletion = !var.protected
  shard_level_metrics       = ["IncomingBytes", "IncomingRecords", "IteratorAgeMilliseconds", "ReadProvisionedThroughputExceeded", "WriteProvisionedThroughputExceeded"]
  tags                      = merge(var.tags, { classification = var.data_classification })

  stream_mode_details {
    stream_mode = var.mode == "provisioned" ? "PROVISIONED" : "ON_DEMAND"
  }
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-dead"
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 1209600
  tags                      = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "consumer" {
  name = "${var.name}-consumer"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "consumer" {
  name = "consumer"
  role = aws_iam_role.consumer.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in concat(var.obj_raw.read, var.obj_raw.write) : { Effect = "Allow", Action = s.actions, Resource = s.resources }],
      [
        {
          Effect   = "Allow"
          Action   = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:SubscribeToShard"]
          Resource = [aws_kinesis_stream.this.arn, "${aws_kinesis_stream.this.arn}/consumer/*"]
        },
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
        },
        { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead.arn] },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
      ],
    )
  })
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = "Checks events and lands them in the raw zone"
  role          = aws_iam_role.consumer.arn
  package_type  = "Image"
  image_uri     = "${var.image.repository_url}:pipelines-${var.image_tag}"
  architectures = ["x86_64"]
  memory_size   = 1024
  timeout       = 60
  kms_key_arn   = var.kms_key_arn
  tags          = var.tags

  image_config {
    entry_point = ["python", "-m", "awslambdaric"]
    command     = ["pipelines.${var.program}.main.handle"]
  }

  environment {
    variables = var.obj_raw.env
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }
}

# A poison record cannot block its shard: the batch is halved, tried again, and at last set aside.
# A pipe of the consumer's own, where the plan pays for one.
resource "aws_kinesis_stream_consumer" "this" {
  count = var.fanout == "enhanced" ? 1 : 0

  name       = var.name
  stream_arn = aws_kinesis_stream.this.arn
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn                   = var.fanout == "enhanced" ? aws_kinesis_stream_consumer.this[0].arn : aws_kinesis_stream.this.arn
  function_name                      = aws_lambda_function.this.arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 500
  maximum_batching_window_in_seconds = var.batch_window_s
  parallelization_factor             = 2
  bisect_batch_on_function_error     = true
  maximum_retry_attempts             = 5
  maximum_record_age_in_seconds      = min(var.retention_hours * 3600, 604800)
  function_response_types            = ["ReportBatchItemFailures"]
  tags                               = var.tags

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead.arn
    }
  }
}

# Landed files become events, which other workloads subscribe to.
resource "aws_cloudwatch_event_rule" "landed" {
  name        = "${var.name}-landed"
  description = "An object arrived in the raw zone"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail        = { bucket = { name = [var.obj_raw.bucket] } }
  })
}
