"""mail_settings and tracking_settings: which switches exist, and of which type each value must be."""

from typing import Any

from fake_sendgrid.wire.validation.objections import Objections

_BOOLEAN = "The {} param should be a boolean value."
_Rules = dict[str, dict[str, tuple[type, str]]]

MAIL: _Rules = {
    "bypass_list_management": {"enable": (bool, _BOOLEAN.format("bypass list management enable"))},
    "bypass_spam_management": {"enable": (bool, _BOOLEAN.format("bypass spam management enable"))},
    "bypass_bounce_management": {"enable": (bool, _BOOLEAN.format("bypass bounce management enable"))},
    "bypass_unsubscribe_management": {"enable": (bool, _BOOLEAN.format("bypass unsubscribe management enable"))},
    "footer": {
        "enable": (bool, _BOOLEAN.format("footer enable")),
        "text": (str, "The text/plain version of your footer should be a string."),
        "html": (str, "The text/html version of your footer should be a string."),
    },
    "sandbox_mode": {"enable": (bool, _BOOLEAN.format("sandbox mode enable"))},
    "bcc": {
        "enable": (bool, _BOOLEAN.format("bcc enable")),
        "email": (str, "You must include a recipient object when using the bcc mail setting."),
    },
    "spam_check": {
        "enable": (bool, _BOOLEAN.format("spam check enable")),
        "threshold": (
            int,
            "The spam check threshold is between 1 and 10, with the lower numbers being the most strict filtering.",
        ),
        "post_to_url": (str, "The spam check url must be a string."),
    },
}
TRACKING: _Rules = {
    "click_tracking": {
        "enable": (bool, _BOOLEAN.format("click tracking enable")),
        "enable_text": (bool, "The click tracking enable text must be a boolean value."),
    },
    "open_tracking": {
        "enable": (bool, _BOOLEAN.format("open tracking enable")),
        "substitution_tag": (str, "The open tracking substitution tag must be a string."),
    },
    "subscription_tracking": {
        "enable": (bool, _BOOLEAN.format("subscription tracking enable")),
        "text": (str, "The subscription tracking unsubscribe content for text/plain messages must be a string."),
        "html": (str, "The subscription tracking unsubscribe content for text/html messages must be a string."),
        "substitution_tag": (str, "The subscription tracking substitution tag must be a string value."),
    },
    "ganalytics": {
        "enable": (bool, "The Google Analytics enable param must be a boolean value."),
        **{
            f"utm_{name}": (str, f"The Google Analytics utm_{name} must be a string value.")
            for name in ("campaign", "content", "medium", "source", "term")
        },
    },
}
_BYPASS_ALL = "bypass_list_management"
_BYPASS_ONE = ("bypass_spam_management", "bypass_bounce_management", "bypass_unsubscribe_management")
THRESHOLD = range(1, 11)


def check_settings(mail: dict[str, Any], objections: Objections) -> None:
    """Both settings objects."""
    settings = mail.get("mail_settings")
    if settings is not None and _check(settings, "mail_settings", MAIL, objections):
        _check_bypasses(settings, objections)
        _check_spam_check(settings.get("spam_check"), objections)
    if mail.get("tracking_settings") is not None:
        _check(mail["tracking_settings"], "tracking_settings", TRACKING, objections)


def _check(settings: Any, field: str, rules: _Rules, objections: Objections) -> bool:
    if not objections.has_type(settings, "object", field):
        return False
    objections.refuse_unknown(settings, frozenset(rules), field)
    for name, value in settings.items():
        path = f"{field}.{name}"
        if name in rules and value is not None and objections.has_type(value, "object", path):
            _check_switch(value, path, rules[name], objections)
    return True


def _check_switch(
    switch: dict[str, Any], field: str, rules: dict[str, tuple[type, str]], objections: Objections
) -> None:
    objections.refuse_unknown(switch, frozenset(rules), field)
    for name, value in switch.items():
        expected, message = rules.get(name, (object, ""))
        if value is None or (expected is int and isinstance(value, bool)) or not isinstance(value, expected):
            objections.add(message, f"{field}.{name}")


def _is_on(settings: dict[str, Any], name: str) -> bool:
    switch = settings.get(name)
    return isinstance(switch, dict) and switch.get("enable") is True


def _check_bypasses(settings: dict[str, Any], objections: Objections) -> None:
    if _is_on(settings, _BYPASS_ALL) and any(_is_on(settings, name) for name in _BYPASS_ONE):
        message = "bypass_list_management cannot be combined with any other bypass option."
        objections.add(message, f"mail_settings.{_BYPASS_ALL}")


def _check_spam_check(switch: Any, objections: Objections) -> None:
    if not isinstance(switch, dict) or switch.get("enable") is not True:
        return
    field = "mail_settings.spam_check"
    threshold, url = switch.get("threshold"), switch.get("post_to_url")
    if threshold is None:
        message = "You must include the spam check threshold  when using the spam check mail setting."
        objections.add(message, f"{field}.threshold")
    elif isinstance(threshold, int) and threshold not in THRESHOLD:
        objections.add(MAIL["spam_check"]["threshold"][1], f"{field}.threshold")
    if url is None:
        message = "You must include the url to post to when using the spam check mail setting."
        objections.add(message, f"{field}.post_to_url")
    elif isinstance(url, str) and not url.startswith(("http://", "https://")):
        message = "The `post_to_url` parameter must start with `http://` or `https://`."
        objections.add(message, f"{field}.post_to_url")
