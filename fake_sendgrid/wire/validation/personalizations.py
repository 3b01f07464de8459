"""Personalizations: who receives the mail, and what each of them receives differently."""

from typing import Any

from fake_sendgrid.wire.validation import parameters
from fake_sendgrid.wire.validation.addresses import check_address
from fake_sendgrid.wire.validation.objections import Objections
from fake_sendgrid.wire.validation.policy import Policy

MAX_PERSONALIZATIONS = 1000
MAX_RECIPIENTS = 1000
_KNOWN = frozenset(
    {
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "headers",
        "substitutions",
        "dynamic_template_data",
        "custom_args",
        "send_at",
    }
)
REQUIRED = "The personalizations field is required and must have at least one personalization."
TO_REQUIRED = (
    "The to array is required for all personalization objects, "
    "and must have at least one email object with a valid email address."
)


def check_personalizations(mail: dict[str, Any], objections: Objections, policy: Policy) -> None:
    """The list, then each of its members, then the limits over all of them."""
    personalizations = mail.get("personalizations")
    if personalizations is None or personalizations == []:
        objections.add(REQUIRED, "personalizations", anchor="-Personalizations-Errors")
        return
    if not objections.has_type(personalizations, "array", "personalizations"):
        return
    if len(personalizations) > MAX_PERSONALIZATIONS:
        objections.add(_TOO_MANY.format(given=len(personalizations)), "personalizations")
    seen: set[str] = set()
    total = 0
    for index, personalization in enumerate(personalizations):
        field = f"personalizations.{index}"
        if objections.has_type(personalization, "object", field, anchor=""):
            total += _check_one(personalization, field, mail, objections, policy=policy, seen=seen)
    if total > MAX_RECIPIENTS:
        objections.add("There is a limit of 1000 total recipients (to + cc + bcc) per request.", "personalizations")


def _check_one(
    one: dict[str, Any], field: str, mail: dict[str, Any], objections: Objections, *, policy: Policy, seen: set[str]
) -> int:
    objections.refuse_unknown(one, _KNOWN, field)
    recipients = _check_recipients(one, field, objections, policy, seen)
    if one.keys() <= _PLAIN:
        return recipients
    if "from" in one:
        check_address(
            one["from"], f"{field}.from", objections, anchor="message.from", label="From", missing=TO_EMAIL_MISSING
        )
    if "subject" in one:
        parameters.check_subject(one["subject"], f"{field}.subject", objections)
    parameters.check_headers(one.get("headers"), f"{field}.headers", objections)
    parameters.check_custom_args(one.get("custom_args"), f"{field}.custom_args", mail.get("custom_args"), objections)
    parameters.check_send_at(one.get("send_at"), f"{field}.send_at", objections, now_s=policy.now_s)
    _check_template_data(one, field, mail, objections)
    return recipients


_PLAIN = frozenset({"to", "cc", "bcc"})
TO_EMAIL_MISSING = "The to email parameter is required."


def _check_recipients(one: dict[str, Any], field: str, objections: Objections, policy: Policy, seen: set[str]) -> int:
    if not one.get("to"):
        objections.add(TO_REQUIRED, f"{field}.to")
    mine: set[str] = set()
    count = 0
    duplicate: tuple[str, str] | None = None
    for kind in ("to", "cc", "bcc"):
        listed = one.get(kind)
        if listed is None or listed == [] or not objections.has_type(listed, "array", f"{field}.{kind}"):
            continue
        for index, value in enumerate(listed):
            email = _check_recipient(value, f"{field}.{kind}.{index}", kind, objections)
            count += 1
            if email is None:
                continue
            if email in mine and duplicate is None:
                duplicate = (email, f"{field}.{kind}")
            mine.add(email)
    if duplicate is not None:
        objections.add(_DUPLICATE.format(*duplicate), field, anchor="message.recipient-errors")
    if policy.unique_over_personalizations:
        _refuse_seen(mine & seen, objections)
        seen |= mine
    return count


def _check_recipient(value: Any, field: str, kind: str, objections: Objections) -> str | None:
    return check_address(
        value,
        field,
        objections,
        anchor=f"message.personalizations.{kind}",
        label=kind.upper() if kind != "to" else "To",
        missing=f"The {kind} email parameter is required.",
        strict_name=True,
    )


def _refuse_seen(again: set[str], objections: Objections) -> None:
    for email in sorted(again):
        message = (
            "Each unique email address in the personalizations array should only be included once. "
            f"You have included [{email}] more than once."
        )
        objections.add(message, "personalizations")


def _check_template_data(one: dict[str, Any], field: str, mail: dict[str, Any], objections: Objections) -> None:
    template_id = mail.get("template_id")
    dynamic = isinstance(template_id, str) and template_id.startswith("d-")
    substitutions = one.get("substitutions")
    if substitutions is not None:
        if dynamic:
            objections.add("Substitutions may not be used with dynamic templating", f"{field}.substitutions")
        else:
            parameters.check_substitutions(substitutions, f"{field}.substitutions", objections)
    data = one.get("dynamic_template_data")
    if data is not None:
        objections.has_type(data, "object", f"{field}.dynamic_template_data")


_TOO_MANY = (
    "The personalization block is limited to 1000 personalizations per API request. You have provided {given} "
    "personalizations. Please consider splitting this into multiple requests and resending your request."
)
_DUPLICATE = (
    "Each email address in the personalization block should be unique between to, cc, and bcc. "
    "We found the first duplicate instance of [{}] in the {} field."
)
