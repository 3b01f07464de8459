"""A worker that may run on a GPU only is refused where there is none, and nobody else pays for the question."""

from __future__ import annotations

import subprocess

import pytest

from system.preflight.device import examine_device, exit_without_device
from system.preflight.finding import Level
from system.settings import ModelDevice, Settings

pytestmark = pytest.mark.unit


def _settings(device: ModelDevice) -> Settings:
    return Settings.model_construct(model_device=device)


def _answer(monkeypatch: pytest.MonkeyPatch, status: int, *, out: str = "", err: str = "") -> None:
    done = subprocess.CompletedProcess[str]([], status, out, err)
    monkeypatch.setattr("system.preflight.device.subprocess.run", lambda *_, **__: done)


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_nothing_is_tried_where_the_cpu_will_do(monkeypatch: pytest.MonkeyPatch, device: ModelDevice) -> None:
    monkeypatch.setattr("system.preflight.device.subprocess.run", None)
    assert examine_device(_settings(device)) == []


def test_a_gpu_that_works_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, 0, out="CUDAExecutionProvider of onnxruntime-gpu 1.31.0\n")
    (found,) = examine_device(_settings("cuda"))
    assert (found.level, found.says) == (Level.OK, "CUDAExecutionProvider of onnxruntime-gpu 1.31.0")


def test_a_process_ends_with_the_reason_where_cuda_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, 1, err="some noise\nONNX Runtime can't use CUDA here")
    with pytest.raises(SystemExit, match="can't start: model device: ONNX Runtime can't use CUDA here"):
        exit_without_device(_settings("cuda"))


def test_a_process_starts_where_cuda_works(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, 0, out="CUDAExecutionProvider of onnxruntime-gpu 1.31.0")
    exit_without_device(_settings("cuda"))
