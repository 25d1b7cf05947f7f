variable "name" {
  description = "Prefix of every resource's name."
  type        = string
  default     = "mlopsd"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "name is 2 to 21 lower-case letters, digits and hyphens, and starts with a letter."
  }
}

variable "environment" {
  description = "Which installation this is, such as dev or prod; part of names and tags."
  type        = string
}

variable "owner" {
  description = "Who answers for it: a team or a mailbox; a tag on everything."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "runtime" {
  description = "Where api and worker run: ecs (Fargate; the default), or apprunner for accounts that used App Runner before it closed to new customers on 2026-04-30."
  type        = string
  default     = "ecs"

  validation {
    condition     = contains(["ecs", "apprunner"], var.runtime)
    error_message = "runtime is ecs or apprunner."
  }
}

variable "image_tag" {
  description = "Tag of the image in the repository that this configuration makes; tags are immutable."
  type        = string
}

variable "certificate_arn" {
  description = "ACM certificate for the load balancer's HTTPS listener (ecs)."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn != null || var.runtime == "apprunner"
    error_message = "certificate_arn is needed with runtime ecs: the load balancer serves HTTPS only."
  }
}

variable "allowed_cidrs" {
  description = "Networks that may reach the load balancer."
  type        = list(string)
}

variable "vpc_cidr" {
  description = "Network of the VPC; two public and two private subnets are cut from it."
  type        = string
  default     = "10.40.0.0/16"
}

variable "oidc_issuer" {
  description = "Issuer whose tokens are taken, such as https://cognito-idp.REGION.amazonaws.com/POOL."
  type        = string

  validation {
    condition     = startswith(var.oidc_issuer, "https://")
    error_message = "oidc_issuer starts with https://."
  }
}

variable "oidc_audience" {
  description = "The audience that tokens must name."
  type        = string
}

variable "provider_keys" {
  description = "Names of the model providers whose keys lie in Secrets Manager as NAME/ENVIRONMENT/provider/PROVIDER; empty: no model is called."
  type        = set(string)
  default     = []
}

variable "api" {
  description = "Size and number of api tasks."
  type        = object({ cpu = number, memory = number, min = number, max = number })
  default     = { cpu = 512, memory = 1024, min = 2, max = 6 }
}

variable "worker" {
  description = "Size and number of worker tasks, jobs that one task runs at once, and waiting jobs per task that call for one more."
  type        = object({ cpu = number, memory = number, min = number, max = number, slots = number, queue_per_task = number })
  default     = { cpu = 1024, memory = 2048, min = 1, max = 10, slots = 2, queue_per_task = 5 }
}

variable "database" {
  description = "Instance class, storage in GiB, days of backups, and whether a second zone stands by."
  type        = object({ class = string, storage_gb = number, backup_days = number, multi_az = bool })
  default     = { class = "db.t4g.small", storage_gb = 20, backup_days = 14, multi_az = true }
}

variable "database_proxy" {
  description = "Put RDS Proxy before the database. LISTEN goes past it, by the second address that the service takes."
  type        = bool
  default     = false
}

variable "retention_days" {
  description = "Days that each class of artifacts is kept (zips and payloads 14 by the specification), and logs."
  type        = object({ zips = number, payloads = number, reports = number, logs = number })
  default     = { zips = 14, payloads = 14, reports = 365, logs = 90 }
}

variable "alarm_email" {
  description = "Mailbox that alarms go to; null: the topic has no subscriber of ours."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Keep database, load balancer and artifacts from being destroyed."
  type        = bool
  default     = true
}
