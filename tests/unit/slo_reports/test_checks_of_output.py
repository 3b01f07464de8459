"""Checks that look at what stands beside the mails: campaigns, logs, recorded settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from literal_run import facts, verdict_of, write

from slo_reports.checks.campaigns import check_campaigns
from slo_reports.checks.secrets import check_secrets
from slo_reports.tables import Run
from slo_reports.verdict import Status, Verdict

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def campaign(number: int, week: str = "2026-W47", newsletter: str = "weekly") -> dict[str, Any]:
    return {"campaign_id": number, "newsletter": newsletter, "week_key": week}


def test_one_campaign_for_each_newsletter_and_week_is_met(tmp_path: Path) -> None:
    campaigns = [campaign(1), campaign(2, "2026-W46"), campaign(3, newsletter="monthly")]
    assert verdict_of(check_campaigns, tmp_path, campaigns=campaigns).status is Status.MET


def test_a_second_campaign_in_a_week_is_found(tmp_path: Path) -> None:
    verdict = verdict_of(check_campaigns, tmp_path, campaigns=[campaign(1), campaign(2)])
    assert verdict.status is Status.MISSED
    assert verdict.evidence == ("weekly 2026-W47: campaigns [1, 2]",)


def test_a_run_without_its_own_campaign_proves_nothing(tmp_path: Path) -> None:
    assert verdict_of(check_campaigns, tmp_path, campaigns=[campaign(2)]).status is Status.UNKNOWN


def logged(path: Path, text: str, **settings: str) -> Verdict:
    folder = write(path, run_facts=facts(settings={"STEADYPOST_FROM_EMAIL": "shop@example.com", **settings}))
    (folder.path / "logs" / "web.log").write_text(text, encoding="utf-8")
    with Run(folder) as run:
        return check_secrets(run)


@pytest.mark.parametrize(
    "text",
    [
        "sent 500 mails",
        "celery@vm ready, shop@example.com, redis://:**@127.0.0.1:6379/0",
        "installed left-pad@1.2.3 and SG-1 was ranked",
        "@app.task def send(self): ...",
    ],
)
def test_harmless_lines_are_met(tmp_path: Path, text: str) -> None:
    assert logged(tmp_path, text).status is Status.MET


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("first\nmail to ada.lovelace+x@mail.example.org refused", "an address"),
        ("first\nAuthorization: Bearer SG.abcdefgh.ijklmnop", "an API key"),
        ("first\n-----BEGIN EC PRIVATE KEY-----", "a private key"),
        ("first\nauthorization: bearer abcdef0123456789", "a bearer token"),
        ("first\npostgresql+psycopg://steadypost:hunter2@127.0.0.1/db", "a password in a URL"),
    ],
)
def test_a_secret_is_found_and_not_repeated(tmp_path: Path, text: str, what: str) -> None:
    verdict = logged(tmp_path, text)
    assert verdict.status is Status.MISSED
    assert f"web.log line 2: {what}" in verdict.evidence
    assert not any(word in str(verdict) for word in ("ada", "abcdef", "hunter2"))


def test_recorded_settings_are_looked_through_too(tmp_path: Path) -> None:
    verdict = logged(tmp_path, "fine", STEADYPOST_ACCOUNTS__DEFAULT__API_KEY="SG.abcdefgh.ijklmnop")
    assert verdict.status is Status.MISSED
    assert verdict.evidence[0].startswith("run.json line ")


def test_without_logs_nothing_is_shown_about_them(tmp_path: Path) -> None:
    assert verdict_of(check_secrets, tmp_path).status is Status.UNKNOWN
