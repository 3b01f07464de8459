"""`steadypost plan` as somebody types it."""

import json

import pytest
from typer.testing import CliRunner

from system.cli import app
from system.errors import InputError

pytestmark = pytest.mark.unit


def plan(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["plan", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_table_says_how_long_what_binds_and_what_to_do() -> None:
    shown = plan("--users", "1_000_000", "--accounts", "2", "--installations", "2")
    assert "1,000,000 through 2 accounts of 100 mails/s in 2 installations" in shown
    assert "1 h 24 min, in time" in shown
    assert "provider limit, 98 mails/s" in shown
    assert "More accounts" in shown


def test_a_program_gets_json() -> None:
    made = json.loads(plan("--users", "10000", "--workers", "emails=3", "--price", "mail=0", "--json"))
    assert made["limit"]["name"] == "provider limit"
    assert made["roles"][0]["processes"] == 3
    assert made["bill"]["mails"] == 0
    assert made["usd_per_month"] > 0


def test_json_has_no_value_that_json_lacks() -> None:
    text = plan("--users", "10000", "--json")
    json.loads(text, parse_constant=pytest.fail)


def test_an_outage_is_said() -> None:
    shown = plan("--users", "100000", "--outage-minutes", "10").splitlines()
    assert "with an outage of 10 min" in [line.strip() for line in shown]


@pytest.mark.parametrize("arguments", [("--workers", "emails"), ("--workers", "cooks=1"), ("--price", "mail=x")])
def test_what_was_typed_wrong_is_named(arguments: tuple[str, str]) -> None:
    done = CliRunner().invoke(app, ["plan", "--users", "5", *arguments])
    assert isinstance(done.exception, InputError)
    assert arguments[1].partition("=")[0] in str(done.exception)
