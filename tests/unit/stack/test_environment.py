from __future__ import annotations

from pathlib import Path

import pytest

from stack.environment import development_env, new_secrets, parse_overrides, setting_variable
from stack.errors import StackError
from stack.place import SOCKET_PATH_MAX, Place
from system.settings import Settings

pytestmark = pytest.mark.unit


def test_the_generated_environment_is_a_valid_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = development_env(
        database_url="postgresql+psycopg://a:b@127.0.0.1:20001/steadypost",
        redis_url="redis://127.0.0.1:20002/0",
        provider_url="http://127.0.0.1:20003",
        public_url="http://127.0.0.1:20004",
        model_folder=tmp_path / "models",
        secrets_of=new_secrets(),
    )
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.environment == "development"
    assert settings.account("default").api_url == "http://127.0.0.1:20003"
    assert settings.account("default").mails_per_s == 100
    assert len(settings.link_keys[0].get_secret_value()) >= 32


@pytest.mark.parametrize("name", ["batch_jobs", "BATCH_JOBS", "STEADYPOST_BATCH_JOBS"])
def test_a_setting_may_be_named_in_any_of_its_forms(name: str) -> None:
    assert setting_variable(name) == "STEADYPOST_BATCH_JOBS"


def test_overrides_reach_into_accounts() -> None:
    assert parse_overrides(["accounts__default__mails_per_s=50", "from_name=A = B"]) == {
        "STEADYPOST_ACCOUNTS__DEFAULT__MAILS_PER_S": "50",
        "STEADYPOST_FROM_NAME": "A = B",
    }


def test_an_override_of_no_setting_names_the_settings() -> None:
    with pytest.raises(StackError, match=r"there is no setting 'batch_job'. The settings are: .*batch_jobs"):
        parse_overrides(["batch_job=1"])


def test_an_override_without_a_value_shows_the_form() -> None:
    with pytest.raises(StackError, match=r"--set 'batch_jobs' assigns nothing. Write NAME=VALUE"):
        parse_overrides(["batch_jobs"])


@pytest.mark.parametrize("name", ["", "../other", "Two Words", "-x"])
def test_a_stack_name_that_is_no_folder_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"can't be used\. Take lower-case letters"):
        Place(name, root=tmp_path)


def test_a_stack_that_was_never_started_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"there is no stack 'one' .* steadypost stack up --name one"):
        _ = Place("one", root=tmp_path).ports


def test_the_socket_fits_into_an_address_however_deep_the_folder(tmp_path: Path) -> None:
    near, deep = Place("one", root=Path("/srv")), Place("one", root=tmp_path / ("deep" * 30))
    assert near.socket_path == Path("/srv/one/supervisor.sock")
    assert len(str(deep.socket_path)) <= SOCKET_PATH_MAX
    assert deep.socket_path == Place("one", root=tmp_path / ("deep" * 30)).socket_path
