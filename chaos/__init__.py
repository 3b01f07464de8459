"""Breaks things, proves that they broke, and heals them."""
