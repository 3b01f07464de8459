"""The endpoints beside mail/send: shapes, limits and refusals of the reference."""

import time
from typing import Any
from urllib.parse import quote

import pytest
import urllib3
from running_fake import API_KEY, MAIL, Receiver, RunningFake, wait_for

pytestmark = pytest.mark.integration


def _error(message: str, field: str | None = None) -> dict[str, Any]:
    return {"errors": [{"field": field, "message": message}]}


def _query(fake: RunningFake, query: str) -> list[str]:
    status, body = fake.v3("GET", f"/messages?limit=100&query={quote(query)}")
    assert status == 200, body
    return sorted(message["to_email"] for message in body["messages"])


def test_a_request_without_or_with_a_wrong_key_is_refused(fake: RunningFake) -> None:
    answer = urllib3.request("GET", f"{fake.api}/v3/scopes")
    assert (answer.status, answer.json()) == (401, _error("authorization required"))
    message = "The provided authorization grant is invalid, expired, or revoked"
    assert fake.v3("GET", "/scopes", key="SG.wrong.key") == (401, _error(message))


def test_scopes_are_those_of_the_key(fake: RunningFake) -> None:
    fake.manage("PUT", "/account/api-keys", {"key": "SG.mail.only", "scopes": ["mail.send"]})
    assert fake.v3("GET", "/scopes", key="SG.mail.only") == (200, {"scopes": ["mail.send"]})
    assert fake.v3("GET", "/messages", key="SG.mail.only") == (403, _error("access forbidden"))
    fake.manage("POST", "/account/api-keys/revoke", {"key": "SG.mail.only"})
    assert fake.v3("GET", "/scopes", key="SG.mail.only")[0] == 401


def test_other_endpoints_tell_their_limit(fake: RunningFake) -> None:
    answer = urllib3.request("GET", f"{fake.api}/v3/scopes", headers={"Authorization": f"Bearer {API_KEY}"})
    assert answer.headers["X-RateLimit-Limit"] == "600"
    assert 0 < int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 61


def test_batches_are_made_paused_and_cancelled(fake: RunningFake, receiver: Receiver) -> None:
    batch_id = fake.v3("POST", "/mail/batch")[1]["batch_id"]
    assert fake.v3("GET", f"/mail/batch/{batch_id}") == (200, {"batch_id": batch_id})
    assert fake.v3("GET", "/mail/batch/nonsense") == (400, _error("invalid batch id"))
    order = {"batch_id": batch_id, "status": "pause"}
    assert fake.v3("POST", "/user/scheduled_sends", order)[0] == 201
    again = fake.v3("POST", "/user/scheduled_sends", order)
    assert again == (400, _error("a status for this batch id exists, try PATCH to update the status"))
    fake.send({**MAIL, "batch_id": batch_id})
    assert fake.v3("PATCH", f"/user/scheduled_sends/{batch_id}", {"status": "cancel"})[0] == 204
    assert fake.v3("GET", f"/user/scheduled_sends/{batch_id}")[1] == [{"batch_id": batch_id, "status": "cancel"}]
    wait_for(lambda: fake.manage("GET", "/summary")["events_pending"] == 0, "the cancelled mail is gone")
    assert receiver.posts == []
    assert fake.v3("DELETE", f"/user/scheduled_sends/{batch_id}")[0] == 204
    assert fake.v3("PATCH", f"/user/scheduled_sends/{batch_id}", order) == (404, _error("batch id not found"))


def test_a_paused_batch_goes_out_when_the_pause_ends(fake: RunningFake, receiver: Receiver) -> None:
    batch_id = fake.v3("POST", "/mail/batch")[1]["batch_id"]
    fake.v3("POST", "/user/scheduled_sends", {"batch_id": batch_id, "status": "pause"})
    fake.send({**MAIL, "batch_id": batch_id})
    fake.send()
    wait_for(lambda: len(receiver.events()) == 2, "the other mail goes out")
    assert fake.manage("GET", "/summary")["events_pending"] == 1
    fake.v3("DELETE", f"/user/scheduled_sends/{batch_id}")
    wait_for(lambda: len(receiver.events()) == 4, "the mail goes out")


def test_a_scheduled_mail_waits_for_its_time(fake: RunningFake, receiver: Receiver) -> None:
    fake.send({**MAIL, "send_at": int(time.time()) + 3600})
    fake.send({**MAIL, "send_at": 1})
    wait_for(lambda: len(receiver.events()) == 2, "the mail of the past goes out")
    assert fake.manage("GET", "/summary")["events_pending"] == 1
    fake.manage("PUT", "/clock", {"scale": 100_000})
    wait_for(lambda: len(receiver.events()) == 4, "the other one's hour comes")


def test_suppressions_are_listed_shown_and_deleted(fake: RunningFake, receiver: Receiver) -> None:
    fake.manage("PUT", "/profile", {"processing": {"median_s": 0}, "delivery": {"median_s": 0}, "hard_bounce": 1})
    fake.send()
    wait_for(lambda: "bounce" in [event["event"] for event in receiver.events()], "the bounce")
    status, (row,) = fake.v3("GET", "/suppression/bounces")
    assert status == 200
    assert set(row) == {"created", "email", "reason", "status"}
    assert fake.v3("GET", "/suppression/bounces/Reader@example.com")[1] == [row]
    assert fake.v3("GET", f"/suppression/bounces?end_time={row['created'] - 1}")[1] == []
    assert fake.v3("DELETE", "/suppression/bounces/reader@example.com")[0] == 204
    assert fake.v3("DELETE", "/suppression/bounces/reader@example.com")[0] == 404
    assert fake.v3("GET", "/suppression/bounces?limit=501")[0] == 400
    assert fake.v3("DELETE", "/suppression/bounces", {"delete_all": True})[0] == 204


def test_a_globally_unsubscribed_address_is_dropped(fake: RunningFake, receiver: Receiver) -> None:
    emails = {"recipient_emails": ["reader@example.com"]}
    assert fake.v3("POST", "/asm/suppressions/global", emails) == (201, emails)
    assert fake.v3("GET", "/asm/suppressions/global/reader@example.com")[1] == {"recipient_email": "reader@example.com"}
    assert fake.v3("GET", "/asm/suppressions/global/other@example.com") == (200, {})
    assert [row["email"] for row in fake.v3("GET", "/suppression/unsubscribes")[1]] == ["reader@example.com"]
    fake.send()
    (dropped,) = wait_for(receiver.events, "the drop")
    assert (dropped["event"], dropped["reason"]) == ("dropped", "Unsubscribed Address")
    assert fake.v3("DELETE", "/asm/suppressions/global/reader@example.com")[0] == 204


def test_groups_suppress_only_their_own_mails(fake: RunningFake, receiver: Receiver) -> None:
    status, group = fake.v3("POST", "/asm/groups", {"name": "Weekly", "description": "Every Monday"})
    assert status == 201
    assert fake.v3("PATCH", f"/asm/groups/{group['id']}", {"name": "Weekly mail"})[0] == 201
    emails = {"recipient_emails": ["reader@example.com"]}
    assert fake.v3("POST", f"/asm/groups/{group['id']}/suppressions", emails)[0] == 201
    assert fake.v3("GET", f"/asm/groups/{group['id']}")[1]["unsubscribes"] == 1
    assert fake.v3("POST", f"/asm/groups/{group['id']}/suppressions/search", emails)[1] == emails["recipient_emails"]
    fake.send({**MAIL, "asm": {"group_id": group["id"]}})
    wait_for(lambda: [event["event"] for event in receiver.events()] == ["dropped"], "the group's mail is dropped")
    fake.send()
    wait_for(lambda: len(receiver.events()) == 3, "another mail is delivered")
    assert fake.v3("GET", "/asm/suppressions/reader@example.com")[1]["suppressions"][0]["suppressed"] is True
    assert fake.v3("GET", "/asm/suppressions")[1][0]["group_id"] == group["id"]
    assert fake.v3("DELETE", f"/asm/groups/{group['id']}")[0] == 204
    assert fake.v3("GET", f"/asm/groups/{group['id']}") == (404, _error("resource not found"))


def test_a_dynamic_template_is_filled_for_each_recipient(fake: RunningFake) -> None:
    template = fake.v3("POST", "/templates", {"name": "Weekly", "generation": "dynamic"})[1]
    version = {
        "name": "v1",
        "subject": "Hello {{first}}",
        "html_content": '{{#each items}}<li>{{this}}</li>{{/each}}{{#equals tier "gold"}}gold{{/equals}}',
    }  # fmt: skip
    status, stored = fake.v3("POST", f"/templates/{template['id']}/versions", version)
    assert (status, stored["active"]) == (201, 1)
    mail = {
        "from": MAIL["from"],
        "template_id": template["id"],
        "personalizations": [
            {"to": [{"email": "a@example.com"}], "dynamic_template_data": {"first": "Ann", "items": ["<b>", "2"]}},
            {"to": [{"email": "b@example.com"}], "dynamic_template_data": {"first": "Bob", "tier": "gold"}},
        ],
    }
    assert fake.send(mail).status == 202
    seqs = [line["seq"] for line in fake.ledger()]
    first, second = (fake.manage("GET", f"/mails/{seq}") for seq in seqs)
    assert (first["subject"], first["html"]) == ("Hello Ann", "<li>&lt;b&gt;</li><li>2</li>")
    assert (second["subject"], second["html"]) == ("Hello Bob", "gold")


def test_template_versions_are_activated_changed_and_deleted(fake: RunningFake) -> None:
    path = f"/templates/{fake.v3('POST', '/templates', {'name': 'T', 'generation': 'dynamic'})[1]['id']}"
    one = fake.v3("POST", f"{path}/versions", {"name": "1", "subject": "1"})[1]
    two = fake.v3("POST", f"{path}/versions", {"name": "2", "subject": "2"})[1]
    versions = fake.v3("GET", path)[1]["versions"]
    assert {version["id"]: version["active"] for version in versions} == {one["id"]: 0, two["id"]: 1}
    assert fake.v3("POST", f"{path}/versions/{one['id']}/activate")[1]["active"] == 1
    assert fake.v3("PATCH", f"{path}/versions/{one['id']}", {"subject": "new"})[1]["subject"] == "new"
    assert fake.v3("DELETE", f"{path}/versions/{two['id']}")[0] == 204
    assert fake.v3("GET", f"{path}/versions/{two['id']}")[0] == 404
    assert fake.v3("GET", "/templates")[0] == 400
    assert fake.v3("GET", "/templates?page_size=1&generations=dynamic")[1]["_metadata"]["count"] == 1
    assert fake.v3("PATCH", path, {"name": "New"})[1]["name"] == "New"
    assert fake.v3("DELETE", path)[0] == 204


def test_legacy_substitutions_and_sections_are_replaced(fake: RunningFake) -> None:
    fake.send(
        {
            **MAIL,
            "subject": "Hi -name-",
            "content": [{"type": "text/html", "value": "-greeting- -name-"}],
            "sections": {":welcome": "Welcome"},
            "personalizations": [
                {"to": [{"email": "a@example.com"}], "substitutions": {"-name-": "Ann", "-greeting-": ":welcome"}}
            ],
        }
    )
    mail = fake.manage("GET", f"/mails/{fake.ledger()[0]['seq']}")
    assert (mail["subject"], mail["html"]) == ("Hi Ann", "Welcome Ann")


def test_the_inbox_shows_headers_and_what_mailbox_providers_miss(fake: RunningFake) -> None:
    fake.send()
    headers = {"List-Unsubscribe": "<https://x.example/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    fake.send({**MAIL, "headers": headers})
    fake.send({**MAIL, "tracking_settings": {"subscription_tracking": {"enable": True}}})
    bare, own, tracked = (fake.manage("GET", f"/mails/{line['seq']}") for line in fake.ledger())
    assert len(bare["problems"]) == 2
    assert (own["headers"], own["problems"]) == (headers, [])
    assert tracked["problems"] == []
    assert [mail["to"] for mail in fake.manage("GET", "/mails?limit=2")] == ["reader@example.com"] * 2


def test_the_activity_api_answers_queries(fake: RunningFake, receiver: Receiver) -> None:
    fake.manage("PUT", "/profile", {"processing": {"median_s": 0}, "delivery": {"median_s": 0}, "hard_bounce": 1})
    fake.send({**MAIL, "personalizations": [{"to": [{"email": "bounced@example.com"}]}]})
    wait_for(lambda: "bounce" in [event["event"] for event in receiver.events()], "the bounce")
    fake.manage("PUT", "/full-speed", {"on": True})
    message_id = fake.send({**MAIL, "subject": 'It\'s "here"', "custom_args": {"user_id": "7"}, "categories": ["w"]})
    message_id = message_id.headers["X-Message-Id"]
    wait_for(lambda: "delivered" in [event["event"] for event in receiver.events()], "the delivery")
    for query, found in [
        ("", ["bounced@example.com", "reader@example.com"]),
        ('status="delivered"', ["reader@example.com"]),
        ('status="not_delivered"', ["bounced@example.com"]),
        ('NOT status="delivered"', ["bounced@example.com"]),
        (f"msg_id LIKE '{message_id}%'", ["reader@example.com"]),
        ('to_email LIKE "bounced%" OR subject="It\'s \\"here\\""', ["bounced@example.com", "reader@example.com"]),
        ('(to_email="x" OR clicks=0) AND opens < 1', ["bounced@example.com", "reader@example.com"]),
        ("unique_args['user_id']=\"7\"", ["reader@example.com"]),
        ('CONTAINS(events, "bounced")', ["bounced@example.com"]),
        ('CONTAINS(categories, "w")', ["reader@example.com"]),
        ('to_email IN ("reader@example.com", "x")', ["reader@example.com"]),
        ("template_id IS NULL AND clicks NOT BETWEEN 1 AND 5", ["bounced@example.com", "reader@example.com"]),
        ('last_event_time > TIMESTAMP "2020-01-01T00:00:00Z"', ["bounced@example.com", "reader@example.com"]),
        ('last_event_time BETWEEN TIMESTAMP "2001-01-01T00:00:00Z" AND TIMESTAMP "2002-01-01T00:00:00Z"', []),
    ]:
        assert _query(fake, query) == found, query


def test_the_activity_api_shows_one_message_with_its_events(fake: RunningFake, receiver: Receiver) -> None:
    fake.send({**MAIL, "custom_args": {"user_id": "7"}})
    wait_for(lambda: len(receiver.events()) == 2, "both events")
    msg_id = receiver.events()[0]["sg_message_id"]
    status, message = fake.v3("GET", f"/messages/{msg_id}")
    assert (status, message["msg_id"], message["status"]) == (200, msg_id, "delivered")
    assert [event["event_name"] for event in message["events"]] == ["processed", "delivered"]
    assert message["unique_args"] == '{"user_id":"7"}'
    assert fake.v3("GET", "/messages/unknown") == (404, _error("not found", "message_id"))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("bad_field=1", "invalid syntax: 'bad_field' is not a known field"),
        ("status", "invalid syntax: unexpected end of query"),
        ("status='a' status='b'", "invalid syntax: unexpected 'status'"),
        ("status=;", "invalid syntax: unexpected ';'"),
        ("last_event_time > TIMESTAMP 'soon'", "invalid syntax: 'soon' is not a timestamp"),
        ("(" * 100, "invalid syntax: too deeply nested"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(fake: RunningFake, query: str, message: str) -> None:
    assert fake.v3("GET", f"/messages?query={quote(query)}") == (400, _error(message, "query"))


def test_webhook_settings_of_both_generations(fake: RunningFake, receiver: Receiver) -> None:
    status, old = fake.v3("GET", "/user/webhooks/event/settings")
    assert (status, old["url"], old["enabled"]) == (200, receiver.url, True)
    status, second = fake.v3("POST", "/user/webhooks/event/settings", {"url": "http://127.0.0.1:9/x", "click": False})
    assert (status, second["click"], second["open"]) == (201, False, True)
    assert len(fake.v3("GET", "/user/webhooks/event/settings/all")[1]["webhooks"]) == 2
    path = f"/user/webhooks/event/settings/{second['id']}"
    assert fake.v3("PATCH", path, {"enabled": False})[1]["enabled"] is False
    status, refused = fake.v3("POST", "/user/webhooks/event/settings", {"url": receiver.url})
    assert status == 400
    assert "already exists. Please provide a unique URL." in refused["errors"][0]["message"]
    status, refused = fake.v3("PATCH", path, {"url": "x"})
    assert (status, refused["errors"][0]["message"]) == (400, "'x' is not a valid url")
    assert fake.v3("DELETE", path)[0] == 204
    assert fake.v3("GET", path) == (404, _error("Invalid id provided.", "id"))


def test_a_known_path_with_another_method_is_not_allowed(fake: RunningFake) -> None:
    assert fake.v3("PUT", "/scopes") == (405, _error("method not allowed"))
