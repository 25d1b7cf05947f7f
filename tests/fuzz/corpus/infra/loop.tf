locals {
  a = local.b
  b = [local.a]
}
resource "r" "a" {
  v = r.b.v
}
resource "r" "b" {
  v = r.a.v
}
module "m" {
  source = "./m"
  x      = module.m.y
}
