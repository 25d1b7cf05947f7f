"""Cleaning and joining."""
