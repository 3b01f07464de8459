"""What a rendered mail contains, and what no name can do to it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.errors import InputError
from system.mail.letter import Card, Letter
from system.mail.render import one_line, render, web_link

pytestmark = pytest.mark.unit

VASE = Card(
    name="Terracotta vase",
    link="https://shop.example.com/products/1?u=7&c=3",
    price=Decimal("12.95"),
    alt="A round vase of fired clay",
    image_url="https://cdn.example.com/1.jpg",
    because="Cakestand 3 tier",
)
MUG = Card(name="Enamel mug", link="https://shop.example.com/products/2", price=Decimal(4), alt="A blue mug")
LETTER = Letter(
    subject="Your picks this week",
    brand="Harbour & Home",
    user_name="Ada Lovelace",
    locale="en",
    currency="GBP",
    cards=(VASE, MUG),
    shop_url="https://shop.example.com",
    unsubscribe_url="https://mail.example.com/u/7.3.signature",
    postal_address="12 Quay Street, Bristol",
)


class Outline(HTMLParser):
    """The links, images and words of a page, and whether its elements close in order."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self.words = ""
        self._open: list[str] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "a":
            self.links.append(str(dict(attrs)["href"]))
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def changed(**fields: Any) -> Letter:
    return dataclasses.replace(LETTER, **fields)


def with_card(**fields: Any) -> Letter:
    return changed(cards=(dataclasses.replace(VASE, **fields),))


def test_each_product_is_shown_with_link_price_picture_and_reason() -> None:
    page = Outline(render(LETTER).html)

    assert "https://shop.example.com/products/1?u=7&c=3" in page.links
    assert "Terracotta vase" in page.words
    assert "£12.95" in page.words
    assert "Because you bought Cakestand 3 tier" in page.words
    assert page.images[0]["src"] == "https://cdn.example.com/1.jpg"
    assert page.images[0]["alt"] == "A round vase of fired clay"


def test_a_product_that_nothing_explains_claims_no_reason() -> None:
    content = render(changed(cards=(MUG,)))

    assert "Because" not in content.html + content.text


def test_a_product_without_a_picture_shows_its_initial() -> None:
    html = render(changed(cards=(MUG,))).html

    assert Outline(html).images == []
    assert ">E</td>" in html


@pytest.mark.parametrize("image_url", ["javascript:alert(1)", "data:image/svg+xml,<svg/>", 'https://x/"onload=1', ""])
def test_a_picture_that_is_no_web_address_is_left_out(image_url: str) -> None:
    assert Outline(render(with_card(image_url=image_url)).html).images == []


def test_the_mail_says_who_sent_it_and_how_to_stop_it() -> None:
    content = render(LETTER)
    page = Outline(content.html)

    assert "Harbour & Home" in page.words
    assert "12 Quay Street, Bristol" in page.words
    assert "https://mail.example.com/u/7.3.signature" in page.links
    assert "12 Quay Street, Bristol" in content.text
    assert "Unsubscribe: https://mail.example.com/u/7.3.signature" in content.text


def test_an_address_of_several_lines_is_kept_apart_by_commas() -> None:
    assert "12 Quay Street, Bristol\n" in render(changed(postal_address="12 Quay Street\r\nBristol")).text


def test_one_click_headers_carry_the_same_link() -> None:
    assert render(LETTER).headers == {
        "List-Unsubscribe": "<https://mail.example.com/u/7.3.signature>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_the_plain_text_says_the_same() -> None:
    assert render(LETTER).text == (
        "Harbour & Home\n"
        "\n"
        "Hello Ada Lovelace,\n"
        "picked for you this week:\n"
        "\n"
        "1. Terracotta vase: £12.95\n"
        "   Because you bought Cakestand 3 tier\n"
        "   https://shop.example.com/products/1?u=7&c=3\n"
        "\n"
        "2. Enamel mug: £4.00\n"
        "   https://shop.example.com/products/2\n"
        "\n"
        "----\n"
        "You get this weekly mail as a customer of Harbour & Home.\n"
        "Unsubscribe: https://mail.example.com/u/7.3.signature\n"
        "12 Quay Street, Bristol\n"
    )


def test_nobody_is_addressed_by_an_empty_name() -> None:
    content = render(changed(user_name=" \r\n"))

    assert "Hello,\n" in content.text
    assert "Hello," in Outline(content.html).words


def test_the_inbox_preview_is_the_preheader_or_the_products() -> None:
    assert "Five finds for you" in Outline(render(changed(preheader="Five finds for you")).html).words
    assert "Terracotta vase · Enamel mug" in Outline(render(LETTER).html).words


def test_dark_mode_and_small_screens_are_provided_for() -> None:
    html = render(LETTER).html

    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme:dark)" in html
    assert "@media (max-width:480px)" in html


def test_a_mail_stays_far_below_the_size_at_which_gmail_clips() -> None:
    assert len(render(changed(cards=(VASE,) * 10)).html.encode()) < 40_000


def test_markup_in_names_is_shown_and_not_obeyed() -> None:
    evil = "<script>alert(1)</script>\"'>"
    letter = changed(
        user_name=evil,
        brand=evil,
        subject=evil,
        postal_address=evil,
        cards=(dataclasses.replace(VASE, name=evil, alt=evil, because=evil),),
    )

    page = Outline(render(letter).html)

    assert "script" not in page.tags
    assert page.words.count("<script>alert(1)</script>") >= 5


def test_line_breaks_in_a_subject_cannot_start_a_header() -> None:
    assert render(changed(subject="Hi\r\nBcc: all@example.com")).subject == "Hi Bcc: all@example.com"


@given(st.text(min_size=1))
def test_no_name_breaks_out_of_its_line(name: str) -> None:
    line = one_line(name)

    assert len(line.splitlines()) <= 1
    assert line == line.strip()


def test_marks_that_turn_text_around_are_removed() -> None:
    assert one_line("gpj.\u202eexe") == "gpj.exe"
    assert one_line("👩\u200d🔬 Ada") == "👩\u200d🔬 Ada"


@pytest.mark.parametrize(
    ("field", "letter"),
    [
        ("subject", changed(subject=" \n")),
        ("cards", changed(cards=())),
        ("unsubscribe_url", changed(unsubscribe_url="https://mail.example.com/u/1>\r\nBcc: x")),
        ("shop_url", changed(shop_url="")),
        ("link", with_card(link="javascript:alert(1)")),
    ],
)
def test_a_letter_that_cannot_become_a_mail_is_named(field: str, letter: Letter) -> None:
    with pytest.raises(InputError) as caught:
        render(letter)

    assert caught.value.field == field


def test_an_unknown_template_is_named_with_those_that_exist() -> None:
    with pytest.raises(InputError, match=r"template='daily' is unknown\. Choose one of: weekly"):
        render(LETTER, template="daily")


def test_web_links_are_kept_as_they_are() -> None:
    assert web_link("https://cdn.example.com/a%20b.jpg?x=1&y=ü") == "https://cdn.example.com/a%20b.jpg?x=1&y=ü"
    assert web_link(None) is None
