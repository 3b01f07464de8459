"""I2 and I8: what the provider accepted is what the database says, and every mail had its intent first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from slo_reports import run_folder
from slo_reports.verdict import Kind, Status, Verdict

if TYPE_CHECKING:
    from slo_reports.run_folder import RunFolder

SENT = frozenset({"accepted", "delivered", "bounced", "dropped"})


def check_ledger(run: RunFolder) -> Verdict:
    """Ghosts were accepted but the database does not know; phantoms only the database believes in."""
    accepted = {
        int(line["custom_args"]["job_id"]) for line in run.lines(run_folder.LEDGER) if line["kind"] == "accepted"
    }
    believed = {job["job_id"] for job in run.lines(run_folder.JOBS) if job["status"] in SENT}
    ghosts, phantoms = sorted(accepted - believed), sorted(believed - accepted)
    return Verdict(
        id="I2",
        name="ledger_reconciles",
        kind=Kind.INVARIANT,
        status=Status.UNKNOWN if not accepted else Status.MISSED if ghosts or phantoms else Status.MET,
        says=f"provider {len(accepted):,}, database {len(believed):,}: {len(ghosts)} ghosts, {len(phantoms)} phantoms",
        evidence=tuple([f"ghost job {job}" for job in ghosts[:25]] + [f"phantom job {job}" for job in phantoms[:25]]),
    )


def check_intents(run: RunFolder) -> Verdict:
    """Every mail that the provider accepted carries an attempt whose intent was written before its receipt."""
    intents = {
        attempt["attempt_id"]: datetime.fromisoformat(attempt["intent_at"]).timestamp()
        for attempt in run.lines(run_folder.ATTEMPTS)
    }
    late, mails = [], 0
    for line in run.lines(run_folder.LEDGER):
        if line["kind"] == "accepted":
            mails += 1
            attempt_id = line["custom_args"]["attempt_id"]
            if intents.get(attempt_id, float("inf")) > line["received_at"]:
                late.append(attempt_id)
    return Verdict(
        id="I8",
        name="intent_before_bytes",
        kind=Kind.INVARIANT,
        status=Status.UNKNOWN if not mails else Status.MISSED if late else Status.MET,
        says=f"{len(late)} of {mails:,} mails came without an earlier intent",
        evidence=tuple(f"attempt {attempt_id}" for attempt_id in late[:50]),
    )
