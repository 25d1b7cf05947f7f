output "net_public" {
  description = "Public HTTPS entry"
  value = {
    vpc_id            = var.base_network.vpc_id
    subnet_ids        = var.base_network.public_subnet_ids
    listener_arn      = aws_lb_listener.https.arn
    load_balancer     = aws_lb.this.arn_suffix
    dns_name          = aws_lb.this.dns_name
    zone_id           = aws_lb.this.zone_id
    security_group_id = aws_security_group.this.id
  }
}

output "shared" {
  description = "The load balancer, for modules that share it"
  value = {
    arn               = aws_lb.this.arn
    suffix            = aws_lb.this.arn_suffix
    listener_arn      = aws_lb_listener.https.arn
    dns_name          = aws_lb.this.dns_name
    zone_id           = aws_lb.this.zone_id
    security_group_id = aws_security_group.this.id
  }
}

output "watch" {
  description = "Errors that the balancer itself answers"
  value = [{
    name       = "balancer-5xx"
    title      = "Errors answered by the load balancer"
    namespace  = "AWS/ApplicationELB"
    metric     = "HTTPCode_ELB_5XX_Count"
    dimensions = { LoadBalancer = aws_lb.this.arn_suffix }
    statistic  = "Sum"
    threshold  = 5
    comparison = "GreaterThanThreshold"
    periods    = 5
    unit       = "Count"
  }]
}
