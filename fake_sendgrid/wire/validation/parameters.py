"""The parameters that stand beside recipients and content, at the top or in a personalization."""

import re
from typing import Any

import orjson

from fake_sendgrid.wire.validation.objections import Objections
from fake_sendgrid.wire.validation.policy import Policy

MAX_ARGS_BYTES = 10_000
MAX_CATEGORIES = 10
MAX_CATEGORY_CHARS = 255
MAX_GROUPS_SHOWN = 25
MAX_AHEAD_S = 72 * 3600
POOL_NAME_CHARS = range(2, 65)
_RESERVED_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)
_HEADER_KEY = re.compile(r"[!-~]+")


def check_subject(value: Any, field: str, objections: Objections) -> None:
    """A subject that is present."""
    if not objections.has_type(value, "string", field):
        return
    if not value:
        objections.add("The subject of your email must be a string at least one character in length.", field)


def check_headers(value: Any, field: str, objections: Objections) -> None:
    """Custom headers: strings under ASCII keys that the provider doesn't set itself."""
    if value is None or not objections.has_type(value, "object", field):
        return
    if not all(isinstance(text, str) for text in value.values()):
        objections.add("The header values must be strings.", field)
    keys = [key.lower() for key in value]
    if len(set(keys)) < len(keys):
        objections.add("The headers cannot contain duplicate keys.", field)
    if not all(_HEADER_KEY.fullmatch(key) for key in keys):
        objections.add("Header keys cannot contain non-ASCII characters and empty spaces.", field)
    if not _RESERVED_HEADERS.isdisjoint(keys):
        objections.add("Header can not be one of the reserved keys.", field)


def check_custom_args(value: Any, field: str, shared: Any, objections: Objections) -> None:
    """Strings, at most 10,000 bytes together with the global ones."""
    if value is None or not objections.has_type(value, "object", field):
        return
    if not value:
        objections.add("custom_args cannot be empty.", field)
    elif not all(isinstance(text, str) for text in value.values()):
        objections.add("All values of custom arguments object must be strings", field)
    elif len(orjson.dumps({**shared, **value} if isinstance(shared, dict) else value)) > MAX_ARGS_BYTES:
        objections.add(_ARGS_TOO_LARGE, field)


def check_send_at(value: Any, field: str, objections: Objections, *, now_s: float) -> None:
    """A Unix time at most 72 hours ahead; the past means now."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        objections.add(_SEND_AT, field)
    elif value > now_s + MAX_AHEAD_S:
        objections.add("Scheduling more than 72 hours in advance is forbidden.", field)


def check_substitutions(value: Any, field: str, objections: Objections) -> None:
    """Legacy substitutions: text by text."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        message = "The substitution values must be an object of key/value pairs, where the values are all strings."
        objections.add(message, field)
    elif len(value) > MAX_ARGS_BYTES or len(orjson.dumps(value)) > MAX_ARGS_BYTES:
        objections.add("You are limited to 10,000 substitutions.", field)


def check_sections(value: Any, objections: Objections) -> None:
    """Blocks of text that substitutions may name."""
    if value is None or not objections.has_type(value, "object", "sections"):
        return
    if not all(isinstance(text, str) for text in value.values()):
        objections.add("The section values must be strings.", "sections")


def check_categories(value: Any, objections: Objections) -> None:
    """At most ten different ASCII labels."""
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        objections.add("Categories must be an array of strings.", "categories")
        return
    if len(value) > MAX_CATEGORIES:
        message = (
            f"There is a limit of 10 categories for each email that is sent. You provided {len(value)} categories."
        )
        objections.add(message, "categories")
    for label in dict.fromkeys(value):
        if value.count(label) > 1:
            objections.add(_CATEGORY_TWICE.format(label), "categories")
        if len(label) > MAX_CATEGORY_CHARS:
            message = f"Each category must not be longer than 255 characters. [{label}] exceeds this limit"
            objections.add(message, "categories")
        if not label.isascii():
            objections.add("Categories can not contain non-ASCII characters.", "categories")


def check_asm(value: Any, objections: Objections, policy: Policy) -> None:
    """The unsubscribe group and the groups to show."""
    if value is None or not objections.has_type(value, "object", "asm"):
        return
    objections.refuse_unknown(value, frozenset({"group_id", "groups_to_display"}), "asm")
    group = value.get("group_id")
    if isinstance(group, bool) or not isinstance(group, int):
        objections.add("The ASM group ID must be an integer.", "asm.group_id")
    elif group not in policy.groups:
        message = f"The ASM group ID must be a valid Group ID on your account. You provided {group}."
        objections.add(message, "asm.group_id")
    _check_groups_shown(value.get("groups_to_display"), objections, policy)


def _check_groups_shown(shown: Any, objections: Objections, policy: Policy) -> None:
    field = "asm.groups_to_display"
    if shown is None:
        return
    if not isinstance(shown, list) or not all(type(group) is int for group in shown):
        objections.add("The ASM Group IDs to display must be an array of integers.", field)
        return
    if len(shown) > MAX_GROUPS_SHOWN:
        objections.add("There is a limit of 25 unsubscribe groups that can be displayed to a user at a time.", field)
    unknown = [group for group in shown if group not in policy.groups]
    if unknown:
        listed = ", ".join(map(str, unknown))
        message = f"All ASM groups to display must be valid ASM groups IDs on your account. You provided {{{listed}}}."
        objections.add(message, field)


def check_ip_pool(value: Any, objections: Objections, policy: Policy) -> None:
    """The pool of sending addresses."""
    if value is None:
        return
    if not isinstance(value, str):
        objections.add("The name of your IP pool must be a string.", "ip_pool_name")
    elif len(value) not in POOL_NAME_CHARS or value not in policy.pools:
        message = f"The IP Pool name must be a valid pool name for your account. You provided {value}."
        objections.add(message, "ip_pool_name")


def check_template(value: Any, objections: Objections, policy: Policy) -> None:
    """The stored template."""
    if value is None:
        return
    if not isinstance(value, str):
        objections.add(f"The template ID must be a string, you provided {orjson.dumps(value).decode()}.", "template_id")
    elif value not in policy.templates:
        message = f"The Template ID must be a valid template id for your account. You provided {value}."
        objections.add(message, "template_id")


def check_batch_id(value: Any, objections: Objections) -> None:
    """The batch for pausing and cancelling."""
    if value is not None and not isinstance(value, str):
        objections.add("The batch_id must be a string.", "batch_id")


_ARGS_TOO_LARGE = (
    "The combined size of both global and personalization custom arguments may not exceed 10,000 bytes "
    "per personalization."
)
_SEND_AT = (
    "The send_at parameter is expecting a Unix timestamp as an integer. "
    "We will send immediately if you include a send_at timestamp that is in the past."
)
_CATEGORY_TWICE = "The categories must be a unique list, and you have included {} more than once."
