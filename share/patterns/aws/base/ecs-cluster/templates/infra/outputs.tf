output "shared" {
  description = "The cluster, for modules that run tasks on it"
  value = {
    name = aws_ecs_cluster.this.name
    arn  = aws_ecs_cluster.this.arn
  }
}
