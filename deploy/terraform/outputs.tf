output "url" {
  description = "Where the API answers."
  value       = local.public_url
}

output "repository_url" {
  description = "Where the image is pushed."
  value       = aws_ecr_repository.this.repository_url
}

output "artifacts_bucket" {
  description = "Where artifacts are kept."
  value       = aws_s3_bucket.artifacts.bucket
}

output "database_endpoint" {
  description = "The database's host and port."
  value       = aws_db_instance.this.endpoint
}

output "database_master_secret_arn" {
  description = "Secret with the master's password, which RDS rotates."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "connection_secrets" {
  description = "Secrets that hold connection addresses; filled once by hand, see the README."
  value       = { db = aws_secretsmanager_secret.db.name, listen_db = aws_secretsmanager_secret.listen_db.name }
}

output "alarm_topic_arn" {
  description = "Topic that alarms are published to."
  value       = aws_sns_topic.alarms.arn
}
