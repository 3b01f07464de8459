"""Where one stack lives: its folder, and the ports, secrets and environment that it keeps there."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from stack.account import stand_in
from stack.environment import new_secrets, write_private_json
from stack.errors import StackError
from stack.ports import find_ports, is_free

PORT_NAMES: Final = ("postgres", "redis", "fake", "fake_management", "web")
SOCKET_PATH_MAX: Final = 100  # the kernel takes 108 bytes, 104 on macOS


class Place:
    """`<root>/<name>/`: stack.json and env.json (both private), logs/, data/, models/."""

    def __init__(self, name: str, *, root: Path) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise StackError(f"stack name {name!r} can't be used. Take lower-case letters, digits and hyphens")
        self.name = name
        self.folder = (root / name).resolve()
        self.logs = self.folder / "logs"
        self.data = self.folder / "data"
        self.signing_key = self.folder / "signing-key.pem"
        self._identity = self.folder / "stack.json"
        self._env = self.folder / "env.json"

    def prepare(self) -> None:
        """Make the folders, ports and secrets; a stack that was here before keeps its data and the ports still free."""
        if not self._identity.exists():
            self._forget_data()
        for folder in (self.logs, self.data / "fake", self.folder / "models"):
            folder.mkdir(parents=True, exist_ok=True)
        if self._identity.exists():
            write_private_json(self._identity, {"ports": _renew(self.ports), "secrets": self.secrets})
        else:
            ports = dict(zip(PORT_NAMES, find_ports(len(PORT_NAMES), choice=random.SystemRandom()), strict=True))
            write_private_json(self._identity, {"ports": ports, "secrets": new_secrets()})

    def remove(self) -> None:
        """Delete all of it, data included."""
        self._forget_data()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_of(self, program: str) -> Path:
        """The file with everything that the program printed."""
        return self.logs / f"{program}.log"

    @property
    def ports(self) -> dict[str, int]:
        """By name: postgres, redis, fake, fake_management, web."""
        return {str(name): int(port) for name, port in self._read(self._identity)["ports"].items()}

    @property
    def secrets(self) -> dict[str, str]:
        """By name: postgres_password, api_key, link_key."""
        return dict(self._read(self._identity)["secrets"])

    @property
    def env(self) -> dict[str, str]:
        """The STEADYPOST_ variables of the last `up`."""
        return dict(self._read(self._env))

    @env.setter
    def env(self, variables: dict[str, str]) -> None:
        write_private_json(self._env, variables)

    @property
    def socket_path(self) -> Path:
        """Of supervisord; deep folders don't fit into a socket's address, so theirs is in the temporary folder."""
        path = self.folder / "supervisor.sock"
        if len(str(path).encode()) <= SOCKET_PATH_MAX:
            return path
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"steadypost-{digest}.sock"

    def _forget_data(self) -> None:
        # Data whose secrets are gone can't be opened any more.
        for folder in (self.data, stand_in(self.data)):
            shutil.rmtree(folder, ignore_errors=True)

    def _read(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text())
        except FileNotFoundError:
            raise StackError(
                f"there is no stack {self.name!r} in {self.folder.parent}. Start it: "
                f"steadypost stack up --name {self.name}"
            ) from None


def _renew(ports: dict[str, int]) -> dict[str, int]:
    taken = [name for name, port in ports.items() if not is_free(port)]
    return ports | dict(zip(taken, find_ports(len(taken), choice=random.SystemRandom()), strict=True))
