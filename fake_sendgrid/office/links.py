"""The first link of a mail, which a simulated click opens."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from fake_sendgrid.wire.bodies import read_body

_HREF = re.compile(r"""href=["'](https?://[^"'\s>]+)""")


def make_link_finder(folder: Path) -> Callable[[dict[str, Any]], str | None]:
    """A function from a ledger line to the first link of its HTML, None when there is none or the body is gone."""

    def find_link(line: dict[str, Any]) -> str | None:
        body = read_body(folder, line["body_at"])
        if body is None:
            return None
        for part in orjson.loads(body).get("content") or ():
            found = _HREF.search(part["value"])
            if found:
                return found.group(1)
        return None

    return find_link
