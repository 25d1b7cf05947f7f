variable "name" {
  description = "Prefix"
  type        = string
}

variable "sec_keys" {
  description = "Key"
  type = object({
    key_arn = optional(string)
    env     = optional(map(string), {})
  })
}

variable "vec" {
  description = "Vectors, when the plan has it"
  type = object({
    endpoint = optional(string)
    env      = optional(map(string), {})
  })
  default = null
}

variable "base_kms" {
  description = "The key"
  type = object({
    key_arn = optional(string)
  })
}

variable "class" {
  description = "how cold"
  type        = string

  validation {
    condition     = contains(["warm", "cold"], var.class)
    error_message = "class must be one of warm, cold."
  }
}

variable "limit" {
  description = "twice the law's"
  type        = number
}

variable "watch" {
  description = "Metrics of the other modules and when each is alarming"
  type = map(list(object({
    name       = string
    title      = string
    namespace  = string
    metric     = string
    requests   = optional(string)
    dimensions = map(string)
    statistic  = string
    threshold  = number
    comparison = string
    periods    = number
    unit       = string
  })))
}
