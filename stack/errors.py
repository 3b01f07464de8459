"""The one error of the stack: something on this machine keeps it from running."""

from __future__ import annotations


class StackError(Exception):
    """Shown as one message without a traceback; says what was tried and what to do."""
