"""mail/batch and scheduled_sends: ids under which scheduled mails can be paused and cancelled."""

from typing import Any

from fake_sendgrid.office.schedule import is_batch, make_batch
from fake_sendgrid.office.store import delete_thing, read_thing, read_things, write_thing
from fake_sendgrid.office.v3.call import Answer, Call, CallError, Route

MAX_ORDERS = 100
_STATUSES = ("pause", "cancel")


def _make(call: Call) -> Answer:
    return Answer(201, {"batch_id": make_batch(call.store, now_s=call.now_s)})


def _show(call: Call) -> Answer:
    _require_batch(call, call.names[0])
    return Answer(200, {"batch_id": call.names[0]})


def _require_batch(call: Call, batch_id: Any) -> str:
    if not isinstance(batch_id, str) or not is_batch(call.store, batch_id, now_s=call.now_s):
        raise CallError(400, "invalid batch id")
    return batch_id


def _require_status(body: dict[str, Any]) -> str:
    status = body.get("status")
    if status not in _STATUSES:
        raise CallError(400, "status must be either 'pause' or 'cancel'", field="status")
    return str(status)


def _order(call: Call) -> Answer:
    body = call.body()
    batch_id = _require_batch(call, body.get("batch_id"))
    status = _require_status(body)
    if read_thing(call.store, "scheduled_send", batch_id):
        raise CallError(400, "a status for this batch id exists, try PATCH to update the status")
    if len(read_things(call.store, "scheduled_send")) >= MAX_ORDERS:
        raise CallError(400, "max limit reached")
    write_thing(call.store, "scheduled_send", batch_id, {"status": status, "since": call.now_s})
    return Answer(201, {"batch_id": batch_id, "status": status})


def _list_orders(call: Call) -> Answer:
    orders = read_things(call.store, "scheduled_send")
    return Answer(200, [{"batch_id": name, "status": order["status"]} for name, order in orders.items()])


def _show_order(call: Call) -> Answer:
    order = read_thing(call.store, "scheduled_send", call.names[0])
    return Answer(200, [{"batch_id": call.names[0], "status": order["status"]}] if order else [])


def _change_order(call: Call) -> Answer:
    status = _require_status(call.body())
    if read_thing(call.store, "scheduled_send", call.names[0]) is None:
        raise CallError(404, "batch id not found")
    write_thing(call.store, "scheduled_send", call.names[0], {"status": status, "since": call.now_s})
    return Answer(204)


def _delete_order(call: Call) -> Answer:
    if not delete_thing(call.store, "scheduled_send", call.names[0]):
        raise CallError(404, "batch id not found")
    return Answer(204)


_SENDS = "user.scheduled_sends"
ROUTES: tuple[Route, ...] = (
    ("POST", "/v3/mail/batch", "mail.batch.create", _make),
    ("GET", "/v3/mail/batch/*", "mail.batch.read", _show),
    ("POST", "/v3/user/scheduled_sends", f"{_SENDS}.create", _order),
    ("GET", "/v3/user/scheduled_sends", f"{_SENDS}.read", _list_orders),
    ("GET", "/v3/user/scheduled_sends/*", f"{_SENDS}.read", _show_order),
    ("PATCH", "/v3/user/scheduled_sends/*", f"{_SENDS}.update", _change_order),
    ("DELETE", "/v3/user/scheduled_sends/*", f"{_SENDS}.delete", _delete_order),
)
