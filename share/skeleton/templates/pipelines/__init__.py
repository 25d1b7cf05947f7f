"""Batch and stream programs, one package for each slot of the plan."""
