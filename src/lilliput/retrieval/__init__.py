"""Indexes: vectors and what is near them."""
