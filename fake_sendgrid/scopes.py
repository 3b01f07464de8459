"""The scopes that a key may have, for the covered part of the API."""

_CRUD = ("create", "read", "update", "delete")
ALL_SCOPES = (
    "mail.send",
    "mail.batch.create",
    "mail.batch.read",
    "messages.read",
    *(f"asm.groups.{verb}" for verb in _CRUD),
    *(f"asm.groups.suppressions.{verb}" for verb in _CRUD),
    *(f"asm.suppressions.global.{verb}" for verb in _CRUD),
    *(f"suppression.{verb}" for verb in _CRUD),
    *(f"templates.{verb}" for verb in _CRUD),
    *(f"templates.versions.{verb}" for verb in _CRUD),
    "templates.versions.activate.create",
    *(f"user.scheduled_sends.{verb}" for verb in _CRUD),
    *(f"user.webhooks.event.settings.{verb}" for verb in _CRUD),
    "user.webhooks.event.test.create",
)
