"""The compact form of a run's tables: Parquet columns without anything that is random or can be derived.

Ids that a machine drew are numbered instead, the same in every file: equal stays equal, different stays different.
An attempt is called after its job and its number; the fingerprint of a mail's content is computed again from its job.
Times are cut to milliseconds; those of the provider's ledger stay as they are, for the rolling second is counted on
them. What fits none of this (an attempt that nobody wrote down) stands in a column of strays, as it was.
"""

# ruff: noqa: S608  # the words in these statements are this file's own

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from slo_reports import run_folder

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

ENDING: Final = ".parquet"

_FINGERPRINT: Final = (
    "left(sha256(concat('(', user_id, ', [', array_to_string(product_ids, ', '), '], ''', model_version, ''')')), 8)"
)
# Of a mail's content, as the sender computes it: Python's repr of (user_id, [product_ids], 'model_version').


def _cut(*columns: str, digits: int = 3) -> str:
    """Cut, not rounded: what came first still does, beside times that are kept as they are."""
    scale = 10**digits
    return ", ".join(
        f'CAST(floor(t."{column}" * {scale} + {scale}e-6) / {scale} AS DECIMAL(16, {digits})) AS "{column}"'
        for column in columns
    )


def _real(*columns: str) -> str:
    return ", ".join(f'CAST(t."{column}" AS DOUBLE) AS "{column}"' for column in columns)


_ATTEMPT: Final = """
    CASE WHEN known.job_id = t.job_id THEN known.attempt END AS attempt_number,
    CASE WHEN known.job_id IS DISTINCT FROM t.job_id THEN t.attempt_id END AS stray_attempt
"""
_ATTEMPT_ID: Final = """
    coalesce(stray_attempt, CASE WHEN attempt_number IS NOT NULL THEN concat(t.job_id, '.', attempt_number) END)
        AS attempt_id
"""
_CONTENT: Final = """
    t.content_hash IS NOT DISTINCT FROM job.fingerprint AS is_own_content,
    CASE WHEN t.content_hash IS DISTINCT FROM job.fingerprint THEN t.content_hash END AS stray_content
"""
_CONTENT_HASH: Final = "CASE WHEN is_own_content THEN fingerprint ELSE stray_content END AS content_hash"
_OWNERS: Final = "owner AS (SELECT recipient, min(user_id) AS number FROM jobs GROUP BY 1)"
_NUMBERED: Final = """
    numbered AS (
        SELECT sg_event_id, row_number() OVER (
            ORDER BY min(inbox_id), min(applied_at), min(happened_at), min(job_id), sg_event_id) AS number
        FROM events GROUP BY 1)
"""

# What was packed before 429s were kept with their time lacks the column.
_LEDGER: Final = "FROM read_parquet($packed) UNION ALL BY NAME SELECT NULL::DOUBLE AS retry_at WHERE false"

PACK: Final[dict[str, str]] = {
    run_folder.LEDGER: f"""
        WITH job AS (SELECT job_id, user_id, recipient, {_FINGERPRINT} AS fingerprint FROM jobs), {_OWNERS}
        SELECT t.seq, kind, CAST(t.received_at AS DECIMAL(18, 7)) AS received_at,
               CASE WHEN t.message_id IS NOT NULL THEN min(t.seq) OVER (PARTITION BY t.message_id) END
                   AS message_number,
               t.campaign_id, t.job_id, {_ATTEMPT}, week_key, {_CONTENT},
               t.user_id IS NOT DISTINCT FROM job.user_id AS is_own_user,
               CASE WHEN t.user_id IS DISTINCT FROM job.user_id THEN t.user_id END AS other_user,
               t.recipient IS NOT DISTINCT FROM job.recipient AS is_own_recipient,
               CASE WHEN t.recipient IS DISTINCT FROM job.recipient THEN owner.number END AS other_recipient,
               CASE WHEN t.recipient IS DISTINCT FROM job.recipient AND owner.number IS NULL THEN t.recipient END
                   AS stray_recipient,
               t.status, message, t.retry_at, rule, fault
        FROM ledger t LEFT JOIN job ON job.job_id = t.job_id LEFT JOIN owner ON owner.recipient = t.recipient
        LEFT JOIN attempts known ON known.attempt_id = t.attempt_id
        ORDER BY t.seq
    """,
    run_folder.JOBS: f"""
        WITH mail AS (SELECT message_id, min(seq) AS number FROM ledger GROUP BY 1), {_OWNERS}
        SELECT t.job_id, t.user_id, t.status, t.reason, t.attempt, {_ATTEMPT}, mail.number AS message_number,
               CASE WHEN mail.number IS NULL THEN t.message_id END AS stray_message, product_ids, model_version,
               owner.number AS recipient_number,
               {_cut("suppressed_at", "created_at", "accepted_at", "delivered_at", "lease_until", "next_attempt_at")}
        FROM jobs t LEFT JOIN mail ON mail.message_id = t.message_id LEFT JOIN owner ON owner.recipient = t.recipient
        LEFT JOIN attempts known ON known.attempt_id = t.attempt_id
        ORDER BY t.job_id
    """,
    run_folder.ATTEMPTS: f"""
        WITH job AS (SELECT job_id, {_FINGERPRINT} AS fingerprint FROM jobs)
        SELECT t.job_id, t.attempt,
               CASE WHEN worker IS NOT NULL THEN dense_rank() OVER (ORDER BY worker) END AS worker_number,
               {_CONTENT}, {_cut("intent_at", "outcome_at")}, outcome, detail
        FROM attempts t LEFT JOIN job ON job.job_id = t.job_id
        ORDER BY t.job_id, t.attempt
    """,
    run_folder.TRANSITIONS: f"""
        SELECT t.seq, t.job_id, happening, from_status, to_status, {_ATTEMPT}, reason, {_cut("at")}
        FROM transitions t LEFT JOIN attempts known ON known.attempt_id = t.attempt_id
        ORDER BY happening, t.seq
    """,
    run_folder.EVENTS: f"""
        WITH {_NUMBERED}
        SELECT numbered.number, t.job_id, {_ATTEMPT}, kind, {_cut("happened_at", "received_at", "applied_at")},
               t.inbox_id
        FROM events t JOIN numbered ON numbered.sg_event_id = t.sg_event_id
        LEFT JOIN attempts known ON known.attempt_id = t.attempt_id
        ORDER BY numbered.number
    """,
    run_folder.INBOX: f"""
        SELECT inbox_id, min(inbox_id) OVER (PARTITION BY digest) AS digest_number, {_cut("received_at", "applied_at")},
               events_applied, events_repeated, events_foreign
        FROM inbox t ORDER BY inbox_id
    """,
    run_folder.REQUESTS: f"""
        WITH {_NUMBERED}, post AS (SELECT digest, min(inbox_id) AS number FROM inbox GROUP BY 1),
        attack AS (SELECT n, unnest(event_ids) AS sg_event_id FROM requests),
        called AS (SELECT n, coalesce(number, -dense_rank() OVER (ORDER BY attack.sg_event_id)) AS number
                   FROM attack LEFT JOIN numbered ON numbered.sg_event_id = attack.sg_event_id),
        listed AS (SELECT n, list(number ORDER BY number) AS event_numbers FROM called GROUP BY 1)
        SELECT t.n, "user", stage, {_cut("intended_at", "sent_at", "done_at", digits=4)}, status, events, bytes,
               post.number AS post_number,
               CASE WHEN t.digest IS NOT NULL THEN min(t.n) OVER (PARTITION BY t.digest) END AS digest_number,
               CASE WHEN t.event_ids IS NOT NULL THEN coalesce(event_numbers, []) END AS event_numbers, error, dropped
        FROM requests t LEFT JOIN post ON post.digest = t.digest LEFT JOIN listed ON listed.n = t.n
        ORDER BY t.n
    """,
    run_folder.SAMPLES: f"""
        SELECT {_cut("at", "at_s")}, jobs, queues, CAST(mails_per_s AS DECIMAL(10, 2)) AS mails_per_s, breaker,
               inbox_waiting, connections, CAST(redis_mb AS DECIMAL(10, 2)) AS redis_mb
        FROM samples t ORDER BY t."at"
    """,
    run_folder.PROCESSES: f"""
        SELECT {_cut("at")}, program, CAST(cpu_percent AS DECIMAL(10, 1)) AS cpu_percent,
               CAST(rss_mb AS DECIMAL(12, 1)) AS rss_mb, fds, processes
        FROM processes t ORDER BY program, t."at"
    """,
}
"""What is kept of each table, from the tables of the whole run."""

UNPACK: Final[dict[str, str]] = {
    run_folder.LEDGER: f"""
        WITH job AS (SELECT job_id, user_id, recipient_number, {_FINGERPRINT} AS fingerprint FROM read_parquet($jobs))
        SELECT seq, kind, {_real("received_at")}, 'm' || message_number AS message_id, campaign_id,
               CASE WHEN is_own_user THEN user_id ELSE other_user END AS user_id, t.job_id, {_ATTEMPT_ID}, week_key,
               {_CONTENT_HASH},
               coalesce(stray_recipient,
                        'r' || CASE WHEN is_own_recipient THEN recipient_number ELSE other_recipient END) AS recipient,
               status, message, retry_at, rule, fault
        FROM ({_LEDGER}) t LEFT JOIN job ON job.job_id = t.job_id
    """,
    run_folder.JOBS: f"""
        SELECT job_id, user_id, status, reason, attempt, {_ATTEMPT_ID},
               coalesce(stray_message, 'm' || message_number) AS message_id, product_ids, model_version,
               'r' || recipient_number AS recipient,
               {_real("suppressed_at", "created_at", "accepted_at", "delivered_at", "lease_until", "next_attempt_at")}
        FROM read_parquet($packed) t
    """,
    run_folder.ATTEMPTS: f"""
        WITH job AS (SELECT job_id, {_FINGERPRINT} AS fingerprint FROM read_parquet($jobs))
        SELECT concat(t.job_id, '.', attempt) AS attempt_id, t.job_id, attempt, 'w' || worker_number AS worker,
               {_CONTENT_HASH}, {_real("intent_at")}, outcome, {_real("outcome_at")}, detail
        FROM read_parquet($packed) t LEFT JOIN job ON job.job_id = t.job_id
    """,
    run_folder.TRANSITIONS: f"""
        SELECT seq, job_id, happening, from_status, to_status, {_ATTEMPT_ID}, reason, {_real("at")}
        FROM read_parquet($packed) t
    """,
    run_folder.EVENTS: f"""
        SELECT 'e' || number AS sg_event_id, job_id, {_ATTEMPT_ID}, kind,
               {_real("happened_at", "received_at", "applied_at")}, inbox_id
        FROM read_parquet($packed) t
    """,
    run_folder.INBOX: f"""
        SELECT inbox_id, 'd' || digest_number AS digest, {_real("received_at", "applied_at")}, events_applied,
               events_repeated, events_foreign
        FROM read_parquet($packed) t
    """,
    run_folder.REQUESTS: f"""
        SELECT n, "user", stage, {_real("intended_at", "sent_at", "done_at")}, status, events, bytes,
               coalesce('d' || post_number, 'n' || digest_number) AS digest,
               list_transform(event_numbers, lambda x: CASE WHEN x > 0 THEN 'e' || x ELSE 'x' || -x END) AS event_ids,
               error, dropped
        FROM read_parquet($packed) t
    """,
    run_folder.SAMPLES: f"""
        SELECT {_real("at", "at_s")}, jobs, queues, {_real("mails_per_s")}, breaker, inbox_waiting, connections,
               {_real("redis_mb")}
        FROM read_parquet($packed) t
    """,
    run_folder.PROCESSES: f"""
        SELECT {_real("at")}, program, {_real("cpu_percent", "rss_mb")}, fds, processes FROM read_parquet($packed) t
    """,
}
"""The table again, from its packed file and from that of the jobs; columns as `columns.py` names them."""


def packed_path(folder: Path, name: str) -> Path:
    """Where the compact form of a line file stands."""
    return folder / (name.removesuffix(".jsonl") + ENDING)


def unpacking(folder: Path, name: str) -> str:
    """The statement that reads a packed file."""
    statement = UNPACK[name]
    for place, path in (("$packed", packed_path(folder, name)), ("$jobs", packed_path(folder, run_folder.JOBS))):
        statement = statement.replace(place, "'" + str(path).replace("'", "''") + "'")
    return statement


def packed_fingerprint(database: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Any]:
    """Lines, bytes and SHA-256 of a packed file; duckdb.Error when it is none."""
    ((lines,),) = database.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()
    content = path.read_bytes()
    return {"lines": lines, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
