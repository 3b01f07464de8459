"""What the unsubscribe link does: asks on GET, suppresses on POST, once, at once and for good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, text

from system.mail.links import UnsubscribeLinks

if TYPE_CHECKING:
    from web_process import StartWeb, Web

pytestmark = pytest.mark.integration

ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def user_id(engine: Engine) -> int:
    with engine.connect() as connection:
        statement = text("INSERT INTO users (email, name) VALUES ('ada@example.com', 'Ada') RETURNING id")
        return int(connection.execute(statement).scalar_one())


@pytest.fixture
def path(links: UnsubscribeLinks, user_id: int) -> str:
    return links.url(user_id=user_id, campaign_id=3).removeprefix("https://mail.example.com")


def suppression(engine: Engine, user_id: int) -> tuple[str | None, object]:
    with engine.connect() as connection:
        statement = text("SELECT suppressed_reason, suppressed_at FROM users WHERE id = :user_id")
        row = connection.execute(statement, {"user_id": user_id}).one()
    return row.suppressed_reason, row.suppressed_at


def test_one_click_suppresses_the_user_at_once(web: Web, path: str, user_id: int, engine: Engine) -> None:
    answer = web.ask("POST", path, ONE_CLICK, FORM)

    assert answer.status == 200
    assert "You are unsubscribed" in answer.text
    assert suppression(engine, user_id)[0] == "unsubscribed"


def test_the_answer_redirects_nowhere_and_sets_no_cookie(web: Web, path: str) -> None:
    answer = web.ask("POST", path, ONE_CLICK, FORM)

    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_a_multipart_body_works_as_well(web: Web, path: str, user_id: int, engine: Engine) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'

    assert web.ask("POST", path, body, {"Content-Type": "multipart/form-data; boundary=b"}).status == 200
    assert suppression(engine, user_id)[0] == "unsubscribed"


def test_doing_it_again_changes_nothing(web: Web, path: str, user_id: int, engine: Engine) -> None:
    web.ask("POST", path, ONE_CLICK, FORM)
    first = suppression(engine, user_id)

    with web.counting(repeated_unsubscriptions=1):
        assert web.ask("POST", path, ONE_CLICK, FORM).status == 200
    assert suppression(engine, user_id) == first


def test_an_earlier_reason_stays(web: Web, path: str, user_id: int, engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("UPDATE users SET suppressed_reason = 'bounced', suppressed_at = now()"))

    assert web.ask("POST", path, ONE_CLICK, FORM).status == 200
    assert suppression(engine, user_id)[0] == "bounced"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_the_link_changes_nothing(method: str, web: Web, path: str, user_id: int, engine: Engine) -> None:
    web.ask(method, path)

    assert suppression(engine, user_id) == (None, None)


def test_the_page_asks_with_a_button_and_shows_no_address(web: Web, path: str) -> None:
    answer = web.ask("GET", path)

    assert answer.status == 200
    assert '<form method="post"><button>Unsubscribe</button></form>' in answer.text
    assert "Harbour &amp; Home" in answer.text
    assert "ada@example.com" not in answer.text


def test_the_page_may_load_and_run_nothing(web: Web, path: str) -> None:
    headers = web.ask("GET", path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_we_never_made_is_unknown(method: str, web: Web, path: str, user_id: int, engine: Engine) -> None:
    for bad in (f"{path[:-1]}_", "/u/1", "/u/%00", "/u/%ff%fe", "/u/" + "9" * 3_000):
        answer = web.ask(method, bad)

        assert (answer.status, "This link does not work" in answer.text) == (404, True)
    assert suppression(engine, user_id) == (None, None)


def test_links_of_both_keys_of_a_rotation_work_and_then_those_of_the_new_one_alone(
    start_web: StartWeb, user_id: int
) -> None:
    old, new = "6fk3Tq9ZrW0c8Yx2Lm5vBn7sHd4gJp1a", "Qe8uR2iOz6PwKx0tVb3yNc9mFs5hGl7j"
    both = [UnsubscribeLinks(keys=[key], public_url="https://mail.example.com") for key in (old, new)]
    paths = [each.url(user_id=user_id, campaign_id=3).removeprefix("https://mail.example.com") for each in both]
    with start_web(link_keys=json.dumps([new, old])) as web:
        assert [web.ask("GET", path).status for path in paths] == [200, 200]
    with start_web(link_keys=json.dumps([new])) as web:
        assert [web.ask("GET", path).status for path in paths] == [404, 200]


def test_a_user_who_was_erased_meets_no_error(web: Web, links: UnsubscribeLinks) -> None:
    path = links.url(user_id=999_999, campaign_id=3).removeprefix("https://mail.example.com")

    assert web.ask("POST", path, ONE_CLICK, FORM).status == 200


def test_without_the_database_the_page_says_so_and_offers_to_try_again(
    start_web: StartWeb, closed_port: int, path: str
) -> None:
    with start_web(database_url=f"postgresql+psycopg://u:p@127.0.0.1:{closed_port}/x") as web:
        answer = web.ask("POST", path, ONE_CLICK, FORM)

    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert "Nothing has been changed yet" in answer.text
