"""What the web process says about a request to whoever watches: its id and the batch it is about, and no address."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from ingest import ingest
from web_process import LINK_KEY

from system.mail.links import UnsubscribeLinks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest import Ingest
    from web_process import Provider, StartWeb, Web

pytestmark = pytest.mark.integration

TRACE_ID, OTHER_TRACE_ID = "a" * 32, "b" * 32
EVENT = {"email": "ada@example.com", "event": "delivered", "sg_event_id": "a1", "timestamp": 1}
BODY = json.dumps([EVENT | {"traceparent": f"00-{TRACE_ID}-{'c' * 16}-01"}]).encode()
FORGED = json.dumps([EVENT | {"traceparent": f"00-{OTHER_TRACE_ID}-{'c' * 16}-01"}]).encode()
REQUEST_ID = "0123456789abcdef0123456789abcdef"
PATCHED = {"X-Request-Id": REQUEST_ID}


@dataclass
class Said:
    """What came out of one process, after these statuses were answered."""

    statuses: list[int]
    lines: list[dict[str, Any]]
    log: str
    ingest: Ingest
    token: str


@pytest.fixture(scope="module")
def said(start_web: StartWeb, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    """One stored post, one forged, one that fails within, and an unsubscription."""
    folder = tmp_path_factory.mktemp("failpoints")
    with ingest() as taken:
        env = {"environment": "development", "sentry_dsn": taken.dsn, "otlp_endpoint": taken.url, "release": "1.2.3"}
        with start_web(**env, failpoints=str(folder)) as web:
            token = _token()
            statuses = [
                web.post(BODY, provider.sign(BODY)).status,
                web.post(FORGED, {**provider.sign(BODY), **PATCHED}).status,
                web.ask("POST", f"/u/{token}").status,
                _fail(web, provider, folder),
            ]
        log = web.log.read_text()
        yield Said(statuses, web.log_lines(), log, taken, token)


def _token() -> str:
    return (
        UnsubscribeLinks(keys=[LINK_KEY], public_url="https://x.example")
        .url(user_id=1, campaign_id=1)
        .rpartition("/")[2]
    )


def _fail(web: Web, provider: Provider, folder: Path) -> int:
    (folder / "after_inbox").write_text('{"do": "raise", "after": 0}')
    another = BODY.replace(b"a1", b"a2")
    return web.post(another, provider.sign(another)).status


def test_the_requests_were_answered_as_without_a_watcher(said: Said) -> None:
    assert said.statuses == [204, 403, 200, 500]


def test_a_line_about_a_request_carries_its_id_which_the_proxy_may_give(said: Said) -> None:
    (refused,) = [line for line in said.lines if line["event"] == "webhook.refused"]
    (unsubscribed,) = [line for line in said.lines if line["event"] == "user.unsubscribed"]
    assert refused["request_id"] == REQUEST_ID
    assert len(unsubscribed["request_id"]) == 32
    assert unsubscribed["request_id"] != REQUEST_ID


def test_a_post_is_linked_to_the_batch_that_sent_the_mail_once_it_is_known_to_be_genuine(said: Said) -> None:
    links = [(span.attributes.get("inbox_id") is not None, span.links) for span in said.ingest.named("webhook")]
    assert sorted(links) == [(False, []), (False, [TRACE_ID]), (True, [TRACE_ID])]


def test_an_error_that_escapes_a_request_is_reported_once_with_the_request_s_id(said: Said) -> None:
    (event,) = said.ingest.events
    (failed,) = [line for line in said.lines if line["event"] == "request.failed"]
    assert event["exception"]["values"][-1]["type"] == "FailpointError"
    assert event["tags"]["request_id"] == failed["request_id"]
    assert event["release"] == "1.2.3"
    assert "request" not in event


def test_nothing_that_leaves_holds_an_address_or_a_link_s_token(said: Said) -> None:
    left = said.log + json.dumps(said.ingest.events) + "".join(span.raw for span in said.ingest.spans)
    assert said.token not in left
    assert "example.com" not in left
    assert all(said.token.encode() not in body and b"ada@" not in body for body in said.ingest.everything)


def test_every_line_is_json_but_those_of_the_process_that_starts_the_others(said: Said) -> None:
    others = [line for line in said.log.splitlines() if not line.startswith("{")]
    assert {line.partition(" ")[0] for line in others} <= {"[INFO]"}
