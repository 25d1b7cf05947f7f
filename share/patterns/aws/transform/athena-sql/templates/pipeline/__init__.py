"""Cleaning by scheduled SQL."""
