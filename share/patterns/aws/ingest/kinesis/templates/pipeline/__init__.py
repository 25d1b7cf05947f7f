"""Consumer of the event stream."""
