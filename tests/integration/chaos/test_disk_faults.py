from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chaos.fault import NotPossibleHereError
from chaos.injectors.disk import DiskFull, SmallVolume, why_not

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

needs_volumes = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


@needs_volumes
def test_a_full_volume_takes_no_byte_until_there_is_room(tmp_path: Path) -> None:
    with SmallVolume(folder=tmp_path / "data", mb=4) as volume:
        full = DiskFull(folder=volume.folder)
        assert not full.look()
        full.inject()
        full.inject()
        assert full.look()
        with pytest.raises(OSError, match="No space left"):
            (volume.folder / "wal").write_bytes(b"x")
        full.heal()
        assert not full.look()
        full.heal()
        (volume.folder / "wal").write_bytes(b"x" * 1000)
    assert not os.path.ismount(tmp_path / "data")


@needs_volumes
def test_a_volume_that_a_killed_run_left_behind_is_replaced(tmp_path: Path) -> None:
    left = SmallVolume(folder=tmp_path / "data", mb=1)
    left.__enter__()
    (left.folder / "old").write_text("x")
    with SmallVolume(folder=tmp_path / "data", mb=1) as volume:
        assert list(volume.folder.iterdir()) == []
    assert not os.path.ismount(tmp_path / "data")


def test_the_volume_of_others_is_never_filled(tmp_path: Path) -> None:
    with pytest.raises(NotPossibleHereError, match="is no volume of its own"):
        DiskFull(folder=tmp_path).inject()
    assert list(tmp_path.iterdir()) == []


def test_without_root_there_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotPossibleHereError, match="needs root"):
        SmallVolume(folder=tmp_path, mb=1).__enter__()
