"""The plan against a measured run, the limits it names, its bill, and what it says of bad input."""

import json
from pathlib import Path
from typing import Any

import pytest

from system.errors import InputError
from system.planning.plan import Plan, make_plan
from system.planning.prices import read_prices
from system.planning.scenario import Scenario
from system.planning.unit_costs import read_unit_costs

pytestmark = pytest.mark.unit
FULL = Path(__file__).parents[3] / "slo_reports" / "examples" / "full"


def plan(**scenario: Any) -> Plan:
    return make_plan(Scenario(**scenario), read_unit_costs(), read_prices())


def test_the_recorded_full_run_is_predicted_within_two_percent() -> None:
    report = json.loads((FULL / "report.json").read_text())
    campaign = json.loads((FULL / "campaigns.jsonl").read_text().splitlines()[-1])
    history = [json.loads(line) for line in (FULL / "history.jsonl").read_text().splitlines()]
    began, healed = (next(e["at"] for e in history if e["f"] == f and e["type"] == "ok") for f in ("inject", "heal"))
    predicted = plan(
        users=campaign["jobs_total"],
        mailed_share=report["reconciliation"]["mails_accepted"] / campaign["jobs_total"],
        outage_minutes=(healed - began) / 60,
        outage_after_minutes=(began - campaign["created_at"]) / 60,
    )
    assert predicted.duration_s == pytest.approx(campaign["completed_at"] - campaign["created_at"], rel=0.02)


@pytest.mark.parametrize(
    ("measured_s", "scenario"),
    [
        (121.6, {"processes": {"emails": 2}}),
        (53.8, {"processes": {"emails": 8, "orchestrator": 4}, "page_users": 50}),
    ],
)
def test_four_accounts_in_one_queue_take_as_long_as_they_were_measured_to(
    measured_s: float, scenario: dict[str, Any]
) -> None:
    """docs/benchmarks.md, `python -m loadtests.bench_accounts`."""
    same = {"users": 2400, "mailed_share": 2342 / 2400, "accounts": 4, "mails_per_s": 20, "batch_jobs": 50}
    assert plan(**same, **scenario).duration_s == pytest.approx(measured_s, rel=0.1)


@pytest.mark.parametrize(
    ("limit", "scenario"),
    [
        ("provider limit", {"users": 1_000_000}),
        ("order of the queue", {"users": 1_000_000, "accounts": 2}),
        ("provider limit", {"users": 1_000_000, "accounts": 2, "page_users": 500, "processes": {"emails": 16}}),
        ("order of the queue", {"users": 1_000_000, "accounts": 20, "page_users": 500}),
        ("provider limit", {"users": 1_000_000, "accounts": 20, "installations": 20}),
        ("emails", {"users": 1_000_000, "mails_per_s": 1000, "processes": {"emails": 4}}),
        ("postgres", {"users": 1_000_000, "mails_per_s": 1000, "postgres_cores": 1}),
        ("web", {"users": 1_000_000, "mails_per_s": 2000, "processes": {"web": 1}}),
        ("tracking", {"users": 1_000_000, "mails_per_s": 3000, "processes": {"tracking": 1}}),
        ("redis", {"users": 1_000_000, "mails_per_s": 20_000}),
    ],
)
def test_the_limit_that_binds_is_named(limit: str, scenario: dict[str, Any]) -> None:
    found = plan(**scenario).limit
    assert found.name == limit
    assert found.next_step


def test_half_the_senders_take_twice_the_time_where_senders_bind() -> None:
    four, two = (plan(users=1_000_000, mails_per_s=5000, processes={"emails": n}).duration_s for n in (4, 2))
    assert two == pytest.approx(2 * four, rel=0.01)


def test_slow_answers_of_the_provider_take_more_senders() -> None:
    def senders(latency_ms: float) -> int:
        return plan(users=1000, mails_per_s=1000, provider_latency_ms=latency_ms).roles[0].processes

    assert senders(100) < senders(1000) == pytest.approx(45, abs=2)  # 32 in flight a second, to 70 %


def test_too_few_web_processes_leave_events_behind() -> None:
    assert plan(users=1_000_000, mails_per_s=2000).events_behind_s == 0
    assert plan(users=1_000_000, mails_per_s=2000, processes={"web": 1}).events_behind_s > 300


def test_installations_multiply_what_is_rented_and_not_what_is_stored() -> None:
    one, ten = (plan(users=1_000_000, accounts=10, installations=n) for n in (1, 10))
    assert ten.database == one.database
    assert ten.bill.mails == one.bill.mails
    assert ten.bill.memory > one.bill.memory


def test_the_database_is_rows_times_bytes() -> None:
    size = plan(users=1000, orders_per_user=10, weeks_kept=2, retry_share=0).database
    assert size.shop_gb == pytest.approx(1000 * (261 + 10 * 125) / 1e9)
    assert size.week_gb == pytest.approx(1000 * (872 + 351 + 5.007 * 162 + 2.471 * (638 + 129)) / 1e9)
    assert size.total_gb == pytest.approx(size.shop_gb + 2 * size.week_gb)


def test_mails_are_paid_for_52_weeks_a_year() -> None:
    prices = read_prices(said=["mail=0.001"])
    assert make_plan(Scenario(users=1200), read_unit_costs(), prices).bill.mails == pytest.approx(5.2)


@pytest.mark.parametrize(
    ("field", "scenario"),
    [
        ("users", {"users": 0}),
        ("users", {"users": -5}),
        ("mails_per_s", {"users": 1, "mails_per_s": 0}),
        ("mails_per_s", {"users": 1, "mails_per_s": float("nan")}),
        ("outage_minutes", {"users": 1, "outage_minutes": -1}),
        ("outage_minutes", {"users": 1, "outage_minutes": float("inf")}),
        ("retry_share", {"users": 1, "retry_share": 1}),
        ("mailed_share", {"users": 1, "mailed_share": 1.5}),
        ("installations", {"users": 100, "accounts": 20, "installations": 3}),
        ("accounts", {"users": 10, "accounts": 20}),
        ("users", {"users": 10**12}),
        ("users", {"users": 10**7, "batch_jobs": 1}),
        ("workers", {"users": 1, "processes": {"cooks": 2}}),
        ("workers", {"users": 1, "processes": {"web": 0}}),
    ],
)
def test_a_value_that_no_plan_can_be_made_for_is_named(field: str, scenario: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=field.replace("_", "[_-]")) as caught:
        Scenario(**scenario)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("emails_ms_per_mail = ", "can't be read"),
        ("[[measurement]]\n[measurement.values]\nusers = 1", "without the command"),
        ('[[measurement]]\ncommand = "x"\n[measurement.values]\nusers = 1', "Field required"),
        ('[[measurement]]\ncommand = "x"\n[measurement.values]\nusers = -1', "is wrong at"),
    ],
)
def test_unit_costs_that_are_wrong_are_refused(tmp_path: Path, text: str, says: str) -> None:
    (path := tmp_path / "costs.toml").write_text(text)
    with pytest.raises(InputError, match=says):
        read_unit_costs(path)


@pytest.mark.parametrize("said", ["mail", "mail=", "mail=-1", "stamp=1", "mail=cheap"])
def test_a_price_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(InputError, match=r"price \w+='?.*'? is no price.*Known prices: core_hour"):
        read_prices(said=[said])
