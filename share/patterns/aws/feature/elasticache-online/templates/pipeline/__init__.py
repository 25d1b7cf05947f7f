"""Online features."""
