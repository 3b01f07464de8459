"""The folder in which all processes of a machine keep their counters, so that any of them can show the sum.

Its name is the client library's own variable, PROMETHEUS_MULTIPROC_DIR: it must be known before the first metric is
made. Without it a process shows its own numbers alone.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prometheus_client import REGISTRY
from prometheus_client.exposition import generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from system.metrics import COUNTED, FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.metrics_core import Metric

LEDGER: Final = "0"
"""Stands where a process id would: the files that keep the counts of the dead."""
LIVE: Final = "gauge_live"
"""What the living are, and not what was counted: it ends with its process."""


class _Shown:
    """What the client library takes for a registry."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def folder() -> Path | None:
    """Where this process counts; None when it counts for itself."""
    name = os.environ.get(FOLDER_VARIABLE)
    return Path(name) if name else None


def exposition(readings: Iterable[Metric]) -> bytes:
    """Everything that is counted, and the readings, in Prometheus's text format."""
    return as_text([*counted(), *readings])


def as_text(shown: Iterable[Metric]) -> bytes:
    """Metrics in Prometheus's text format."""
    return generate_latest(_Shown(shown))


def counted() -> list[Metric]:
    """The counters and histograms: of all processes when there is a folder, else of this one."""
    if (shared := folder()) is None:
        return list(REGISTRY.collect())
    with _alone(shared):
        _inherit(shared)
        by_name = {metric.name: metric for metric in MultiProcessCollector(None, str(shared)).collect()}
    # What nobody has counted yet is shown as the library shows it without a folder.
    untouched = [metric for each in COUNTED for metric in each.describe() if metric.name not in by_name]
    return [*by_name.values(), *untouched]


@contextmanager
def _alone(shared: Path) -> Iterator[None]:
    """A file half merged would be counted twice, or not at all."""
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _inherit(shared: Path) -> None:
    """Add the counts of dead processes to the ledgers and delete their files: sums never fall, files don't pile up."""
    for file in shared.glob("*.db"):
        kind, _, process_id = file.stem.rpartition("_")
        if process_id == LEDGER or _is_alive(int(process_id)):
            continue
        if kind.startswith(LIVE):
            file.unlink()
            continue
        ledger = MmapedDict(str(shared / f"{kind}_{LEDGER}.db"))
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
            ledger.write_value(key, ledger.read_value(key)[0] + value, 0.0)
        ledger.close()
        file.unlink()


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
