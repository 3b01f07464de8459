"""Writes the mail of a claimed job: its cards, its links, its payload."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from system.errors import InputError
from system.mail.letter import Card, Letter
from system.mail.payload import Identity, build_payload, content_hash
from system.mail.render import one_line, render
from system.metrics import PRODUCTS_GONE
from system.storage.claims import Claimed, Intent
from system.tracing import current, spanned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from system.mail.letter import Content
    from system.mail.links import UnsubscribeLinks
    from system.settings import Settings
    from system.storage.campaigns import Campaign
    from system.storage.catalogue import ProductCard


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that is ready to go: its intent, and the bytes that the provider will get."""

    intent: Intent
    attempt: int
    payload: bytes


@spanned("render")
def write_mail(
    job: Claimed,
    *,
    campaign: Campaign,
    cards: Mapping[int, ProductCard],
    links: UnsubscribeLinks,
    settings: Settings,
) -> Mail:
    """The mail of one job under a new attempt id; InputError when it can't be rendered."""
    attempt_id = uuid.uuid4()
    fingerprint = content_hash(user_id=job.user_id, product_ids=job.product_ids, model_version=job.model_version)
    payload = build_payload(
        to_email=job.email,
        to_name=one_line(job.name),
        from_email=settings.from_email,
        from_name=settings.from_name,
        newsletter=campaign.newsletter,
        content=write_content(job, campaign=campaign, cards=cards, links=links, settings=settings),
        identity=Identity(
            campaign_id=campaign.id,
            week_key=campaign.week_key,
            user_id=job.user_id,
            job_id=job.job_id,
            attempt_id=str(attempt_id),
            content_hash=fingerprint,
            traceparent=current(),
        ),
    )
    intent = Intent(job_id=job.job_id, attempt_id=attempt_id, content_hash=fingerprint)
    return Mail(intent=intent, attempt=job.attempt + 1, payload=payload)


def write_content(
    job: Claimed,
    *,
    campaign: Campaign,
    cards: Mapping[int, ProductCard],
    links: UnsubscribeLinks,
    settings: Settings,
) -> Content:
    """Subject, HTML and text of one job's mail."""
    shown = [(cards[id_], cards.get(why)) for id_, why in _explained(job) if id_ in cards]
    PRODUCTS_GONE.inc(len(job.product_ids) - len(shown))
    if not shown:
        raise InputError(
            field="product_ids",
            value=job.product_ids,
            problem="name no product of the catalogue",
            remedy="Were the products deleted after the recommendations were made?",
        )
    letter = Letter(
        subject=campaign.subject,
        brand=settings.from_name,
        user_name=job.name,
        locale=job.locale,
        currency=settings.currency,
        cards=tuple(_card(product, why, shop_url=settings.shop_url) for product, why in shown),
        shop_url=settings.shop_url,
        unsubscribe_url=links.url(user_id=job.user_id, campaign_id=campaign.id),
        postal_address=settings.postal_address,
    )
    return render(letter, template=campaign.template)


def _explained(job: Claimed) -> list[tuple[int, int]]:
    return list(zip(job.product_ids, job.because_ids, strict=True))


def _card(product: ProductCard, why: ProductCard | None, *, shop_url: str) -> Card:
    return Card(
        name=product.name,
        link=f"{shop_url.rstrip('/')}/{quote(product.sku, safe='')}",
        price=product.price,
        alt=product.name,
        image_url=product.image_url,
        because=why.name if why else None,
    )
