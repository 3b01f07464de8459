"""Five products for each user from the model's file, through ONNX Runtime; anything odd ends in popular products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import structlog

from system.errors import ModelError
from system.recommender.batches import BATCH_USERS, CUDA_BATCH_USERS, Batch, make_batches
from system.recommender.filling import Filling
from system.recommender.model_file import INPUTS, OUTPUTS, REMEDY, Catalogue, read_metadata, read_sealed
from system.recommender.onnx_runtime import CUDA
from system.recommender.recommendation import TOP, Recommendation, Source
from system.recommender.session import THREADS, Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from system.recommender.shelf import History, Shelf
    from system.settings import ModelDevice

_Rules = dict[str, "NDArray[Any]"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Arranged:
    """A shelf as the model's rows and as the filling see it."""

    shelf: Shelf
    filling: Filling
    rules: _Rules


class Scorer:
    """One loaded model; make one per process, after fork."""

    def __init__(self, session: Session, *, version: str, catalogue: Catalogue) -> None:
        self.version = version
        self.popular = list(catalogue.popular)
        self.product_ids = np.array(catalogue.product_ids, dtype=np.int64)
        self.provider, self.threads = session.provider, session.threads
        self.batch_users = CUDA_BATCH_USERS if session.provider == CUDA else BATCH_USERS
        self._session = session
        self._arranged: _Arranged | None = None
        self._buy_again_weight = catalogue.buy_again_weight
        self._ids_by_row = np.append(self.product_ids, 0)  # the last row is padding

    @classmethod
    def load(cls, path: Path, *, device: ModelDevice = "cpu", threads: int = THREADS) -> Self:
        """The model in a file; raises ModelError when it is missing, corrupt or of another shape."""
        session = Session.open(read_sealed(path), path=path, device=device, threads=threads)
        version, catalogue = read_metadata(session.metadata, path=path)
        _check_shape(session, products=len(catalogue.product_ids), path=path)
        return cls(session, version=version, catalogue=catalogue)

    def recommend(
        self, histories: Mapping[int, History], *, shelf: Shelf, buy_again: bool = False
    ) -> dict[int, Recommendation]:
        """Up to five products per user, by the shelf's rules, none hidden from them and, unless they may buy again,
        none that they bought; short lists are filled up with popular products by the same rules.
        """
        filling = self._on(shelf).filling
        found = dict.fromkeys(histories, Recommendation(Source.NO_HISTORY))
        found.update(self.score(histories, shelf=shelf, buy_again=buy_again))
        return {
            user: filling.fill(found[user], history=history, buy_again=buy_again) for user, history in histories.items()
        }

    def score(
        self, histories: Mapping[int, History], *, shelf: Shelf, buy_again: bool = False
    ) -> Iterator[tuple[int, Recommendation]]:
        """What the model itself says, for each user who bought a product that it knows; lists may be short."""
        rules = self._on(shelf).rules
        batches = make_batches(
            histories, product_ids=self.product_ids, buy_again=buy_again, batch_users=self.batch_users
        )
        for batch in batches:
            yield from self._score(batch, rules=rules, buy_again=buy_again)

    def _on(self, shelf: Shelf) -> _Arranged:
        """The same shelf comes with many messages."""
        if self._arranged is None or self._arranged.shelf is not shelf:
            filling = Filling.of(shelf, popular=self.popular)
            self._arranged = _Arranged(shelf, filling, shelf.by_row(self.product_ids))
        return self._arranged

    def _score(self, batch: Batch, *, rules: _Rules, buy_again: bool) -> Iterator[tuple[int, Recommendation]]:
        products, scores, because = self._run(batch, rules=rules, buy_again=buy_again)
        usable = np.logical_and.reduce(scores < np.inf, axis=1)  # false for NaN as well
        if not usable.all():
            log.error("recommender.scores_unusable", users=int((~usable).sum()), model_version=self.version)
        # What may not be shown scores -inf; a score of 0 or less means that nothing connects the product.
        counts = (scores > 0).sum(axis=1)
        ids = self._ids_by_row
        rows = zip(ids[products].tolist(), ids[because].tolist(), counts.tolist(), usable.tolist(), strict=True)
        for user, (product_ids, because_ids, count, is_usable) in zip(batch.user_ids, rows, strict=True):
            if is_usable and count == TOP:
                yield user, Recommendation(Source.HISTORY, product_ids, because_ids)
            elif is_usable:
                yield user, Recommendation(Source.HISTORY, product_ids[:count], because_ids[:count])
            else:
                yield user, Recommendation(Source.UNUSABLE_SCORES)

    def _run(self, batch: Batch, *, rules: _Rules, buy_again: bool) -> list[NDArray[Any]]:
        weight = np.float32(self._buy_again_weight if buy_again else 0.0)
        own = {"history": batch.history, "bonus": batch.times * weight, "excluded": batch.excluded}
        try:
            return self._session.run(OUTPUTS, own, rules)
        except Exception:
            # ONNX Runtime's errors share no other base class. Popular products are better than no mail.
            log.exception("recommender.batch_failed", users=len(batch.user_ids), model_version=self.version)
            nowhere = np.zeros((len(batch.user_ids), TOP), dtype=np.int64)
            return [nowhere, np.full(nowhere.shape, np.nan, dtype=np.float32), nowhere]


def _check_shape(session: Session, *, products: int, path: Path) -> None:
    inputs = {name: kind for name, (kind, _) in session.inputs.items()}
    rows = session.inputs["available"][1] if "available" in inputs else None
    if (inputs, session.outputs, rows) != (INPUTS, OUTPUTS, [products + 1]):
        raise ModelError(
            f"model file {path} has another shape: inputs {inputs}, outputs {session.outputs}, {rows} rows for "
            f"{products} products; expected inputs {INPUTS}, outputs {OUTPUTS}. {REMEDY}"
        )
