"""Cleaning in a container."""
