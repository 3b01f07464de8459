"""templates and their versions, of which one is active."""

import time
import uuid
from typing import Any

from fake_sendgrid.office.store import delete_thing, read_thing, read_things, write_thing
from fake_sendgrid.office.v3.call import Answer, Call, CallError, Route, require_text

MAX_NAME_CHARS = 100
MAX_HTML_BYTES = 1 << 20
MAX_PAGE = 200
_GENERATIONS = ("legacy", "dynamic")
_TEXTS = ("name", "subject", "html_content", "plain_content", "editor", "test_data")
Template = dict[str, Any]


def _say_when(now_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now_s))


def _require(call: Call) -> Template:
    template = read_thing(call.store, "template", call.names[0])
    if template is None:
        raise CallError(404, "template not found", field="template_id", error_id="")
    return dict(template)


def _keep(call: Call, template: Template) -> None:
    template["updated_at"] = _say_when(call.now_s)
    write_thing(call.store, "template", template["id"], template)


def _create(call: Call) -> Answer:
    body = call.body()
    name = require_text(body, "name", most=MAX_NAME_CHARS)
    generation = body.get("generation", "legacy")
    if generation not in _GENERATIONS:
        raise CallError(400, "generation must be legacy or dynamic", field="generation")
    identity = f"d-{uuid.uuid4().hex}" if generation == "dynamic" else str(uuid.uuid4())
    template = {"id": identity, "name": name, "generation": generation, "versions": []}
    _keep(call, template)
    return Answer(201, template)


def _list(call: Call) -> Answer:
    if "page_size" not in call.query:
        raise CallError(400, "page_size is required", field="page_size")
    size = call.number("page_size", default=10, most=MAX_PAGE, least=1)
    start = call.number("page_token", default=0, most=2**31)
    wanted = call.query.get("generations", "legacy").split(",")
    templates = [one for one in read_things(call.store, "template").values() if one["generation"] in wanted]
    page = templates[start : start + size]
    metadata: dict[str, Any] = {"count": len(templates)}
    if start + size < len(templates):
        metadata["next"] = f"https://api.sendgrid.com/v3/templates?page_size={size}&page_token={start + size}"
    return Answer(200, {"result": page, "_metadata": metadata})


def _show(call: Call) -> Answer:
    return Answer(200, _require(call))


def _rename(call: Call) -> Answer:
    template = _require(call)
    template["name"] = require_text(call.body(), "name", most=MAX_NAME_CHARS)
    _keep(call, template)
    return Answer(200, template)


def _delete(call: Call) -> Answer:
    _require(call)
    delete_thing(call.store, "template", call.names[0])
    return Answer(204)


def _read_version(body: dict[str, Any]) -> dict[str, Any]:
    version = {name: body[name] for name in _TEXTS if name in body}
    for name, text in version.items():
        if not isinstance(text, str):
            raise CallError(400, f"{name} must be a string", field=name)
    if len(version.get("html_content", "").encode()) > MAX_HTML_BYTES:
        raise CallError(400, "html_content must be at most 1048576 bytes", field="html_content")
    return version


def _find(template: Template, identity: str) -> dict[str, Any]:
    for version in template["versions"]:
        if version["id"] == identity:
            return dict(version)
    raise CallError(404, "template version not found", field="version_id")


def _put_version(call: Call, template: Template, version: dict[str, Any]) -> None:
    """Replace or add a version; an active one makes all others inactive."""
    version["updated_at"] = _say_when(call.now_s)
    others = [one for one in template["versions"] if one["id"] != version["id"]]
    if version["active"]:
        others = [{**one, "active": 0} for one in others]
    template["versions"] = [version, *others]
    _keep(call, template)


def _add_version(call: Call) -> Answer:
    template, body = _require(call), call.body()
    require_text(body, "name", most=MAX_NAME_CHARS)
    version = {
        "id": str(uuid.uuid4()),
        "template_id": template["id"],
        "active": 0 if body.get("active", 1) == 0 else 1,
        "subject": "",
        "html_content": "",
        "plain_content": "",
        "generate_plain_content": body.get("generate_plain_content", True) is True,
        "editor": "code",
        **_read_version(body),
    }
    _put_version(call, template, version)
    return Answer(201, version)


def _show_version(call: Call) -> Answer:
    return Answer(200, _find(_require(call), call.names[1]))


def _change_version(call: Call) -> Answer:
    template, body = _require(call), call.body()
    version = {**_find(template, call.names[1]), **_read_version(body)}
    if "active" in body:
        version["active"] = 1 if body["active"] == 1 else 0
    _put_version(call, template, version)
    return Answer(200, version)


def _activate_version(call: Call) -> Answer:
    template = _require(call)
    version = {**_find(template, call.names[1]), "active": 1}
    _put_version(call, template, version)
    return Answer(200, version)


def _delete_version(call: Call) -> Answer:
    template = _require(call)
    _find(template, call.names[1])
    template["versions"] = [one for one in template["versions"] if one["id"] != call.names[1]]
    _keep(call, template)
    return Answer(204)


_T, _V = "templates", "templates.versions"
ROUTES: tuple[Route, ...] = (
    ("POST", "/v3/templates", f"{_T}.create", _create),
    ("GET", "/v3/templates", f"{_T}.read", _list),
    ("GET", "/v3/templates/*", f"{_T}.read", _show),
    ("PATCH", "/v3/templates/*", f"{_T}.update", _rename),
    ("DELETE", "/v3/templates/*", f"{_T}.delete", _delete),
    ("POST", "/v3/templates/*/versions", f"{_V}.create", _add_version),
    ("GET", "/v3/templates/*/versions/*", f"{_V}.read", _show_version),
    ("PATCH", "/v3/templates/*/versions/*", f"{_V}.update", _change_version),
    ("DELETE", "/v3/templates/*/versions/*", f"{_V}.delete", _delete_version),
    ("POST", "/v3/templates/*/versions/*/activate", f"{_V}.activate.create", _activate_version),
)
