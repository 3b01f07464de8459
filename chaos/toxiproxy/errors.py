"""What goes wrong between us and Toxiproxy; each says what to do."""

from __future__ import annotations


class ToxiproxyError(Exception):
    """Raised when a network fault can't be injected or healed; says nothing about the system under test."""


class StuckError(ToxiproxyError):
    """Raised when the server doesn't answer in time; it must be replaced, waiting longer doesn't help."""
