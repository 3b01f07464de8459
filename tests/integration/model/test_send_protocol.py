"""Thousands of interleavings of the sending protocol over the real statements."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from send_machine import SendMachine

if TYPE_CHECKING:
    from send_world import ModelShop

pytestmark = pytest.mark.integration

EXAMPLES = {"ci": 60, "nightly": 5_000}
PROFILE = os.environ.get("STEADYPOST_MODEL_PROFILE", "ci")


@pytest.mark.timeout(3 * 3600 if PROFILE == "nightly" else 300)
def test_no_interleaving_breaks_an_invariant(model_shop: ModelShop) -> None:
    chosen = int(os.environ.get("STEADYPOST_MODEL_SEED") or random.SystemRandom().randrange(2**32))
    print(f"STEADYPOST_MODEL_SEED={chosen} STEADYPOST_MODEL_PROFILE={PROFILE}")  # noqa: T201  # repeats a failure
    machine = seed(chosen)(type("Machine", (SendMachine,), {"shop": model_shop, "seen": Counter()}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES[PROFILE],
            stateful_step_count=30,
            phases=[Phase.generate],  # shrinking would take minutes: the seed repeats a failure
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(sorted(machine.seen.items()))  # noqa: T201  # what was reached
