"""The fields of the Activity query language, each as the SQL expression that yields it from the mails table."""

from fake_sendgrid.office.event import NODE

_LINE = "CAST(line AS TEXT)"
FIELDS: dict[str, str] = {
    "msg_id": (
        f"message_id || '.{NODE}-1-' || printf('%X', CAST(received_at AS INTEGER)) || '-' || printf('%X', seq & 255)"
        f" || '.' || json_extract({_LINE}, '$.recipient_index')"
    ),
    "from_email": f"json_extract({_LINE}, '$.from')",
    "to_email": "email",
    "subject": f"json_extract({_LINE}, '$.subject')",
    "status": "status",
    "template_id": f"json_extract({_LINE}, '$.template_id')",
    "template_name": f"json_extract({_LINE}, '$.template_id')",
    "campaign_name": "NULL",
    "campaign_id": "NULL",
    "api_key_id": "'fake'",
    "api_key_name": "'fake'",
    "categories": f"json_extract({_LINE}, '$.categories')",
    "events": "events",
    "outbound_ip": "'167.89.112.86'",
    "last_event_time": "last_event_at",
    "clicks": "clicks",
    "opens": "opens",
    "asm_group_id": f"json_extract({_LINE}, '$.asm_group_id')",
    "asm_group_name": "NULL",
    "teammate": "NULL",
}
CONTAINS_EVENT = (
    "EXISTS (SELECT 1 FROM json_each(CAST(plan AS TEXT)) e WHERE e.key < step AND json_extract(e.value, '$[0]') = ?)"
)
CONTAINS_CATEGORY = f"EXISTS (SELECT 1 FROM json_each(json_extract({_LINE}, '$.categories')) c WHERE c.value = ?)"  # noqa: S608 - no outside text
UNIQUE_ARG = f"json_extract({_LINE}, '$.custom_args.' || ?)"
EVENT_NAMES = {
    "bounced": "bounce",
    "opened": "open",
    "clicked": "click",
    "spam_report": "spamreport",
    "drop": "dropped",
}
"""The Activity API's words for events that the webhook calls otherwise."""
MESSAGE_ID_CHARS = 22
