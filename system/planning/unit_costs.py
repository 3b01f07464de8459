"""What one user, mail, event and post cost: the values of unit_costs.toml, checked."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from system.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

Cost = Annotated[float, Field(gt=0)]


class UnitCosts(BaseModel):
    """Milliseconds are of CPU, `mb` are 10^6 bytes, a table's name stands for the bytes of a row with its indexes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    emails_ms_per_mail: Cost
    redis_ms_per_mail: Cost
    postgres_ms_per_mail: Cost
    """Without the mail's events."""
    postgres_ms_per_event: Cost
    tracking_ms_per_event: Cost
    web_ms_per_post: Cost
    orchestrator_ms_per_job: Cost
    ml_ms_per_job: Cost

    orchestrator_idle_cores: Cost
    emails_idle_cores: Cost
    redis_idle_cores: Cost
    beat_idle_cores: Cost

    orchestrator_mb_per_process: Cost
    ml_mb_per_process: Cost
    emails_mb_per_process: Cost
    tracking_mb_per_process: Cost
    web_mb_per_process: Cost

    events_per_mail: Cost
    transitions_per_mail: Cost
    use_of_limit: Annotated[float, Field(gt=0, le=1)]
    start_s: Cost
    finish_s: Cost
    recover_s: Cost
    dispatch_jobs_per_s: Cost

    email_jobs: Cost
    send_attempts: Cost
    job_transitions: Cost
    email_events: Cost
    users: Cost
    orders: Cost
    webhook_inbox_event: Cost
    message: Cost

    @property
    def postgres_ms_per_sent_mail(self) -> float:
        """With the mail's events, on which PostgreSQL works while further mails go out."""
        return self.postgres_ms_per_mail + self.events_per_mail * self.postgres_ms_per_event


def read_unit_costs(path: Path | None = None) -> UnitCosts:
    """The committed costs, or those of another file; InputError names what is wrong with it."""
    source = path or files("system.planning").joinpath("unit_costs.toml")
    try:
        measurements = tomllib.loads(source.read_text(encoding="utf-8")).get("measurement", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise _unusable(path, f"can't be read: {exc}") from None
    values: dict[str, Any] = {}
    for measurement in measurements:
        if not isinstance(measurement, dict) or "command" not in measurement:
            raise _unusable(path, "has a [[measurement]] without the command that measured it")
        values |= measurement.get("values", {})
    try:
        return UnitCosts.model_validate(values)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        raise _unusable(path, f"is wrong at {first['loc'][0]}: {first['msg']}") from None


def _unusable(path: Path | None, problem: str) -> InputError:
    remedy = "system/planning/unit_costs.toml shows the form"
    return InputError(field="costs", value=str(path), problem=problem, remedy=remedy)
