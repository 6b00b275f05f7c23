"""Floor 6: what users ask for, one file a task."""
