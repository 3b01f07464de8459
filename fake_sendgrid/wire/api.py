"""The v3 API's front: which path is answered by whom."""

from fake_sendgrid.wire.account import Account
from fake_sendgrid.wire.mail_send import PATH as MAIL_SEND_PATH
from fake_sendgrid.wire.mail_send import MailSend
from fake_sendgrid.wire.reply import JSON, Reply, error
from fake_sendgrid.wire.request import Request


class Api:
    """Answers every request of the wire port."""

    def __init__(self, *, account: Account, mail_send: MailSend) -> None:
        self._account = account
        self._mail_send = mail_send

    def answer(self, request: Request) -> Reply:
        """The provider's answer."""
        if request.path == MAIL_SEND_PATH:
            return self._mail_send.answer(request)
        if request.path == "/v3/scopes":
            return self._show_scopes(request)
        return Reply(404, b'{"errors":[{"field":null,"message":"not found"}]}')

    def _show_scopes(self, request: Request) -> Reply:
        scopes = self._account.scopes(request)
        if scopes is None:
            return error(401, "authorization required")
        listed = ",".join(f'"{scope}"' for scope in sorted(scopes))
        return Reply(200, f'{{"scopes":[{listed}]}}'.encode(), content_type=JSON)
