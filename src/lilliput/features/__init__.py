"""Floor 2: texts to hashed n-grams."""
