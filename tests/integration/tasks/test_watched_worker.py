"""What a worker says about a campaign to whoever watches: lines, error reports and spans with ids, and no addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import redis
from shop_world import Shop
from watched_worker import run_campaign

from system.storage.database import new_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watched_worker import Said

    from stack.postgres import Postgres
    from stack.redis import RedisServer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def said(
    postgres_server: Postgres,
    redis_server: RedisServer,
    _migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Said]:
    postgres_server.create_database("watched", template=_migrated_template)
    database_url, redis_url = postgres_server.url("watched"), redis_server.url(15)
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    engine = new_engine(database_url)
    folder = tmp_path_factory.mktemp("watched")
    yield run_campaign(Shop(engine), database_url=database_url, redis_url=redis_url, folder=folder)
    engine.dispose()
    postgres_server.drop_database("watched")


def test_every_line_is_json_but_celery_s_farewell(said: Said) -> None:
    others = [line for line in said.log.splitlines() if line and not line.startswith("{")]
    assert others == ["worker: Warm shutdown (MainProcess)"]


@pytest.mark.parametrize("event", ["batch.recommended", "batch.sent"])
def test_a_line_about_a_batch_names_campaign_batch_task_and_queue(said: Said, event: str) -> None:
    lines = said.about(event)
    names = {"batch.recommended": "ml.compute_recommendations", "batch.sent": "emails.send_emails"}
    assert {line["batch"] for line in lines} == {"1-2", "3-4"}
    for line in lines:
        assert (line["campaign_id"], line["task"]) == (said.campaign_id, names[event])
        assert line["queue"] == names[event].partition(".")[0]
        assert re.fullmatch("[0-9a-f-]{36}", line["task_id"])


def test_celery_s_own_lines_carry_the_same_ids(said: Said) -> None:
    (received,) = [line for line in said.about("Task emails.send_emails") if "999" in str(line.get("campaign_id"))]
    assert (received["task"], received["batch"], received["level"]) == ("emails.send_emails", "1-2", "error")
    assert all(line["task_id"] in line["event"] for line in said.about("Task "))


def test_no_line_after_a_task_keeps_its_ids(said: Said) -> None:
    (started,) = said.about("campaign.dispatched")
    (applied,) = said.about("events.applied")
    assert "batch" not in started
    assert "campaign_id" not in applied
    assert "task_id" not in said.about("celery@")[0]


def test_nothing_that_leaves_holds_an_address_or_a_key(said: Said) -> None:
    left = said.log + "".join(map(str, said.ingest.events)) + "".join(span.raw for span in said.ingest.spans)
    for private in ("example.org", "SG.secret", "weekly@shop.example"):
        assert private not in left
        assert all(private.encode() not in body for body in said.ingest.everything)


def test_a_task_that_raises_is_reported_once_with_its_ids(said: Said) -> None:
    (event,) = [event for event in said.ingest.events if event["tags"].get("campaign_id") == "999"]
    assert {name: event["tags"][name] for name in ("queue", "task", "batch")} == {
        "queue": "emails",
        "task": "emails.send_emails",
        "batch": "1-2",
    }
    assert (event["release"], event["environment"]) == ("1.2.3", "development")
    assert event["exception"]["values"][-1]["type"] == "LookupError"
    assert event["exception"]["values"][-1]["value"].startswith("campaign 999 does not exist")


def test_an_address_in_the_error_s_text_is_not_reported(said: Said) -> None:
    (event,) = [event for event in said.ingest.events if event["tags"]["queue"] == "orchestrator"]
    assert "<address>" in event["exception"]["values"][-1]["value"]
    assert len(said.ingest.events) == 2


def test_a_report_shows_where_and_nothing_of_the_values_there(said: Said) -> None:
    for event in said.ingest.events:
        frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
        assert any(frame["module"].startswith("system.") for frame in frames)
        assert not any("vars" in frame for frame in frames)
        assert not {"request", "user", "extra", "breadcrumbs"} & event.keys()


def test_each_batch_is_one_trace_over_two_tasks(said: Said) -> None:
    spans = [span for span in said.ingest.spans if span.attributes.get("batch") in ("1-2", "3-4")]
    spans = [span for span in spans if span.attributes["campaign_id"] == said.campaign_id]
    assert len({span.trace_id for span in spans}) == 2
    for trace_id in {span.trace_id for span in spans}:
        trace = [span for span in spans if span.trace_id == trace_id]
        assert len({span.attributes["batch"] for span in trace}) == 1
        names = [span.name for span in trace]
        assert {name: names.count(name) for name in ("render", "provider.request")} == {
            "render": 2,
            "provider.request": 2,
        }
        assert {
            "publish ml.compute_recommendations",
            "run ml.compute_recommendations",
            "run emails.send_emails",
        } <= set(names)
        assert {"claim", "intend", "record"} <= set(names)


def test_a_trace_is_one_tree_and_its_root_is_linked_to_the_task_that_enqueued_it(said: Said) -> None:
    (dispatch,) = said.ingest.named("run orchestrator.dispatch_campaign")
    for root in said.ingest.named("publish ml.compute_recommendations"):
        trace = [span for span in said.ingest.spans if span.trace_id == root.trace_id]
        assert [span.name for span in trace if not span.parent_id] == [root.name]
        assert {span.parent_id for span in trace} - {""} <= {span.span_id for span in trace}
        assert root.links == [dispatch.trace_id]


def test_what_happens_to_a_mail_later_is_linked_to_the_batch_that_sent_it(said: Said) -> None:
    (applied,) = said.ingest.named("run tracking.apply_events")
    batches = {span.trace_id for span in said.ingest.named("publish ml.compute_recommendations")}
    assert set(applied.links) == batches
    assert applied.trace_id not in batches


def test_a_span_of_a_failed_task_says_what_kind_of_error_it_was(said: Said) -> None:
    assert [
        span.error for span in said.ingest.named("run emails.send_emails") if span.attributes["campaign_id"] == 999
    ] == ["LookupError"]
