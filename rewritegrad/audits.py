"""Audits: whether values that are said to be equal differ at a sample point.

Glances tell most pairs alike; only where they do not agree are the enclosures computed, and where these are disjoint
the two are certainly different values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cells import Cell, apart, evaluate, glance
from .fact import ATTRIBUTE, REAL, Fact
from .kernels import Array

AGREE = 1e-13
"""Values that agree so well have enclosures that overlap."""

Pair = tuple[Fact, Fact]


def regular(rows: Array, count: int) -> Array:
    """The rows without the edge points, which come after `count` regular ones."""
    return rows if rows.shape[1] == 1 else rows[:, :count]


def disjoint(a: Fact, b: Fact, count: int) -> tuple[int, Any, Any] | None:
    """A point where two values certainly differ, as its index and both values; None where there is none."""
    if a.kind is ATTRIBUTE or b.kind is ATTRIBUTE:
        return None
    first, second = regular(evaluate(a.cell), count), regular(evaluate(b.cell), count)
    at = apart(first, second)
    return None if at < 0 else (at, _shown(first[0], at), _shown(second[0], at))


def wrong(pairs: Sequence[Pair], count: int) -> int:
    """The first of several pairs of values that certainly differ at one of the regular points; -1 where there is none."""
    alike = [i for i, (a, b) in enumerate(pairs) if a.kind is REAL and b.kind is REAL and not a.shape and not b.shape]
    doubtful = set(range(len(pairs))).difference(alike)
    if alike:
        first, second = (_glances([pairs[i][side].cell for i in alike], count) for side in (0, 1))
        with np.errstate(all="ignore"):
            differ = np.abs(first - second) > AGREE * np.abs(first)
        doubtful.update([alike[i] for i in np.flatnonzero(differ.any(axis=1))])
    return next((i for i in sorted(doubtful) if disjoint(*pairs[i], count) is not None), -1)


def _glances(cells: Sequence[Cell], count: int) -> Array:
    """The values of cells of scalars at the regular points, a row for each."""
    seen = [glance(cell) for cell in cells]
    rows = np.empty((len(seen), max([len(values) for values in seen])))
    for i, values in enumerate(seen):
        rows[i] = values
    return regular(rows, count)


def _shown(values: Array, at: int) -> Any:
    """The value at a point, as a float or nested lists of them."""
    return values[at if len(values) > 1 else 0].tolist()
