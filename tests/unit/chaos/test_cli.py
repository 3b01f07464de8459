"""What `steadypost chaos` says to whoever asks for something that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from chaos.cli import app

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "redis-flush"], "there is no experiment 'redis-flush'. Did you mean redis-flushed"),
        (["run", "zzz"], "All names: steadypost chaos list"),
        (["run"], "name an experiment, or choose a rank: steadypost chaos run --rank P0"),
        (["export", "redis-flush"], "there is no experiment"),
        (["report", "nowhere"], "nowhere/suite.json"),
    ],
)
def test_an_error_names_the_remedy_and_ends_with_four(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 4
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_every_experiment_is_listed_with_what_a_user_would_lose() -> None:
    done = CliRunner().invoke(app, ["list"], env={"COLUMNS": "200"})
    assert "redis-flushed" in done.stdout
    assert "would get no mail, and nobody would know" in " ".join(done.stdout.split())


def test_without_a_recorded_trial_nothing_was_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["held", "redis-flushed"])
    assert done.exit_code == 0
    assert "no trial of redis-flushed was recorded" in done.stdout
