"""The provider's record is read completely although one answer lists only so many messages."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from shop_world import settings_with

from system.errors import DependencyError
from system.mail import activity
from system.mail.activity import Activity
from system.settings import SendingAccount

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.unit

MOST = 10


class Listed(Activity):
    """Answers from a list, newest first and never more than the most, as the provider does."""

    def __init__(self, times: dict[str, datetime]) -> None:
        super().__init__(SendingAccount(api_key="SG.test"), settings_with())
        self.times, self.queries = times, list[str]()

    async def _ask(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        assert url.endswith("/v3/messages")
        self.queries.append(query["query"])
        since, until = ([*map(datetime.fromisoformat, re.findall('TIMESTAMP "(.+?)"', query["query"])), None])[:2]
        assert since is not None
        found = [m for m, at in self.times.items() if since <= at and (until is None or at <= until)]
        newest = sorted(found, key=lambda message: self.times[message], reverse=True)[: int(query["limit"])]
        return {"messages": [{"msg_id": message, "to_email": f"{message}@example.org"} for message in newest]}


def read(listed: Activity) -> dict[str, str]:
    return asyncio.run(listed.accepted(newsletter='the "best" of', week_key="2026-W47"))


@pytest.fixture(autouse=True)
def _most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "MOST", MOST)


def test_windows_that_hold_too_many_are_cut_until_everything_is_listed() -> None:
    now = datetime.now(UTC)
    times = {f"m{n}": now - timedelta(seconds=7 * n) for n in range(300)}
    assert set(read(Listed(times))) == set(times)


def test_a_message_that_an_event_moves_on_meanwhile_is_not_missed() -> None:
    now = datetime.now(UTC)
    times = {f"m{n}": now - timedelta(hours=n + 1) for n in range(40)}

    class Moving(Listed):
        async def _ask(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
            answer = await super()._ask(url, query)
            if len(self.queries) == 2:  # after the first cut: the oldest are opened now
                self.times |= {f"m{n}": datetime.now(UTC) for n in range(35, 40)}
            return answer

    assert set(read(Moving(times))) == set(times)


def test_more_messages_in_a_second_than_can_be_listed_are_an_error_and_not_a_part() -> None:
    times = {f"m{n}": datetime.now(UTC) - timedelta(hours=1) for n in range(MOST + 1)}
    with pytest.raises(DependencyError, match=r"lists only 10 of the messages around .+--hold"):
        read(Listed(times))


def test_the_newsletters_name_is_quoted() -> None:
    listed = Listed({})
    read(listed)
    assert listed.queries[0].startswith(
        'CONTAINS(categories, "the \\"best\\" of") AND unique_args[\'week_key\']="2026-W47" AND last_event_time BETWEEN'
    )
