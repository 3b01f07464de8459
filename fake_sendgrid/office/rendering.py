"""A mail as its recipient would get it: headers and contents after templates, substitutions and settings."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from fake_sendgrid.office.handlebars import fill_template
from fake_sendgrid.office.store import read_thing

_FOOTER_LINK = "https://u.example.com/wf/unsubscribe"


@dataclass(slots=True)
class Rendered:
    """`problems` say what bulk-mail rules the headers break."""

    headers: dict[str, str]
    subject: str
    text: str = ""
    html: str = ""
    problems: list[str] = field(default_factory=list)


def render_mail(store: sqlite3.Connection, mail: dict[str, Any], line: dict[str, Any]) -> Rendered:
    """The mail of one ledger line, from its request body."""
    one = mail["personalizations"][line["personalization"]]
    contents = _choose_contents(store, mail, one)
    rendered = Rendered(
        headers={**(mail.get("headers") or {}), **(one.get("headers") or {})},
        subject=contents["subject"],
        text=contents.get("text/plain", ""),
        html=contents.get("text/html", ""),
    )
    _add_footer(rendered, (mail.get("mail_settings") or {}).get("footer") or {})
    _add_unsubscribing(rendered, mail)
    rendered.problems = lint_unsubscribing(rendered.headers)
    return rendered


def _choose_contents(store: sqlite3.Connection, mail: dict[str, Any], one: dict[str, Any]) -> dict[str, str]:
    contents = {part["type"].lower(): part["value"] for part in mail.get("content") or ()}
    contents["subject"] = one.get("subject") or mail.get("subject") or ""
    version = _find_active(store, mail.get("template_id"))
    if version is not None:
        stored = {
            "subject": version["subject"],
            "text/html": version["html_content"],
            "text/plain": version["plain_content"],
        }
        contents |= {name: text for name, text in stored.items() if text}
    if str(mail.get("template_id", "")).startswith("d-"):
        data = one.get("dynamic_template_data") or {}
        return {name: fill_template(text, data) for name, text in contents.items()}
    substitutions = {**(mail.get("sections") or {}), **(one.get("substitutions") or {})}
    return {name: _substitute(text, substitutions, mail.get("sections") or {}) for name, text in contents.items()}


def _find_active(store: sqlite3.Connection, template_id: str | None) -> dict[str, Any] | None:
    template = read_thing(store, "template", template_id) if template_id else None
    return next((version for version in template["versions"] if version["active"]), None) if template else None


def _substitute(text: str, substitutions: dict[str, str], sections: dict[str, str]) -> str:
    """Legacy tags are replaced as plain text; a substitution may name a section."""
    for values in (substitutions, sections):
        for tag, value in values.items():
            text = text.replace(tag, value)
    return text


def _add_footer(rendered: Rendered, footer: dict[str, Any]) -> None:
    if footer.get("enable"):
        rendered.text += footer.get("text") or ""
        rendered.html += footer.get("html") or ""


def _add_unsubscribing(rendered: Rendered, mail: dict[str, Any]) -> None:
    """Subscription tracking adds link and both headers; an asm group the mailto form only (as captured in 2023)."""
    tracking = (mail.get("tracking_settings") or {}).get("subscription_tracking") or {}
    if tracking.get("enable"):
        rendered.headers.setdefault("List-Unsubscribe", f"<{_FOOTER_LINK}>")
        rendered.headers.setdefault("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        rendered.text += f"\n\n{_FOOTER_LINK}"
        rendered.html += f'<p><a href="{_FOOTER_LINK}">Unsubscribe</a></p>'
    elif mail.get("asm"):
        rendered.headers.setdefault("List-Unsubscribe", "<mailto:unsubscribe@u.example.com?subject=unsubscribe>")


def lint_unsubscribing(headers: dict[str, str]) -> list[str]:
    """What large mailbox providers miss in these headers (RFC 8058)."""
    lower = {name.lower(): value for name, value in headers.items()}
    problems = []
    if "<https://" not in lower.get("list-unsubscribe", ""):
        problems.append("List-Unsubscribe has no https link")
    if lower.get("list-unsubscribe-post") != "List-Unsubscribe=One-Click":
        problems.append("List-Unsubscribe-Post is not List-Unsubscribe=One-Click")
    return problems
