"""Reads a run folder, judges it, and draws it."""
