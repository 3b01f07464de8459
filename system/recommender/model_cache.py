"""The models that a process keeps in memory: a version's file never changes, so that it is read only once."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import structlog

from system.errors import ModelError
from system.metrics import MODEL_LOADS, MODEL_PROVIDER
from system.recommender.model_file import REMEDY
from system.recommender.model_folder import model_file

if TYPE_CHECKING:
    from pathlib import Path

    from system.recommender.scorer import Scorer
    from system.settings import ModelDevice

log = structlog.get_logger(__name__)


class ModelCache:
    """The models that were used last; one per process, after fork."""

    def __init__(self, folder: Path, *, device: ModelDevice = "cpu", size: int = 3) -> None:
        self._folder = folder
        self._device = device
        self._size = size
        self._loaded: OrderedDict[str, Scorer] = OrderedDict()

    def get(self, version: str) -> Scorer:
        """A model from memory or from its file; ModelError when it is in neither, or the file is not this version."""
        if version not in self._loaded:
            self._loaded[version] = self._load(version)
            while len(self._loaded) > self._size:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(version)
        return self._loaded[version]

    def _load(self, version: str) -> Scorer:
        from system.recommender.scorer import Scorer  # noqa: PLC0415  # ONNX Runtime: 30 MB that others do without

        path = model_file(self._folder, version)
        try:
            scorer = Scorer.load(path, device=self._device)
        except ModelError:
            MODEL_LOADS.labels(version, "failed").inc()
            raise
        if scorer.version != version:
            MODEL_LOADS.labels(version, "failed").inc()
            raise ModelError(f"model file {path} holds version {scorer.version}. {REMEDY}")
        MODEL_LOADS.labels(version, "loaded").inc()
        MODEL_PROVIDER.labels(scorer.provider).set(1)
        log.info("model.loaded", model_version=version, provider=scorer.provider, threads=scorer.threads)
        return scorer
