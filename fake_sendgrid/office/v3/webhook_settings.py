"""user/webhooks/event: receivers of events, of the old generation (one, unnamed) and the new (several, by id)."""

from typing import Any
from urllib.parse import urlsplit

import orjson

from fake_sendgrid.office.batch import join_events
from fake_sendgrid.office.event import make_test_events
from fake_sendgrid.office.outbox import put_test
from fake_sendgrid.office.store import delete_thing
from fake_sendgrid.office.v3.call import Answer, Call, CallError, Route
from fake_sendgrid.office.webhooks import TOGGLES, Webhook, keep_webhook, make_webhook, read_webhooks, show_webhook

MAX_WEBHOOKS = 5
_TEXTS = ("url", "friendly_name", "oauth_client_id", "oauth_token_url", "oauth_client_secret")


def _find(call: Call, identity: str | None) -> Webhook:
    """The webhook of this id; without one the oldest."""
    for webhook in read_webhooks(call.store):
        if identity in (None, webhook["id"]):
            return webhook
    if identity is None:
        return make_webhook("", enabled=False, signed=False)
    raise CallError(404, "Invalid id provided.", field="id")


def _named(call: Call) -> Webhook:
    return _find(call, call.names[0] if call.names else None)


def _show(call: Call, webhook: Webhook) -> dict[str, Any]:
    return show_webhook(webhook, public_key=call.public_key)


def _change(call: Call, webhook: Webhook, body: dict[str, Any]) -> Webhook:
    changed = dict(webhook)
    for name in _TEXTS:
        if name in body and name != "oauth_client_secret":
            if not isinstance(body[name], str):
                raise CallError(400, f"{name} must be a string", field=name)
            changed[name] = body[name]
    for name in ("enabled", *TOGGLES):
        if name in body:
            if not isinstance(body[name], bool):
                raise CallError(400, f"{name} must be a boolean", field=name)
            changed[name] = body[name]
    if changed["url"] or changed["enabled"]:
        _require_url(changed["url"])
    _refuse_twin(call, changed)
    return changed


def _require_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise CallError(400, f"'{url}' is not a valid url", field="url")


def _refuse_twin(call: Call, webhook: Webhook) -> None:
    for other in read_webhooks(call.store):
        if other["url"] == webhook["url"] and other["id"] != webhook["id"]:
            message = f"Webhook at '{webhook['url']}' already exists. Please provide a unique URL."
            raise CallError(400, message, field="url", id=other["id"], url=other["url"])


def _create(call: Call) -> Answer:
    body = call.body()
    if len(read_webhooks(call.store)) >= MAX_WEBHOOKS:
        raise CallError(400, "You have reached the maximum number of webhooks.")
    webhook = _change(call, make_webhook("", enabled=True, signed=False), {"enabled": True, **body})
    keep_webhook(call.store, webhook)
    return Answer(201, _show(call, webhook))


def _list(call: Call) -> Answer:
    shown = [_show(call, webhook) for webhook in read_webhooks(call.store)]
    return Answer(200, {"max_allowed": MAX_WEBHOOKS, "webhooks": shown})


def _show_one(call: Call) -> Answer:
    return Answer(200, _show(call, _named(call)))


def _patch(call: Call) -> Answer:
    changed = _change(call, _named(call), call.body())
    keep_webhook(call.store, changed)
    return Answer(200, _show(call, changed))


def _delete(call: Call) -> Answer:
    delete_thing(call.store, "webhook", _named(call)["id"])
    return Answer(204)


def _show_signing(call: Call) -> Answer:
    webhook = _named(call)
    return Answer(200, {"id": webhook["id"], "public_key": call.public_key if webhook["signed"] else ""})


def _switch_signing(call: Call) -> Answer:
    webhook, enabled = _named(call), call.body().get("enabled")
    if not isinstance(enabled, bool):
        raise CallError(400, "enabled must be a boolean", field="enabled")
    keep_webhook(call.store, {**webhook, "signed": enabled})
    return Answer(200, {"id": webhook["id"], "public_key": call.public_key if enabled else ""})


def _test(call: Call) -> Answer:
    body = call.body()
    webhook = _find(call, body.get("id"))
    url = body.get("url") or webhook["url"]
    _require_url(url if isinstance(url, str) else "")
    events = [orjson.dumps(event, option=orjson.OPT_SORT_KEYS) for event in make_test_events(call.now_s)]
    put_test(call.store, webhook["id"], join_events(events), url=url, events=len(events))
    return Answer(204)


_S = "user.webhooks.event.settings"
_PATH = "/v3/user/webhooks/event/settings"
ROUTES: tuple[Route, ...] = (
    ("GET", _PATH, f"{_S}.read", _show_one),
    ("PATCH", _PATH, f"{_S}.update", _patch),
    ("POST", _PATH, f"{_S}.create", _create),
    ("GET", f"{_PATH}/all", f"{_S}.read", _list),
    ("GET", f"{_PATH}/signed", f"{_S}.read", _show_signing),
    ("PATCH", f"{_PATH}/signed", f"{_S}.update", _switch_signing),
    ("GET", f"{_PATH}/signed/*", f"{_S}.read", _show_signing),
    ("PATCH", f"{_PATH}/signed/*", f"{_S}.update", _switch_signing),
    ("POST", "/v3/user/webhooks/event/test", "user.webhooks.event.test.create", _test),
    ("GET", f"{_PATH}/*", f"{_S}.read", _show_one),
    ("PATCH", f"{_PATH}/*", f"{_S}.update", _patch),
    ("DELETE", f"{_PATH}/*", f"{_S}.delete", _delete),
)
