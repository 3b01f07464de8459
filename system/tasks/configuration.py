"""Celery's settings, each with its reason. The version is a decision of its own (docs/decisions/0001)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.schedules import schedule

from system.tasks.queues import QUEUES, QueueName

if TYPE_CHECKING:
    from system.redis_address import RedisAddress
    from system.settings import Settings

VISIBILITY_TIMEOUT_S = 900
"""Far above any task's hard limit: a message that is still worked on must not be delivered again."""
SOFT_SHUTDOWN_S = 20.0
"""A sending worker stops at its next group and a batch's last answer takes one request deadline."""
RABBIT_OPTIONS = {"confirm_publish": True}
"""Unless it confirms, RabbitMQ may die with what it was just given, and we would think that it is in a queue."""
RABBIT_HEARTBEAT_S = 10
BEAT_LOOP_S = 1
BEAT_LOCK_S = 10
"""A killed leader is replaced within this time; the default of 25 minutes would miss the week's start."""

ROUTES = {
    "orchestrator.*": {"queue": QueueName.ORCHESTRATOR.value},
    "ml.*": {"queue": QueueName.ML.value},
    "emails.*": {"queue": QueueName.EMAILS.value},
    "tracking.*": {"queue": QueueName.TRACKING.value},
}


def celery_configuration(settings: Settings) -> dict[str, Any]:
    """Everything but the task definitions."""
    return {
        **_messages(settings),
        **_broker(settings),
        **_workers(),
        **_beat(settings),
    }


def _messages(settings: Settings) -> dict[str, Any]:
    return {
        "broker_url": settings.redis_broker.broker_url if settings.redis_broker else settings.broker,
        "task_queues": QUEUES,
        "task_routes": ROUTES,
        "task_default_queue": QueueName.ORCHESTRATOR.value,
        "task_create_missing_queues": False,  # a typo in a queue's name is an error, not a queue without workers
        "task_serializer": "json",  # no pickle: a message must not be able to run code
        "accept_content": ["json"],
        "task_ignore_result": True,  # results live in Postgres; a result backend would halve the throughput
        "result_expires": 3600,  # for whoever sets a backend all the same: nothing stays for ever
        # Messages are three numbers: compressing them costs more than it saves (measured: 395-690 of 570-690 tasks/s).
        "task_compression": None,
        "task_acks_late": True,  # a killed worker's message comes back; claims make the repetition harmless
        "task_reject_on_worker_lost": True,  # same, when only the child process died
        "task_acks_on_failure_or_timeout": True,  # a task that raises is not retried by Celery: the sweep decides
        "task_soft_time_limit": 240,  # above `batch_run_s`: the batch ends itself, this is for what hangs
        "task_time_limit": 300,
        "task_publish_retry": False,  # the broker is away: the sweep publishes again, nobody waits here
    }


def _broker(settings: Settings) -> dict[str, Any]:
    timeout_s = settings.socket_timeout_s
    options: dict[str, Any] = {
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        # The default restores every tenth of a 10 s cycle, and so takes up to 100 s longer than the timeout says.
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        # Without these, a frozen broker blocks publishers and consumers for ever (measured: more than 40 s).
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": False,
    }
    address = settings.redis_broker
    return {
        "broker_transport_options": options | address.broker_options if address else RABBIT_OPTIONS,
        "broker_heartbeat": RABBIT_HEARTBEAT_S,  # Redis has `health_check_interval`
        "broker_use_ssl": address.broker_ssl if address else None,
        "broker_connection_timeout": timeout_s,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # a worker outlasts any broker outage
        # A Redis without memory or disk refuses writes; without this the worker would end, and start again for seconds.
        "broker_channel_error_retry": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # they finish; their claims fence repetition
    }


def _workers() -> dict[str, Any]:
    return {
        "worker_prefetch_multiplier": 1,  # a batch waits in the queue, where others can take it, not in a worker
        # Bounds whatever leaks, as the memory does. Rarely: a successor takes seconds to come, and where a queue
        # has one process, such as tracking, all that waits feels them (measured: events visible after 4 s, not 0.3).
        "worker_max_tasks_per_child": 20_000,
        "worker_max_memory_per_child": 600_000,  # KiB; checked after each task
        "worker_soft_shutdown_timeout": SOFT_SHUTDOWN_S,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_send_task_events": False,  # events cost a third of the throughput; the database shows the progress
        "worker_hijack_root_logger": False,  # our logs stay JSON
        "worker_proc_alive_timeout": 30.0,  # a child that loads the model on a busy machine is not dead
    }


def _beat(settings: Settings) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "beat_scheduler": "system.tasks.beat.SelfHealingScheduler",
        "beat_max_loop_interval": BEAT_LOOP_S,
        "redbeat_lock_timeout": BEAT_LOCK_S,
        **_redbeat(settings.redis, timeout_s=settings.socket_timeout_s),
        "beat_schedule": {
            "sweep": {
                "task": "orchestrator.sweep",
                "schedule": schedule(settings.sweep_interval_s),
                # Sweeps that waited while the broker or the workers were away must not all run afterwards.
                "options": {"expires": 2 * settings.sweep_interval_s},
            },
            "sync-schedules": {
                "task": "orchestrator.sync_schedules",
                "schedule": schedule(300.0),
                "options": {"expires": 300.0},
            },
        },
    }


def _redbeat(address: RedisAddress, *, timeout_s: float) -> dict[str, Any]:
    timeouts = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    if not address.is_watched:
        return {"redbeat_redis_url": address.url, "redbeat_redis_options": timeouts}
    return {
        "redbeat_redis_url": "redis-sentinel://",  # its word for: ask those of the options
        "redbeat_redis_options": {
            **timeouts,
            **{name: value for name, value in address.of_servers.items() if name in {"username", "password", "db"}},
            "sentinels": address.sentinels,
            "service_name": address.service,
            "sentinel_kwargs": address.of_sentinels,
        },
        "redbeat_redis_use_ssl": address.broker_ssl,
    }
