"""Checks: pure functions from a run to a verdict, one file per concern."""
