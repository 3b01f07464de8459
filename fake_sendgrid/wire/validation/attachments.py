"""Attachments: base64 content under a filename."""

import binascii
import re
from base64 import b64decode
from typing import Any

from fake_sendgrid.wire.validation.objections import Objections

_KNOWN = frozenset({"content", "type", "filename", "disposition", "content_id", "name"})
_CRLF = re.compile("[\r\n]")


def check_attachments(value: Any, objections: Objections) -> None:
    """Each attachment by itself."""
    if value is None or not objections.has_type(value, "array", "attachments"):
        return
    for index, attachment in enumerate(value):
        field = f"attachments.{index}"
        if objections.has_type(attachment, "object", field, anchor=""):
            objections.refuse_unknown(attachment, _KNOWN, field)
            _check_content(attachment.get("content"), f"{field}.content", objections)
            _check_filename(attachment.get("filename"), f"{field}.filename", objections)
            _check_labels(attachment, field, objections)


def _check_content(content: Any, field: str, objections: Objections) -> None:
    if not isinstance(content, str) or not content:
        objections.add("The attachment content must be a string at least one character in length.", field)
        return
    try:
        b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        objections.add("The attachment content must be base64 encoded.", field)


def _check_filename(filename: Any, field: str, objections: Objections) -> None:
    if filename is None or filename == "":
        objections.add("filename is required.", field)
    elif not isinstance(filename, str):
        objections.add("The filename of your attachment must be a string.", field)
    elif _CRLF.search(filename):
        objections.add("The filename of your attachment cannot contain CRLF characters.", field)


def _check_labels(attachment: dict[str, Any], field: str, objections: Objections) -> None:
    """The documentation forbids `;` in types too, but clients have long sent `text/plain; charset=utf-8` there."""
    kind = attachment.get("type")
    if kind is not None and (not isinstance(kind, str) or not kind):
        objections.add("The attachment type must be a string and at least one character in length.", f"{field}.type")
    elif kind is not None and _CRLF.search(kind):
        objections.add("The type cannot contain ';', or CRLF characters.", f"{field}.type")
    disposition = attachment.get("disposition")
    if disposition not in (None, "inline", "attachment"):
        message = (
            f'The disposition of your attachment can be either "inline" or "attachment". You provided {disposition}.'
        )
        objections.add(message, f"{field}.disposition")
    content_id = attachment.get("content_id")
    if content_id is not None and not isinstance(content_id, str):
        message = f"The content ID of your attachment must be a string. You provided {content_id}."
        objections.add(message, f"{field}.content_id")
    elif content_id is not None and _CRLF.search(content_id):
        objections.add("The content ID of your attachment cannot contain CRLF characters.", f"{field}.content_id")
