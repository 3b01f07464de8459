"""What a test does without a program that this machine lacks: it skips with the reason, and in CI it fails."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def go_without(reason: str) -> NoReturn:
    """End the test that asked."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)
