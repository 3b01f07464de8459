"""Five products for each user from the model's file, through ONNX Runtime; anything odd ends in popular products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import onnxruntime as ort
import structlog

from system.errors import ModelError
from system.recommender.batches import Batch, make_batches
from system.recommender.model_file import INPUTS, OUTPUTS, REMEDY, Catalogue, read_metadata, read_sealed
from system.recommender.recommendation import TOP, Recommendation, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_Answer = tuple["NDArray[np.int64]", "NDArray[np.float32]", "NDArray[np.int64]"]
"""Products, scores and explanations, one line per user."""

log = structlog.get_logger(__name__)


class Scorer:
    """One loaded model; make one per process, after fork."""

    def __init__(self, session: ort.InferenceSession, *, version: str, catalogue: Catalogue) -> None:
        self.version = version
        self.popular = list(catalogue.popular)
        self._session = session
        self._product_ids = np.array(catalogue.product_ids, dtype=np.int64)
        self._ids_by_row = np.append(self._product_ids, 0)  # the last row is padding

    @classmethod
    def load(cls, path: Path, *, threads: int = 1) -> Self:
        """The model in a file; raises ModelError when it is missing, corrupt or of another shape."""
        session = _open_session(read_sealed(path), path=path, threads=threads)
        version, catalogue = read_metadata(session.get_modelmeta().custom_metadata_map, path=path)
        _check_shape(session, products=len(catalogue.product_ids), path=path)
        return cls(session, version=version, catalogue=catalogue)

    def recommend(
        self,
        histories: Mapping[int, Sequence[int]],
        *,
        in_stock: frozenset[int],
        popular: Sequence[int] | None = None,
    ) -> dict[int, Recommendation]:
        """Up to five products per user: all in stock and none in the user's history.

        `histories` maps users to the ids of all products they bought, the newest first. `popular` is the fallback,
        best first; without it the order of the model's training time is used.
        """
        fallback = [id_ for id_ in (self.popular if popular is None else popular) if id_ in in_stock]
        available = np.append(np.isin(self._product_ids, list(in_stock)), False)
        found = dict.fromkeys(histories, Recommendation(Source.NO_HISTORY))
        for batch in make_batches(histories, product_ids=self._product_ids):
            found.update(self._score(batch, available=available))
        return {
            user: _fill_up(found[user], bought=frozenset(history), in_stock=in_stock, popular=fallback)
            for user, history in histories.items()
        }

    def _score(self, batch: Batch, *, available: NDArray[np.bool_]) -> Iterator[tuple[int, Recommendation]]:
        products, scores, because = self._run(batch, available=available)
        usable = np.logical_and.reduce(scores < np.inf, axis=1)  # false for NaN as well
        if not usable.all():
            log.error("recommender.scores_unusable", users=int((~usable).sum()), model_version=self.version)
        # Out of stock and bought products score -inf; a score of 0 or less means that nothing connects the product.
        counts = (scores > 0).sum(axis=1)
        ids = self._ids_by_row
        rows = zip(ids[products].tolist(), ids[because].tolist(), counts.tolist(), usable.tolist(), strict=True)
        for user, (product_ids, because_ids, count, is_usable) in zip(batch.user_ids, rows, strict=True):
            if is_usable:
                yield user, Recommendation(Source.HISTORY, product_ids[:count], because_ids[:count])
            else:
                yield user, Recommendation(Source.UNUSABLE_SCORES)

    def _run(self, batch: Batch, *, available: NDArray[np.bool_]) -> _Answer:
        try:
            answer: _Answer = self._session.run(
                OUTPUTS, {"history": batch.history, "bought": batch.bought, "available": available}
            )
        except Exception:
            # ONNX Runtime's errors share no other base class. Popular products are better than no mail.
            log.exception("recommender.batch_failed", users=len(batch.user_ids), model_version=self.version)
            nowhere = np.zeros((len(batch.user_ids), 1), dtype=np.int64)
            return nowhere, np.full(nowhere.shape, np.nan, dtype=np.float32), nowhere
        return answer


def _fill_up(
    found: Recommendation, *, bought: frozenset[int], in_stock: frozenset[int], popular: Iterable[int]
) -> Recommendation:
    """The rest from the popular products; the model's own are checked once more, since a mail can't be recalled."""
    chosen = {
        product: because
        for product, because in zip(found.product_ids, found.because_ids, strict=True)
        if product in in_stock and product not in bought
    }
    reason = found.reason
    if not chosen and reason is Source.HISTORY:
        reason = Source.POPULAR
    for product in popular:
        if len(chosen) >= TOP:
            break
        if product not in bought:
            chosen.setdefault(product, 0)
    if not chosen:
        return Recommendation(Source.NOTHING_LEFT)
    return Recommendation(reason, list(chosen), list(chosen.values()))


def _open_session(content: bytes, *, path: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # noqa: BLE001  # ONNX Runtime's errors share no other base class
        raise ModelError(f"model file {path} can't be loaded by ONNX Runtime: {exc}. {REMEDY}") from None


def _check_shape(session: ort.InferenceSession, *, products: int, path: Path) -> None:
    inputs = {node.name: node.type for node in session.get_inputs()}
    outputs = tuple(node.name for node in session.get_outputs())
    rows = next((node.shape for node in session.get_inputs() if node.name == "available"), None)
    if (inputs, outputs, rows) != (INPUTS, OUTPUTS, [products + 1]):
        raise ModelError(
            f"model file {path} has another shape: inputs {inputs}, outputs {outputs}, {rows} rows for {products} "
            f"products; expected inputs {INPUTS}, outputs {OUTPUTS}. {REMEDY}"
        )
