"""Turns a letter into subject, HTML, plain text and headers."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, TemplateNotFound, select_autoescape

from system.errors import InputError
from system.mail.letter import Content, Letter
from system.mail.price import price_text

# No space, quote, angle bracket or line break: such a link can't leave its header or attribute.
_WEB_LINK = re.compile(r"https?://[^\s<>\"'\x00-\x1f\x7f]+")
# What str.split() leaves in: other controls, and marks that would reorder the text around a name.
_INVISIBLE = dict.fromkeys([*range(9), *range(14, 28), *range(127, 133), *range(134, 160), *range(0x202A, 0x202F)])


def render(letter: Letter, *, template: str = "weekly") -> Content:
    """The mail of one user; InputError when the letter can't become a mail that works."""
    _check(letter)
    html, text = _pair(template)
    return Content(
        subject=one_line(letter.subject),
        html=html.render(letter=letter),
        text=text.render(letter=letter),
        headers={
            "List-Unsubscribe": f"<{letter.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def one_line(text: str) -> str:
    """The text without line breaks and control characters, so that a name stays inside its line."""
    if text.isprintable():
        return text.strip()
    return " ".join(text.translate(_INVISIBLE).split())


def web_link(url: str | None) -> str | None:
    """The URL when a mail may show it, else None: `javascript:` and the like never reach a reader."""
    return url if url and _WEB_LINK.fullmatch(url) else None


def _check(letter: Letter) -> None:
    if not one_line(letter.subject):
        raise InputError(
            field="subject", value=letter.subject, problem="is empty", remedy="Set the newsletter's subject"
        )
    if not letter.cards:
        raise InputError(field="cards", value=(), problem="are missing", remedy="Recommend at least one product")
    for field, url in (
        ("unsubscribe_url", letter.unsubscribe_url),
        ("shop_url", letter.shop_url),
        *(("link", card.link) for card in letter.cards),
    ):
        if not web_link(url):
            raise InputError(field=field, value=url, problem="is no web address", remedy="Give a full http(s) URL")


@cache
def _pair(name: str) -> tuple[Template, Template]:
    environment = _environment()
    try:
        return environment.get_template(f"{name}.html.j2"), environment.get_template(f"{name}.txt.j2")
    except TemplateNotFound:
        known = sorted(
            file.removesuffix(".html.j2") for file in environment.list_templates() if file.endswith(".html.j2")
        )
        raise InputError(
            field="template", value=name, problem="is unknown", remedy=f"Choose one of: {', '.join(known)}"
        ) from None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("system.mail"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["line"] = one_line
    environment.filters["web_link"] = web_link
    environment.globals["price_text"] = price_text
    return environment
