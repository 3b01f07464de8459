"""The official Python SDK, unmodified: every answer and exception it knows."""

import http.client
import urllib.error
from typing import Any

import pytest
from python_http_client import exceptions
from running_fake import API_KEY, MAIL, RunningFake, wait_for
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Asm, Bcc, Category, Cc, CustomArg, Header, Mail, To

pytestmark = pytest.mark.integration


def _client(fake: RunningFake, key: str = API_KEY) -> Any:
    client = SendGridAPIClient(key, host=fake.api)
    client.client.timeout = 2
    return client


def _mail() -> Mail:
    return Mail(
        from_email=("news@example.com", "News"),
        to_emails=[To("a@example.com", "Ann"), To("b@example.com", "Bob")],
        subject="Hello",
        plain_text_content="plain",
        html_content="<p>html</p>",
        is_multiple=True,
    )


def test_the_mail_helper_is_accepted(fake: RunningFake) -> None:
    mail = _mail()
    mail.add_cc(Cc("c@example.com"), p=0)
    mail.add_bcc(Bcc("d@example.com"), p=1)
    mail.category = Category("weekly")
    mail.custom_arg = CustomArg("campaign_id", "w47")
    mail.header = Header("List-Unsubscribe", "<https://example.com/u>")
    answer = _client(fake).send(mail)
    assert answer.status_code == 202
    assert len(answer.headers["X-Message-Id"]) == 22
    assert sorted(line["to"] for line in fake.ledger()) == [f"{name}@example.com" for name in "abcd"]


def test_the_mail_helper_names_groups_that_exist(fake: RunningFake) -> None:
    client = _client(fake)
    group = client.client.asm.groups.post(request_body={"name": "Weekly", "description": "Mondays"}).to_dict
    mail = _mail()
    mail.asm = Asm(group["id"], [group["id"]])
    assert client.send(mail).status_code == 202
    mail.asm = Asm(999)
    with pytest.raises(exceptions.BadRequestsError) as caught:
        client.send(mail)
    assert caught.value.to_dict["errors"][0]["field"] == "asm.group_id"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, exceptions.BadRequestsError),
        (401, exceptions.UnauthorizedError),
        (403, exceptions.ForbiddenError),
        (404, exceptions.NotFoundError),
        (405, exceptions.MethodNotAllowedError),
        (413, exceptions.PayloadTooLargeError),
        (415, exceptions.UnsupportedMediaTypeError),
        (429, exceptions.TooManyRequestsError),
        (500, exceptions.InternalServerError),
        (503, exceptions.ServiceUnavailableError),
        (504, exceptions.GatewayTimeoutError),
        (502, exceptions.HTTPError),
        (408, exceptions.HTTPError),
    ],
)
def test_every_status_raises_its_exception(fake: RunningFake, status: int, kind: type[Exception]) -> None:
    fake.manage("PUT", "/faults", {"name": "x", "fault": "status", "status": status})
    with pytest.raises(kind) as caught:
        _client(fake).client.mail.send.post(request_body=MAIL)
    assert type(caught.value) is kind
    assert caught.value.status_code == status


def test_honest_refusals_raise_their_exceptions(fake: RunningFake) -> None:
    with pytest.raises(exceptions.BadRequestsError, match="400"):
        _client(fake).client.mail.send.post(request_body={})
    with pytest.raises(exceptions.UnauthorizedError):
        _client(fake, "SG.wrong.key").client.mail.send.post(request_body=MAIL)
    with pytest.raises(exceptions.MethodNotAllowedError):
        _client(fake).client.mail.send.get()
    with pytest.raises(exceptions.NotFoundError):
        _client(fake).client.nothing.get()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("hang", TimeoutError),
        ("accept_then_hang", TimeoutError),
        ("close", http.client.RemoteDisconnected),
        ("accept_then_close", http.client.RemoteDisconnected),
        ("reset", ConnectionResetError),
        ("accept_then_reset", ConnectionResetError),
        ("accept_then_garbage", http.client.BadStatusLine),
        ("refuse", urllib.error.URLError),
    ],
)
def test_every_broken_line_raises_what_the_sdk_lets_through(
    fake: RunningFake, fault: str, kind: type[Exception]
) -> None:
    fake.manage("PUT", "/faults", {"name": "x", "fault": fault})
    with pytest.raises(kind):
        _client(fake).client.mail.send.post(request_body=MAIL)


def test_a_truncated_body_is_an_incomplete_read(fake: RunningFake) -> None:
    fake.manage("PUT", "/faults", {"name": "x", "fault": "truncated", "path": "/v3/scopes"})
    with pytest.raises(http.client.IncompleteRead):
        _ = _client(fake).client.scopes.get().body


def test_the_fluent_client_reaches_the_other_endpoints(fake: RunningFake) -> None:
    client = _client(fake).client
    batch_id = client.mail.batch.post().to_dict["batch_id"]
    assert client.mail.batch._(batch_id).get().to_dict == {"batch_id": batch_id}
    assert client.suppression.bounces.get(query_params={"limit": 1}).to_dict == []
    assert client.user.webhooks.event.settings.signed.patch(request_body={"enabled": True}).to_dict["public_key"]
    template = client.templates.post(request_body={"name": "T", "generation": "dynamic"}).to_dict
    assert client.templates._(template["id"]).get().status_code == 200
    client.mail.send.post(request_body=MAIL)
    wait_for(lambda: client.messages.get(query_params={"limit": 1}).to_dict["messages"], "the message")
