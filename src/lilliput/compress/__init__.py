"""Floor 4: codes of few bits."""
