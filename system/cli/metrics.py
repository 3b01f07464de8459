"""`steadypost metrics`: what is shown to Prometheus, for somebody at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from system.errors import DependencyError
from system.metrics import COUNTED, READINGS, families
from system.metrics_folder import as_text, counted, folder
from system.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from system.metrics import Sample
    from system.web.sources import Sources

app = typer.Typer(no_args_is_help=True, help="What is shown to Prometheus.")

PAGE_HEAD = """\
# Metrics

What `/metrics` of the web process shows, written from `system/metrics.py` by `steadypost metrics list`.

*Readings* are taken from PostgreSQL, Redis and the broker at the scrape, by whichever web process is asked: take the
`max` over instances. *Counts* are kept by the processes themselves, in the folder that `PROMETHEUS_MULTIPROC_DIR`
names: one folder a machine or container, shared by its processes, so that one scrape shows the sum and what a dead
process had counted stays. A worker without a web process beside it shows its counts on `STEADYPOST_METRICS_PORT`.
No label holds an address, a name of a person or a job.
"""


@app.command(name="list")
def list_metrics() -> None:
    """Print docs/metrics.md."""
    typer.echo("\n".join([PAGE_HEAD, *_readings(), "", *_counted()]))


@app.command()
def show(begins: Annotated[str, typer.Argument(help="Only metrics that begin so, such as webhook.")] = "") -> None:
    """Take all readings now; with them, where PROMETHEUS_MULTIPROC_DIR is set, what the processes counted."""
    from system.web.sources import Sources  # noqa: PLC0415  # Celery is slow to import for the rest

    sources = Sources(load_settings())
    shown = [*families(_samples(sources)), *(counted() if folder() else [])]
    sources.close()
    for line in sorted(as_text(shown).decode().splitlines()):
        if line.startswith(f"steadypost_{begins.removeprefix('steadypost_')}") and "_bucket{" not in line:
            typer.echo(line)


def _samples(sources: Sources) -> Iterator[Sample]:
    from system.web.scrape import AWAY  # noqa: PLC0415  # same

    away = []
    for name, take in sources.by_name.items():
        try:
            samples = take()
            for campaign_id in sources.due if name == "database" else []:
                sources.tally.refresh(campaign_id)
            yield from take() if sources.due and name == "database" else samples
        except AWAY as exc:
            away.append(f"{name} ({type(exc).__name__})")
    if away:
        raise DependencyError(f"no answer from {', '.join(away)}. Try `steadypost doctor`.")


def _readings() -> Iterator[str]:
    yield from ("## Readings", "", "| metric | labels | meaning |", "|---|---|---|")
    for reading in READINGS:
        yield f"| `{reading.name}` | {_ticked(reading.labels)} | {reading.help} |"


def _counted() -> Iterator[str]:
    yield from ("## Counts", "", "| metric | labels | kind | meaning |", "|---|---|---|---|")
    for metric in COUNTED:
        (family,) = metric.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = _ticked(metric._labelnames)  # noqa: SLF001  # the library has no other way to ask
        yield f"| `{name}` | {labels} | {family.type} | {family.documentation} |"


def _ticked(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{label}`" for label in labels)
