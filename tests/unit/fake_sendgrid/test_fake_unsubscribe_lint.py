"""What large mailbox providers ask of the unsubscribe headers."""

import pytest

from fake_sendgrid.office.rendering import lint_unsubscribing

pytestmark = pytest.mark.unit
ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("headers", "problems"),
    [
        ({"List-Unsubscribe": "<https://x.example/u>", "List-Unsubscribe-Post": ONE_CLICK}, 0),
        ({"list-unsubscribe": "<mailto:a@b.c>, <https://x.example/u>", "list-unsubscribe-post": ONE_CLICK}, 0),
        ({"List-Unsubscribe": "<http://x.example/u>", "List-Unsubscribe-Post": ONE_CLICK}, 1),
        ({"List-Unsubscribe": "<mailto:a@b.c>", "List-Unsubscribe-Post": ONE_CLICK}, 1),
        ({"List-Unsubscribe": "<https://x.example/u>"}, 1),
        ({}, 2),
    ],
)
def test_each_missing_header_is_a_problem(headers: dict[str, str], problems: int) -> None:
    assert len(lint_unsubscribing(headers)) == problems
