variable "name" {
  description = "Prefix"
  type        = string
}

variable "days" {
  description = "rotation (days)"
  type        = number

  validation {
    condition     = var.days >= 90 && var.days <= 365
    error_message = "days must be at least 90 and at most 365."
  }
}
