"""Drift of the data that the model sees."""
