"""The mails of past weeks sent again on paper: refit each Monday, five new products to everybody, count what is bought.

Without a cool-down the same products are mailed week after week until somebody buys them; with one, whatever stood in
one of the last mails is not shown again for some weeks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from system.recommender.evaluation.bootstrap import divide, draw_sums, interval_of
from system.recommender.evaluation.lists import coverage
from system.recommender.evaluation.metrics import find_hits
from system.recommender.evaluation.ranking import NOTHING
from system.recommender.evaluation.splits import Mode, day_name, split_at
from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from system.recommender.evaluation.ranking import Ranker
    from system.recommender.evaluation.splits import Split
    from system.recommender.purchases import Purchases

WEEK_DAYS: Final = 7
COOL_DOWN_WEEKS: Final = 4
_MONDAY: Final = 3  # 1970 began on a Thursday


@dataclass(slots=True)
class Arm:
    """One ranker with or without the cool-down: its last mails and its counts, one line per customer."""

    name: str
    cool_down_weeks: int
    mailed: list[NDArray[np.int32]]
    counts: NDArray[np.float64]
    """Columns: hits, mails, weeks with a hit, weeks with a purchase of a new product."""
    weeks: list[dict[str, float]] = field(default_factory=list)

    @classmethod
    def start(cls, name: str, *, cool_down_weeks: int, customers: int) -> Arm:
        """Nothing has been mailed."""
        return cls(name, cool_down_weeks, [], np.zeros((customers, 4)))

    def send(self, split: Split, ranker: Ranker) -> None:
        """Mail everybody and look at what they bought in the week that follows."""
        customers, truth = split.customers(), split.truth(Mode.NEW_ONLY)
        best = ranker.best(customers, buy_again=False, hidden=self._hidden(customers))
        mails = (best != NOTHING).any(axis=1)
        hits = find_hits(best[np.searchsorted(customers, truth.users)], truth).sum(axis=1)
        self.counts[customers, 1] += mails
        self.counts[truth.users] += np.stack([hits, np.zeros(len(hits)), hits > 0, np.ones(len(hits))], axis=1)
        week = {
            "hits_per_1000": 1000 * float(hits.sum()) / max(int(mails.sum()), 1),
            "hit_rate": float((hits > 0).mean()) if len(hits) else 0.0,
            "coverage": coverage(best, products=len(split.past.product_ids)),
        }
        if self.mailed:
            week["repeated"] = _repeated(best, self.mailed[-1][customers])
        self.weeks.append(week)
        lists = np.full((len(self.counts), TOP), NOTHING, dtype=np.int32)
        lists[customers] = best
        self.mailed = [*self.mailed, lists][-max(self.cool_down_weeks, 1) :]

    def _hidden(self, customers: NDArray[np.int32]) -> NDArray[np.int32] | None:
        if not self.cool_down_weeks or not self.mailed:
            return None
        return np.concatenate([lists[customers] for lists in self.mailed], axis=1)


def replay(
    purchases: Purchases,
    *,
    weeks: int,
    fit: Callable[[Split], Mapping[str, Ranker]],
    seed: int,
    on_week: Callable[[int], None] = lambda _done: None,
) -> dict[str, Any]:
    """For JSON: what each ranker of `fit` would have done, with and without the cool-down.

    `fit` is asked once per Monday. Weeks before the first order are left out.
    """
    mondays = find_mondays(purchases, weeks=weeks)
    arms: dict[tuple[str, int], Arm] = {}
    for done, monday in enumerate(mondays, start=1):
        split = split_at(purchases, day=monday, days=WEEK_DAYS)
        for name, ranker in fit(split).items():
            for cool_down in (0, COOL_DOWN_WEEKS):
                empty = Arm.start(name, cool_down_weeks=cool_down, customers=len(purchases.user_ids))
                arms.setdefault((name, cool_down), empty).send(split, ranker)
        on_week(done)
    return {
        "cool_down_weeks": COOL_DOWN_WEEKS,
        "mondays": [day_name(monday) for monday in mondays],
        "arms": _judge(list(arms.values()), seed=seed) if arms else [],
    }


def find_mondays(purchases: Purchases, *, weeks: int) -> list[int]:
    """The last Mondays, ascending, with orders before them and a whole week of the record behind them."""
    last = purchases.end_day - WEEK_DAYS
    last -= (last + _MONDAY) % WEEK_DAYS
    mondays = range(last - WEEK_DAYS * (weeks - 1), last + 1, WEEK_DAYS)
    return [monday for monday in mondays if monday > purchases.first_day]


def _repeated(best: NDArray[np.int32], before: NDArray[np.int32]) -> float:
    """The share of the products that stood in the same customer's mail of the week before, of those who had one."""
    same = (best[:, :, None] == before[:, None, :]) & (best != NOTHING)[:, :, None]
    counted = (best != NOTHING) & (before != NOTHING).any(axis=1)[:, None]
    return float(same.any(axis=2).sum() / max(int(counted.sum()), 1))


def _judge(arms: list[Arm], *, seed: int) -> list[dict[str, Any]]:
    drawn = draw_sums(np.concatenate([arm.counts for arm in arms], axis=1), seed=seed)
    return [_summary(arm, drawn[:, 4 * place : 4 * place + 4]) for place, arm in enumerate(arms)]


def _summary(arm: Arm, drawn: NDArray[np.float64]) -> dict[str, Any]:
    per_1000 = interval_of(1000 * divide(drawn[:, 0], drawn[:, 1]))
    hit_rate = interval_of(divide(drawn[:, 2], drawn[:, 3]))
    repeated = [week["repeated"] for week in arm.weeks if "repeated" in week]
    return {
        "name": arm.name,
        "cool_down": bool(arm.cool_down_weeks),
        "mails": int(drawn[0, 1]),
        "hits": int(drawn[0, 0]),
        "buyer_weeks": int(drawn[0, 3]),
        "hits_per_1000": per_1000.as_dict() if per_1000 else None,
        "hit_rate": hit_rate.as_dict() if hit_rate else None,
        "coverage": round(float(np.mean([week["coverage"] for week in arm.weeks])), 6),
        "repeated": round(float(np.mean(repeated)), 6) if repeated else None,
        "weeks": [{key: round(value, 6) for key, value in week.items()} for week in arm.weeks],
    }
