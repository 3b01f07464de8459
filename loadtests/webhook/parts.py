"""What the processes recorded, put together: requests in the order of time, histograms, numbers of the load."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from hdrh.histogram import HdrHistogram

from loadtests.webhook.arrivals import PROVIDER
from loadtests.webhook.recorder import percentile
from loadtests.webhook.stages import WARM_UP
from loadtests.webhook.targets import read_targets
from slo_reports.run_folder import HISTOGRAM, REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from loadtests.webhook.plan import Plan

SERVICE_HISTOGRAM: Final = "webhook-service.hgrm"
LOAD: Final = "load.json"
LIVE: Final = "load-live.json"
_LONGEST_US: Final = 600_000_000
_DIGITS: Final = 3
_TICKS: Final = 5

LAG_LIMIT_MS: Final = 5.0
DROPPED_LIMIT: Final = 0.001
CPU_LIMIT_PERCENT: Final = 80.0


def merge_parts(plan: Plan) -> dict[str, Any]:
    """Write requests.jsonl, both histograms and load.json from the parts, and remove these; returns load.json."""
    lines = sorted(_lines(plan.parts), key=lambda line: line[0]["intended_at"])
    requests = [request for request, _ in lines]
    with (plan.run / REQUESTS).open("wb") as file:
        file.writelines(raw for _, raw in lines)
    told = [r for r in requests if r["user"] == PROVIDER and r["stage"] != WARM_UP and not r["dropped"]]
    _write_histogram(plan.run / HISTOGRAM, (r["done_at"] - r["intended_at"] for r in told))
    _write_histogram(plan.run / SERVICE_HISTOGRAM, (r["done_at"] - r["sent_at"] for r in told))
    summaries = [
        orjson.loads(path.read_bytes()) for path in sorted(plan.parts.glob("*-*.json")) if "live" not in path.name
    ]
    load = _describe(plan, requests, summaries)
    (plan.run / LOAD).write_bytes(orjson.dumps(load, option=orjson.OPT_INDENT_2) + b"\n")
    shutil.rmtree(plan.parts, ignore_errors=True)
    return load


def write_live(plan: Plan) -> None:
    """Replace load-live.json by how all processes together did in the last seconds."""
    found = [orjson.loads(path.read_bytes()) for path in plan.parts.glob("*.live.json")]
    if not found:
        return
    live = {
        "at": max(part["at"] for part in found),
        # Percentiles of parts have no sum; the worst part is what somebody has seen.
        "p50_ms": max((part["p50_ms"] for part in found if part["p50_ms"] is not None), default=None),
        "p99_ms": max((part["p99_ms"] for part in found if part["p99_ms"] is not None), default=None),
        **{name: sum(part[name] for part in found) for name in ("events_per_s", "posts_per_s", "dropped")},
    }
    draft = plan.run / f"{LIVE}.draft"
    draft.write_bytes(orjson.dumps(live))
    draft.replace(plan.run / LIVE)


def _lines(parts: Path) -> Iterable[tuple[dict[str, Any], bytes]]:
    for path in sorted(parts.glob("*.jsonl")):
        with path.open("rb") as file:
            for raw in file:
                if raw.endswith(b"\n"):  # a process that was killed leaves half a line
                    yield orjson.loads(raw), raw


def _write_histogram(path: Path, seconds: Iterable[float]) -> None:
    histogram = HdrHistogram(1, _LONGEST_US, _DIGITS)
    for second in seconds:
        histogram.record_value(max(1, min(_LONGEST_US, round(second * 1e6))))
    with path.open("wb") as file:
        histogram.output_percentile_distribution(file, 1, _TICKS)


def _describe(plan: Plan, requests: list[dict[str, Any]], summaries: list[dict[str, Any]]) -> dict[str, Any]:
    lags = sorted((r["sent_at"] - r["intended_at"]) * 1000 for r in requests if r["sent_at"] is not None)
    dropped = sum(r["dropped"] for r in requests)
    load = {
        "campaign_id": read_targets(plan.targets)[0].campaign_id,
        "events_per_s": max(
            (s.events_per_s for s in plan.stages if s.name == "hold"), default=plan.stages[-1].events_per_s
        ),
        "stages": _describe_stages(plan, requests, summaries),
        "seed": plan.seed,
        "processes": plan.shares,
        "offered": len(requests),
        "sent": len(requests) - dropped,
        "dropped": dropped,
        "attacks": dict(Counter(r["user"] for r in requests if r["user"] != PROVIDER)),
        "in_flight_cap": plan.in_flight_cap,
        "scheduler_lag_p50_ms": _rounded(percentile(lags, 0.50)),
        "scheduler_lag_p99_ms": _rounded(percentile(lags, 0.99)),
        "cpu_percent": max((summary["cpu_percent"] for summary in summaries), default=None),
    }
    return {**load, "warnings": _warnings(load)}


def _describe_stages(
    plan: Plan, requests: list[dict[str, Any]], summaries: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    if not summaries:
        return []
    at, end = min(s["began_at"] for s in summaries), max(s["ended_at"] for s in summaries)
    sent = Counter[str]()
    for request in requests:
        if request["user"] == PROVIDER and not request["dropped"]:
            sent[request["stage"]] += request["events"]
    stages = []
    for stage in plan.stages:
        ends = end if stage.seconds is None else min(end, at + stage.seconds)
        if ends > at:
            span = {"name": stage.name, "began_at": at, "ended_at": ends, "seconds": round(ends - at, 3)}
            rate = round(sent[stage.name] / (ends - at), 1)
            stages.append({**span, "events_per_s": stage.events_per_s, "sent_events_per_s": rate})
        at = ends
    return stages


def _warnings(load: dict[str, Any]) -> list[str]:
    """Why these latencies may be the load's own."""
    found = []
    if (load["scheduler_lag_p99_ms"] or 0) > LAG_LIMIT_MS:
        found.append(f"posts left late: scheduler lag p99 {load['scheduler_lag_p99_ms']} ms, limit {LAG_LIMIT_MS:g} ms")
    if load["dropped"] > DROPPED_LIMIT * load["offered"]:
        found.append(f"{load['dropped']} of {load['offered']} posts were dropped, limit {DROPPED_LIMIT:.1%}")
    if (load["cpu_percent"] or 0) > CPU_LIMIT_PERCENT:
        found.append(f"the load used {load['cpu_percent']} % of a core, limit {CPU_LIMIT_PERCENT:g} %")
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
