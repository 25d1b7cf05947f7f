"""Feature history."""
