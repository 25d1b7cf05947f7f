"""Features of a stream, added up in windows."""
