"""What the processes of a stack read from their environment: addresses, development secrets, overrides."""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING, TextIO

from stack.errors import StackError
from system.settings import ENV_PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def development_env(
    *,
    database_url: str,
    redis_url: str,
    provider_url: str,
    public_url: str,
    model_folder: Path,
    secrets_of: Mapping[str, str],
) -> dict[str, str]:
    """Every setting that has no default, for one stack on one machine."""
    values = {
        "environment": "development",
        "database_url": database_url,
        "redis_url": redis_url,
        "accounts__default__api_key": secrets_of["api_key"],
        "accounts__default__api_url": provider_url,
        "webhook_public_keys": "[]",
        "public_url": public_url,
        "link_keys": json.dumps([secrets_of["link_key"]]),
        "from_email": "weekly@steadypost.example",
        "from_name": "Steadypost",
        "postal_address": "Steadypost Ltd, 1 Example Street, Exampletown",
        "shop_url": "https://shop.example",
        "model_folder": str(model_folder),
    }
    return {setting_variable(name): value for name, value in values.items()}


def new_secrets() -> dict[str, str]:
    """Random ones, made once for each stack."""
    return {
        "postgres_password": secrets.token_urlsafe(18),
        "api_key": f"SG.{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}",
        "link_key": secrets.token_urlsafe(32),
    }


def setting_variable(name: str) -> str:
    """`batch_jobs`, `BATCH_JOBS` and `STEADYPOST_BATCH_JOBS` all name the same variable."""
    bare = name.upper().removeprefix(ENV_PREFIX)
    if bare.split("__")[0].lower() not in Settings.model_fields:
        known = ", ".join(Settings.model_fields)
        raise StackError(f"there is no setting {name!r}. The settings are: {known}")
    return ENV_PREFIX + bare


def parse_overrides(assignments: list[str]) -> dict[str, str]:
    """`["batch_jobs=100"]` as variables; StackError for anything that assigns no setting."""
    parsed = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise StackError(f"--set {assignment!r} assigns nothing. Write NAME=VALUE, such as --set batch_jobs=100")
        parsed[setting_variable(name)] = value
    return parsed


def write_private_json(path: Path, content: Mapping[str, object]) -> None:
    """One object in a private file."""
    with open_private(path) as file:
        json.dump(content, file, indent=2)


def open_private(path: Path) -> TextIO:
    """A new file for writing, readable by the owner alone from the first byte on."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
