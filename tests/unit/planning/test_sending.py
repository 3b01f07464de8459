"""The simulated senders against cases that can be worked out by hand."""

import pytest

from system.planning.sending import Senders, Waiting, simulate

pytestmark = pytest.mark.unit


def senders(**changes: object) -> Senders:
    plain = {
        "processes": 2,
        "process_mails_per_s": 100.0,
        "account_mails_per_s": 10.0,
        "batch_jobs": 100,
        "batch_run_s": 120.0,
    }
    return Senders(**{**plain, **changes})  # type: ignore[arg-type]  # changed on purpose, by name


def batch(account: int, mails: float = 100.0, since_s: float = 0.0) -> Waiting:
    return Waiting(account=account, mails=mails, since_s=since_s)


def test_an_account_sends_at_its_limit() -> None:
    assert simulate(senders(), [batch(0), batch(0)], accounts=1).last_mail_s == pytest.approx(20.0)


def test_accounts_send_side_by_side() -> None:
    assert simulate(senders(), [batch(0), batch(1)], accounts=2).last_mail_s == pytest.approx(10.0)


def test_one_process_serves_one_account_after_the_other() -> None:
    sent = simulate(senders(processes=1), [batch(0), batch(1)], accounts=2)
    assert sent.last_mail_s == pytest.approx(20.0)
    assert sent.starved_s == pytest.approx(10.0)


def test_processes_that_are_slower_than_the_limit_set_the_pace() -> None:
    sent = simulate(senders(process_mails_per_s=2.0), [batch(0), batch(0)], accounts=1)
    assert sent.last_mail_s == pytest.approx(50.0)


def test_what_lies_behind_the_senders_sets_the_pace() -> None:
    sent = simulate(senders(all_mails_per_s=5.0), [batch(0), batch(1)], accounts=2)
    assert sent.last_mail_s == pytest.approx(40.0)


def test_an_outage_is_added_and_loses_nothing() -> None:
    sent = simulate(senders(outage=(5.0, 25.0)), [batch(0), batch(0)], accounts=1)
    assert sent.last_mail_s == pytest.approx(40.0)
    assert sent.sending_s == pytest.approx(20.0)


def test_a_mailing_that_is_over_knows_nothing_of_a_later_outage() -> None:
    assert simulate(senders(outage=(25.0, 60.0)), [batch(0)], accounts=1).last_mail_s == pytest.approx(10.0)


def test_senders_wait_for_what_is_not_in_the_queue_yet() -> None:
    assert simulate(senders(), [batch(0, since_s=30.0)], accounts=1).last_mail_s == pytest.approx(40.0)


def test_a_batch_that_runs_too_long_comes_again_behind_the_others() -> None:
    # 4 s for the first of account 0, then account 1 whole, then what was left of account 0.
    sent = simulate(senders(processes=1, batch_run_s=4.0), [batch(0), batch(1, mails=40.0)], accounts=2)
    assert sent.last_mail_s == pytest.approx(14.0)


def test_batches_of_others_that_come_first_keep_an_account_waiting() -> None:
    first = [batch(account) for _ in range(10) for account in (0, 1)]
    last = [batch(account) for _ in range(10) for account in (2, 3)]
    sent = simulate(senders(processes=8), [*first, *last], accounts=4)
    # 0 and 1 take 100 s; after 80 s they have two batches each left, so that four processes come free for 2 and 3.
    assert sent.last_mail_s == pytest.approx(180.0)
    assert sent.starved_s > 0.3 * sent.owed_s


def test_the_queue_is_remembered_at_its_longest() -> None:
    assert simulate(senders(processes=1), [batch(0)] * 5, accounts=1).most_waiting == 5
