"""The path of the one endpoint that carries mail."""

MAIL_SEND_PATH = "/v3/mail/send"
