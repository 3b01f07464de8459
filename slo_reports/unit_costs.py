"""What one mail, one event and one webhook post cost each program, by comparing an outage with the sending around it.

While the provider is away no mail goes out and the webhook load goes on: what a program uses then is its price for
waiting and for events. What it uses more while mails go out is the mails' price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slo_reports.fault_windows import TOTAL_OUTAGE, fault_windows
from slo_reports.quantities import numbers
from slo_reports.run_folder import CAMPAIGNS, EVENTS, INBOX, JOBS, LEDGER, PROCESSES, TRANSITIONS, UnreadableRunError

if TYPE_CHECKING:
    from slo_reports.tables import Run

EDGE_S: Final = 20.0
"""What happens this near to a change of regime belongs to neither."""
WORKERS: Final = ("worker-orchestrator", "worker-ml", "worker-emails", "worker-tracking", "web")
# The campaign that was run is the one with mails; the load's own of last week has none.
_CAMPAIGN: Final = """
SELECT c.created_at, c.completed_at, count(*), min(received_at), max(received_at)
FROM ledger l JOIN campaigns c USING (campaign_id) WHERE l.kind = 'accepted' GROUP BY ALL ORDER BY 3 DESC LIMIT 1
"""


@dataclass(frozen=True, kw_only=True)
class Regime:
    """A stretch of the run: cores that each program used, and what went through meanwhile, a second."""

    cores: dict[str, float]
    mails_per_s: float
    events_per_s: float
    posts_per_s: float


def unit_costs(run: Run) -> dict[str, float]:
    """Every unit cost by name; UnreadableRunError for a run without an outage of the provider between mails."""
    created, completed, mails, first, last = run.one(_CAMPAIGN, uses=(LEDGER, CAMPAIGNS))
    begin, end = _outage(run, between=(first, last))
    waiting = _regime(run, [(begin + EDGE_S, end - EDGE_S)])
    sending = _regime(run, [(first + EDGE_S, begin - EDGE_S), (end + EDGE_S, last - EDGE_S)])
    (jobs,) = run.one("SELECT count(*) FROM jobs", uses=(JOBS,))
    (events,) = run.one("SELECT count(*) FROM events", uses=(EVENTS,))
    (transitions,) = run.one("SELECT count(*) FROM transitions", uses=(TRANSITIONS,))
    return {
        **_per_mail(waiting, sending),
        **{f"{name}_ms_per_job": 1000 * _spent(run, program, waiting) / jobs for name, program in _PER_JOB.items()},
        **{f"{name}_idle_cores": waiting.cores[program] for name, program in _IDLE.items()},
        **_memory(run),
        "events_per_mail": events / mails,
        "transitions_per_mail": transitions / mails,
        "use_of_limit": numbers(run)["use_of_the_limit"],
        "start_s": first - created,
        "finish_s": completed - last,
        "recover_s": numbers(run)["full_rate_s"],
    }


def _outage(run: Run, *, between: tuple[float, float]) -> tuple[float, float]:
    spans = [(w.injected_at, w.healed_at or between[1]) for w in fault_windows(run) if w.fault == TOTAL_OUTAGE]
    if len(spans) != 1 or not between[0] < spans[0][0] < spans[0][1] < between[1]:
        raise UnreadableRunError("unit costs need a run with one outage of the provider between its mails")
    return spans[0]


_PER_JOB: Final = {"orchestrator": "worker-orchestrator", "ml": "worker-ml"}
_IDLE: Final = {"orchestrator": "worker-orchestrator", "emails": "worker-emails", "redis": "redis", "beat": "beat-2"}


def _per_mail(waiting: Regime, sending: Regime) -> dict[str, float]:
    """Milliseconds of CPU; a mail's events are not part of a mail."""
    postgres_event = waiting.cores["postgres"] / waiting.events_per_s
    more = {program: sending.cores[program] - waiting.cores[program] for program in sending.cores}
    postgres = more["postgres"] - postgres_event * (sending.events_per_s - waiting.events_per_s)
    return {
        "emails_ms_per_mail": 1000 * more["worker-emails"] / sending.mails_per_s,
        "redis_ms_per_mail": 1000 * more["redis"] / sending.mails_per_s,
        "postgres_ms_per_mail": 1000 * postgres / sending.mails_per_s,
        "postgres_ms_per_event": 1000 * postgres_event,
        "tracking_ms_per_event": 1000 * waiting.cores["worker-tracking"] / waiting.events_per_s,
        "web_ms_per_post": 1000 * waiting.cores["web"] / waiting.posts_per_s,
    }


def _memory(run: Run) -> dict[str, float]:
    """Megabytes of one process at its worst; pages that a parent shares with its children count for each."""
    rows = run.rows("SELECT program, max(rss_mb / processes) FROM processes GROUP BY program", uses=(PROCESSES,))
    mb = dict(rows)
    return {f"{program.removeprefix('worker-')}_mb_per_process": mb[program] for program in WORKERS}


def _regime(run: Run, spans: list[tuple[float, float]]) -> Regime:
    inside = " OR ".join(f"{{0}} BETWEEN {begin!r} AND {end!r}" for begin, end in spans)
    seconds = sum(end - begin for begin, end in spans)
    cores = run.rows(
        f"""SELECT program, avg(cpu_percent) / 100 FROM processes
            WHERE {inside.format('"at"')} GROUP BY program""",  # noqa: S608  # numbers of our own
        uses=(PROCESSES,),
    )
    (mails,) = run.one(
        f"SELECT count(*) FROM ledger WHERE kind = 'accepted' AND ({inside.format('received_at')})",  # noqa: S608  # same
        uses=(LEDGER,),
    )
    posts, events = run.one(
        f"""SELECT count(*), coalesce(sum(events_applied + events_repeated + events_foreign), 0)
            FROM inbox WHERE {inside.format("received_at")}""",  # noqa: S608  # same
        uses=(INBOX,),
    )
    return Regime(
        cores=dict(cores),
        mails_per_s=mails / seconds,
        events_per_s=float(events) / seconds,
        posts_per_s=posts / seconds,
    )


def _spent(run: Run, program: str, waiting: Regime) -> float:
    """CPU seconds of a program over the whole run, less what it uses for waiting."""
    used, seconds = run.one(
        """WITH tick AS (SELECT cpu_percent, "at" - lag("at") OVER (ORDER BY "at") AS seconds
                         FROM processes WHERE program = ?)
           SELECT sum(cpu_percent * seconds) / 100, sum(seconds) FROM tick""",
        [program],
        uses=(PROCESSES,),
    )
    return float(max(0.0, used - waiting.cores[program] * seconds))
