"""The errors a person can meet, each with what was wrong and what to do about it.

SteadypostError
├── InputError        a value that somebody typed or a file that somebody gave
├── SettingsError     a setting that is missing, malformed or unsafe
├── ModelError        a recommender file that is missing, corrupt or of another shape
└── DependencyError   a service that we need and can't reach
"""

from __future__ import annotations


class SteadypostError(Exception):
    """Shown to people as one message without a traceback; the command line exits with 1."""


class InputError(SteadypostError):
    """Raised when a value can't be used; nothing has been changed."""

    def __init__(self, *, field: str, value: object, problem: str, remedy: str) -> None:
        super().__init__(f"{field}={value!r} {problem}. {remedy}")
        self.field = field


class SettingsError(SteadypostError):
    """Raised at start when the process must not run with its settings."""


class ModelError(SteadypostError):
    """Raised when a model file can't be loaded; campaigns wait, no mail is lost."""


class DependencyError(SteadypostError):
    """Raised when a service that we need can't be reached."""
