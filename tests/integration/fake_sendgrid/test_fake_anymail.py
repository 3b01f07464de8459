"""A second, independent client: django-anymail's SendGrid backend, and its reading of our event posts."""

from typing import Any

import pytest
from running_fake import API_KEY, Receiver, RunningFake, wait_for

pytestmark = [
    pytest.mark.integration,
    # The package sends through SendGrid as before, its authors just no longer test it against the real service.
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support"),
]
django = pytest.importorskip("django", reason="django-anymail's framework is not installed")


@pytest.fixture(scope="module")
def anymail() -> None:
    from django.conf import settings  # noqa: PLC0415 - Django reads its settings on import

    if not settings.configured:
        settings.configure(
            ANYMAIL={"SENDGRID_API_KEY": API_KEY, "SENDGRID_GENERATE_MESSAGE_ID": True, "WEBHOOK_SECRET": "a:b"},
            DEFAULT_FROM_EMAIL="news@example.com",
            SECRET_KEY="test",
        )
        django.setup()


def _connection(fake: RunningFake, **options: Any) -> Any:
    from anymail.backends.sendgrid import EmailBackend  # noqa: PLC0415 - after the settings

    return EmailBackend(api_url=f"{fake.api}/v3/", **options)


def _message(fake: RunningFake, **options: Any) -> Any:
    from anymail.message import AnymailMessage  # noqa: PLC0415 - after the settings

    fields = {"subject": "Hello", "body": "plain", "to": ["Ann <a@example.com>"], **options}
    return AnymailMessage(connection=_connection(fake), **fields)


@pytest.mark.usefixtures("anymail")
def test_a_mail_with_everything_is_accepted(fake: RunningFake) -> None:
    message = _message(
        fake,
        cc=["c@example.com"],
        reply_to=["r@example.com"],
        headers={"List-Unsubscribe": "<https://example.com/u>"},
        tags=["weekly"],
        metadata={"campaign_id": "w47"},
        track_opens=True,
    )
    message.attach_alternative("<p>html</p>", "text/html")
    message.attach("a.txt", "text", "text/plain")
    assert message.send() == 1
    assert message.anymail_status.recipients["a@example.com"].status == "queued"
    line = fake.ledger()[0]
    assert line["custom_args"]["campaign_id"] == "w47"
    assert line["categories"] == ["weekly"]


@pytest.mark.usefixtures("anymail")
def test_merged_mails_become_personalizations(fake: RunningFake) -> None:
    message = _message(
        fake,
        to=["a@example.com", "b@example.com"],
        merge_metadata={"a@example.com": {"user_id": "1"}, "b@example.com": {"user_id": "2"}},
    )
    message.send()
    people = {(line["to"], line["custom_args"]["user_id"]) for line in fake.ledger()}
    assert people == {("a@example.com", "1"), ("b@example.com", "2")}


@pytest.mark.usefixtures("anymail")
def test_a_refusal_is_an_api_error_with_our_message(fake: RunningFake) -> None:
    from anymail.exceptions import AnymailRequestsAPIError  # noqa: PLC0415 - after the settings

    fake.manage("PUT", "/faults", {"name": "x", "fault": "max_credits"})
    with pytest.raises(AnymailRequestsAPIError, match="Maximum credits exceeded"):
        _message(fake).send()


@pytest.mark.usefixtures("anymail")
def test_its_webhook_reader_understands_our_events(fake: RunningFake, receiver: Receiver) -> None:
    from anymail.webhooks.sendgrid import SendGridTrackingWebhookView  # noqa: PLC0415 - after the settings

    fake.v3("POST", "/user/webhooks/event/test", {"url": receiver.url})
    wait_for(lambda: receiver.posts, "the test post")
    view = SendGridTrackingWebhookView()
    kinds = {event["event"]: view.esp_to_anymail_event(event).event_type for event in receiver.events()}
    assert kinds == {
        "processed": "queued",
        "dropped": "rejected",
        "deferred": "deferred",
        "bounce": "bounced",
        "delivered": "delivered",
        "open": "opened",
        "click": "clicked",
        "spamreport": "complained",
        "unsubscribe": "unsubscribed",
        "group_unsubscribe": "unsubscribed",
        "group_resubscribe": "subscribed",
    }
