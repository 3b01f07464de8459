"""Text of a run inside GitHub Markdown: one line that can't break out of its place."""

from __future__ import annotations

from typing import Final

from slo_reports.report.numbers import shortened

MAX_TEXT: Final = 200


def one_line(value: object, *, most: int = MAX_TEXT) -> str:
    """Escaped for a sentence, a table's cell, and between backticks; cut off when it is long."""
    line = shortened(str(value), most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return line.replace("|", "\\|").replace("`", "'")
