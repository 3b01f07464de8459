"""The line files of a synthetic run as SQL: who was mailed when, what came back, and what the load asked for."""

from __future__ import annotations

from typing import Final

from slo_reports import run_folder

PARAMETERS: Final = """
CREATE TABLE p AS SELECT
    $users::BIGINT AS users, $seed::VARCHAR AS seed, $start_at::DOUBLE AS start_at, $outage_s::DOUBLE AS outage_s,
    $load_s::BIGINT AS load_s, 0.01002::DOUBLE AS gap_s, 1.5::DOUBLE AS lead_s, 1.0::DOUBLE AS recovery_s
"""
"""One row: 99.8 mails/s after `lead_s` of preparation, and the first mail `recovery_s` after healing."""

PEOPLE: Final = """
CREATE TABLE people AS
WITH judged AS (
    SELECT user_id, hash(user_id, p.seed) AS h, h % 50 = 0 AS skipped, (h // 50) % 100 = 0 AS bounces
    FROM p, range(1, (SELECT users + 1 FROM p)) AS r (user_id)
), placed AS (
    SELECT *, CASE WHEN NOT skipped THEN row_number() OVER (PARTITION BY skipped ORDER BY user_id) - 1 END AS place,
           (SELECT count(*) // 2 FROM judged WHERE NOT skipped) AS places_before_outage
    FROM judged
)
SELECT user_id, user_id AS job_id, h, skipped, bounces, place,
       place >= places_before_outage AND place < places_before_outage + 10 AS refused_first,
       p.start_at + p.lead_s + place * p.gap_s + (h // 5000 % 1000) * 8e-7
           + CASE WHEN place >= places_before_outage THEN p.outage_s + p.recovery_s ELSE 0 END AS received_at,
       p.start_at + p.lead_s + places_before_outage * p.gap_s AS outage_at,
       md5(concat('attempt', p.seed, user_id))::UUID::VARCHAR AS attempt_id,
       md5(concat('first', p.seed, user_id))::UUID::VARCHAR AS refused_attempt_id,
       substr(md5(concat('message', p.seed, user_id)), 1, 22) AS message_id,
       substr(md5(concat('recipient', p.seed, user_id)), 1, 16) AS recipient,
       CASE WHEN NOT skipped THEN list_transform(range(5), lambda n: (h // 7 + n * 37)::BIGINT % 2000 + 1) END
           AS product_ids,
       CASE WHEN NOT skipped THEN '2026-11-20-5eed5eed' END AS model_version,
       substr(sha256(concat('(', user_id, ', [', array_to_string(product_ids, ', '), '], ''', model_version, ''')')),
              1, 8) AS content_hash
FROM placed, p
"""

EVENTS: Final = """
CREATE TABLE mail_events AS
SELECT concat('e-', kind, '-', user_id) AS sg_event_id, job_id, attempt_id, kind,
       floor(received_at + after_s) AS happened_at, p.start_at + ceil((received_at + after_s - p.start_at) * 2) / 2
           AS posted_at, posted_at + 0.004 AS received_at, posted_at + 0.05 AS applied_at,
       ((posted_at - p.start_at) * 2)::BIGINT AS inbox_id
FROM people, p, (VALUES ('processed', 0.2), ('delivered', 0.9), ('bounce', 0.9), ('open', 4.0), ('click', 7.0))
    AS k (kind, after_s)
WHERE NOT skipped AND CASE kind WHEN 'delivered' THEN NOT bounces WHEN 'bounce' THEN bounces
    WHEN 'open' THEN NOT bounces AND h % 10 < 3 WHEN 'click' THEN NOT bounces AND h % 20 = 1 ELSE true END
"""

REQUESTS: Final = """
CREATE TABLE load AS
WITH arrivals AS (
    SELECT n, p.start_at + n / 11 AS intended_at, hash(n, p.seed, 'load') AS h, n % 11 = 10 AS attacks,
           ['forged', 'tampered', 'stale', 'replayed', 'oversize', 'malformed'][(n // 11) % 6 + 1] AS attack
    FROM p, range(0, (SELECT load_s * 11 FROM p)) AS r (n)
)
SELECT n, CASE WHEN attacks THEN attack ELSE 'provider' END AS user,
       CASE WHEN n < p.load_s * 1.1 THEN 'warm-up' WHEN n < p.load_s * 6.6 THEN 'hold'
            WHEN n < p.load_s * 7.7 THEN 'spike' ELSE 'soak' END AS stage,
       intended_at, intended_at + 0.0002 + h % 800 / 1e6 AS sent_at, sent_at + 0.004 + h // 800 % 9000 / 1e6 AS done_at,
       CASE user WHEN 'provider' THEN 204 WHEN 'replayed' THEN 204 WHEN 'oversize' THEN 413 WHEN 'malformed' THEN 400
            ELSE 403 END AS status,
       CASE user WHEN 'oversize' THEN 0 WHEN 'malformed' THEN 0 ELSE 50 END AS events, events * 420 AS bytes,
       substr(sha256(concat('post', p.seed, CASE user WHEN 'replayed' THEN n - 5 ELSE n END)), 1, 16) AS digest,
       CASE WHEN attacks AND user != 'replayed' THEN [concat('attack-', n)] END AS event_ids,
       NULL::VARCHAR AS error, false AS dropped
FROM arrivals, p
"""

SECONDS: Final = """
CREATE TABLE seconds AS
WITH ticks AS (
    SELECT t, p.start_at + t AS "at" FROM p, range(0, (
        SELECT greatest((SELECT max(applied_at) FROM mail_events) - start_at, load_s)::BIGINT + 12 FROM p)) AS r (t)
), sent AS (
    SELECT floor(received_at - p.start_at)::BIGINT + 1 AS t, count(*) AS mails,
           count(*) FILTER (WHERE bounces) AS bounced
    FROM people, p WHERE NOT skipped GROUP BY ALL
)
SELECT t, "at", coalesce(mails, 0) AS mails, sum(coalesce(mails, 0)) OVER w AS sent,
       sum(coalesce(bounced, 0)) OVER w AS bounced,
       (SELECT any_value(outage_at) FROM people) AS outage_at
FROM ticks LEFT JOIN sent USING (t) WINDOW w AS (ORDER BY t)
"""

TABLES: Final = (PARAMETERS, PEOPLE, EVENTS, REQUESTS, SECONDS)

FILES: Final[dict[str, str]] = {
    run_folder.LEDGER: """
        SELECT row_number() OVER (ORDER BY received_at) AS seq, 'accepted' AS kind, received_at, message_id,
               1 AS campaign_id, user_id, job_id, attempt_id, '2026-W47' AS week_key, content_hash, recipient
        FROM people WHERE NOT skipped ORDER BY received_at
    """,
    run_folder.CAMPAIGNS: """
        SELECT 1 AS campaign_id, 'weekly-recos' AS newsletter, '2026-W47' AS week_key, 'completed' AS state,
               'schedule' AS triggered_by, users AS jobs_total, start_at AS created_at,
               (SELECT max(received_at) FROM people) + 0.3 AS completed_at FROM p
        UNION ALL
        SELECT 2, 'weekly-recos', '2026-W46', 'completed', 'schedule', users, start_at - 604800, start_at - 603800
        FROM p
    """,
    run_folder.JOBS: """
        SELECT job_id, user_id, CASE WHEN skipped THEN 'skipped' WHEN bounces THEN 'bounced' ELSE 'delivered' END
                   AS status, CASE WHEN skipped THEN 'no address' WHEN bounces THEN '550 no such user' END AS reason,
               CASE WHEN skipped THEN 0 WHEN refused_first THEN 2 ELSE 1 END AS attempt,
               CASE WHEN NOT skipped THEN attempt_id END AS attempt_id,
               CASE WHEN NOT skipped THEN message_id END AS message_id, product_ids, model_version, recipient,
               CASE WHEN bounces AND NOT skipped THEN received_at + 1.5 END AS suppressed_at,
               p.start_at + 0.2 AS created_at, received_at + 0.02 AS accepted_at,
               CASE WHEN NOT bounces THEN floor(received_at + 0.9) END AS delivered_at, NULL AS lease_until,
               p.start_at + 0.2 AS next_attempt_at
        FROM people, p ORDER BY job_id
    """,
    run_folder.ATTEMPTS: """
        SELECT attempt_id, job_id, CASE WHEN refused_first THEN 2 ELSE 1 END AS attempt, 'worker:1' AS worker,
               content_hash, received_at - 0.03 AS intent_at, 'accepted' AS outcome, received_at + 0.02 AS outcome_at,
               NULL AS detail
        FROM people WHERE NOT skipped
        UNION ALL
        SELECT refused_attempt_id, job_id, 1, 'worker:1', content_hash, outage_at + 0.1, 'refused', outage_at + 0.15,
               'connection refused'
        FROM people WHERE refused_first
        ORDER BY intent_at
    """,
    run_folder.TRANSITIONS: """
        SELECT job_id * 16 + step AS seq, job_id, happening, from_status, to_status,
               CASE WHEN step < 7 AND step > 3 THEN refused_attempt_id WHEN step > 8 THEN attempt_id END AS attempt_id,
               CASE to_status WHEN 'bounced' THEN '550 no such user' END AS reason,
               CASE WHEN step = 1 THEN p.start_at + 0.8 WHEN step < 7 THEN outage_at + step / 50
                    ELSE received_at + after_s END AS "at"
        FROM people, p, (VALUES
            (1, 'recommended', 'pending', 'ready', 0), (3, 'claimed', 'ready', 'claimed', 0),
            (4, 'intent', 'claimed', 'sending', 0), (6, 'answer_refused', 'sending', 'ready', 0),
            (8, 'claimed', 'ready', 'claimed', -0.05), (9, 'intent', 'claimed', 'sending', -0.03),
            (10, 'answer_accepted', 'sending', 'accepted', 0.02),
            (11, 'evidence_delivered', 'accepted', 'delivered', 1.5),
            (12, 'evidence_bounced', 'accepted', 'bounced', 1.5)
        ) AS s (step, happening, from_status, to_status, after_s)
        WHERE NOT skipped AND CASE step WHEN 11 THEN NOT bounces WHEN 12 THEN bounces ELSE true END
          AND (step NOT IN (3, 4, 6) OR refused_first)
    """,
    run_folder.EVENTS: """
        SELECT sg_event_id, job_id, attempt_id, kind, happened_at, received_at, applied_at, inbox_id
        FROM mail_events ORDER BY inbox_id
    """,
    run_folder.INBOX: """
        SELECT inbox_id, substr(sha256(concat('mail', inbox_id)), 1, 16) AS digest, any_value(received_at)
                   AS received_at, any_value(applied_at) AS applied_at, count(*) AS events_applied,
               0 AS events_repeated, 0 AS events_foreign
        FROM mail_events GROUP BY inbox_id
        UNION ALL
        SELECT 10000000 + n, digest, sent_at + 0.002, done_at + 0.03, events, 0, 0 FROM load WHERE user = 'provider'
    """,
    run_folder.REQUESTS: "SELECT * FROM load ORDER BY n",
    run_folder.SAMPLES: """
        SELECT "at", t::DOUBLE AS at_s,
               {'ready': people - sent, 'delivered': sent - bounced, 'bounced': bounced, 'skipped': users - people}
                   AS jobs,
               {'orchestrator': 0, 'ml': 0, 'emails': least(2, people - sent), 'tracking': t % 2} AS queues,
               mails::DOUBLE AS mails_per_s,
               CASE WHEN "at" > outage_at + 1 AND "at" < outage_at + p.outage_s + 1 THEN 'open' ELSE 'closed' END
                   AS breaker, t % 3 AS inbox_waiting, 24 + t % 3 AS connections, 9 + t % 7 / 10 AS redis_mb
        FROM seconds, p, (SELECT count(*) FILTER (WHERE NOT skipped) AS people FROM people) ORDER BY t
    """,
    run_folder.PROCESSES: """
        SELECT "at", program, round(cpu_percent * (0.9 + hash(t, program) % 20 / 100), 1) AS cpu_percent,
               rss_mb + hash(t, program, 'rss') % 10 / 10 AS rss_mb, fds + t % 3 AS fds, processes
        FROM seconds, (VALUES
            ('web', 31.0, 142.0, 40, 1), ('worker-emails', 24.0, 310.0, 96, 3), ('worker-ml', 1.0, 290.0, 40, 2),
            ('worker-orchestrator', 2.0, 130.0, 30, 2), ('worker-tracking', 21.0, 170.0, 36, 2),
            ('beat-1', 0.3, 92.0, 14, 1), ('beat-2', 0.2, 92.0, 14, 1), ('postgres', 26.0, 240.0, 310, 24),
            ('redis', 3.0, 12.0, 40, 1), ('fake_sendgrid', 19.0, 160.0, 60, 1))
            AS s (program, cpu_percent, rss_mb, fds, processes)
        ORDER BY t, program
    """,
}
