"""The judge: a sane run is met everywhere, and whatever is wrong with a run folder makes it inconclusive."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from literal_run import a_mail, a_post, a_request, facts, write

from loadtests.synthetic_run import write_run
from slo_reports import run_folder
from slo_reports.checks.check import Finding, invariant
from slo_reports.judge import CHECKS, INVARIANTS, OBJECTIVES, judge
from slo_reports.run_folder import RunFolder
from slo_reports.tables import Run
from slo_reports.verdict import ExitCode, Kind, Status, Verdict, exit_code

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

SEED = 20_261_121


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    print(f"seed {SEED}")  # noqa: T201  # whoever sees a failure wants to repeat it
    folder = RunFolder(tmp_path_factory.mktemp("synthetic"))
    write_run(folder, users=1_200, seed=SEED)
    return folder


@pytest.fixture
def sane(synthetic: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy that may be broken."""
    shutil.copytree(synthetic.path, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def test_a_sane_run_is_met_everywhere(synthetic: RunFolder) -> None:
    verdicts = judge(synthetic)
    assert [(v.id, v.says) for v in verdicts if v.status is not Status.MET] == []
    assert exit_code(verdicts) is ExitCode.MET


def test_a_verdict_says_what_it_promises_and_what_it_read(synthetic: RunFolder) -> None:
    for verdict in judge(synthetic):
        assert verdict.promise.endswith((".", ")."))
        assert verdict.sources
        assert verdict.measure is not None
        assert verdict.measure.method


def test_the_order_of_lines_changes_no_verdict(sane: RunFolder) -> None:
    before = judge(sane)
    for name in run_folder.LINE_FILES:
        path = sane.path / name
        path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))
    sane.seal()
    assert judge(sane) == before


def test_a_packed_run_is_judged_alike(sane: RunFolder) -> None:
    before = judge(sane)
    for name in run_folder.LINE_FILES:
        path = sane.path / name
        (sane.path / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert judge(sane) == before


def test_every_check_declares_the_files_that_it_reads(synthetic: RunFolder) -> None:
    for check in CHECKS:
        with Run(synthetic) as run:
            check.find(run)
            assert {name for name in check.sources if name in run_folder.LINE_FILES} == run._loaded, check.id


def test_every_rule_is_judged_under_its_own_name() -> None:
    assert [check.id for check in INVARIANTS] == [f"I{n}" for n in range(1, 18) if n != 4]
    assert {check.id for check in OBJECTIVES} == {"S1", "S2", "S3", "S4", "S5", "I4", "R1"}
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_an_empty_run_is_inconclusive(tmp_path: Path) -> None:
    verdicts = judge(write(tmp_path))
    assert {v.id for v in verdicts if v.status is not Status.UNKNOWN} == set()
    assert exit_code(verdicts) is ExitCode.INCONCLUSIVE


def corrupt(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b'{"seq": 1, "kind"\n', *lines[2:]]))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def shorten(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))


DAMAGES = {
    "corrupt": corrupt,
    "cut off": cut_off,
    "shortened": shorten,
    "changed": change,
    "missing": lambda p: p.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_nobody_is_told_that_a_damaged_run_met_anything(sane: RunFolder, damage: str) -> None:
    for name in run_folder.LINE_FILES:
        DAMAGES[damage](sane.path / name)
    verdicts = judge(sane)
    assert {v.name for v in verdicts if v.status is Status.MET} == {"no_secrets_or_addresses_in_output"}
    assert exit_code(verdicts) in {ExitCode.INCONCLUSIVE, ExitCode.VIOLATED}


@pytest.mark.parametrize("name", run_folder.LINE_FILES)
def test_one_damaged_file_spoils_every_check_that_reads_it(sane: RunFolder, name: str) -> None:
    cut_off(sane.path / name)
    verdicts = judge(sane)
    readers = [v for v in verdicts if name in v.sources]
    assert readers
    assert {v.status for v in readers} == {Status.UNKNOWN}
    assert all(v.says.startswith(f"{name}: ") for v in readers)
    assert exit_code(verdicts) is ExitCode.INCONCLUSIVE


def test_an_unsealed_file_may_be_cut_off(sane: RunFolder) -> None:
    sane.update_facts(files={})
    assert exit_code(judge(sane)) is ExitCode.INCONCLUSIVE


def test_lines_that_lack_what_makes_them_lines_prove_nothing(tmp_path: Path) -> None:
    ledger = [a_mail(1), {"seq": 2, "kind": "accepted"}]
    (verdict,) = (v for v in judge(write(tmp_path, ledger=ledger)) if v.id == "I1")
    assert verdict.status is Status.UNKNOWN
    assert verdict.says == "provider-ledger.jsonl: 1 lines lack one of seq, kind, received_at"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("", "Expecting value"),
        ('{"schema": "steadypost-run/2", "sta', "Unterminated string"),
        ('{"schema": "steadypost-run/1"}', "has schema 'steadypost-run/1', this program reads 'steadypost-run/2'"),
        ('{"schema": "steadypost-run/99"}', "has schema 'steadypost-run/99'"),
        ("[]", "has schema None"),
    ],
    ids=["missing", "empty", "cut off", "older", "newer", "no object"],
)
def test_a_run_without_a_readable_description_is_inconclusive(sane: RunFolder, content: str | None, says: str) -> None:
    description = sane.path / run_folder.RUN
    if content is None:
        description.unlink()
    else:
        description.write_text(content)
    verdicts = judge(sane)
    assert [v.id for v in verdicts] == [check.id for check in CHECKS]
    assert all(v.status is Status.UNKNOWN and says in v.says for v in verdicts)
    assert exit_code(verdicts) is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("state", ["recording", "interrupted", "failed", None])
def test_a_run_that_did_not_finish_is_inconclusive_and_says_why(sane: RunFolder, state: str | None) -> None:
    sane.update_facts(state=state, reason="stopped by Ctrl-C")
    verdicts = judge(sane)
    assert all(v.status is Status.UNKNOWN for v in verdicts)
    assert all(repr(state) in v.says and "stopped by Ctrl-C" in v.says for v in verdicts)
    assert exit_code(verdicts) is ExitCode.INCONCLUSIVE


def test_the_folder_of_a_crashed_harness_is_inconclusive(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.write_facts({"state": "recording", "reason": None})
    folder.write_lines(run_folder.HISTORY, [])
    assert exit_code(judge(folder)) is ExitCode.INCONCLUSIVE


def unfinished(path: Path, **tables: Any) -> list[Verdict]:
    return judge(write(path, run_facts=facts(state="interrupted", reason="stopped by Ctrl-C"), **tables))


def test_a_second_mail_violates_even_when_the_run_was_interrupted(tmp_path: Path) -> None:
    verdicts = unfinished(tmp_path, ledger=[a_mail(1, user_id=7), a_mail(2, user_id=7)])
    assert [v.id for v in verdicts if v.status is Status.MISSED] == ["I1"]
    assert exit_code(verdicts) is ExitCode.VIOLATED


def test_a_second_mail_violates_even_when_the_ledger_is_cut_off(tmp_path: Path) -> None:
    folder = write(tmp_path, ledger=[a_mail(1, user_id=7), a_mail(2, user_id=7), a_mail(3)])
    cut_off(folder.path / run_folder.LEDGER)
    assert exit_code(judge(folder)) is ExitCode.VIOLATED


def test_an_attack_that_was_taken_in_violates_even_when_the_run_was_interrupted(tmp_path: Path) -> None:
    verdicts = unfinished(tmp_path, requests=[a_request(1, "forged")], inbox=[a_post()])
    assert [v.id for v in verdicts if v.status is Status.MISSED] == ["I7"]


def test_what_the_rest_of_a_run_might_have_mended_is_no_violation(tmp_path: Path) -> None:
    verdicts = unfinished(tmp_path, ledger=[a_mail(1)])
    assert {v.id for v in verdicts if v.status is Status.MISSED} == set()


@invariant("X1", "breaks", promise="Nothing.", sources=())
def check_that_breaks(_run: Run) -> Finding:
    return Finding(status=Status.MET, says=str(1 / 0))


def test_a_check_that_raises_is_unknown_under_its_own_name(sane: RunFolder) -> None:
    with Run(sane) as run:
        verdict = check_that_breaks(run)
    assert (verdict.id, verdict.name, verdict.status) == ("X1", "breaks", Status.UNKNOWN)
    assert verdict.says == "the check failed: ZeroDivisionError: division by zero"


def a_verdict(kind: Kind, status: Status) -> Verdict:
    return Verdict(id="x", name="x", kind=kind, status=status, says="")


def test_violated_goes_before_missed_before_inconclusive_before_met() -> None:
    met = a_verdict(Kind.INVARIANT, Status.MET)
    unknown = a_verdict(Kind.INVARIANT, Status.UNKNOWN)
    missed = a_verdict(Kind.OBJECTIVE, Status.MISSED)
    violated = a_verdict(Kind.INVARIANT, Status.MISSED)
    assert exit_code([met]) is ExitCode.MET
    assert exit_code([met, unknown]) is ExitCode.INCONCLUSIVE
    assert exit_code([met, unknown, missed]) is ExitCode.MISSED
    assert exit_code([met, unknown, missed, violated]) is ExitCode.VIOLATED
    assert exit_code([]) is ExitCode.INCONCLUSIVE
