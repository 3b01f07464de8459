"""Handlebars with SendGrid's helpers."""

from typing import Any

import pytest

from fake_sendgrid.office.handlebars import fill_template

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("template", "data", "filled"),
    [
        ("Hi {{name}}", {"name": "<Ann>"}, "Hi &lt;Ann&gt;"),
        ("Hi {{{name}}}", {"name": "<Ann>"}, "Hi <Ann>"),
        ("{{#if a}}yes{{else}}no{{/if}}", {"a": ""}, "no"),
        ("{{#unless a}}yes{{/unless}}", {}, "yes"),
        ("{{#each items}}{{@index}}{{this.n}} {{/each}}", {"items": [{"n": "a"}, {"n": "b"}]}, "0a 1b "),
        ('{{#equals a "x"}}same{{else}}other{{/equals}}', {"a": "x"}, "same"),
        ("{{#notEquals a b}}differ{{/notEquals}}", {"a": 1, "b": 2}, "differ"),
        ("{{#greaterThan a b}}more{{else}}less{{/greaterThan}}", {"a": 3, "b": 2}, "more"),
        ("{{#lessThan a b}}less{{else}}more{{/lessThan}}", {"a": "x", "b": 2}, "more"),
        ("{{#and a b}}both{{else}}not{{/and}}", {"a": 1, "b": 0}, "not"),
        ("{{#or a b}}one{{/or}}", {"a": 1, "b": 0}, "one"),
        ('Dear {{insert name "default=Customer"}}', {}, "Dear Customer"),
        ('Dear {{insert name "default=Customer"}}', {"name": "Ann"}, "Dear Ann"),
        ("{{length items}}", {"items": [1, 2]}, "2"),
        ('{{formatDate when "MMMM DD, YYYY hh:mmA"}}', {"when": "2026-11-21T15:04:05Z"}, "November 21, 2026 03:04PM"),
    ],
)  # fmt: skip
def test_a_template_is_filled_as_sendgrid_fills_it(template: str, data: dict[str, Any], filled: str) -> None:
    assert fill_template(template, data) == filled


def test_a_broken_template_says_why() -> None:
    assert fill_template("{{#if x}", {}).startswith("[template error: ")
