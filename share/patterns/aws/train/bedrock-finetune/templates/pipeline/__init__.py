"""Adapting a language model."""
