"""The management API: what testers ask the fake and tell it to do."""

from fastapi import FastAPI

from fake_sendgrid.office.management import account, faults, latch, mails, pace, page, state
from fake_sendgrid.office.office import Office

__all__ = ["make_management"]


def make_management(office: Office) -> FastAPI:
    """The application of the management port."""
    app = FastAPI(
        title="fake_sendgrid management",
        version="1",
        description="Faults, latch, ledger, summary, clock and account of a fake SendGrid.",
    )
    app.state.office = office
    for part in (state, mails, faults, latch, pace, account, page):
        app.include_router(part.router)
    return app
