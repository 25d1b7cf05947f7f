# PostgreSQL. RDS keeps the master's password in Secrets Manager and rotates it; the
# service signs in as its own role, whose secret holds a whole connection address.

resource "aws_db_subnet_group" "this" {
  name       = local.prefix
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${local.prefix}-"
  family      = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "monitoring_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name               = "${local.prefix}-database-monitoring"
  assume_role_policy = data.aws_iam_policy_document.monitoring_assume.json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_161:the service signs in by password from Secrets Manager; IAM tokens last 15 minutes and would cut its listening connection
  identifier                          = local.prefix
  engine                              = "postgres"
  engine_version                      = "16"
  instance_class                      = var.database.class
  allocated_storage                   = var.database.storage_gb
  max_allocated_storage               = var.database.storage_gb * 5
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.this.arn
  db_name                             = "mlops"
  username                            = "mlops_owner"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.this.key_id
  multi_az                            = var.database.multi_az
  db_subnet_group_name                = aws_db_subnet_group.this.name
  parameter_group_name                = aws_db_parameter_group.this.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  publicly_accessible                 = false
  backup_retention_period             = var.database.backup_days
  copy_tags_to_snapshot               = true
  auto_minor_version_upgrade          = true
  deletion_protection                 = var.deletion_protection
  skip_final_snapshot                 = !var.deletion_protection
  final_snapshot_identifier           = var.deletion_protection ? "${local.prefix}-last" : null
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  monitoring_interval                 = 60
  monitoring_role_arn                 = aws_iam_role.monitoring.arn
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = aws_kms_key.this.arn
  iam_database_authentication_enabled = false
}

# "postgres://mlops:PASSWORD@HOST/mlops?sslmode=verify-full", put there once by hand (see
# the README): Terraform never sees the password. db leads through the proxy where there
# is one; listen-db goes straight to the database, because LISTEN pins a proxy's session.
resource "aws_secretsmanager_secret" "db" {
  #checkov:skip=CKV2_AWS_57:rotated with the database role's password by the operator, see the README
  name       = "${var.name}/${var.environment}/db"
  kms_key_id = aws_kms_key.this.arn
}

resource "aws_secretsmanager_secret" "listen_db" {
  #checkov:skip=CKV2_AWS_57:rotated with the database role's password by the operator, see the README
  name       = "${var.name}/${var.environment}/listen-db"
  kms_key_id = aws_kms_key.this.arn
}

# User and password for the proxy, as JSON.
resource "aws_secretsmanager_secret" "proxy" {
  #checkov:skip=CKV2_AWS_57:rotated with the database role's password by the operator, see the README
  count      = var.database_proxy ? 1 : 0
  name       = "${var.name}/${var.environment}/proxy"
  kms_key_id = aws_kms_key.this.arn
}

data "aws_iam_policy_document" "proxy_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["rds.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "proxy" {
  count = var.database_proxy ? 1 : 0

  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.proxy[0].arn]
  }

  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "proxy" {
  count              = var.database_proxy ? 1 : 0
  name               = "${local.prefix}-proxy"
  assume_role_policy = data.aws_iam_policy_document.proxy_assume.json
}

resource "aws_iam_role_policy" "proxy" {
  count  = var.database_proxy ? 1 : 0
  name   = "secret"
  role   = aws_iam_role.proxy[0].id
  policy = data.aws_iam_policy_document.proxy[0].json
}

resource "aws_db_proxy" "this" {
  count                  = var.database_proxy ? 1 : 0
  name                   = local.prefix
  engine_family          = "POSTGRESQL"
  role_arn               = aws_iam_role.proxy[0].arn
  vpc_subnet_ids         = aws_subnet.private[*].id
  vpc_security_group_ids = [aws_security_group.database.id]
  require_tls            = true

  auth {
    auth_scheme = "SECRETS"
    secret_arn  = aws_secretsmanager_secret.proxy[0].arn
    iam_auth    = "DISABLED"
  }
}

resource "aws_db_proxy_default_target_group" "this" {
  count         = var.database_proxy ? 1 : 0
  db_proxy_name = aws_db_proxy.this[0].name

  connection_pool_config {
    max_connections_percent = 80
  }
}

resource "aws_db_proxy_target" "this" {
  count                  = var.database_proxy ? 1 : 0
  db_proxy_name          = aws_db_proxy.this[0].name
  target_group_name      = aws_db_proxy_default_target_group.this[0].name
  db_instance_identifier = aws_db_instance.this.identifier
}
