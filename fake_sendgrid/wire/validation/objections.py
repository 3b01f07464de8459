"""What the provider objects to: messages, fields and the documentation anchor that it adds as `help`."""

from typing import Any

HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"
Found = list[dict[str, str | None]]


class Objections:
    """Gathers objections in the order in which they are found."""

    def __init__(self) -> None:
        self.found: Found = []

    def add(self, message: str, field: str | None, *, anchor: str | None = None) -> None:
        """`anchor` defaults to the field without its indexes."""
        shown = anchor or "message." + ".".join(part for part in (field or "").split(".") if not part.isdigit())
        self.found.append({"message": message, "field": field, "help": f"{HELP}#{shown}"})

    def add_bare(self, message: str, field: str | None) -> None:
        """An objection to which the provider gives no help."""
        self.found.append({"message": message, "field": field, "help": None})

    def has_type(self, value: Any, expected: str, field: str, *, anchor: str | None = None) -> bool:
        """Whether `value` is of the JSON type; objects to it otherwise."""
        given = name_type(value)
        if given == expected:
            return True
        message = f"Invalid type. Expected: {expected}, given: {given}."
        if anchor == "":
            self.add_bare(message, field)
        else:
            self.add(message, field, anchor=anchor)
        return False

    def refuse_unknown(self, value: dict[str, Any], known: frozenset[str], field: str | None) -> None:
        """Object to properties that the documentation does not know."""
        if value.keys() <= known:
            return
        for name in value.keys() - known:
            path = f"{field}.{name}" if field else name
            self.add_bare(f"Additional property {name} is not allowed.", path)


def name_type(value: Any) -> str:
    """The JSON name of the value's type."""
    return _TYPES[type(value)]


_TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
