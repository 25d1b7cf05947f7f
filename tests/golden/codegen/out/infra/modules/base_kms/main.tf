resource "aws_kms_key" "this" {
  description             = var.name
  rotation_period_in_days = var.days
}

output "sec_keys" {
  value = { key_arn = aws_kms_key.this.arn }
}

output "shared" {
  value = { key_arn = aws_kms_key.this.arn }
}

output "watch" {
  value = []
}
