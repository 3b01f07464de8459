"""Which trace a message takes along, as a beat and a web process publish it, and what a message may claim about one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ingest import ingest
from shop_world import settings_with

from system import otlp, tracing
from system.tasks import traces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest import Ingest

pytestmark = pytest.mark.integration


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    """Traces of this process, which go to a local collector."""
    with ingest() as collector:
        made = otlp.Tracing(settings_with(otlp_endpoint=collector.url, release="1.2.3"))
        monkeypatch.setattr(tracing, "_tracing", made)
        yield collector
        made._provider.shutdown()


def header_of(task: str, *args: Any) -> str | None:
    """What a message is given on its way."""
    headers: dict[str, Any] = {}
    traces._hand_on(sender=task, headers=headers, body=(args, {}, {}))
    given: str | None = headers.get("traceparent")
    return given


def test_a_message_that_no_task_publishes_begins_a_trace(taken: Ingest) -> None:
    given = header_of("orchestrator.dispatch_weekly_emails", "weekly-recos")
    tracing.flush()
    (span,) = taken.spans
    assert (span.name, span.parent_id) == ("publish orchestrator.dispatch_weekly_emails", "")
    assert given is not None
    assert given.startswith(f"00-{span.trace_id}-{span.span_id}-")


def test_what_beats_send_every_few_seconds_is_not_traced(taken: Ingest) -> None:
    assert [header_of(f"orchestrator.{name}") for name in ("sweep", "sync_schedules")] == [None, None]
    tracing.flush()
    assert taken.spans == []


def test_what_a_task_publishes_stays_in_its_trace(taken: Ingest) -> None:
    with tracing.span("run orchestrator.start_weekly_campaign"):
        given = header_of("orchestrator.dispatch_campaign", 7)
    tracing.flush()
    (span,) = taken.spans
    assert given is not None
    assert span.span_id in given


@pytest.mark.parametrize("claim", ["", "garbage", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "ada@example.org"])
def test_a_message_that_claims_a_trace_that_is_none_begins_its_own(taken: Ingest, claim: str) -> None:
    with tracing.span("run", within=claim):
        pass
    tracing.flush()
    (span,) = taken.spans
    assert span.parent_id == ""
    assert "ada" not in span.raw


def test_an_error_in_a_span_is_noted_by_its_type(taken: Ingest) -> None:
    with pytest.raises(ValueError, match="ada"), tracing.span("render", newsletter="ada@example.org"):
        raise ValueError("ada@example.org")
    tracing.flush()
    (span,) = taken.spans
    assert (span.error, span.attributes["newsletter"]) == ("ValueError", "<address>")
    assert "ada" not in span.raw


def test_only_so_many_batches_are_linked_and_each_once(taken: Ingest) -> None:
    post = b",".join(b'{"traceparent":"00-%032x-%016x-01"}' % (number % 50 + 1, 1) for number in range(200))
    with tracing.span("webhook"):
        tracing.link_mails(post)
    tracing.flush()
    (span,) = taken.spans
    assert len(span.links) == len(set(span.links)) == tracing.MOST_LINKS
