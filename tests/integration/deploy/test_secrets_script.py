"""What deploy/secrets.sh makes, and that it overwrites nothing."""

import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from missing import go_without

pytestmark = pytest.mark.integration
SCRIPT = Path(__file__).parents[3] / "deploy" / "secrets.sh"


def _make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("openssl"):
        go_without("openssl is not installed")
    env = {**os.environ, "SECRETS": str(folder)}
    return subprocess.run([SCRIPT, *words], env=env, capture_output=True, text=True, check=False)


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    _make(tmp_path / "secrets", "demo")
    before = {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()}
    assert _make(tmp_path / "secrets", "demo").returncode == 0
    assert {file.name: file.read_bytes() for file in (tmp_path / "secrets").iterdir()} == before


def test_nobody_else_may_enter_the_folder(tmp_path: Path) -> None:
    _make(tmp_path / "secrets")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_it_says_which_secrets_only_the_provider_knows(tmp_path: Path) -> None:
    said = _make(tmp_path / "secrets").stderr
    assert [name for name in ("sendgrid_api_key", "webhook_public_key", "link_key") if name in said] == [
        "sendgrid_api_key",
        "webhook_public_key",
    ]


def test_redis_knows_the_hash_of_a_password_and_not_the_password(tmp_path: Path) -> None:
    _make(tmp_path)
    password = (tmp_path / "redis_web_password").read_text().strip()
    users = (tmp_path / "redis_acl").read_text()
    assert hashlib.sha256(password.encode()).hexdigest() in users
    assert password not in users


def test_nobody_is_the_default_user_of_redis(tmp_path: Path) -> None:
    _make(tmp_path)
    default = (tmp_path / "redis_acl").read_text().splitlines()[0].split()
    assert default[:3] == ["user", "default", "off"]
    # With fewer rights Redis would leave every transaction out when it loads its file.
    assert {"~*", "&*", "+@all"} <= set(default)


def test_a_kind_that_is_not_known_is_refused(tmp_path: Path) -> None:
    done = _make(tmp_path, "prod")
    assert done.returncode == 2
    assert "prod" in done.stderr
