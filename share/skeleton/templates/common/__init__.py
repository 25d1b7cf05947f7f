"""What services and pipelines share: settings, logs, objects, run facts, errors."""
