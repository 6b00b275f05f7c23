"""Floor 4: the loop that trains the nets."""
