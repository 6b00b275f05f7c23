"""Directions of most variance, of rows that need not fit in memory."""
