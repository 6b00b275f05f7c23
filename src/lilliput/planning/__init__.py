"""Floor 5: from data and a budget to the shape of a model."""
