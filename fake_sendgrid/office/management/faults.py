"""Request faults by rule, and the faults of the webhook."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from fake_sendgrid.faults import FaultRule
from fake_sendgrid.office.management.asked import Done, OfficeAsked, Problem
from fake_sendgrid.office.webhook_faults import WebhookFaults

router = APIRouter(tags=["faults"])


class Standing(BaseModel):
    """A rule in force: how many requests it matched, how many it bit, whether it is used up."""

    rule: FaultRule
    matched: int
    bites: int
    over: bool


class WebhookStanding(BaseModel):
    """The webhook's faults and how often each has bitten."""

    faults: WebhookFaults
    bites: dict[str, int]


async def _read(office: OfficeAsked) -> list[Standing]:
    answer: dict[str, Any] = await office.wire.ask({"op": "show_faults"})
    return [Standing.model_validate(one) for one in answer["faults"]]


@router.get("/faults")
async def read_faults(office: OfficeAsked) -> list[Standing]:
    """All rules in the order in which they are tried."""
    return await _read(office)


@router.put("/faults")
async def put_fault(office: OfficeAsked, rule: FaultRule) -> list[Standing]:
    """Put a rule in force, in place of one of the same name."""
    await office.wire.ask({"op": "put_fault", "rule": rule.model_dump(mode="json")})
    return await _read(office)


@router.delete("/faults")
async def clear_faults(office: OfficeAsked) -> Done:
    """End all rules."""
    await office.wire.ask({"op": "remove_fault", "name": None})
    return Done()


@router.delete("/faults/{name}", responses={404: {"model": Problem}})
async def remove_fault(office: OfficeAsked, name: str) -> Done:
    """End one rule."""
    answer = await office.wire.ask({"op": "remove_fault", "name": name})
    if not answer["removed"]:
        raise HTTPException(404, f"no fault rule is named {name!r}; GET /faults lists them")
    return Done()


@router.get("/webhook-faults")
def read_webhook_faults(office: OfficeAsked) -> WebhookStanding:
    """What goes wrong with event posts."""
    shuffle = office.emitter.shuffle
    return WebhookStanding(faults=shuffle.faults, bites=dict(shuffle.counts))


@router.put("/webhook-faults")
def put_webhook_faults(office: OfficeAsked, faults: WebhookFaults) -> WebhookStanding:
    """Choose what goes wrong with event posts; what is left out takes its default."""
    office.emitter.shuffle.faults = faults
    return read_webhook_faults(office)
