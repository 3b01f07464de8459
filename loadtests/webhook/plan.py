"""What a load is asked to do, from Locust's command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loadtests.webhook.attacks import KINDS
from loadtests.webhook.stages import Stage, parse_stages
from system.errors import InputError

if TYPE_CHECKING:
    import argparse

STAGES: Final = "warm-up:5s:250,hold:rest:500"
IN_FLIGHT_CAP: Final = 500
HOSTILE_RATIO: Final = 0.02
MAX_BYTES: Final = 1_048_576
MAX_AGE_S: Final = 90_000.0
PARTS: Final = "webhook-parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One load; `max_bytes` and `max_age_s` are the receiver's limits, which attacks go beyond."""

    run: Path
    signing_key: Path
    targets: Path
    live_targets: Path | None = None
    stages: tuple[Stage, ...] = parse_stages(STAGES)
    seed: int = 1
    shares: int = 1
    in_flight_cap: int = IN_FLIGHT_CAP
    hostile_ratio: float = HOSTILE_RATIO
    max_bytes: int = MAX_BYTES
    max_age_s: float = MAX_AGE_S

    @property
    def parts(self) -> Path:
        """Where every process keeps what it recorded."""
        return self.run / PARTS

    @property
    def attack_kinds(self) -> tuple[str, ...]:
        """All of them."""
        return KINDS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Our options beside Locust's own; not required there, so that `locust --help` works."""
    group = parser.add_argument_group("Webhook load")
    group.add_argument("--run-folder", default="", metavar="DIR", help="where requests are written down")
    group.add_argument("--signing-key", default="", metavar="FILE", help="the provider's private key, PEM")
    group.add_argument("--targets", default="", metavar="FILE", help="mails that events are about")
    group.add_argument("--live-targets", default="", metavar="FILE", help="mails that attacks are about, once there")
    group.add_argument("--stages", default=STAGES, help="NAME:SECONDSs:EVENTS_PER_S, comma between; rest as seconds")
    group.add_argument("--seed", type=int, default=1, help="the same seed makes the same arrivals")
    group.add_argument("--shares", type=int, default=1, help="processes that the rate is divided among")
    group.add_argument("--in-flight-cap", type=int, default=IN_FLIGHT_CAP, help="of a process; more are dropped")
    group.add_argument("--hostile-ratio", type=float, default=HOSTILE_RATIO, help="attacks a true post")
    group.add_argument("--max-bytes", type=int, default=MAX_BYTES, help="the receiver's limit")
    group.add_argument("--max-age-s", type=float, default=MAX_AGE_S, help="the receiver's limit")


def read_plan(options: argparse.Namespace | None) -> Plan:
    """The plan of a parsed command line; InputError when something is missing or can't be read."""
    assert options is not None  # only a Locust that is embedded has none
    for name in ("run_folder", "signing_key", "targets"):
        if not getattr(options, name):
            option = "--" + name.replace("_", "-")
            raise InputError(field=option, value="", problem="is missing", remedy=f"Give {option}")
    return Plan(
        run=Path(options.run_folder),
        signing_key=Path(options.signing_key),
        targets=Path(options.targets),
        live_targets=Path(options.live_targets) if options.live_targets else None,
        stages=parse_stages(options.stages),
        seed=options.seed,
        shares=options.shares,
        in_flight_cap=options.in_flight_cap,
        hostile_ratio=options.hostile_ratio,
        max_bytes=options.max_bytes,
        max_age_s=options.max_age_s,
    )


def arguments_of(plan: Plan) -> list[str]:
    """The command line that `read_plan` reads back, without the stages."""
    named = {
        "--run-folder": plan.run,
        "--signing-key": plan.signing_key,
        "--targets": plan.targets,
        "--live-targets": plan.live_targets or "",
        "--seed": plan.seed,
        "--shares": plan.shares,
        "--in-flight-cap": plan.in_flight_cap,
        "--hostile-ratio": plan.hostile_ratio,
        "--max-bytes": plan.max_bytes,
        "--max-age-s": plan.max_age_s,
    }
    return [f"{name}={value}" for name, value in named.items()]
