"""What stands before the web process lets through what the process takes, and slows down who guesses."""

import re
from pathlib import Path
from typing import Any

import pytest

from system.settings import Settings

pytestmark = pytest.mark.integration
PROXY = (Path(__file__).parents[3] / "deploy" / "nginx" / "nginx.conf").read_text()
LOCATIONS = dict(re.findall(r"location (?:= )?(\S+) \{((?:[^{}]|\n)*)\}", PROXY.partition("listen 8443")[2]))
NGINX = "nginx.ingress.kubernetes.io/"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def ingresses(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By path."""
    found = [each for each in objects if each["kind"] == "Ingress"]
    return {each["spec"]["rules"][0]["http"]["paths"][0]["path"]: each for each in found}


def test_the_largest_post_that_the_process_takes_passes_the_edge(ingresses: dict[str, dict[str, Any]]) -> None:
    assert Settings.model_fields["webhook_max_bytes"].default == MIB
    assert "client_max_body_size 1m;" in PROXY
    assert "client_max_body_size" not in LOCATIONS["/webhooks/"]
    assert ingresses["/webhooks/"]["metadata"]["annotations"][NGINX + "proxy-body-size"] == "1m"


def test_the_provider_is_never_throttled(ingresses: dict[str, dict[str, Any]]) -> None:
    assert "limit_" not in LOCATIONS["/webhooks/"]
    assert not [name for name in ingresses["/webhooks/"]["metadata"]["annotations"] if "limit" in name]


def test_who_guesses_links_or_passwords_is_slowed_down(ingresses: dict[str, dict[str, Any]]) -> None:
    assert "rate=5r/s" in PROXY
    assert "limit_req zone=people" in LOCATIONS["/u/"]
    assert "limit_req zone=people" in LOCATIONS["/flower"]
    assert ingresses["/u/"]["metadata"]["annotations"][NGINX + "limit-rps"] == "5"


def test_only_what_the_outside_needs_is_passed_on(ingresses: dict[str, dict[str, Any]]) -> None:
    assert set(LOCATIONS) == {"/webhooks/", "/u/", "/flower", "/healthz", "/"}
    assert "return 404" in LOCATIONS["/"]
    assert set(ingresses) == {"/webhooks/", "/u/"}


def test_who_sends_slowly_is_not_waited_for() -> None:
    assert "client_body_timeout 15s;" in PROXY
    assert "client_header_timeout 15s;" in PROXY


def test_a_browser_never_comes_back_in_the_clear(ingresses: dict[str, dict[str, Any]]) -> None:
    assert 'Strict-Transport-Security "max-age=' in PROXY
    assert "return 308 https://" in PROXY
    assert all(each["spec"]["tls"] for each in ingresses.values())
