output "orch" {
  description = "The workflow that pulls data"
  value = {
    name  = aws_sfn_state_machine.this.name
    arn   = aws_sfn_state_machine.this.arn
    read  = [{ actions = ["states:DescribeExecution", "states:ListExecutions"], resources = [aws_sfn_state_machine.this.arn] }]
    write = [{ actions = ["states:StartExecution"], resources = [aws_sfn_state_machine.this.arn] }]
  }
}

output "watch" {
  description = "What to alarm on"
  value = [
    {
      name       = "failed"
      title      = "Failed pulls"
      namespace  = "AWS/States"
      metric     = "ExecutionsFailed"
      dimensions = { StateMachineArn = aws_sfn_state_machine.this.arn }
      statistic  = "Sum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 1
      unit       = "Count"
    },
    {
      name       = "dead"
      title      = "Pulls set aside"
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.dead.name }
      statistic  = "Maximum"
      threshold  = 0
      comparison = "GreaterThanThreshold"
      periods    = 5
      unit       = "Count"
    },
  ]
}
