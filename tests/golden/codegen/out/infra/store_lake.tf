# Objects
module "store_lake" {
  source = "./modules/store_s3"

  name     = "${local.name}-store-lake"
  sec_keys = module.base_kms.sec_keys
  base_kms = module.base_kms.shared
  class    = "cold"
  limit    = 60

  watch = {
    base_kms = module.base_kms.watch
  }
}
