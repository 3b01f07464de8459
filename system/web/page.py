"""The pages that recipients see in a browser: one message, at most one button."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

_STYLE: Final = files("system.web").joinpath("templates/page.css").read_text("utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
_TEMPLATE: Final = Environment(
    loader=PackageLoader("system.web"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("page.html.j2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one page says."""

    title: str
    message: str
    button: str | None = None
    """Label of a button that posts to the page's own address."""
    status: int = 200


def show(page: Page, *, brand: str, headers: dict[str, str] | None = None) -> HTMLResponse:
    """The page as an answer; it loads nothing, sets nothing and runs nothing."""
    html = _TEMPLATE.render(page=page, brand=brand, style=Markup(_STYLE))  # noqa: S704  # our own file
    return HTMLResponse(html, status_code=page.status, headers=_HEADERS | (headers or {}))
