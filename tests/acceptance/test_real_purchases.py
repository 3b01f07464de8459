"""Real customers of a real shop: imported, learnt from and mailed; their mails are read as they would read them."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from mailing import Mailing
from real_purchases import write_original_layout
from sqlalchemy import text

from chaos.laboratory import SETTINGS
from slo_reports import run_folder
from stack.stack import Stack
from system.mail.payload import content_hash
from system.storage.database import new_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mailing import Disturbed
    from sqlalchemy import Engine, Row

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

SINCE = "2011-09-15"
CUSTOMERS_AT_LEAST = 800
SHOP = "https://shop.example/"
OUR_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td"),
    *("p", "h1", "h2", "a", "span", "img", "br"),
}


class Reader(HTMLParser):
    """What a person sees of a mail: product names, reasons, links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.names: list[str] = []
        self.reasons: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")
        if tag == "h2":
            self.names.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "h2" in self._open:
            self.names[-1] += data
        elif data.startswith("Because you bought "):
            self.reasons.append(data.removeprefix("Because you bought "))

    @property
    def skus(self) -> list[str]:
        """Of the products shown, in order."""
        found = [link.removeprefix(SHOP) for link in self.links if link.startswith(SHOP) and link != SHOP]
        return list(dict.fromkeys(found))


@dataclass
class Mail:
    """One accepted mail and what the database knows of its user."""

    headers: dict[str, str]
    args: dict[str, str]
    html: str
    text: str
    problems: list[str]
    seen: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.seen = Reader(self.html)

    @property
    def user_id(self) -> int:
        return int(self.args["user_id"])

    @property
    def unsubscribe_url(self) -> str:
        return self.headers["List-Unsubscribe"].strip("<>")


@dataclass
class Shop:
    """The stack after its first campaign."""

    mailing: Mailing
    engine: Engine
    first: Disturbed
    mails: list[Mail]

    def rows(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    def bought(self) -> dict[int, set[str]]:
        """By user, the SKUs."""
        statement = "SELECT o.user_id, array_agg(p.sku) FROM orders o JOIN products p ON p.id = o.product_id GROUP BY 1"
        return {user: set(skus) for user, skus in self.rows(statement)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, server_folder: Path) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("real")
    write_original_layout(folder / "retail.csv", since=SINCE)
    with Stack("real-purchases", root=server_folder / "stacks", overrides=SETTINGS) as stack, ExitStack() as cleanup:
        mailing = Mailing(stack, folder)
        mailing.steadypost("import", "online-retail", str(folder / "retail.csv"))
        mailing.steadypost("model", "train")
        engine = new_engine(stack.env["STEADYPOST_DATABASE_URL"])
        cleanup.callback(engine.dispose)
        shop = Shop(mailing, engine, None, [])  # type: ignore[arg-type]  # the campaign follows
        _make_trouble(shop)
        with mailing.campaign() as shop.first:
            pass
        shop.mails = list(_read_mails(mailing))
        yield shop


def _make_trouble(shop: Shop) -> None:
    """The data set has no stock, and fewer odd names than real shops."""
    shop.rows("UPDATE products SET in_stock = false WHERE id % 7 = 0")
    shop.rows("""UPDATE products SET name = name || ' <b>"1" & 2</b>' WHERE id % 3 = 0""")


def _read_mails(mailing: Mailing) -> Iterator[Mail]:
    before = 2**53
    while page := _get(f"{mailing.provider}/mails?limit=500&before={before}"):
        for listed in page:
            opened = _get(f"{mailing.provider}/mails/{listed['seq']}")
            assert opened["kept"], listed
            yield Mail(opened["headers"], listed["custom_args"], opened["html"], opened["text"], opened["problems"])
        before = page[-1]["seq"]


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


def test_every_real_customer_gets_one_mail(shop: Shop) -> None:
    customers = {row.id for row in shop.rows("SELECT id FROM users")}
    assert len(customers) >= CUSTOMERS_AT_LEAST
    assert sorted(mail.user_id for mail in shop.mails) == sorted(customers)
    assert shop.first.broken_invariants() == []
    assert shop.first.jobs_in("failed") + shop.first.jobs_in("indeterminate") == 0


def test_a_mail_shows_five_products_in_stock_that_its_customer_never_bought(shop: Shop) -> None:
    in_stock = {row.sku for row in shop.rows("SELECT sku FROM products WHERE in_stock")}
    bought = shop.bought()
    for mail in shop.mails:
        assert len(mail.seen.skus) == 5, mail.args
        assert set(mail.seen.skus) <= in_stock, mail.args
        assert not set(mail.seen.skus) & bought[mail.user_id], mail.args


def test_a_mail_shows_what_the_database_says_that_it_shows(shop: Shop) -> None:
    jobs = {job["job_id"]: job for job in shop.first.run.lines(run_folder.JOBS)}
    hashes = {attempt["attempt_id"]: attempt["content_hash"] for attempt in shop.first.run.lines(run_folder.ATTEMPTS)}
    skus = dict(shop.rows("SELECT id, sku FROM products"))  # type: ignore[arg-type]  # pairs
    for mail in shop.mails:
        job = jobs[int(mail.args["job_id"])]
        assert mail.seen.skus == [skus[product] for product in job["product_ids"]]
        assert mail.args["content_hash"].startswith(hashes[mail.args["attempt_id"]])
        assert mail.args["content_hash"] == content_hash(
            user_id=mail.user_id, product_ids=job["product_ids"], model_version=job["model_version"]
        )


def test_a_reason_names_a_product_that_the_customer_bought(shop: Shop) -> None:
    names = dict(shop.rows("SELECT sku, name FROM products"))  # type: ignore[arg-type]  # pairs
    bought = {user: {" ".join(names[sku].split()) for sku in skus} for user, skus in shop.bought().items()}
    for mail in shop.mails:
        assert {" ".join(reason.split()) for reason in mail.seen.reasons} <= bought[mail.user_id], mail.args
    assert sum(bool(mail.seen.reasons) for mail in shop.mails) > 0.9 * len(shop.mails)


def test_names_of_products_are_text_and_never_markup(shop: Shop) -> None:
    names = dict(shop.rows("SELECT sku, name FROM products"))  # type: ignore[arg-type]  # pairs
    assert any("<b>" in name for mail in shop.mails for name in mail.seen.names)
    for mail in shop.mails:
        assert mail.seen.tags <= OUR_TAGS, mail.seen.tags - OUR_TAGS
        shown = [" ".join(name.split()) for name in mail.seen.names]
        assert shown == [" ".join(names[sku].split()) for sku in mail.seen.skus]


def test_a_mail_lets_its_own_reader_unsubscribe_with_one_click(shop: Shop) -> None:
    for mail in shop.mails:
        assert mail.problems == ["List-Unsubscribe has no https link"]  # nor has a stack on one machine a certificate
        assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        token = re.fullmatch(r".*/u/(\d+)\.(\d+)\.[\w-]+", mail.unsubscribe_url)
        assert token is not None
        assert token.groups() == (mail.args["user_id"], mail.args["campaign_id"])
        assert mail.unsubscribe_url in mail.seen.links
        assert mail.unsubscribe_url in mail.text


def test_whoever_unsubscribes_is_left_out_at_once_and_gets_no_mail_the_week_after(shop: Shop) -> None:
    leaver = shop.mails[0]
    with urllib.request.urlopen(
        leaver.unsubscribe_url, timeout=10
    ):  # a mail scanner follows links, and changes nothing
        pass
    assert _suppressed_reason(shop, leaver.user_id) is None
    request = urllib.request.Request(leaver.unsubscribe_url, data=b"List-Unsubscribe=One-Click")
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200
    assert _suppressed_reason(shop, leaver.user_id) == "unsubscribed"

    with shop.mailing.campaign() as second:
        pass
    assert second.broken_invariants() == []
    (job,) = (job for job in second.run.lines(run_folder.JOBS) if job["user_id"] == leaver.user_id)
    assert (job["status"], job["reason"]) == ("skipped", "suppressed: unsubscribed")
    mailed = {line["user_id"] for line in second.run.lines(run_folder.LEDGER)}
    assert len(mailed) > CUSTOMERS_AT_LEAST // 2
    assert leaver.user_id not in mailed


def _suppressed_reason(shop: Shop, user_id: int) -> str | None:
    ((reason,),) = shop.rows("SELECT suppressed_reason FROM users WHERE id = :id", id=user_id)
    return reason
