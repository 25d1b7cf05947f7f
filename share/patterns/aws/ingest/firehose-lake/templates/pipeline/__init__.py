"""Producer for the delivery stream."""
