"""What every management call gets: the office."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel

from fake_sendgrid.office.office import Office


class Done(BaseModel):
    """It was done."""

    ok: bool = True


class Problem(BaseModel):
    """Why it was not done."""

    detail: str


def _find_office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


OfficeAsked = Annotated[Office, Depends(_find_office)]
