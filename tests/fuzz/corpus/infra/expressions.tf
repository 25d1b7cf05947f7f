variable "n" {
  default = 3
}
locals {
  l = [for i, v in [1, 2] : v * var.n if v > 0]
  m = { for k, v in { a = 1 } : upper(k) => "${k}-${v}" }
  c = var.n > 2 && !false ? merge(local.m, { z = null }) : {}
}
module "m" {
  source = "./m"
  x      = length(local.l)
}
resource "r" "a" {
  for_each = local.m
  v        = each.value
  w        = module.m.y + r.b[0].v
  x        = r.b[*].v
  block {
    y = jsonencode({ a = [data.d.x.y, 1] })
  }
}
resource "r" "b" {
  count = 2
  v     = count.index % 2
}
