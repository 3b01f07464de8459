"""What the checks hold a run to is what the SLO files promise."""

from __future__ import annotations

import pytest

from chaos.profiles import PROFILES
from slo_reports import quantities, recovery
from slo_reports.checks import completeness, webhook
from slo_reports.judge import OBJECTIVES
from slo_reports.openslo import load, objective

pytestmark = pytest.mark.unit


def test_final_failures_have_the_budget_that_is_promised() -> None:
    assert objective("final-failures").budget == completeness.FAILURE_BUDGET


def test_the_completion_is_that_of_the_promise() -> None:
    promised = objective("weekly-completion")

    assert promised.target == completeness.COMPLETION_OBJECTIVE
    assert promised.threshold_s == PROFILES["full"].mode()["deadline_s"]
    assert promised.limits["users"] == PROFILES["full"].mode()["users"]


@pytest.mark.parametrize("name", ["webhook-latency", "webhook-freshness"])
def test_the_webhook_is_held_to_the_promised_percentile_and_second(name: str) -> None:
    promised = objective(name)

    assert (promised.target, promised.threshold_s * 1000) == (webhook.SHARE, webhook.OBJECTIVE_MS)


def test_a_recovery_is_held_to_the_promised_seconds_and_rate() -> None:
    promised = objective("outage-recovery")
    (wanted,) = next(slo for slo in load() if slo.name == "outage-recovery").spec["objectives"]

    assert promised.limits == {"first-accept-s": recovery.FIRST_ACCEPT_S, "full-rate-s": recovery.FULL_RATE_S}
    assert wanted["value"] == recovery.FULL_RATE == quantities.FULL_RATE


def test_every_slo_has_a_check_that_bears_its_name_or_names_it() -> None:
    for slo in load():
        if slo.kind == "SLO":
            assert any(slo.name in (check.name, *check.promise.replace(")", " ").split()) for check in OBJECTIVES), (
                slo.name
            )
