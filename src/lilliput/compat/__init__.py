"""Faces of other programs, for those who come from them."""
