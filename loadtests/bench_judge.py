"""Measures how long judging takes and how much memory it needs, check by check, on a synthetic run.

python -m loadtests.bench_judge --users 1000000

The run is judged by a fresh process; the time of a check includes reading the files that no check before it has read.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from loadtests.synthetic_run import write_run
from slo_reports.run_folder import RunFolder

KIB_PER_MB = 1_000_000 / 1024
JUDGE = """
import json, resource, sys, time
from pathlib import Path
from slo_reports.judge import CHECKS
from slo_reports.run_folder import RunFolder
from slo_reports.tables import Run
with Run(RunFolder(Path(sys.argv[1]))) as run:
    for check in CHECKS:
        began_s = time.perf_counter()
        verdict = check(run)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took_s = time.perf_counter() - began_s
        print(json.dumps({"id": verdict.id, "name": verdict.name, "status": verdict.status, "s": took_s, "kib": peak}))
"""


def main(
    *,
    users: Annotated[int, typer.Option(min=1_200)] = 1_000_000,
    run: Annotated[Path | None, typer.Option(help="Judge this folder instead of a synthetic one.")] = None,
) -> None:
    """Print the table, slowest check first."""
    with tempfile.TemporaryDirectory(prefix="bench-judge-") as place:
        folder = run or Path(place) / "run"
        if run is None:
            began_s = time.perf_counter()
            write_run(RunFolder(folder), users=users)
            print(f"{users:,} users written in {time.perf_counter() - began_s:.1f} s, {_size_mb(folder):,.0f} MB\n")
        began_s = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", JUDGE, str(folder)], check=True, capture_output=True, text=True)
        took_s = time.perf_counter() - began_s
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    _show([json.loads(line) for line in done.stdout.splitlines()])
    print(
        f"\nwhole process: {took_s:.1f} s, {used.ru_utime + used.ru_stime:.1f} s CPU, "
        f"peak RSS {used.ru_maxrss / KIB_PER_MB:.0f} MB"
    )


def _show(checks: list[dict[str, object]]) -> None:
    print("| check | verdict | seconds | peak RSS so far, MB |\n|---|---|---|---|")
    for check in sorted(checks, key=lambda each: -float(str(each["s"]))):
        seconds, peak_mb = float(str(check["s"])), float(str(check["kib"])) / KIB_PER_MB
        print(f"| {check['id']} {check['name']} | {check['status']} | {seconds:.2f} | {peak_mb:.0f} |")


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    typer.run(main)
