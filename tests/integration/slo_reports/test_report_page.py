"""The report in a real browser: accessible, as wide as its screen, alive under the pointer, and whole without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from browser import LOOKS, Browser, violations

from loadtests.synthetic_run import write_run
from slo_reports.compare import Comparison
from slo_reports.report import write_report
from slo_reports.run_folder import RunFolder
from slo_reports.tables import Run
from slo_reports.verdict import Kind, Measure, Status, Verdict

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

LONG = f"what was found in {'/a/very/long/path' * 9}"


def a_verdict(name: str, kind: Kind, status: Status, measure: Measure | None = None) -> Verdict:
    return Verdict(
        id="S1" if kind is Kind.OBJECTIVE else "I1", name=name, kind=kind, status=status, says=LONG,
        promise="What must hold.", measure=measure, evidence=tuple(f"job {n}" for n in range(50)),
        sources=("jobs.jsonl", "provider-ledger.jsonl"),
    )  # fmt: skip


def all_verdicts() -> list[Verdict]:
    measure = Measure(
        value=0.0115, unit="share", objective="< 0.5 %", threshold=0.005, interval=(0.0077, 0.0172), n=2_000,
        method="Wilson interval", budget_left=-1.3,
    )  # fmt: skip
    names = ("one_mail_per_user_week", "only_authentic_events_count", "no_secrets_or_addresses_in_output")
    return [
        *(a_verdict("final_failures", Kind.OBJECTIVE, status, measure) for status in Status),
        *(a_verdict(name, Kind.INVARIANT, status) for name, status in zip(names, Status, strict=True)),
    ]


def a_comparison() -> Comparison:
    rows = [
        {"name": "webhook_p99_ms", "unit": "ms", "baseline": 20.0, "value": 30.0, "delta": 10.0,
         "interval": [5.0, 15.0], "verdict": verdict}
        for verdict in ("same", "better", "worse", "inconclusive")
    ]  # fmt: skip
    return Comparison(run_id="this", baseline_id="that", rows=rows, differences=["environment.cores: 2, 4"])


def a_trend() -> list[dict[str, Any]]:
    outcomes = ("met", "missed", "violated", "inconclusive", "harness_error") * 2
    return [
        {"run_id": f"run-{n}", "profile": "smoke", "verdict": outcome, "started": None,
         "numbers": {"webhook_p99_ms": 20.0 + n}} for n, outcome in enumerate(outcomes)
    ]  # fmt: skip


def report_of(folder: Path, *, users: int) -> Path:
    run_folder = RunFolder(folder)
    write_run(run_folder, users=users)
    with Run(run_folder) as run:
        return write_report(run, all_verdicts(), out=folder, baseline=a_comparison(), trend=a_trend())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_of(tmp_path_factory.mktemp("run"), users=2_000)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing(browser: Browser, axe: str, page: Path, scheme: str, width: int) -> None:
    browser.open(page, width=width, scheme=scheme)
    assert violations(browser, axe) == []


@pytest.mark.parametrize("width", [320, 380, 768, 1280])
def test_the_page_is_never_wider_than_its_screen(browser: Browser, page: Path, width: int) -> None:
    browser.open(page, width=width)
    assert browser.run("document.documentElement.scrollWidth") == width


def test_the_pointer_shows_the_same_moment_in_every_plot(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('[data-plot=accepts]').scrollIntoView({block: 'center', behavior: 'instant'})")
    x, y = browser.run(
        "(() => { const box = document.querySelector('[data-plot=accepts]').getBoundingClientRect();"
        " return [box.left + box.width / 2, box.top + 20]; })()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    crosses = browser.run(
        "[...document.querySelectorAll('[data-hover=timeline] .cross.on')].map((each) => each.getAttribute('x1'))"
    )
    assert len(crosses) == 5
    assert len(set(crosses)) == 1
    assert browser.run("document.querySelector('[data-value=\"breaker:0\"]').textContent") in {"open", "closed"}
    assert "max" not in browser.run("document.querySelector('[data-value=\"accepts:0\"]').textContent")


def test_the_keyboard_moves_through_the_run(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('input[type=range]').focus()")
    before = browser.run("document.querySelector('.reading output').textContent")
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="ArrowRight", windowsVirtualKeyCode=39)
    assert browser.run("document.querySelector('.reading output').textContent") != before
    assert browser.run("document.querySelectorAll('[data-hover=timeline] .cross.on').length") == 5


def test_the_theme_can_be_chosen(browser: Browser, page: Path) -> None:
    browser.open(page, scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = browser.run(paper)
    browser.run("document.querySelector('.theme').click(); document.querySelector('.theme').click()")
    assert browser.run("document.documentElement.dataset.theme") == "dark"
    assert browser.run(paper) != light
    browser.run("document.querySelector('.theme').click()")


def test_the_page_asks_the_network_for_nothing(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.run("performance.getEntriesByType('resource').map((each) => each.name)") == []


def test_without_scripts_everything_can_be_read(browser: Browser, page: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        text = browser.run("document.body.innerText")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    for told in ("Violated:", "COMPRESSED", "max 100", "The same as a table", "Signed-off-by"):
        assert told in text, told
    assert "Theme:" not in text


def test_a_report_of_100_000_users_is_smaller_than_3_mb(tmp_path: Path) -> None:
    page = report_of(tmp_path, users=100_000)
    assert page.stat().st_size < 3_000_000
    assert json.loads((tmp_path / "report.json").read_text())["timeline"]["points"] <= 600
