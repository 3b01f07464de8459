"""Content blocks: at least one unless a template brings them, in the order of RFC 1341."""

import re
from typing import Any

from fake_sendgrid.wire.validation.objections import Objections

_KNOWN = frozenset({"type", "value"})
_NO_TYPE_CHARS = re.compile("[;\r\n]")
REQUIRED = (
    "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined "
    "content block. We typically suggest both text/plain and text/html blocks are included, but only one block is "
    "required."
)
VALUE_REQUIRED = "The content value must be a string at least one character in length."
_ORDER = (
    "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: text/plain needs "
    "to be first, followed by text/html, followed by any other content."
)
_RANK = {"text/plain": 0, "text/html": 1}


def check_content(mail: dict[str, Any], objections: Objections) -> None:
    """Each block, then their number and order."""
    content = mail.get("content")
    if content is None or content == []:
        if not mail.get("template_id"):
            objections.add(REQUIRED, "content")
        return
    if not objections.has_type(content, "array", "content"):
        return
    types = [_check_block(block, f"content.{index}", objections) for index, block in enumerate(content)]
    ranks = [_RANK.get(kind, 2) for kind in types if kind is not None]
    if ranks != sorted(ranks):
        objections.add(_ORDER, "content", anchor="message.content.value")
    if any(types.count(kind) > 1 for kind in _RANK):
        objections.add_bare("If present, text/plain and text/html may only be provided once.", "content")


def _check_block(block: Any, field: str, objections: Objections) -> str | None:
    """The block's type in lower case, None when it has no usable one."""
    if not objections.has_type(block, "object", field, anchor=""):
        return None
    objections.refuse_unknown(block, _KNOWN, field)
    value = block.get("value")
    if value is None or value == "":
        objections.add(VALUE_REQUIRED, f"{field}.value")
    else:
        objections.has_type(value, "string", f"{field}.value")
    return _check_type(block.get("type"), f"{field}.type", objections)


def _check_type(kind: Any, field: str, objections: Objections) -> str | None:
    if kind is None:
        objections.add("A content type is required, this tells email clients how to display the email.", field)
    elif not isinstance(kind, str) or not kind:
        objections.add("Your content type must be a string with length of at least one character.", field)
    elif _NO_TYPE_CHARS.search(kind):
        objections.add("Cannot contain ';', or CRLF characters.", field)
    else:
        return kind.lower()
    return None
