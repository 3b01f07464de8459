"""Runs the whole system on one machine under supervisord, without containers."""
