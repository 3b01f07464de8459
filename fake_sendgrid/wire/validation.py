"""Which parameters of a mail the provider objects to, in its own words."""

from typing import Any

Found = list[dict[str, str | None]]
HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"
PERSONALIZATIONS = "The personalizations field is required and must have at least one personalization."
TO = (
    "The to array is required for all personalization objects, "
    "and must have at least one email object with a valid email address."
)
FROM = (
    "The from object must be provided for every email send. It is an object that requires the email parameter, "
    'but may also contain a name parameter.  e.g. {"email" : "example@example.com"}  or '
    '{"email" : "example@example.com", "name" : "Example Recipient"}.'
)
SUBJECT = (
    "The subject is required. You can get around this requirement if you use a template with a subject defined "
    "or if every personalization has a subject defined."
)
CONTENT = (
    "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined "
    "content block. We typically suggest both text/plain and text/html blocks are included, but only one block is "
    "required."
)


def find_errors(mail: Any) -> Found:
    """Every objection to `mail`, empty when it can be accepted."""
    if not isinstance(mail, dict):
        return [{"message": "Bad Request", "field": None, "help": None}]
    found: Found = []
    personalizations = mail.get("personalizations")
    if not isinstance(personalizations, list) or not personalizations:
        found.append(_objection(PERSONALIZATIONS, "personalizations", "#-Personalizations-Errors"))
    else:
        for index, personalization in enumerate(personalizations):
            found += _find_recipient_errors(personalization, index)
    if not _has_address(mail.get("from")):
        found.append(_objection(FROM, "from.email", "#message.from"))
    if not _every_subject(mail, personalizations) and not mail.get("template_id"):
        found.append(_objection(SUBJECT, "subject", "#message.subject"))
    if not _has_content(mail.get("content")) and not mail.get("template_id"):
        found.append(_objection(CONTENT, "content", "#message.content"))
    return found


def _objection(message: str, field: str, anchor: str) -> dict[str, str | None]:
    return {"message": message, "field": field, "help": HELP + anchor}


def _find_recipient_errors(personalization: Any, index: int) -> Found:
    to = personalization.get("to") if isinstance(personalization, dict) else None
    field = f"personalizations.{index}.to"
    if not isinstance(to, list) or not to:
        return [_objection(TO, field, "#message.personalizations.to")]
    return [
        _objection("Does not contain a valid address.", f"{field}.{at}.email", "#message.personalizations.to")
        for at, recipient in enumerate(to)
        if not _has_address(recipient)
    ]


def _has_address(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("email"), str) and "@" in value["email"][1:-1]


def _every_subject(mail: dict[str, Any], personalizations: Any) -> bool:
    if mail.get("subject"):
        return True
    return isinstance(personalizations, list) and all(
        isinstance(personalization, dict) and personalization.get("subject") for personalization in personalizations
    )


def _has_content(content: Any) -> bool:
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(part, dict) and isinstance(part.get("value"), str) for part in content)
    )
