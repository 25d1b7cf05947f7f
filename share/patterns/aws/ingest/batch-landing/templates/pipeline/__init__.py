"""Scheduled pull into the raw zone."""
