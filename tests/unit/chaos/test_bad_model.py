from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chaos.injectors.model_file import BadModel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("how", ["corrupt", "missing"])
def test_a_model_is_spoilt_until_it_is_healed(tmp_path: Path, how: Any) -> None:
    path = tmp_path / "current.onnx"
    path.write_bytes(b"a model")
    bad = BadModel(path=path, how=how)
    bad.heal()
    assert not bad.look()
    bad.inject()
    bad.inject()
    assert bad.look()
    assert not path.exists() or path.read_bytes() != b"a model"
    BadModel(path=path, how=how).heal()
    assert not bad.look()
    assert path.read_bytes() == b"a model"
    bad.heal()
    assert [file.name for file in tmp_path.iterdir()] == ["current.onnx"]


def test_a_model_that_was_put_right_meanwhile_is_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "current.onnx"
    path.write_bytes(b"a model")
    bad = BadModel(path=path, how="corrupt")
    bad.inject()
    path.write_bytes(b"a newer model")
    assert not bad.look()
