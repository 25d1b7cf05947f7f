output "state_bucket" {
  description = "Bucket of the Terraform state; repository variable TF_STATE_BUCKET"
  value       = aws_s3_bucket.state.id
}

output "plan_role_arn" {
  description = "Role of pull requests; repository variable AWS_PLAN_ROLE"
  value       = aws_iam_role.plan.arn
}

output "deploy_role_arns" {
  description = "Roles of deployments; variable AWS_DEPLOY_ROLE of each environment"
  value       = { for name, role in aws_iam_role.deploy : name => role.arn }
}
