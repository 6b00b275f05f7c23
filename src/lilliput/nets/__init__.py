"""Floor 3: networks only; they know nothing of tasks."""
