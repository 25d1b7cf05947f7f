"""What is watched: drift and data quality."""
