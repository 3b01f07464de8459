"""No file that Git keeps holds a secret that would open something: keys have shapes, and these are looked for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
SHAPES = {
    "a SendGrid key": r"SG\.[\w-]{22}\.[\w-]{43}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}",
    "an AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\bgh[pousr]_\w{36}|\bgithub_pat_\w{40}",
    "a GitLab token": r"\bglpat-[\w-]{20}",
    "a Slack token or hook": r"\bxox[abprs]-[\w-]{20}|hooks\.slack\.com/services/T\w+/B\w+/\w{20}",
    "a Stripe key": r"\b[rs]k_live_\w{24}",
    "a Google key": r"\bAIza[\w-]{35}",
    "a PyPI token": r"\bpypi-AgEIcHlwaS[\w-]{50}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}",
    "a token of a session": r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}",
    "a Sentry address": r"https://[0-9a-f]{32}@(?:o\d+\.ingest\.)[\w.]*sentry\.io",
    # Names that nobody can own, names without a dot and loopback lead nowhere.
    "a password in a URL": r"\w+://[\w.%-]+:[^@\s/'\"{}<>$]{3,}@(?!127\.|10\.|(?:[\w-]+\.)*(?:example|test|invalid|localhost)\b)"
    r"(?!(?:[\w-]+\.)?example\.(?:com|org|net))[\w-]+\.[\w.-]+",
}
SHAPE = re.compile("|".join(f"(?P<s{number}>{shape})" for number, shape in enumerate(SHAPES.values())))


def found(text: str) -> list[str]:
    """What a text holds, by name."""
    names = list(SHAPES)
    return [names[int(str(match.lastgroup)[1:])] for match in SHAPE.finditer(text)]


def test_git_keeps_no_secret() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name and not name.endswith((".parquet", ".png"))]
    assert len(paths) > 100
    held = {str(path.relative_to(ROOT)): found(path.read_text(errors="replace")) for path in paths if path.is_file()}
    assert {name: secrets for name, secrets in held.items() if secrets} == {}


@pytest.mark.parametrize(
    ("secret", "name"),
    [
        ("SG." + "a" * 22 + "." + "b" * 43, "a SendGrid key"),
        ("-----BEGIN EC PRIVATE" + " KEY-----\n" + "M" * 60, "a private key"),
        ("AKIA" + "Q" * 16, "an AWS key"),
        ("ghp_" + "a" * 36, "a GitHub token"),
        ("xoxb-" + "1" * 24, "a Slack token or hook"),
        ("sk_live_" + "x" * 24, "a Stripe key"),
        ("postgresql://me:hunter2" + "@db.shop.io/mail", "a password in a URL"),
        ("rediss://default:hunter2" + "@eu1.cache.cloud:6379", "a password in a URL"),
    ],
)
def test_a_secret_is_found_in_the_middle_of_a_line(secret: str, name: str) -> None:
    assert found(f'url = "{secret}"\n') == [name]


@pytest.mark.parametrize(
    "harmless",
    [
        "postgresql+psycopg://user:password@host:port/name",
        "redis://worker:p%40ss@redis:6379/0",
        "amqp://guest:guest@rabbit.example",
        "postgresql://u:{password}@db.shop.io/x",
        "postgresql://me:hush@127.0.0.1:1/none",
        "-----BEGIN EC PRIVATE" + " KEY-----",
        "SG.test",
    ],
)
def test_what_opens_nothing_is_left_alone(harmless: str) -> None:
    assert found(harmless) == []
