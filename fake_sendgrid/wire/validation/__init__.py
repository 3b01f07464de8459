"""Which parameters of a mail the provider objects to, in its own words, as many as possible in one answer."""

from typing import Any

from fake_sendgrid.wire.validation import parameters
from fake_sendgrid.wire.validation.addresses import check_address, check_reply_to
from fake_sendgrid.wire.validation.attachments import check_attachments
from fake_sendgrid.wire.validation.content import check_content
from fake_sendgrid.wire.validation.objections import Found, Objections
from fake_sendgrid.wire.validation.personalizations import check_personalizations
from fake_sendgrid.wire.validation.policy import Policy
from fake_sendgrid.wire.validation.settings import check_settings

__all__ = ["Found", "Policy", "find_errors"]

_KNOWN = frozenset(
    {
        "personalizations",
        "from",
        "reply_to",
        "reply_to_list",
        "subject",
        "content",
        "attachments",
        "template_id",
        "sections",
        "headers",
        "categories",
        "custom_args",
        "send_at",
        "batch_id",
        "asm",
        "ip_pool_name",
        "mail_settings",
        "tracking_settings",
    }
)
_FROM = (
    "The from object must be provided for every email send. It is an object that requires the email parameter, "
    'but may also contain a name parameter.  e.g. {"email" : "example@example.com"}  or '
    '{"email" : "example@example.com", "name" : "Example Recipient"}.'
)
_SUBJECT = (
    "The subject is required. You can get around this requirement if you use a template with a subject defined "
    "or if every personalization has a subject defined."
)


def find_errors(mail: Any, policy: Policy) -> Found:
    """Every objection to `mail`, empty when it can be accepted."""
    objections = Objections()
    if not objections.has_type(mail, "object", "(root)", anchor=""):
        return objections.found
    objections.refuse_unknown(mail, _KNOWN, None)
    check_personalizations(mail, objections, policy)
    _check_from(mail, objections)
    check_reply_to(mail, objections)
    _check_subject(mail, objections, policy)
    check_content(mail, objections)
    if not mail.keys() <= _PLAIN:
        _check_rest(mail, objections, policy)
    return objections.found


_PLAIN = frozenset({"personalizations", "from", "reply_to", "subject", "content"})


def _check_from(mail: dict[str, Any], objections: Objections) -> None:
    sender = mail.get("from")
    if sender is None:
        objections.add(_FROM, "from.email", anchor="message.from")
    else:
        check_address(sender, "from", objections, anchor="message.from", label="From", missing=_FROM)


def _check_subject(mail: dict[str, Any], objections: Objections, policy: Policy) -> None:
    subject = mail.get("subject")
    if subject:
        objections.has_type(subject, "string", "subject")
        return
    template_id = mail.get("template_id")
    if isinstance(template_id, str) and policy.templates.get(template_id):
        return
    personalizations = mail.get("personalizations")
    if not isinstance(personalizations, list) or not all(
        isinstance(one, dict) and one.get("subject") for one in personalizations
    ):
        objections.add(_SUBJECT, "subject")


def _check_rest(mail: dict[str, Any], objections: Objections, policy: Policy) -> None:
    check_attachments(mail.get("attachments"), objections)
    parameters.check_template(mail.get("template_id"), objections, policy)
    parameters.check_sections(mail.get("sections"), objections)
    parameters.check_headers(mail.get("headers"), "headers", objections)
    parameters.check_categories(mail.get("categories"), objections)
    parameters.check_custom_args(mail.get("custom_args"), "custom_args", None, objections)
    parameters.check_send_at(mail.get("send_at"), "send_at", objections, now_s=policy.now_s)
    parameters.check_batch_id(mail.get("batch_id"), objections)
    parameters.check_asm(mail.get("asm"), objections, policy)
    parameters.check_ip_pool(mail.get("ip_pool_name"), objections, policy)
    check_settings(mail, objections)
