"""What is to be planned: how many users, through what, and what may go wrong meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field

from system.errors import InputError

ORCHESTRATORS = 2
MOST_BATCHES = 200_000
PROCESSES_OF_LONE_ACCOUNT = 2
"""As in the measured run: one prepares a group while the other sends."""
PROCESSES_PER_ACCOUNT = 4
"""Where several share a queue, chance decides whom the processes serve: with N for K accounts, about N / (N + K - 1)
of the limits are used, which is 80 % here."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One weekly mailing; InputError for a value that no plan can be made for."""

    users: int
    accounts: int = 1
    mails_per_s: float = 100.0
    """Limit of each account."""
    installations: int = 1
    """Independent ones, with users, accounts, broker and database divided evenly among them."""
    mailed_share: float = 1.0
    """Of the users, those who get a mail; the others are skipped."""
    retry_share: float = 0.001
    """Of the attempts, those that the provider refuses and that are made again."""
    outage_minutes: float = 0.0
    outage_after_minutes: float = 5.0
    provider_latency_ms: float = 250.0
    events_per_post: float = 10.0
    orders_per_user: float = 20.0
    weeks_kept: int = 13
    page_users: int = 5000
    """Users whose batches one dispatcher enqueues before the next page, another dispatcher's perhaps, comes."""
    batch_jobs: int = 500
    batch_run_s: float = 120.0
    sends_in_flight: int = 32
    deadline_minutes: float = 120.0
    headroom: float = 0.7
    """The share of a core that is planned to be used."""
    processes: dict[str, int] = field(default_factory=dict)
    """Of `orchestrator`, `emails`, `ml`, `tracking` and `web`; what is missing is sized."""
    postgres_cores: int | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        for name in _POSITIVE:
            _expect(name, getattr(self, name), low=0.0, above=True)
        for name in ("outage_minutes", "outage_after_minutes"):
            _expect(name, getattr(self, name), low=0.0)
        _expect("retry_share", self.retry_share, low=0.0, high=0.9)
        _expect("mailed_share", self.mailed_share, low=0.0, high=1.0, above=True)
        _expect("headroom", self.headroom, low=0.0, high=1.0, above=True)
        if self.accounts > self.users:
            problem = f"is more than the {self.users:,} users"
            raise InputError(field="accounts", value=self.accounts, problem=problem, remedy="Each needs one at least")
        if self.accounts % self.installations:
            problem = f"can't share {self.accounts} accounts evenly"
            remedy = "Choose a number that divides the accounts"
            raise InputError(field="installations", value=self.installations, problem=problem, remedy=remedy)
        if self.users / self.installations / self.batch_jobs > MOST_BATCHES:
            problem = f"with batches of {self.batch_jobs} is too much to simulate"
            remedy = (
                f"Stay below {MOST_BATCHES:,} batches in an installation: larger --batch-jobs, more --installations"
            )
            raise InputError(field="users", value=self.users, problem=problem, remedy=remedy)
        _expect_roles(self.processes)

    @property
    def dispatchers(self) -> int:
        """Campaigns of one installation that are dispatched side by side."""
        return self.processes.get("orchestrator", ORCHESTRATORS)

    @property
    def senders(self) -> int:
        """Sending processes that keep the accounts of one installation busy."""
        accounts = self.accounts // self.installations
        return PROCESSES_OF_LONE_ACCOUNT if accounts == 1 else PROCESSES_PER_ACCOUNT * accounts

    @property
    def mails(self) -> int:
        """Of all installations."""
        return round(self.users * self.mailed_share)


_POSITIVE = (
    *("users", "accounts", "mails_per_s", "installations", "provider_latency_ms", "events_per_post"),
    *(
        "orders_per_user",
        "weeks_kept",
        "page_users",
        "batch_jobs",
        "batch_run_s",
        "sends_in_flight",
        "deadline_minutes",
    ),
)
ROLES = ("orchestrator", "emails", "ml", "tracking", "web")


def _expect(name: str, value: float, *, low: float, high: float = float("inf"), above: bool = False) -> None:
    if not low <= value <= high or value == float("inf") or (above and value == low):
        least = f"more than {low:g}" if above else f"at least {low:g}"
        most = "" if high == float("inf") else f" and at most {high:g}"
        option = name.replace("_", "-")
        problem = "is out of range"
        raise InputError(field=name, value=value, problem=problem, remedy=f"--{option} must be {least}{most}")


def _expect_roles(processes: dict[str, int]) -> None:
    for role, count in processes.items():
        if role not in ROLES or count < 1:
            raise InputError(
                field="workers",
                value=f"{role}={count}",
                problem="is no number of processes",
                remedy=f"Say one of {', '.join(ROLES)} and a number from 1, such as emails=8",
            )
