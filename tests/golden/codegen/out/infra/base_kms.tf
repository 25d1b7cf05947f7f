# A key
module "base_kms" {
  source = "./modules/base_kms"

  name = "${local.name}-base-kms"
  days = 365
}
