"""Addresses: what `from`, `to`, `cc`, `bcc` and the reply fields may hold."""

import re
from typing import Any

from fake_sendgrid.wire.validation.objections import Objections

MAX_ADDRESS_CHARS = 320
_KNOWN = frozenset({"email", "name"})
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf'(?:{_LOCAL}|"[^"\r\n]+")@{_LABEL}(?:\.{_LABEL})+')
_NO_NAME_CHARS = re.compile("[;,]")


def check_address(
    value: Any, field: str, objections: Objections, *, anchor: str, label: str, missing: str, strict_name: bool = False
) -> str | None:
    """The address in lower case when it is valid; objects otherwise. `label` names it in the length message."""
    if not objections.has_type(value, "object", field, anchor=anchor):
        return None
    objections.refuse_unknown(value, _KNOWN, field)
    name = value.get("name")
    if name is not None and objections.has_type(name, "string", f"{field}.name") and strict_name:
        _check_name(name, f"{field}.name", objections, anchor=anchor)
    email = value.get("email")
    if email is None or email == "":
        objections.add(missing, f"{field}.email", anchor=anchor)
        return None
    if not objections.has_type(email, "string", f"{field}.email", anchor=anchor):
        return None
    return _check_email(email, f"{field}.email", objections, anchor=anchor, label=label)


def _check_email(email: str, field: str, objections: Objections, *, anchor: str, label: str) -> str | None:
    if len(email) > MAX_ADDRESS_CHARS:
        message = f"The {label} email exceeds the maximum total length of {MAX_ADDRESS_CHARS} characters"
        objections.add(message, field, anchor=anchor)
        return None
    if not _ADDRESS.fullmatch(email):
        objections.add("Does not contain a valid address.", field, anchor=anchor)
        return None
    return email.lower()


def _check_name(name: str, field: str, objections: Objections, *, anchor: str) -> None:
    if _NO_NAME_CHARS.search(name):
        objections.add("The name cannot contain ';' or ',' characters.", field, anchor=anchor)


def check_reply_to(mail: dict[str, Any], objections: Objections) -> None:
    """`reply_to` and `reply_to_list`, which exclude each other."""
    reply_to, listed = mail.get("reply_to"), mail.get("reply_to_list")
    if reply_to is not None and listed is not None:
        objections.add("You may not provide both reply_to and reply_to_list.", "reply_to_list")
    if reply_to is not None:
        check_address(
            reply_to, "reply_to", objections, anchor="message.reply_to", label="Reply-To", missing=_REPLY_TO_MISSING
        )
    if listed is not None and objections.has_type(listed, "array", "reply_to_list"):
        _check_reply_to_list(listed, objections)


def _check_reply_to_list(listed: list[Any], objections: Objections) -> None:
    anchor = "message.reply_to_list"
    if len(listed) > MAX_LISTED:
        objections.add(f"There is a limit of {MAX_LISTED} reply_to_list addresses per request.", "reply_to_list")
    seen: set[str] = set()
    for index, value in enumerate(listed):
        field = f"reply_to_list.{index}"
        email = check_address(
            value, field, objections, anchor=anchor, label="Reply-To", missing="The email parameter is required."
        )
        if email in seen:
            objections.add("Each email address in the reply_to_list should be unique.", field, anchor=anchor)
        if email:
            seen.add(email)


MAX_LISTED = 1000
_EXAMPLES = 'e.g. {"email": "example@example.com"} or {"email": "example@example.com", "name": "Example Recipient"}'
_REPLY_TO_MISSING = (
    "The reply_to object, when used, must at least have an email parameter with a valid email address "
    f"and it may also contain a name parameter. {_EXAMPLES}"
)
