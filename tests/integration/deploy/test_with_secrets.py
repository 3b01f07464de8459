"""How a container's processes get their secrets: deploy/images/with_secrets.py."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.integration
FILE = Path(__file__).parents[3] / "deploy" / "images" / "with_secrets.py"
SECRETS = {"password": "p@ss/word", "link_key": "k" * 40}


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("with_secrets", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _filled(name: str, value: str) -> str:
    return str(_load().fill({name: value}, read=SECRETS.__getitem__)[name])


def test_a_secret_is_quoted_in_a_url() -> None:
    url = _filled("STEADYPOST_REDIS_URL", "redis://worker:{password}@redis:6379/0")
    assert url == "redis://worker:p%40ss%2Fword@redis:6379/0"


def test_a_secret_stands_as_it_is_elsewhere() -> None:
    assert _filled("FLOWER_BASIC_AUTH", "operator:{password}") == "operator:p@ss/word"


def test_a_list_is_filled_in() -> None:
    assert _filled("STEADYPOST_LINK_KEYS", '["{link_key}"]') == f'["{"k" * 40}"]'


def test_an_empty_object_and_foreign_variables_stay() -> None:
    assert _filled("STEADYPOST_ACCOUNTS", "{}") == "{}"
    assert _filled("PS1", "{password}") == "{password}"


def test_a_missing_secret_ends_the_process_with_one_line_that_names_it() -> None:
    env = {**os.environ, "STEADYPOST_REDIS_URL": "redis://worker:{no_such_secret}@redis"}
    done = subprocess.run([sys.executable, FILE, "true"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no_such_secret" in done.stderr
