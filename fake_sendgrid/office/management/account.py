"""API keys, the account's choices, and receivers of events."""

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from fake_sendgrid.office.account_book import Choices, put_key, read_choices, revoke_key, write_choices
from fake_sendgrid.office.management.asked import Done, OfficeAsked, Problem
from fake_sendgrid.office.office import DEFAULT_WEBHOOK
from fake_sendgrid.office.webhooks import keep_webhook, make_webhook, read_webhooks
from fake_sendgrid.scopes import ALL_SCOPES

router = APIRouter(prefix="/account", tags=["account"])
_STRICT = ConfigDict(extra="forbid")


class ApiKey(BaseModel):
    """A key and what it may do."""

    model_config = _STRICT

    key: Annotated[str, Field(min_length=1, max_length=200)]
    scopes: list[str] = list(ALL_SCOPES)


class KeyName(BaseModel):
    """A key by its text."""

    model_config = _STRICT

    key: str


class Receiver(BaseModel):
    """Where events are posted."""

    model_config = _STRICT

    url: AnyHttpUrl
    enabled: bool = True
    signed: bool = True


@router.put("/api-keys")
async def put_api_key(office: OfficeAsked, api_key: ApiKey) -> Done:
    """Add a key or change its scopes."""
    await office.thread.run(lambda: put_key(office.emitter.store, api_key.key, api_key.scopes))
    await office.tell_wire()
    return Done()


@router.post("/api-keys/revoke", responses={404: {"model": Problem}})
async def revoke_api_key(office: OfficeAsked, name: KeyName) -> Done:
    """Revoke a key; requests with it get 401 from now on."""
    if not await office.thread.run(lambda: revoke_key(office.emitter.store, name.key)):
        raise HTTPException(404, "the key is unknown")
    await office.tell_wire()
    return Done()


@router.get("/choices")
async def get_choices(office: OfficeAsked) -> Choices:
    """Verified senders, pools and undocumented rules."""
    return await office.thread.run(lambda: read_choices(office.emitter.store))


@router.put("/choices")
async def put_choices(office: OfficeAsked, choices: Choices) -> Choices:
    """Change them; what is left out takes its default."""
    await office.thread.run(lambda: write_choices(office.emitter.store, choices))
    await office.tell_wire()
    return choices


@router.put("/webhook")
async def put_webhook(office: OfficeAsked, receiver: Receiver) -> Done:
    """Set the receiver of events; more of them through the v3 settings endpoints."""

    def keep() -> None:
        webhook = make_webhook(
            str(receiver.url), enabled=receiver.enabled, signed=receiver.signed, identity=DEFAULT_WEBHOOK
        )
        keep_webhook(office.emitter.store, webhook)
        office.emitter.webhooks = read_webhooks(office.emitter.store)

    await office.thread.run(keep)
    return Done()
