"""Runs the webhook load beside a run folder and writes there what a judge needs; ends with TERM or its last stage.

python -m loadtests.webhook_run --run DIR --url http://127.0.0.1:PORT --signing-key FILE --targets FILE
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from loadtests.webhook import plan as defaults
from loadtests.webhook.parts import merge_parts, write_live
from loadtests.webhook.plan import Plan, arguments_of
from loadtests.webhook.posts import read_signer
from loadtests.webhook.stages import parse_stages
from loadtests.webhook.targets import read_targets
from slo_reports.run_folder import LOGS
from system.errors import InputError

if TYPE_CHECKING:
    from types import FrameType

LOCUST_FILE: Final = Path(__file__).with_name("webhook_load.py")
STOP_WAIT_S: Final = 8.0
LOOK_S: Final = 1.0
HARNESS_ERROR: Final = 4
UI_HOST, UI_PORT = "127.0.0.1", 8089


def run_load(plan: Plan, *, url: str, stages: str, processes: int, ui: bool) -> int:
    """Locust's exit code; whatever happened, what was recorded is put together."""
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    (plan.run / LOGS).mkdir(parents=True, exist_ok=True)
    command = locust_command(plan, url=url, stages=stages, processes=processes, ui=ui)
    with (plan.run / LOGS / "locust.log").open("ab") as log:
        # A session of its own: a terminal's Ctrl-C comes to us alone, and we end Locust in order.
        locust = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            code = _watch(locust, plan, stop)
        finally:
            _end(locust)
    merge_parts(plan)
    return 0 if stop.is_set() else code


def locust_command(plan: Plan, *, url: str, stages: str, processes: int, ui: bool) -> list[str]:
    """What Locust is started with."""
    return [
        *(sys.executable, "-m", "locust", "-f", str(LOCUST_FILE), "--host", url, f"--stages={stages}"),
        *arguments_of(plan),
        *("--users", str(processes), "--spawn-rate", str(processes)),
        *(["--web-host", UI_HOST, "--web-port", str(UI_PORT)] if ui else ["--headless", "--only-summary"]),
        *(_spread(processes) if processes > 1 else []),
    ]


def _spread(processes: int) -> list[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    bound = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)
    return ["--processes", str(processes), *bound]


def _watch(locust: subprocess.Popen[bytes], plan: Plan, stop: threading.Event) -> int:
    while locust.poll() is None and not stop.wait(LOOK_S):
        write_live(plan)
    return locust.poll() or 0


def _end(locust: subprocess.Popen[bytes]) -> None:
    if locust.poll() is None:
        locust.terminate()
    try:
        locust.wait(timeout=STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(locust.pid, signal.SIGKILL)
        locust.wait()


def main(
    *,
    run: Annotated[Path, typer.Option(help="Run folder.")],
    url: Annotated[str, typer.Option(help="Where the web process listens, without the webhook's path.")],
    signing_key: Annotated[Path, typer.Option(help="The provider's private key, PEM.")],
    targets: Annotated[Path, typer.Option(help="Written by python -m loadtests.past_campaign.")],
    live_targets: Annotated[Path | None, typer.Option(help="Mails of the running campaign, for attacks.")] = None,
    stages: Annotated[str, typer.Option(help="NAME:SECONDSs:EVENTS_PER_S; `rest` lasts until TERM.")] = defaults.STAGES,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    processes: Annotated[int, typer.Option(min=1)] = 1,
    in_flight_cap: Annotated[int, typer.Option(min=1)] = defaults.IN_FLIGHT_CAP,
    hostile_ratio: Annotated[float, typer.Option(min=0, max=1)] = defaults.HOSTILE_RATIO,
    max_bytes: Annotated[int, typer.Option(help="The receiver's STEADYPOST_WEBHOOK_MAX_BYTES.")] = defaults.MAX_BYTES,
    max_age_s: Annotated[float, typer.Option(help="The receiver's ..._MAX_AGE_S.")] = defaults.MAX_AGE_S,
    ui: Annotated[bool, typer.Option("--ui", help="Locust's web UI instead of a start at once.")] = False,
    merge_only: Annotated[bool, typer.Option("--merge-only", help="Only put recorded parts together.")] = False,
) -> None:
    """Post signed events and attacks at a steady rate, and record every request."""
    try:
        plan = Plan(
            run=run,
            signing_key=signing_key,
            targets=targets,
            live_targets=live_targets,
            stages=parse_stages(stages),
            seed=seed,
            shares=processes,
            in_flight_cap=in_flight_cap,
            hostile_ratio=hostile_ratio,
            max_bytes=max_bytes,
            max_age_s=max_age_s,
        )
        read_signer(signing_key)
        read_targets(targets)
    except InputError as exc:
        sys.stderr.write(f"error: {exc}\n")
        sys.exit(HARNESS_ERROR)
    if merge_only:
        merge_parts(plan)
        return
    if ui:
        print(f"Locust's web UI: http://{UI_HOST}:{UI_PORT} (Ctrl-C ends it; requests are in {run})", flush=True)
    code = run_load(plan, url=url, stages=stages, processes=processes, ui=ui)
    if code:
        sys.stderr.write(f"error: Locust ended with {code}. See {run / LOGS / 'locust.log'}\n")
        sys.exit(HARNESS_ERROR)


if __name__ == "__main__":
    typer.run(main)
