"""Nothing that is sent to either port breaks the fake: never a 500, never a stuck connection, never a false entry."""

import contextlib
import json
import random
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running_fake import API_KEY, MAIL, RunningFake, run_fake
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

pytestmark = pytest.mark.integration
SEED = 20_261_121
RELAXED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = [*MAIL, "reply_to", "reply_to_list", "attachments", "template_id", "sections", "headers", "categories"]
_FIELDS += ["custom_args", "send_at", "batch_id", "asm", "ip_pool_name", "mail_settings", "tracking_settings", "other"]
_PATHS = ["mail/batch", "user/scheduled_sends", "templates", "asm/groups", "asm/suppressions/global", "messages"]
_PATHS += ["user/webhooks/event/settings", "user/webhooks/event/settings/signed", "suppression/bounces", "scopes"]


@RELAXED
@given(changes=st.dictionaries(st.sampled_from(_FIELDS), _JSON, min_size=1, max_size=3))
def test_a_mangled_mail_is_accepted_or_refused_and_the_ledger_agrees(
    fake: RunningFake, changes: dict[str, Any]
) -> None:
    before = len(fake.ledger())
    answer = fake.send({**MAIL, **changes})
    assert answer.status in (200, 202, 400, 413)
    assert len(fake.ledger()) - before == (1 if answer.status == 202 else 0)
    if answer.status == 400:
        assert json.loads(answer.data)["errors"]


@RELAXED
@given(
    one=st.dictionaries(st.sampled_from(["to", "cc", "subject", "headers", "custom_args", "send_at", "from"]), _JSON)
)
def test_a_mangled_personalization_is_accepted_or_refused(fake: RunningFake, one: dict[str, Any]) -> None:
    before = len(fake.ledger())
    answer = fake.send({**MAIL, "personalizations": [{**MAIL["personalizations"][0], **one}]})
    assert answer.status in (202, 400)
    assert (len(fake.ledger()) > before) == (answer.status == 202)


@RELAXED
@given(body=st.binary(max_size=200))
def test_bytes_that_are_no_mail_are_refused(fake: RunningFake, body: bytes) -> None:
    assert fake.send(body).status in (400, 415)


@RELAXED
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"]),
    path=st.sampled_from(_PATHS),
    tail=st.sampled_from(
        ["", "/1", "/x/versions", "/x/suppressions", "?limit=x", "?query=a", "?page_size=9", "/%00%ff"]
    ),
    body=_JSON,
)
def test_other_endpoints_answer_in_the_providers_shape(
    fake: RunningFake, method: str, path: str, tail: str, body: Any
) -> None:
    status, answer = fake.v3(method, f"/{path}{tail}", body)
    assert status < 500
    if status >= 400:
        assert {"field", "message"} <= set(answer["errors"][0])


def test_noise_on_the_wire_closes_the_connection_and_nothing_else(fake: RunningFake) -> None:
    chance = random.Random(SEED)
    address = urlsplit(fake.api)
    body = json.dumps(MAIL).encode()
    good = f"POST /v3/mail/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n"
    good += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    whole = bytearray(good.encode() + body)
    for _ in range(150):
        noise = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            noise[chance.randrange(len(noise))] = chance.randrange(256)
        with socket.create_connection((address.hostname, address.port), timeout=5) as client:
            client.sendall(noise[: chance.randint(1, len(noise))])
            client.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while client.recv(65536):
                    pass
    assert fake.send().status == 202
    assert fake.manage("GET", "/healthz") == {"ok": True}


def test_the_management_api_keeps_its_own_description(tmp_path: Path) -> None:
    with run_fake(tmp_path) as fake:
        fake.send()
        schema = schemathesis.openapi.from_url(f"{fake.management}/openapi.json")
        for operation in schema.get_all_operations():
            _try(operation.ok(), fake)
        fake.manage("DELETE", "/faults")
        fake.manage("PUT", "/full-speed", {"on": True})
        fake.manage("PUT", "/account/choices", {})
        fake.manage("PUT", "/pace", {"latency_ms": 0})
        assert fake.send().status == 202


def _try(operation: Any, fake: RunningFake) -> None:
    @settings(RELAXED, max_examples=20)
    @given(case=operation.as_strategy())
    def check(case: schemathesis.Case) -> None:
        if operation.path == "/latch" and case.query:
            case.query["wait_s"] = 0
        answer = case.call(base_url=fake.management, timeout=10)
        assert answer.status_code < 500, (operation.path, case.body, answer.text)
        case.validate_response(answer, checks=[status_code_conformance, response_schema_conformance])

    check()
