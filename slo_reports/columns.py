"""The fields of every line file of a run folder, with the types in which the judge reads them (DuckDB's names)."""

from __future__ import annotations

from typing import Final

from slo_reports import run_folder

_INT, _TEXT, _REAL, _BOOL = "BIGINT", "VARCHAR", "DOUBLE", "BOOLEAN"

COLUMNS: Final[dict[str, dict[str, str]]] = {
    run_folder.HISTORY: {
        "at": _REAL,
        "actor": _TEXT,  # harness, nemesis (faults), load, operator
        "type": _TEXT,  # invoke, ok, fail, info
        "f": _TEXT,  # what was done: start_campaign, inject, effect, heal, stage, …
        "value": "JSON",
        "error": _TEXT,
    },
    run_folder.LEDGER: {
        "seq": _INT,
        "kind": _TEXT,  # accepted, rejected, fault
        "received_at": _REAL,
        "message_id": _TEXT,
        "campaign_id": _INT,  # this and the next five: the mail's custom_args
        "user_id": _INT,
        "job_id": _INT,
        "attempt_id": _TEXT,
        "week_key": _TEXT,
        "content_hash": _TEXT,
        "recipient": _TEXT,  # keyed hash of the address
        "status": _INT,  # of a rejection
        "message": _TEXT,
        "retry_at": _REAL,  # when a 429 asked to come back
        "rule": _TEXT,  # of a fault
        "fault": _TEXT,
    },
    run_folder.CAMPAIGNS: {
        "campaign_id": _INT,
        "newsletter": _TEXT,
        "week_key": _TEXT,
        "state": _TEXT,
        "triggered_by": _TEXT,
        "jobs_total": _INT,
        "created_at": _REAL,
        "completed_at": _REAL,
    },
    run_folder.JOBS: {
        "job_id": _INT,
        "user_id": _INT,
        "status": _TEXT,
        "reason": _TEXT,
        "attempt": _INT,
        "attempt_id": _TEXT,
        "message_id": _TEXT,
        "product_ids": "BIGINT[]",
        "model_version": _TEXT,
        "recipient": _TEXT,  # the same keyed hash as in the ledger, from the user's row
        "suppressed_at": _REAL,
        "created_at": _REAL,
        "accepted_at": _REAL,
        "delivered_at": _REAL,
        "lease_until": _REAL,
        "next_attempt_at": _REAL,
    },
    run_folder.ATTEMPTS: {
        "attempt_id": _TEXT,
        "job_id": _INT,
        "attempt": _INT,
        "worker": _TEXT,
        "content_hash": _TEXT,
        "intent_at": _REAL,
        "outcome": _TEXT,  # accepted, refused, rejected, ambiguous, released, lapsed; null: none written
        "outcome_at": _REAL,
        "detail": _TEXT,
    },
    run_folder.TRANSITIONS: {
        "seq": _INT,
        "job_id": _INT,
        "happening": _TEXT,
        "from_status": _TEXT,
        "to_status": _TEXT,
        "attempt_id": _TEXT,
        "reason": _TEXT,
        "at": _REAL,
    },
    run_folder.EVENTS: {
        "sg_event_id": _TEXT,
        "job_id": _INT,
        "attempt_id": _TEXT,
        "kind": _TEXT,
        "happened_at": _REAL,
        "received_at": _REAL,
        "applied_at": _REAL,
        "inbox_id": _INT,
    },
    run_folder.INBOX: {
        "inbox_id": _INT,
        "digest": _TEXT,  # first 16 hex digits of the SHA-256 of timestamp and body
        "received_at": _REAL,
        "applied_at": _REAL,
        "events_applied": _INT,
        "events_repeated": _INT,
        "events_foreign": _INT,
    },
    run_folder.REQUESTS: {
        "n": _INT,
        "user": _TEXT,  # provider, or what kind of attack: forged, tampered, stale, replayed, oversize, malformed
        "stage": _TEXT,  # warm-up, hold, spike, soak
        "intended_at": _REAL,
        "sent_at": _REAL,
        "done_at": _REAL,
        "status": _INT,  # 0: no answer
        "events": _INT,
        "bytes": _INT,
        "digest": _TEXT,  # as in the inbox
        "event_ids": "VARCHAR[]",  # of attacks only: what must never be applied
        "error": _TEXT,
        "dropped": _BOOL,  # never sent, because too many were in flight: a failure
    },
    run_folder.SAMPLES: {
        "at": _REAL,
        "at_s": _REAL,  # since the campaign's start
        "jobs": "MAP(VARCHAR, BIGINT)",
        "queues": "MAP(VARCHAR, BIGINT)",
        "mails_per_s": _REAL,
        "breaker": _TEXT,  # open, closed, unknown
        "inbox_waiting": _INT,
        "connections": _INT,  # of PostgreSQL
        "redis_mb": _REAL,
    },
    run_folder.PROCESSES: {
        "at": _REAL,
        "program": _TEXT,
        "cpu_percent": _REAL,  # of one core
        "rss_mb": _REAL,
        "fds": _INT,
        "processes": _INT,
    },
}

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    run_folder.HISTORY: ("at", "actor", "type", "f"),
    run_folder.LEDGER: ("seq", "kind", "received_at"),
    run_folder.CAMPAIGNS: ("campaign_id", "newsletter", "week_key"),
    run_folder.JOBS: ("job_id", "user_id", "status"),
    run_folder.ATTEMPTS: ("attempt_id", "job_id", "attempt", "intent_at"),
    run_folder.TRANSITIONS: ("seq", "job_id", "happening", "from_status", "to_status", "at"),
    run_folder.EVENTS: ("sg_event_id", "job_id", "attempt_id", "kind", "received_at"),
    run_folder.INBOX: ("inbox_id", "digest", "received_at"),
    run_folder.REQUESTS: ("n", "user", "intended_at"),
    run_folder.SAMPLES: ("at", "jobs"),
    run_folder.PROCESSES: ("at", "program", "rss_mb", "fds"),
}
"""The fields without which a line says nothing; the others may be null."""
