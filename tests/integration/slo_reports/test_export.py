"""A copy for keeps proves the same as the run that it was made from, in a fraction of the bytes."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from loadtests.synthetic_run import write_run
from slo_reports import packed_tables, run_folder, schemas
from slo_reports.cli import app
from slo_reports.columns import COLUMNS
from slo_reports.export import ExportError, export
from slo_reports.judge import judge
from slo_reports.run_folder import RunFolder
from slo_reports.tables import Run, table_of
from slo_reports.verdict import ExitCode, Status, exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

COUNTED = {
    "mails by equal content and attempt": """
        SELECT count(*) FROM ledger l JOIN attempts a USING (attempt_id, job_id) JOIN jobs j USING (job_id)
        WHERE l.content_hash = a.content_hash AND l.recipient = j.recipient AND l.message_id = j.message_id
    """,
    "different ids": """
        SELECT (SELECT count(DISTINCT attempt_id) FROM attempts), (SELECT count(DISTINCT sg_event_id) FROM events),
               (SELECT count(DISTINCT message_id) FROM ledger), (SELECT count(DISTINCT digest) FROM inbox),
               (SELECT count(DISTINCT worker) FROM attempts), (SELECT count(DISTINCT recipient) FROM jobs)
    """,
    "posts of the load in the inbox": "SELECT count(*) FROM requests r JOIN inbox i USING (digest)",
    "ids of attacks": "SELECT count(*), count(DISTINCT e) FROM (SELECT unnest(event_ids) AS e FROM requests)",
    "attacks that were applied": """
        SELECT count(*) FROM (SELECT unnest(event_ids) AS e FROM requests) JOIN events ON sg_event_id = e
    """,
    "steps of known attempts": """
        SELECT count(*), count(a.attempt) FROM transitions LEFT JOIN attempts a USING (attempt_id)
    """,
    "events of known attempts": "SELECT count(*), count(a.attempt) FROM events LEFT JOIN attempts a USING (attempt_id)",
    "jobs with their attempt": """
        SELECT count(*) FROM jobs j JOIN attempts a USING (attempt_id) WHERE a.job_id = j.job_id
    """,
    "receipts": "SELECT count(*), sum(hash(seq, kind, received_at, user_id, job_id)) FROM ledger",
    "ends": "SELECT sum(hash(job_id, user_id, status, reason, product_ids)) FROM jobs",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "run"
    write_run(RunFolder(folder), users=1300, seed=1)
    return folder


@pytest.fixture
def run(recorded: Path, tmp_path: Path) -> RunFolder:
    return RunFolder(shutil.copytree(recorded, tmp_path / "run"))


def changed(run: RunFolder, name: str, change: Callable[[int, dict[str, object]], dict[str, object]]) -> None:
    run.write_lines(name, [change(number, line) for number, line in enumerate(run.lines(name))])
    run.seal()


def counted(folder: RunFolder) -> dict[str, list[tuple[object, ...]]]:
    with Run(folder) as run:
        return {what: run.rows(statement, uses=list(COLUMNS)) for what, statement in COUNTED.items()}


def test_a_copy_proves_the_same_in_a_tenth_of_the_bytes(run: RunFolder, tmp_path: Path) -> None:
    exported = export(run, out=tmp_path / "copy")

    assert {verdict.status for verdict in judge(RunFolder(exported.path))} == {Status.MET}
    assert exported.bytes_after * 10 < exported.bytes_before


def test_equal_stays_equal_and_different_stays_different(run: RunFolder, tmp_path: Path) -> None:
    export(run, out=tmp_path / "copy")

    assert counted(RunFolder(tmp_path / "copy")) == counted(run)


def test_every_table_of_a_copy_has_the_published_columns(run: RunFolder, tmp_path: Path) -> None:
    export(run, out=tmp_path / "copy")

    with Run(RunFolder(tmp_path / "copy")) as copy:
        for name, columns in COLUMNS.items():
            table = table_of(name)
            found = copy.rows(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [table], uses=[name]
            )
            assert dict(found) == columns, name


def test_a_copy_says_what_it_was_made_from(run: RunFolder, tmp_path: Path) -> None:
    export(run, out=tmp_path / "copy")

    facts = RunFolder(tmp_path / "copy").facts()
    assert facts["derived_from"]["files"] == run.facts()["files"]
    assert facts["files"]["jobs.jsonl"]["lines"] == 1300
    assert schemas.objections(facts, schemas.RUN) == []


def test_no_id_that_a_machine_drew_is_left(run: RunFolder, tmp_path: Path) -> None:
    drawn = {str(line["attempt_id"]) for line in run.lines(run_folder.ATTEMPTS)}
    export(run, out=tmp_path / "copy")

    with Run(RunFolder(tmp_path / "copy")) as copy:
        kept = {row[0] for row in copy.rows("SELECT attempt_id FROM attempts", uses=[run_folder.ATTEMPTS])}
    assert not drawn & kept


def test_a_violation_survives_the_copy(run: RunFolder, tmp_path: Path) -> None:
    first = next(iter(run.lines(run_folder.LEDGER)))
    second = {key: value for key, value in first.items() if key not in ("seq", "received_at", "message_id")}
    changed(run, run_folder.LEDGER, lambda number, line: {**line, **second} if number == 7 else line)
    before = judge(run)
    assert exit_code(before) is ExitCode.VIOLATED

    export(run, out=tmp_path / "copy")

    after = judge(RunFolder(tmp_path / "copy"))
    assert [(verdict.id, verdict.status) for verdict in after] == [(verdict.id, verdict.status) for verdict in before]


def test_a_mail_of_an_attempt_that_nobody_wrote_down_stays_a_stranger(run: RunFolder, tmp_path: Path) -> None:
    changed(run, run_folder.LEDGER, lambda number, line: {**line, "attempt_id": "nobody's"} if number == 3 else line)

    export(run, out=tmp_path / "copy")

    with Run(RunFolder(tmp_path / "copy")) as copy:
        strangers = copy.rows("SELECT attempt_id FROM ledger ANTI JOIN attempts USING (attempt_id)", uses=list(COLUMNS))
    assert strangers == [("nobody's",)]


def test_a_wrong_content_stays_wrong(run: RunFolder, tmp_path: Path) -> None:
    changed(run, run_folder.LEDGER, lambda number, line: {**line, "content_hash": "00000000"} if number == 3 else line)

    export(run, out=tmp_path / "copy")

    with Run(RunFolder(tmp_path / "copy")) as copy:
        (kept,) = copy.rows("SELECT count(*) FROM ledger WHERE content_hash = '00000000'", uses=[run_folder.LEDGER])
    assert kept == (1,)
    verdict = next(verdict for verdict in judge(RunFolder(tmp_path / "copy")) if verdict.id == "I14")
    assert verdict.status is Status.MISSED


def test_a_damaged_run_is_not_copied(run: RunFolder, tmp_path: Path) -> None:
    (run.path / run_folder.EVENTS).write_text("{cut o")

    with pytest.raises(ExportError, match=r"events\.jsonl.*only a run that can be read completely"):
        export(run, out=tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_attempts_that_could_not_be_told_apart_are_not_copied(run: RunFolder, tmp_path: Path) -> None:
    changed(run, run_folder.ATTEMPTS, lambda number, line: {**line, "job_id": 1, "attempt": 1} if number < 2 else line)

    with pytest.raises(ExportError, match="could not be told apart"):
        export(run, out=tmp_path / "copy")


def test_a_copy_that_would_prove_something_else_is_not_kept(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_ends = packed_tables.PACK[run_folder.JOBS].replace("t.status,", "'ready' AS status,")
    monkeypatch.setitem(packed_tables.PACK, run_folder.JOBS, without_ends)

    with pytest.raises(ExportError, match=r"the copy would not prove the same: .*I3 total_and_explained was met"):
        export(run, out=tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_copy_that_is_tampered_with_is_noticed(run: RunFolder, tmp_path: Path) -> None:
    export(run, out=tmp_path / "copy")
    packed = tmp_path / "copy" / "transitions.parquet"
    packed.write_bytes(packed.read_bytes()[:-20])

    verdicts = judge(RunFolder(tmp_path / "copy"))
    assert exit_code(verdicts) is ExitCode.INCONCLUSIVE


def test_the_command_writes_a_report_and_never_over_something(run: RunFolder, tmp_path: Path) -> None:
    command = ["export", str(run.path), "--out", str(tmp_path / "copy")]

    assert CliRunner().invoke(app, command).exit_code == 0
    assert json.loads((tmp_path / "copy" / "report.json").read_text())["verdict"]["outcome"] == "met"
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 4
    assert "which exists already: name a folder that does not" in again.stderr
