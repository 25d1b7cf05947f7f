locals {
  read = [
    {
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = [aws_ecr_repository.this.arn]
    },
    {
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    },
  ]
}

output "image" {
  description = "Repository of the programs' container images"
  value = {
    repository_url = aws_ecr_repository.this.repository_url
    arn            = aws_ecr_repository.this.arn
    read           = local.read
  }
}

output "shared" {
  description = "The image registry, for modules that share it"
  value = {
    registry_url = aws_ecr_repository.this.repository_url
    arn          = aws_ecr_repository.this.arn
  }
}
