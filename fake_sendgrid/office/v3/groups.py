"""asm/groups: unsubscribe groups and the addresses in them."""

from typing import Any

from fake_sendgrid.office.store import delete_thing, read_thing, read_things, write_thing
from fake_sendgrid.office.suppressions import release, suppress
from fake_sendgrid.office.v3.call import Answer, Call, CallError, Route, require_text, require_texts

MAX_NAME_CHARS = 30
MAX_DESCRIPTION_CHARS = 100
_FIRST_ID = 100
_COUNT = "SELECT count(*) FROM suppressions WHERE kind = ?"
_EMAILS = "SELECT email FROM suppressions WHERE kind = ? ORDER BY created, email"


def _show(call: Call, group: dict[str, Any]) -> dict[str, Any]:
    (count,) = call.store.execute(_COUNT, (f"group:{group['id']}",)).fetchone()
    return {**group, "unsubscribes": count}


def _require(call: Call) -> dict[str, Any]:
    group = read_thing(call.store, "group", call.names[0])
    if group is None:
        raise CallError(404, "resource not found")
    return dict(group)


def _create(call: Call) -> Answer:
    body = call.body()
    name = require_text(body, "name", most=MAX_NAME_CHARS)
    description = require_text(body, "description", most=MAX_DESCRIPTION_CHARS)
    known = read_things(call.store, "group")
    group = {
        "id": max([_FIRST_ID, *map(int, known)]) + 1,
        "name": name,
        "description": description,
        "is_default": body.get("is_default") is True,
    }
    write_thing(call.store, "group", str(group["id"]), group)
    return Answer(201, group)


def _list(call: Call) -> Answer:
    wanted = call.query.get("id")
    groups = read_things(call.store, "group").values()
    return Answer(200, [_show(call, group) for group in groups if wanted in (None, str(group["id"]))])


def _show_one(call: Call) -> Answer:
    return Answer(200, _show(call, _require(call)))


def _change(call: Call) -> Answer:
    group, body = _require(call), call.body()
    if "name" in body:
        group["name"] = require_text(body, "name", most=MAX_NAME_CHARS)
    if "description" in body:
        group["description"] = require_text(body, "description", most=MAX_DESCRIPTION_CHARS)
    group["is_default"] = body.get("is_default", group["is_default"]) is True
    write_thing(call.store, "group", call.names[0], group)
    return Answer(201, _show(call, group))


def _delete(call: Call) -> Answer:
    _require(call)
    delete_thing(call.store, "group", call.names[0])
    call.store.execute("DELETE FROM suppressions WHERE kind = ?", (f"group:{call.names[0]}",))
    return Answer(204)


def _add_members(call: Call) -> Answer:
    _require(call)
    emails = require_texts(call.body(), "recipient_emails")
    for email in emails:
        suppress(call.store, f"group:{call.names[0]}", email, now_s=call.now_s)
    return Answer(201, {"recipient_emails": emails})


def _list_members(call: Call) -> Answer:
    _require(call)
    return Answer(200, [email for (email,) in call.store.execute(_EMAILS, (f"group:{call.names[0]}",))])


def _search_members(call: Call) -> Answer:
    members = {email for (email,) in call.store.execute(_EMAILS, (f"group:{call.names[0]}",))}
    wanted = require_texts(call.body(), "recipient_emails")
    return Answer(200, [email for email in wanted if email.lower() in members])


def _delete_member(call: Call) -> Answer:
    release(call.store, f"group:{call.names[0]}", call.names[1])
    return Answer(204)


def _list_all(call: Call) -> Answer:
    sql = "SELECT email, kind, created FROM suppressions WHERE kind LIKE 'group:%' ORDER BY created, email"
    groups = read_things(call.store, "group")
    rows = [(email, kind.removeprefix("group:"), created) for email, kind, created in call.store.execute(sql)]
    return Answer(
        200,
        [
            {"email": email, "group_id": int(group), "group_name": groups[group]["name"], "created_at": created}
            for email, group, created in rows
            if group in groups
        ],
    )


def _show_person(call: Call) -> Answer:
    sql = "SELECT kind FROM suppressions WHERE email = ? AND kind LIKE 'group:%'"
    member = {kind for (kind,) in call.store.execute(sql, (call.names[0].lower(),))}
    groups = read_things(call.store, "group").values()
    return Answer(
        200, {"suppressions": [{**group, "suppressed": f"group:{group['id']}" in member} for group in groups]}
    )


_GROUPS = "asm.groups"
_MEMBERS = "asm.groups.suppressions"
ROUTES: tuple[Route, ...] = (
    ("POST", "/v3/asm/groups", f"{_GROUPS}.create", _create),
    ("GET", "/v3/asm/groups", f"{_GROUPS}.read", _list),
    ("GET", "/v3/asm/groups/*", f"{_GROUPS}.read", _show_one),
    ("PATCH", "/v3/asm/groups/*", f"{_GROUPS}.update", _change),
    ("DELETE", "/v3/asm/groups/*", f"{_GROUPS}.delete", _delete),
    ("POST", "/v3/asm/groups/*/suppressions", f"{_MEMBERS}.create", _add_members),
    ("GET", "/v3/asm/groups/*/suppressions", f"{_MEMBERS}.read", _list_members),
    ("POST", "/v3/asm/groups/*/suppressions/search", f"{_MEMBERS}.read", _search_members),
    ("DELETE", "/v3/asm/groups/*/suppressions/*", f"{_MEMBERS}.delete", _delete_member),
    ("GET", "/v3/asm/suppressions", f"{_MEMBERS}.read", _list_all),
    ("GET", "/v3/asm/suppressions/*", f"{_MEMBERS}.read", _show_person),
)
