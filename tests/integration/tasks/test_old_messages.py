"""Messages of version 0.1.0, letter by letter: a later worker that finds them in a queue must do what they say.

Never change what stands here: whoever changes a task's name or arguments keeps the old ones working for a release.
"""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from ingest import ingest
from trained_models import publish_version
from watched_worker import SETTINGS, _wait, running_worker

if TYPE_CHECKING:
    from shop_world import Shop

pytestmark = pytest.mark.integration

NO_EMBED = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}'
CHAIN = (
    '{"callbacks": null, "errbacks": null, "chain": [{"task": "emails.send_emails", "args": [1, 1, 2], "kwargs": {},'
    ' "options": {"task_id": "5a5b2be4-6d5c-4a9e-8b0c-2d1f5b7c9e01", "reply_to": "0"}, "subtask_type": null,'
    ' "immutable": true}], "chord": null}'
)
BODIES = {
    "orchestrator.dispatch_weekly_emails": f'[["weekly-recos"], {{}}, {NO_EMBED}]',
    "orchestrator.start_weekly_campaign": f'[["weekly-recos", "2026-W47"], {{}}, {NO_EMBED}]',
    "orchestrator.dispatch_campaign": f"[[1], {{}}, {NO_EMBED}]",
    "orchestrator.sweep": f"[[], {{}}, {NO_EMBED}]",
    "orchestrator.sync_schedules": f"[[], {{}}, {NO_EMBED}]",
    "ml.compute_recommendations": f"[[1, 1, 2], {{}}, {CHAIN}]",
    "emails.send_emails": f"[[1, 1, 2], {{}}, {NO_EMBED}]",
    "emails.probe_provider": f"[[1, 1, 500], {{}}, {NO_EMBED}]",
    "tracking.apply_events": f"[[[1, 2, 3]], {{}}, {NO_EMBED}]",
}


def tasks() -> dict[str, ast.arguments]:
    """Every task's arguments, read from the files: importing them starts an application."""
    return {
        ast.literal_eval(decorator.keywords[0].value): function.args
        for file in (Path(__file__).parents[3] / "system/tasks").glob("*.py")
        for function in ast.walk(ast.parse(file.read_text()))
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "app.task"
    }


@pytest.mark.parametrize("task", BODIES)
def test_a_message_of_the_first_version_fits_its_task(task: str) -> None:
    takes = tasks()[task]
    given, named, _ = json.loads(BODIES[task])
    assert len(takes.args) - len(takes.defaults) <= len(given) <= len(takes.args)
    assert named == {}


def test_every_task_has_its_message_here() -> None:
    assert set(tasks()) == set(BODIES)


def test_what_waited_over_a_deployment_is_done_and_what_nobody_understands_is_swept_up(
    shop: Shop, redis_url: str, tmp_path: Path
) -> None:
    publish_version(shop.engine, tmp_path, shop.add_products())
    campaign_id = shop.add_campaign(shop.add_newsletter())
    jobs = [shop.add_job(campaign_id, state) for state in ("pending", "pending", "ready", "ready")]
    assert (campaign_id, jobs) == (1, [1, 2, 3, 4])
    url = shop.engine.url.render_as_string(hide_password=False)
    with ingest() as provider, redis.Redis.from_url(redis_url) as broker:
        _push(broker, "emails", "emails.send_emails", f"[[1], {{}}, {NO_EMBED}]")
        _push(broker, "emails", "emails.send_two_kinds_of_mails", f'[[1, 3, 4], {{"kind": "x"}}, {NO_EMBED}]')
        _push(broker, "ml", "ml.compute_recommendations", BODIES["ml.compute_recommendations"])
        env = SETTINGS | {"DATABASE_URL": url, "REDIS_URL": redis_url, "MODEL_FOLDER": str(tmp_path)}
        env |= {"ACCOUNTS__DEFAULT__API_URL": provider.url}
        with running_worker(env, log=tmp_path / "worker.log") as worker:
            _wait(worker, "the chain's mails", lambda: {shop.state(1), shop.state(2)} == {"accepted"})
            _push(broker, "orchestrator", "orchestrator.sweep", BODIES["orchestrator.sweep"])
            _wait(worker, "the sweep's mails", lambda: shop.states() == {"accepted": 4})
    assert len(provider.mails) == 4


def _push(broker: redis.Redis, queue: str, task: str, body: str) -> None:
    """As kombu 5.7 laid a message of protocol 2 into Redis."""
    task_id = f"{task}-{len(body)}"
    headers = {"lang": "py", "task": task, "id": task_id, "root_id": task_id, "parent_id": None, "group": None}
    tag: dict[str, Any] = {"delivery_mode": 2, "priority": 0, "body_encoding": "base64", "delivery_tag": task_id}
    message = {
        "body": base64.b64encode(body.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers | {"eta": None, "expires": None, "retries": 0, "timelimit": [None, None]},
        "properties": tag | {"correlation_id": task_id, "delivery_info": {"exchange": "", "routing_key": queue}},
    }
    broker.lpush(queue, json.dumps(message))
