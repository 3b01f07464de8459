from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from alike import neighbours_of

from system.errors import ModelError
from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue, read_sealed, write_model
from system.recommender.scorer import Scorer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

TRAINED_ON = date(2026, 11, 21)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models" / "current.onnx"


def _write(path: Path, *, products: int = 3, trained_on: date = TRAINED_ON) -> str:
    ids = [10 * (row + 1) for row in range(products)]
    return write_model(
        path, build_graph(neighbours_of(np.eye(products))), catalogue=Catalogue(ids, ids), trained_on=trained_on
    )


def test_a_written_model_loads_with_the_version_that_was_returned(path: Path) -> None:
    version = _write(path)
    assert Scorer.load(path).version == version
    assert version.startswith("2026-11-21-")


def test_the_same_content_has_the_same_version_and_other_content_another(path: Path) -> None:
    assert _write(path) == _write(path)
    assert _write(path, products=4) != _write(path, products=3)


def test_any_onnx_tool_reads_the_file(path: Path) -> None:
    _write(path)
    onnx.checker.check_model(str(path), full_check=True)


def test_writing_leaves_nothing_else_behind(path: Path) -> None:
    _write(path)
    _write(path, products=4)
    assert [file.name for file in path.parent.iterdir()] == ["current.onnx"]


def test_a_failed_write_keeps_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = _write(path)

    def disk_full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        _write(path, products=4)
    assert Scorer.load(path).version == version
    assert [file.name for file in path.parent.iterdir()] == ["current.onnx"]


def test_a_missing_file_names_itself_and_the_command(path: Path) -> None:
    with pytest.raises(ModelError, match=r"current\.onnx does not exist\. Run `steadypost model train`"):
        read_sealed(path)


def test_a_folder_in_the_file_s_place_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read: Is a directory"):
        read_sealed(tmp_path)


@pytest.mark.parametrize("kept", [0, 1, 75, 500, -1])
def test_a_truncated_file_is_refused(path: Path, kept: int) -> None:
    _write(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelError, match="truncated, altered or not ours"):
        Scorer.load(path)


@pytest.mark.parametrize("position", [0, 100, -100, -1])
def test_one_flipped_bit_anywhere_is_noticed(path: Path, position: int) -> None:
    _write(path)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="truncated, altered or not ours"):
        Scorer.load(path)


def test_a_foreign_onnx_file_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(build_graph(neighbours_of(np.eye(3))).SerializeToString())
    with pytest.raises(ModelError, match="not ours"):
        Scorer.load(path)


def test_a_graph_with_other_inputs_is_refused(path: Path) -> None:
    tensor = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1,))
    copy = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (1,))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "other", [tensor], [copy])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    write_model(path, model, catalogue=Catalogue([1], [1]), trained_on=TRAINED_ON)
    with pytest.raises(ModelError, match=r"has another shape: inputs \{'x': 'tensor\(float\)'\}"):
        Scorer.load(path)


def test_a_catalogue_that_does_not_fit_the_graph_is_refused(path: Path) -> None:
    graph = build_graph(neighbours_of(np.eye(3)))
    write_model(path, graph, catalogue=Catalogue([1, 2], [1, 2]), trained_on=TRAINED_ON)
    with pytest.raises(ModelError, match=r"\[4\] rows for 2 products"):
        Scorer.load(path)


def test_a_later_format_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("system.recommender.model_file.FORMAT", "steadypost-recommender-9")
    _write(path)
    monkeypatch.undo()
    with pytest.raises(ModelError, match="has format 'steadypost-recommender-9'"):
        Scorer.load(path)
