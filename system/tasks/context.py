"""Whose work a worker is doing: bound while a task runs, and so on every log line, error report and span within."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import structlog
from celery import signals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from celery import Task


def bind_tasks() -> None:
    """Let this process, if it becomes a worker, bind the ids of each task while it runs."""
    signals.task_prerun.connect(_bind)
    signals.task_postrun.connect(_release)


def ids_of(task: Task[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Campaign and batch as the task's arguments name them; arguments may be any, for messages can be malformed."""
    given: dict[str, Any] = {**dict(zip(inspect.signature(task.run).parameters, args, strict=False)), **kwargs}
    ids: dict[str, Any] = {name: given[name] for name in ("campaign_id", "newsletter", "week_key") if name in given}
    if {"first_id", "last_id"} <= given.keys():
        ids["batch"] = batch_name(given["first_id"], given["last_id"])
    return ids


def batch_name(first_id: object, last_id: object) -> str:
    """How a range of jobs is called in logs, errors and traces."""
    return f"{first_id}-{last_id}"


def _bind(task: Task[..., Any], task_id: str, args: Sequence[Any], kwargs: Mapping[str, Any], **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    queue = task.name.partition(".")[0]  # as the routes have it
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id, queue=queue, **ids_of(task, args, kwargs))


def _release(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()
