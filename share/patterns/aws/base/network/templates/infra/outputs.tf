output "net_private" {
  description = "Private subnets and the security group of programs"
  value = {
    vpc_id            = aws_vpc.this.id
    subnet_ids        = aws_subnet.private[*].id
    cidr_blocks       = aws_subnet.private[*].cidr_block
    security_group_id = aws_security_group.workload.id
    zones             = local.zones
  }
}

output "shared" {
  description = "The network, for modules that share it"
  value = {
    vpc_id             = aws_vpc.this.id
    private_subnet_ids = aws_subnet.private[*].id
    public_subnet_ids  = aws_subnet.public[*].id
    cidr_block         = aws_vpc.this.cidr_block
    security_group_id  = aws_security_group.workload.id
    zones              = local.zones
  }
}
