"""The unprivileged account that runs PostgreSQL for root, who may not, and the folders it can reach."""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stack.errors import StackError

CANDIDATES: Final = ("postgres", "nobody")
SHARED_TMP: Final = Path("/var/tmp")  # noqa: S108  # entered only through folders whose owner is checked


@dataclass(frozen=True)
class Account:
    """A system user and its primary group."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Who must run PostgreSQL: None is ourselves, an account is needed only when we are root."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise StackError(
        f"PostgreSQL refuses to run as root and none of the accounts {', '.join(CANDIDATES)} exists. "
        "Run as another user, or create one: useradd --system postgres"
    )


def run_as(account: Account | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run to the end as that account, from the root folder, and keep what it printed."""
    return subprocess.run(
        command,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def can_enter(account: Account | None, path: Path) -> bool:
    """Whether the account may pass through a folder, or execute a file."""
    return run_as(account, ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]).returncode == 0


def reachable_folder(wanted: Path, account: Account | None) -> Path:
    """`wanted`, made and owned by the account, or a folder under /var/tmp that stands for it.

    A home folder is often closed to other accounts, and root's always is.
    """
    wanted.parent.mkdir(parents=True, exist_ok=True)
    folder = wanted if can_enter(account, wanted.parent) else _open_stand_in(wanted.parent) / wanted.name
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def stand_in(folder: Path) -> Path:
    """The folder under /var/tmp that stands for one that PostgreSQL's account can't reach."""
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return SHARED_TMP / f"steadypost-{digest}"


def _open_stand_in(folder: Path) -> Path:
    made = stand_in(folder)
    made.mkdir(mode=0o755, exist_ok=True)
    if made.is_symlink() or made.stat().st_uid != os.geteuid():
        raise StackError(f"{made} belongs to somebody else. Remove it, or move the project to a folder open to all")
    return made
