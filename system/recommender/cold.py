"""What is recommended of products that nobody bought yet: what their names say they are like."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RELATIVES: Final = 10
DISCOUNT: Final = 0.25
"""Measured in docs/recommender-scale.md: cold products are seen, and the others' hits stay within noise."""
BLOCK: Final = 256
_MARKUP: Final = re.compile(r"<[^<>]*>")
_WORD: Final = re.compile(r"\w+")


def describe_products(names: Sequence[str], categories: Sequence[str]) -> sparse.csr_array[np.float32]:
    """One row per product over all words, weighted by how rare they are (TF-IDF), of length 1 or empty.

    The category counts as one word of its own. Markup, case, accents' spelling and punctuation make no difference.
    """
    vocabulary: dict[str, int] = {}
    starts, words = [0], list[int]()
    for name, category in zip(names, categories, strict=True):
        said = sorted({*_words(name), f"category {category.casefold()}"} if category else set(_words(name)))
        words += [vocabulary.setdefault(word, len(vocabulary)) for word in said]
        starts.append(len(words))
    shape = (len(starts) - 1, max(len(vocabulary), 1))
    columns = np.array(words, dtype=np.int32)
    rarity = 1.0 + np.log((1.0 + shape[0]) / (1.0 + np.bincount(columns, minlength=shape[1])))
    described = sparse.csr_array((rarity[columns].astype(np.float32), columns, starts), shape=shape)
    return _scale_rows(described, by=np.sqrt(described.power(2).sum(axis=1)))


def find_relatives(
    described: sparse.csr_array[np.float32], *, warm: NDArray[np.bool_], most: int = RELATIVES
) -> sparse.csr_array[np.float32]:
    """A square matrix whose row says which warm products stand for a product, and how much each; rows sum to 1.

    A warm product stands for itself. A cold one that shares no word with any warm product has an empty row.
    The product of this matrix and an array over the products (their demand, their embeddings) lends to the cold
    ones the mean of their relatives' and leaves the others alone.
    """
    cold, known = np.flatnonzero(~warm), np.flatnonzero(warm)
    by_word = sparse.csc_array(described[known].T)
    rows, columns, shares = [known], [known], [np.ones(len(known), dtype=np.float32)]
    for start in range(0, len(cold), BLOCK):
        asking = cold[start : start + BLOCK]
        likeness = sparse.csr_array(described[asking] @ by_word)
        for at, product in enumerate(asking):
            span = slice(likeness.indptr[at], likeness.indptr[at + 1])
            best = np.argsort(-likeness.data[span], kind="stable")[:most]
            rows.append(np.full(len(best), product))
            columns.append(known[likeness.indices[span][best]])
            shares.append(likeness.data[span][best])
    entries = (np.concatenate(shares), (np.concatenate(rows), np.concatenate(columns)))
    standing = sparse.csr_array(entries, shape=(len(warm), len(warm)))
    return _scale_rows(standing, by=standing.sum(axis=1))


def cold_columns(
    weights: sparse.csc_array[np.float32], *, standing: sparse.csr_array[np.float32], discount: float = DISCOUNT
) -> sparse.csc_array[np.float32]:
    """W[source, target] where a cold target's column is `discount` times the mean of its relatives' columns.

    The columns of warm products stay as they are.
    """
    cold = (standing.diagonal() == 0).astype(np.float32)
    lent = sparse.csr_array(sparse.diags_array(cold * np.float32(discount)) @ standing)
    return sparse.csc_array(weights + weights @ lent.T)


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", _MARKUP.sub(" ", html.unescape(name))).casefold()
    return _WORD.findall(plain)


def _scale_rows(matrix: sparse.csr_array[np.float32], *, by: NDArray[np.float32]) -> sparse.csr_array[np.float32]:
    factors = np.divide(1.0, by, out=np.zeros_like(by), where=by > 0)
    return sparse.csr_array(sparse.diags_array(np.asarray(factors).ravel(), dtype=np.float32) @ matrix)
