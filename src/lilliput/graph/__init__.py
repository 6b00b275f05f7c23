"""Graphs larger than memory, and who matters in them."""
