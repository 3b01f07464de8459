from __future__ import annotations

from itertools import islice, pairwise, takewhile

import pytest

from loadtests.webhook.arrivals import Share, hostile_arrivals, merge_arrivals, provider_arrivals
from loadtests.webhook.attacks import KINDS
from loadtests.webhook.batch_sizes import DECK, MEAN_EVENTS, draw_sizes
from loadtests.webhook.stages import Stage, parse_stages
from system.errors import InputError

pytestmark = pytest.mark.unit

SEED = 7
HOLD = (Stage(name="hold", seconds=400.0, events_per_s=500.0),)


def posts(stages: tuple[Stage, ...], *, index: int = 0, of: int = 1, seed: int = SEED) -> list[float]:
    return [arrival.due_s for arrival in provider_arrivals(stages, share=Share(index=index, of=of, seed=seed))]


def test_the_same_seed_makes_the_same_arrivals() -> None:
    assert posts(HOLD) == posts(HOLD)
    assert posts(HOLD) != posts(HOLD, seed=SEED + 1)


def test_posts_come_at_the_rate_of_their_events() -> None:
    expected = 400 * 500 / MEAN_EVENTS

    assert len(posts(HOLD)) == pytest.approx(expected, abs=4 * expected**0.5)


def test_gaps_are_those_of_a_poisson_process() -> None:
    due = posts(HOLD)
    gaps = [later - earlier for earlier, later in pairwise(due)]
    mean = sum(gaps) / len(gaps)

    assert sum(gap > mean for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.02)  # 1/e


def test_processes_share_the_rate_and_no_arrival() -> None:
    first, second = posts(HOLD, index=0, of=2), posts(HOLD, index=1, of=2)
    expected = 400 * 500 / MEAN_EVENTS

    assert len(first) + len(second) == pytest.approx(expected, abs=4 * expected**0.5)
    assert not set(first) & set(second)


def test_arrivals_follow_the_stages() -> None:
    stages = parse_stages("warm-up:10s:100,spike:10s:2000,soak:rest:100")
    table = list(takewhile(lambda a: a.due_s < 40, provider_arrivals(stages, share=Share(seed=SEED))))
    ends = {name: [a.due_s for a in table if a.stage == name] for name in ("warm-up", "spike", "soak")}

    assert max(ends["warm-up"]) < 10 <= min(ends["spike"])
    assert max(ends["spike"]) < 20 <= min(ends["soak"])
    assert len(ends["spike"]) > 10 * len(ends["warm-up"])


def test_the_rest_has_no_end() -> None:
    endless = provider_arrivals(parse_stages("soak:rest:10"), share=Share(seed=SEED))

    assert len(list(islice(endless, 10_000))) == 10_000


def test_a_stage_without_events_is_a_pause() -> None:
    due = posts(parse_stages("hold:5s:500,hold:5s:0,hold:5s:500"))

    assert not [due_s for due_s in due if 5 <= due_s < 10]
    assert [due_s for due_s in due if due_s >= 10]


def test_attacks_are_a_share_of_all_posts_and_of_every_kind() -> None:
    attacks = list(hostile_arrivals(HOLD, share=Share(seed=SEED), kinds=KINDS, ratio=0.02))
    expected = 400 * 500 / MEAN_EVENTS * 0.02

    assert len(attacks) == pytest.approx(expected, abs=4 * expected**0.5)
    assert {attack.user for attack in attacks} == set(KINDS)


def test_tables_are_merged_in_the_order_of_time() -> None:
    share = Share(seed=SEED)
    tables = provider_arrivals(HOLD, share=share), hostile_arrivals(HOLD, share=share, kinds=KINDS, ratio=0.1)
    due = [arrival.due_s for arrival in merge_arrivals(*tables)]

    assert due == sorted(due)


def test_batches_are_mostly_small_and_sometimes_huge() -> None:
    sizes = list(islice(draw_sizes(Share(seed=SEED).rng("sizes")), 4 * len(DECK)))

    assert sum(sizes) / len(sizes) == MEAN_EVENTS == pytest.approx(10, abs=0.5)
    assert sizes.count(1) / len(sizes) == pytest.approx(0.35, abs=0.05)
    assert max(sizes) > 90


@pytest.mark.parametrize("text", ["", "hold", "hold:10s", "hold:soon:5", "hold:10s:many", ":1s:5", "hold:-1s:5"])
def test_stages_that_cannot_be_read_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"stages.*such as warm-up:5s:250"):
        parse_stages(text)


def test_only_the_last_stage_may_last_for_the_rest() -> None:
    with pytest.raises(InputError, match="lets soak last for the rest"):
        parse_stages("soak:rest:5,spike:1s:5")
