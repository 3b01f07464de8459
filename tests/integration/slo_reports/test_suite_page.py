"""A suite's report in a real browser: accessible, as wide as its screen, alive under the pointer, and whole without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser import LOOKS, Browser, violations

from loadtests.synthetic_suite import every_outcome, write_suite
from slo_reports.trials.suite import SuiteFolder
from slo_reports.trials.writing import write_suite_report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

PLOT = "document.querySelector('[data-hover=provider-refuses]')"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_suite(tmp_path_factory.mktemp("suite"), every_outcome(), with_runs=["provider-refuses"])
    return write_suite_report(SuiteFolder(folder))


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing(browser: Browser, axe: str, page: Path, scheme: str, width: int) -> None:
    browser.open(page, width=width, scheme=scheme)
    assert violations(browser, axe) == []


@pytest.mark.parametrize("width", [320, 380, 768, 1280])
def test_the_page_is_never_wider_than_its_screen(browser: Browser, page: Path, width: int) -> None:
    browser.open(page, width=width)
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert browser.run("document.documentElement.scrollWidth") == width


def test_a_link_of_the_table_unfolds_its_experiment(browser: Browser, page: Path) -> None:
    browser.open(page)
    unfolded = "document.getElementById('experiment-provider-refuses').closest('details').open"
    assert not browser.run(unfolded)
    browser.run("document.querySelector('#experiments a[href=\"#experiment-provider-refuses\"]').click()")
    assert browser.run(unfolded)


def test_the_keyboard_moves_through_an_experiment(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run(f"{PLOT}.closest('details').open = true; {PLOT}.querySelector('input').focus()")
    before = browser.run(f"{PLOT}.querySelector('output').textContent")
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="ArrowRight", windowsVirtualKeyCode=39)
    assert browser.run(f"{PLOT}.querySelector('output').textContent") != before
    assert "max" not in browser.run(f"{PLOT}.querySelector('[data-value]').textContent")


def test_the_page_asks_the_network_for_nothing(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.run("performance.getEntriesByType('resource').map((each) => each.name)") == []


def test_without_scripts_everything_can_be_read(browser: Browser, page: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        text = browser.run("document.body.textContent")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    for told in ("4 of 7 experiments held", "max 100", "stayed green", "Not covered", "Signed-off-by"):
        assert told in text, told


def test_paper_shows_what_the_screen_folds_away(browser: Browser, page: Path, tmp_path: Path) -> None:
    browser.open(page)
    browser.print_pdf(tmp_path / "suite.pdf")
    assert browser.run("[...document.querySelectorAll('details')].every((each) => each.open)")
