locals {
  law          = "GDPR, a \"b\" $${c}"
  region_of_it = "eu-west-1"
}
