locals {
  facts = {
    key_arn = aws_kms_key.this.arn
    alias   = aws_kms_alias.this.name
  }
}

output "sec_keys" {
  description = "Key that encrypts data at rest"
  value       = local.facts
}

output "shared" {
  description = "The key, for modules that share it"
  value       = local.facts
}
