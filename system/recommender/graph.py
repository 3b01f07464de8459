"""The recommender as one ONNX graph: histories in, five products with scores and explanations out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper

from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET: Final = 18
IR_VERSION: Final = 10  # the newest that the oldest supported ONNX Runtime reads


def build_graph(embeddings: NDArray[np.float32]) -> ModelProto:
    """The graph for N products of d dimensions, all of them addressed by their row.

    Inputs: `history` [B, L] and `bought` [B, M], rows padded with N; `available` [N + 1], false for the padding.
    Outputs, each [B, min(5, N + 1)]: `products`, their `scores` (cosine to the history's direction, -inf for a
    product that may not be recommended) and `because`, the row of the history that is most like the product.
    """
    padded = np.vstack([embeddings, np.zeros((1, embeddings.shape[1]), dtype=np.float32)])
    graph = helper.make_graph(
        _taste() + _scores() + _best() + _explanations(),
        "steadypost-recommender",
        [_ints("history", "batch", "length"), _ints("bought", "batch", "bought_length"), _available(len(padded))],
        [_ints("products", "batch", "top"), _floats("scores"), _ints("because", "batch", "top")],
        _constants(padded),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model, full_check=True)
    return model


def _taste() -> list[NodeProto]:
    """Where the history points: the sum of its products' directions, normalised."""
    return [
        helper.make_node("Gather", ["embeddings", "history"], ["history_vectors"]),
        helper.make_node("ReduceSum", ["history_vectors", "axis_1"], ["direction"], keepdims=0),
        helper.make_node("ReduceL2", ["direction", "axis_1"], ["length"], keepdims=1),
        helper.make_node("Max", ["length", "tiny"], ["safe_length"]),
        helper.make_node("Div", ["direction", "safe_length"], ["taste"]),
    ]


def _scores() -> list[NodeProto]:
    """Cosine to every product, and -inf for what is out of stock, bought, or padding."""
    return [
        helper.make_node("Transpose", ["embeddings"], ["embeddings_by_column"], perm=[1, 0]),
        helper.make_node("MatMul", ["taste", "embeddings_by_column"], ["cosines"]),
        helper.make_node("Where", ["available", "cosines", "never"], ["available_cosines"]),
        helper.make_node("Shape", ["bought"], ["bought_shape"]),
        helper.make_node("Expand", ["never", "bought_shape"], ["never_again"]),
        helper.make_node(
            "ScatterElements", ["available_cosines", "bought", "never_again"], ["allowed_cosines"], axis=1
        ),
    ]


def _best() -> list[NodeProto]:
    return [helper.make_node("TopK", ["allowed_cosines", "top"], ["scores", "products"], axis=1, largest=1, sorted=1)]


def _explanations() -> list[NodeProto]:
    """For each product the bought one that is most like it.

    Padding is like nothing (0), and a product that scores above 0 is like something, so padding never wins.
    """
    return [
        helper.make_node("Gather", ["embeddings", "products"], ["product_vectors"]),
        helper.make_node("Transpose", ["product_vectors"], ["product_columns"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["history_vectors", "product_columns"], ["likeness"]),
        helper.make_node("ArgMax", ["likeness"], ["because_at"], axis=1, keepdims=0),
        helper.make_node("GatherElements", ["history", "because_at"], ["because"], axis=1),
    ]


def _constants(padded: NDArray[np.float32]) -> list[TensorProto]:
    values: dict[str, NDArray[Any]] = {
        "embeddings": padded,
        "axis_1": np.array([1], dtype=np.int64),
        "tiny": np.array(1e-12, dtype=np.float32),
        "never": np.array(-np.inf, dtype=np.float32),
        "top": np.array([min(TOP, len(padded))], dtype=np.int64),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def _ints(name: str, *shape: str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape)


def _floats(name: str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ("batch", "top"))


def _available(rows: int) -> ValueInfoProto:
    return helper.make_tensor_value_info("available", TensorProto.BOOL, (rows,))
