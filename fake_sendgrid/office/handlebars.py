"""Dynamic templates: Handlebars with the helpers that SendGrid adds."""

from datetime import datetime
from typing import Any

from dotpromptz_handlebars import Handlebars, HelperOptions

Args = list[Any]


def fill_template(text: str, data: dict[str, Any]) -> str:
    """The template with `data`; one that Handlebars can't read comes back with the reason in front."""
    try:
        return str(_ENGINE.compile(text)(data))
    except (ValueError, TypeError, RecursionError) as exc:
        return f"[template error: {exc}] {text}"


def _choose(options: HelperOptions, *, yes: bool) -> str:
    return str(options.fn() if yes else options.inverse())


def _compare(args: Args) -> tuple[float, float] | None:
    try:
        return float(args[0]), float(args[1])
    except (IndexError, TypeError, ValueError):
        return None


def _equals(args: Args, options: HelperOptions) -> str:
    return _choose(options, yes=len(args) > 1 and str(args[0]) == str(args[1]))


def _not_equals(args: Args, options: HelperOptions) -> str:
    return _choose(options, yes=len(args) > 1 and str(args[0]) != str(args[1]))


def _greater(args: Args, options: HelperOptions) -> str:
    pair = _compare(args)
    return _choose(options, yes=pair is not None and pair[0] > pair[1])


def _less(args: Args, options: HelperOptions) -> str:
    pair = _compare(args)
    return _choose(options, yes=pair is not None and pair[0] < pair[1])


def _and(args: Args, options: HelperOptions) -> str:
    return _choose(options, yes=all(args))


def _or(args: Args, options: HelperOptions) -> str:
    return _choose(options, yes=any(args))


def _insert(args: Args, _options: HelperOptions) -> str:
    """`{{insert name "default=Customer"}}`."""
    value = args[0] if args else None
    default = next((text[8:] for text in args[1:] if isinstance(text, str) and text.startswith("default=")), "")
    return str(value if value not in (None, "") else default)


def _length(args: Args, options: HelperOptions) -> str:
    """`{{#length items 3}}`: whether the list has so many members; without a number, the number."""
    size = len(args[0]) if args and isinstance(args[0], (list, str, dict)) else 0
    return _choose(options, yes=size == args[1]) if len(args) > 1 else str(size)


_DATE_PARTS = (
    ("YYYY", "%Y"),
    ("YY", "%y"),
    ("MMMM", "%B"),
    ("MMM", "%b"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("dddd", "%A"),
    ("HH", "%H"),
    ("hh", "%I"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("A", "%p"),
)


def _format_date(args: Args, _options: HelperOptions) -> str:
    """`{{formatDate when "MMMM DD, YYYY"}}` for ISO times; offsets are ignored."""
    try:
        when = datetime.fromisoformat(str(args[0]))
    except (IndexError, ValueError):
        return ""
    pattern = str(args[1]) if len(args) > 1 else "YYYY-MM-DD"
    for index, (sign, _) in enumerate(_DATE_PARTS):
        pattern = pattern.replace(sign, chr(0xE000 + index))
    for index, (_, directive) in enumerate(_DATE_PARTS):
        pattern = pattern.replace(chr(0xE000 + index), when.strftime(directive))
    return pattern


_HELPERS = {
    "equals": _equals,
    "notEquals": _not_equals,
    "greaterThan": _greater,
    "lessThan": _less,
    "and": _and,
    "or": _or,
    "insert": _insert,
    "length": _length,
    "formatDate": _format_date,
}
_ENGINE = Handlebars()
for _name, _helper in _HELPERS.items():
    _ENGINE.register_helper(_name, _helper)
