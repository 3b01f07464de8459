"""The recommender as one ONNX graph: histories and rules in, five products with scores and explanations out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper

from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from system.recommender.neighbours import Neighbours

OPSET: Final = 18
IR_VERSION: Final = 10  # the newest that the oldest supported ONNX Runtime reads
CANDIDATES: Final = 32
"""So many of the best are looked at for five that obey the rules of diversity."""
BLOCK: Final = 32
"""Scores are searched by blocks: the best 32 lie in the 32 blocks with the best maxima."""

node = helper.make_node


def build_graph(neighbours: Neighbours) -> ModelProto:
    """The graph for N products, all of them addressed by their row; row N is padding.

    Inputs: `history` [B, L], what the user bought, and `bonus` [B, L], added to the scores of these products
    themselves; `excluded` [B, M], not for this user; `available`, `family` and `category` [N + 1] and `per_category`
    [1], the rules for all. Outputs, each [B, 5]: `products`, their `scores` (-inf where there is none, 0 where
    nothing in the history speaks for the product) and `because`, the product of the history that says most for it,
    or N.
    """
    nodes = [*_look_up(), *_score(), *_search(), *_choose(), *_explain()]
    rows = neighbours.products + 1
    graph = helper.make_graph(nodes, "steadypost-recommender", _inputs(rows), _outputs(), _constants(neighbours))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model, full_check=True)
    return model


def _look_up() -> list[NodeProto]:
    """What each bought product says of its neighbours."""
    return [
        node("Gather", ["neighbour_ids", "history"], ["targets"]),
        node("Gather", ["neighbour_weights", "history"], ["contributions"]),
        node("Reshape", ["targets", "flat"], ["flat_targets"]),
        node("Reshape", ["contributions", "flat"], ["flat_contributions"]),
    ]


def _score() -> list[NodeProto]:
    """One addition into zeros, and into -inf for what may not be shown: adding to -inf leaves it."""
    return [
        node("Where", ["available", "zero", "never"], ["start"]),
        node("Pad", ["start", "to_blocks", "never"], ["padded_start"]),
        node("Shape", ["history"], ["users"], end=1),
        node("Shape", ["padded_start"], ["width"]),
        node("Concat", ["users", "width"], ["scores_shape"], axis=0),
        node("Expand", ["padded_start", "scores_shape"], ["starts"]),
        node("Shape", ["excluded"], ["excluded_shape"]),
        node("Expand", ["never", "excluded_shape"], ["exclusions"]),
        node("Concat", ["flat_targets", "history", "excluded"], ["places"], axis=1),
        node("Concat", ["flat_contributions", "bonus", "exclusions"], ["additions"], axis=1),
        node("ScatterElements", ["starts", "places", "additions"], ["all_scores"], axis=1, reduction="add"),
    ]


def _search() -> list[NodeProto]:
    """The best candidates by blocks: one quick pass for the maxima instead of a slow search through all scores."""
    return [
        node("Reshape", ["all_scores", "by_block"], ["blocks"]),
        node("ReduceMax", ["blocks", "axis_2"], ["maxima"], keepdims=0),
        node("TopK", ["maxima", "block_count"], ["_", "best_blocks"], axis=1, sorted=1),
        node("Reshape", ["all_scores", "rows_of_blocks"], ["block_rows"]),
        node("Shape", ["maxima"], ["blocks_per_user"], start=1, end=2),
        node("Squeeze", ["users", "axis_0"], ["user_count"]),
        node("Range", ["zero_int", "user_count", "one_int"], ["user_numbers"]),
        node("Mul", ["user_numbers", "blocks_per_user"], ["first_blocks"]),
        node("Unsqueeze", ["first_blocks", "axis_1"], ["first_block"]),
        node("Add", ["best_blocks", "first_block"], ["block_places"]),
        node("Gather", ["block_rows", "block_places"], ["best_rows"]),
        node("Reshape", ["best_rows", "flat"], ["searched"]),
        node("TopK", ["searched", "candidate_count"], ["candidate_scores_0", "found_at"], axis=1),
        node("Div", ["found_at", "block"], ["found_block"]),
        node("GatherElements", ["best_blocks", "found_block"], ["candidate_block"], axis=1),
        node("Mul", ["candidate_block", "block"], ["candidate_block_start"]),
        node("Mod", ["found_at", "block"], ["found_offset"]),
        node("Add", ["candidate_block_start", "found_offset"], ["unbounded_candidates"]),
        node("Min", ["unbounded_candidates", "padding"], ["candidates"]),
        node("Gather", ["family", "candidates"], ["families"]),
        node("Gather", ["category", "candidates"], ["categories"]),
        node("Mul", ["candidates", "zero_int"], ["shown_0"]),
    ]


def _choose() -> list[NodeProto]:
    """Five times the best that is left; its family goes with it, and a category that has its share."""
    picks = [step for turn in range(TOP) for step in _pick(turn)]
    return [
        *picks,
        node("Concat", [f"score_{turn}" for turn in range(TOP)], ["best_scores"], axis=1),
        # A maximum may pass over what is no number. Nothing times a sum is 0, unless something in it is none.
        node("ReduceSum", ["flat_contributions", "axis_1"], ["sum"], keepdims=1),
        node("Mul", ["sum", "zero"], ["nothing"]),
        node("Add", ["best_scores", "nothing"], ["scores"]),
        node("Concat", [f"pick_{turn}" for turn in range(TOP)], ["picks"], axis=1),
        node("GatherElements", ["candidates", "picks"], ["products"], axis=1),
    ]


def _pick(turn: int) -> list[NodeProto]:
    left = f"candidate_scores_{turn}"

    def own(name: str) -> str:
        return f"{name}_{turn}"

    return [
        node("ArgMax", [left], [own("pick")], axis=1, keepdims=1),
        node("GatherElements", [left, own("pick")], [own("score")], axis=1),
        *(_close(turn) if turn + 1 < TOP else []),
    ]


def _close(turn: int) -> list[NodeProto]:
    """What may not be shown beside a product that was picked."""
    left, shown = f"candidate_scores_{turn}", f"shown_{turn}"

    def own(name: str) -> str:
        return f"{name}_{turn}"

    return [
        node("GatherElements", ["families", own("pick")], [own("its_family")], axis=1),
        node("GatherElements", ["categories", own("pick")], [own("its_category")], axis=1),
        node("Equal", ["families", own("its_family")], [own("same_family")]),
        node("Equal", ["categories", own("its_category")], [own("same_category")]),
        node("Cast", [own("same_category")], [own("one_more")], to=TensorProto.INT64),
        node("Add", [shown, own("one_more")], [f"shown_{turn + 1}"]),
        node("GreaterOrEqual", [f"shown_{turn + 1}", "per_category"], [own("full_category")]),
        node("Or", [own("same_family"), own("full_category")], [own("out")]),
        node("Where", [own("out"), "never", left], [f"candidate_scores_{turn + 1}"]),
    ]


def _explain() -> list[NodeProto]:
    """For each product the one of the history whose contribution was largest; all five at once."""
    return [
        node("Cast", ["products"], ["products_32"], to=TensorProto.INT32),
        node("Unsqueeze", ["products_32", "axis_2"], ["wanted"]),
        node("Unsqueeze", ["flat_targets", "axis_1"], ["all_targets"]),
        node("Equal", ["all_targets", "wanted"], ["hits"]),
        node("Cast", ["hits"], ["hit_ones"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["flat_contributions", "axis_1"], ["all_contributions"]),
        # Quicker than Where; what is no number makes nobody's reason, since its user gets no products.
        node("Mul", ["hit_ones", "all_contributions"], ["hit_contributions"]),
        node("Reshape", ["hit_contributions", "by_source"], ["hits_by_source"]),
        node("ReduceMax", ["hits_by_source", "axis_3"], ["strengths"], keepdims=0),
        node("ArgMax", ["strengths"], ["strongest"], axis=2, keepdims=0),
        node("GatherElements", ["history", "strongest"], ["reasons_32"], axis=1),
        node("Cast", ["reasons_32"], ["reasons"], to=TensorProto.INT64),
        node("ReduceMax", ["strengths", "axis_2"], ["strength"], keepdims=0),
        node("Greater", ["strength", "zero"], ["has_reason"]),
        node("Where", ["has_reason", "reasons", "padding"], ["because"]),
    ]


def _constants(neighbours: Neighbours) -> list[TensorProto]:
    products, width = neighbours.ids.shape
    padded = -(-(products + 1) // BLOCK) * BLOCK
    blocks = min(CANDIDATES, padded // BLOCK)
    values: dict[str, NDArray[Any]] = {
        "neighbour_ids": np.vstack([neighbours.ids, np.full((1, width), products, dtype=np.int32)]),
        "neighbour_weights": np.vstack([neighbours.weights, np.zeros((1, width), dtype=np.float32)]),
        "never": np.array(-np.inf, dtype=np.float32),
        "zero": np.array(0.0, dtype=np.float32),
        "zero_int": np.array(0, dtype=np.int64),
        "one_int": np.array(1, dtype=np.int64),
        "flat": np.array([0, -1], dtype=np.int64),
        "by_block": np.array([0, -1, BLOCK], dtype=np.int64),
        "by_source": np.array([0, TOP, -1, width], dtype=np.int64),
        "rows_of_blocks": np.array([-1, BLOCK], dtype=np.int64),
        "to_blocks": np.array([0, padded - products - 1], dtype=np.int64),
        "block": np.array(BLOCK, dtype=np.int64),
        "block_count": np.array([blocks], dtype=np.int64),
        "candidate_count": np.array([CANDIDATES], dtype=np.int64),
        "padding": np.array(products, dtype=np.int64),
        **{f"axis_{axis}": np.array([axis], dtype=np.int64) for axis in range(4)},
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def _inputs(rows: int) -> list[ValueInfoProto]:
    return [
        _tensor("history", TensorProto.INT32, "batch", "length"),
        _tensor("bonus", TensorProto.FLOAT, "batch", "length"),
        _tensor("excluded", TensorProto.INT32, "batch", "excluded_length"),
        _tensor("available", TensorProto.BOOL, rows),
        _tensor("family", TensorProto.INT64, rows),
        _tensor("category", TensorProto.INT64, rows),
        _tensor("per_category", TensorProto.INT64, 1),
    ]


def _outputs() -> list[ValueInfoProto]:
    return [
        _tensor("products", TensorProto.INT64, "batch", TOP),
        _tensor("scores", TensorProto.FLOAT, "batch", TOP),
        _tensor("because", TensorProto.INT64, "batch", TOP),
    ]


def _tensor(name: str, kind: int, *shape: int | str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)
