"""The way of a trace through Celery's messages: one trace a batch, from the first message about it to its last task.

OpenTelemetry's own instrumentation of Celery keeps everything that a task enqueues in that task's trace: a campaign of
200 batches would be a single one.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import structlog
from celery import current_app, signals

from system import tracing
from system.tasks.context import ids_of

if TYPE_CHECKING:
    from celery import Task

UNTRACED: Final = frozenset({"orchestrator.sweep", "orchestrator.sync_schedules"})
"""Run every few seconds and mostly find nothing; what a sweep does find begins traces of its own."""

_open: dict[str, ExitStack] = {}


def trace_tasks() -> None:
    """Let this process hand on traces with its messages and, if it becomes a worker, continue them."""
    if not tracing.is_on():
        return
    signals.before_task_publish.connect(_hand_on)
    signals.task_prerun.connect(_begin)
    signals.task_failure.connect(_fail)
    signals.task_postrun.connect(_end)
    signals.worker_process_shutdown.connect(_flush)


def _hand_on(sender: str, headers: dict[str, Any], body: tuple[Any, Any, Any], **_: Any) -> None:
    if sender in UNTRACED:
        return
    task = current_app.tasks.get(sender)
    ids = ids_of(task, body[0], body[1]) if task else {}
    present = structlog.contextvars.get_contextvars()
    is_another_batch = "batch" in ids and any(present.get(name) != ids[name] for name in ("campaign_id", "batch"))
    traceparent = None if is_another_batch else tracing.current()
    headers[tracing.TRACEPARENT] = traceparent or tracing.begin_trace(f"publish {sender}", **ids)


def _begin(task: Task[..., Any], task_id: str, **_: Any) -> None:
    if task.name in UNTRACED:
        return
    stack = _open[task_id] = ExitStack()
    given = getattr(task.request, tracing.TRACEPARENT, None)
    within = given if isinstance(given, str) else None
    stack.enter_context(tracing.span(f"run {task.name}", kind="consumer", within=within))


def _fail(exception: BaseException, **_: Any) -> None:
    tracing.fail(exception)


def _end(task_id: str, **_: Any) -> None:
    stack = _open.pop(task_id, None)
    if stack is not None:
        stack.close()


def _flush(**_: Any) -> None:
    tracing.flush()
