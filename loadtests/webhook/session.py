"""One process's part of one load: its share of the arrivals, its connections, its record."""

from __future__ import annotations

import gc
import os
import resource
from typing import TYPE_CHECKING, Any, Final

import gevent
import orjson

from loadtests.webhook.arrivals import (
    PROVIDER,
    Share,
    hostile_arrivals,
    merge_arrivals,
    provider_arrivals,
)
from loadtests.webhook.client import Client
from loadtests.webhook.clock import Clock
from loadtests.webhook.posts import read_signer
from loadtests.webhook.recorder import Recorder, Request
from loadtests.webhook.targets import read_targets
from loadtests.webhook.traffic import Traffic
from loadtests.webhook.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from loadtests.webhook.arrivals import Arrival
    from loadtests.webhook.plan import Plan

DRAIN_S: Final = 2.0
"""Locust waits three seconds for its workers before it interrupts them."""

FLUSH_S: Final = 1.0
HOSTILE: Final = "hostile"
_OK: Final = range(200, 300)


class Session:
    """Made when a test starts, walked by one user, finished when the test stops."""

    def __init__(self, plan: Plan, *, url: str, index: int, number: int, on_request: Callable[[Request], None]) -> None:
        self._plan = plan
        self._share = Share(index=index, of=plan.shares, seed=plan.seed)
        self._on_request = on_request
        self._traffic = Traffic(
            share=self._share,
            signer=read_signer(plan.signing_key),
            targets=read_targets(plan.targets),
            live_targets=plan.live_targets,
            max_bytes=plan.max_bytes,
            max_age_s=plan.max_age_s,
        )
        self._client = Client(url, connections=plan.in_flight_cap)
        self._path = plan.parts / f"{index}-{number}"
        self.walked = False
        self._walk: Walk | None = None

    def walk(self, tables: Collection[str]) -> None:
        """Send everything of the named tables (`provider`, `hostile`); returns at the end of the last stage."""
        self.walked = True
        # What is there now stays: no collection has to look at it in mid-run.
        gc.collect()
        gc.freeze()
        self._clock = Clock()
        self._used_s = _cpu_s()
        self._recorder = Recorder(self._path.with_suffix(".jsonl"), clock=self._clock)
        self._walk = Walk(
            self._arrivals(tables),
            clock=self._clock,
            share=self._share,
            make=self._traffic.make,
            send=self._client.post,
            note=self._note,
            in_flight_cap=self._plan.in_flight_cap,
        )
        self._ticking = gevent.spawn(self._tick)
        self._walk.run()

    def finish(self) -> None:
        """Wait for the last answers and write everything; idempotent."""
        walk, self._walk = self._walk, None
        if walk is None:
            return
        ended_s = self._clock.elapsed_s()
        walk.stop(deadline_s=DRAIN_S)
        self._ticking.kill()
        self._recorder.close()
        self._client.close()
        _replace(self._path.with_suffix(".json"), self._summary(ended_s))
        self._path.with_suffix(".live.json").unlink(missing_ok=True)

    def _arrivals(self, tables: Collection[str]) -> Iterator[Arrival]:
        plan = self._plan
        made = {
            PROVIDER: provider_arrivals(plan.stages, share=self._share),
            HOSTILE: hostile_arrivals(
                plan.stages, share=self._share, kinds=plan.attack_kinds, ratio=plan.hostile_ratio
            ),
        }
        return merge_arrivals(*(made[table] for table in tables))

    def _note(self, request: Request) -> None:
        if request.post.user == PROVIDER and request.status in _OK:
            self._traffic.attacks.remember(request.post)
        self._recorder.note(request)
        self._on_request(request)

    def _tick(self) -> None:
        while True:
            gevent.sleep(FLUSH_S)
            self._recorder.flush()
            _replace(self._path.with_suffix(".live.json"), self._recorder.live())

    def _summary(self, ended_s: float) -> dict[str, Any]:
        return {
            "share": self._share.index,
            "began_at": self._clock.began_at,
            "ended_at": self._clock.unix(ended_s),
            "cpu_percent": round((_cpu_s() - self._used_s) / max(ended_s, 1e-9) * 100, 1),
        }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _replace(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(orjson.dumps(content))
    draft.replace(path)
