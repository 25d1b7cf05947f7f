"""Training and registration."""
