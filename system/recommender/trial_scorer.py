"""A scorer of a model that has no file yet: what evaluations run is what campaigns run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue
from system.recommender.scorer import Scorer
from system.recommender.session import THREADS, Session

if TYPE_CHECKING:
    from system.recommender.fitting import Fitted
    from system.recommender.hyper_parameters import HyperParameters
    from system.settings import ModelDevice


def open_fitted(
    fitted: Fitted, *, parameters: HyperParameters, device: ModelDevice = "cpu", threads: int = THREADS
) -> Scorer:
    """The fitted model through ONNX Runtime."""
    content = build_graph(fitted.neighbours).SerializeToString()
    session = Session.open(content, path=Path("(in memory)"), device=device, threads=threads)
    return Scorer(session, version="unsaved", catalogue=catalogue_of(fitted, parameters=parameters))


def catalogue_of(fitted: Fitted, *, parameters: HyperParameters) -> Catalogue:
    """What goes into the file beside the graph."""
    popular = fitted.product_ids[fitted.popular].tolist()
    return Catalogue(fitted.product_ids.tolist(), popular, parameters.buy_again_weight)
