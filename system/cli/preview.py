"""`steadypost preview`: the mail that a user would get now, as a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from system.errors import InputError
from system.mail.links import UnsubscribeLinks
from system.pipeline.choice import choose
from system.pipeline.letters import write_content
from system.pipeline.shelf_rules import find_shelf
from system.recommender.model_folder import model_file
from system.recommender.rollout import usable_model
from system.settings import load_settings
from system.storage import campaigns, jobs
from system.storage.campaigns import Campaign
from system.storage.catalogue import product_cards
from system.storage.claims import Claimed
from system.storage.database import process_engine, transaction
from system.storage.histories import pasts
from system.storage.shelves import campaigns_since
from system.week import week_key_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from system.mail.letter import Content
    from system.recommender.recommendation import Recommendation


def preview(
    user_id: Annotated[int, typer.Argument(help="The user's number.")],
    newsletter: Annotated[str, typer.Option(help="Whose subject and template to use.")] = "weekly-recos",
    out: Annotated[Path | None, typer.Option(help="HTML file to write; the text goes beside it.")] = None,
) -> None:
    """Write the mail that a user would get now; nothing is stored and nothing is sent."""
    content = _content(user_id, newsletter)
    target = out or Path("previews") / f"user-{user_id}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content.html, encoding="utf-8")
    target.with_suffix(".txt").write_text(content.text, encoding="utf-8")
    typer.echo(f"{content.subject}\n{target}\n{target.with_suffix('.txt')}")


def _content(user_id: int, newsletter: str) -> Content:
    settings = load_settings()
    with transaction(process_engine()) as connection:
        user = jobs.recipient(connection, user_id=user_id)
        if user is None:
            raise InputError(
                field="user_id", value=user_id, problem="is no user", remedy="Numbers start at 1; see table users"
            )
        campaign = _campaign(connection, newsletter)
        found = _recommend(connection, user_id, campaign)
        if not found.product_ids:
            raise InputError(
                field="user_id", value=user_id, problem="has nothing to be recommended", remedy="Is anything in stock?"
            )
        cards = product_cards(connection, product_ids=[*found.product_ids, *found.because_ids])
    job = Claimed(
        job_id=0,
        user_id=user_id,
        email=user["email"] or "",
        name=user["name"],
        locale=user["locale"],
        attempt=0,
        product_ids=found.product_ids,
        because_ids=found.because_ids,
        model_version="preview",
        excluded=None,
    )
    links = UnsubscribeLinks(keys=[k.get_secret_value() for k in settings.link_keys], public_url=settings.public_url)
    return write_content(job, campaign=campaign, cards=cards, links=links, settings=settings)


def _recommend(connection: Connection, user_id: int, campaign: Campaign) -> Recommendation:
    from system.recommender.scorer import Scorer  # noqa: PLC0415  # ONNX Runtime is slow to import for the rest

    folder = load_settings().model_folder
    scorer = Scorer.load(model_file(folder, usable_model(connection, folder=folder)))
    shelf = find_shelf(connection, newsletter=campaign.newsletter)
    shown_in = campaigns_since(
        connection, week_key=campaign.week_key, weeks=shelf.rules.cool_down_weeks, besides=campaign.id
    )
    return choose(scorer, pasts(connection, user_ids=[user_id], campaign_ids=shown_in), on=shelf)[user_id]


def _campaign(connection: Connection, newsletter: str) -> Campaign:
    """The newsletter's campaign of this week, or the one that it would have, made up and not stored."""
    found = campaigns.newsletter_named(connection, name=newsletter)
    if found is None:
        raise InputError(
            field="newsletter", value=newsletter, problem="does not exist", remedy="See `steadypost campaign`"
        )
    now = datetime.now(UTC)
    week_key = week_key_of(now, time_zone=found.time_zone)
    of_this_week = campaigns.campaign_of_week(connection, newsletter_id=found.id, week_key=week_key)
    if of_this_week is not None:
        return of_this_week
    return Campaign(
        id=0,
        newsletter=found.name,
        week_key=week_key,
        state="running",
        state_reason=None,
        subject=found.subject,
        template=found.template,
        audience=found.audience,
        sending_account=found.sending_account,
        dispatch_cursor=0,
        dispatch_touched_at=now,
        audience_end=0,
        jobs_total=0,
        created_at=now,
        dispatched_at=now,
        completed_at=None,
    )
