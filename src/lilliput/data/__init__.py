"""Floor 1: readers and streams of tables and texts, and the data sets that every machine has."""
