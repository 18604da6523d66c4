"""Cells: values at sample points with bounds on their errors, computed when they are asked for.

The rows of a cell are one array of shape (2, points, *shape): values and errors. The true value lies within value +- error;
nan in both says that nothing is known there (undefined, overflown, without a kernel, too uncertain). What is the same at
all points has one point. Cells are computed with all that they need, without recursion; each keeps its rows and then
lets go of what it was computed from.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, TypeAlias

import numpy as np

from .batches import align
from .kernels import Array

Make: TypeAlias = "Callable[[Any, tuple[Cell, ...]], Array]"


class Cell:
    """What gives the rows of one value: nothing is computed before `evaluate`.

    `make(payload, operands)` computes them from the evaluated operands, and `look`, where there is one, the values alone from
    those of the operands; `clean` says that no row has a nan.
    """

    __slots__ = ("apart", "clean", "least", "look", "make", "most", "operands", "payload", "roundings", "rows", "seen")

    def __init__(self, make: Make | None, payload: Any = None, operands: tuple[Cell, ...] = (), look: Make | None = None) -> None:
        self.make = make
        self.look = look
        self.seen: Array | None = None
        self.payload = payload
        self.operands = operands
        self.rows: Array | None = None
        self.clean = False
        self.most: Array | None = None  # bounds of the magnitude, kept for products: from above, and
        self.least: Array | None = None  # from below (nan where it may be 0)
        self.roundings = 0  # of sums, not yet covered by their errors
        self.apart: bool | None = None  # whether 0 is excluded wherever the value is known


def known(rows: Array) -> Cell:
    """A cell with given rows."""
    cell = Cell(None)
    cell.rows = rows
    cell.clean = bool(np.isfinite(rows).all())
    return cell


def unknown(rank: int) -> Cell:
    """The cell of a value of which nothing is known."""
    return known(np.full((2, 1) + (1,) * rank, np.nan))


def evaluate(cell: Cell) -> Array:
    """The rows of a cell, computed now if they were not before."""
    if cell.rows is None:
        with np.errstate(all="ignore"):
            _evaluate(cell)
        assert cell.rows is not None
    return cell.rows


def _evaluate(cell: Cell) -> None:
    stack = [cell]
    while stack:
        top = stack[-1]
        if top.rows is not None:
            stack.pop()
            continue
        missing = [c for c in top.operands if c.rows is None]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        assert top.make is not None
        _settle(top, top.make(top.payload, top.operands))
        top.make = top.look = top.payload = None
        top.operands = ()


def glance(cell: Cell) -> Array:
    """The values of a cell as floating point has them, without bounds on their errors: a fifth of the work.

    Where two glances agree, their enclosures overlap: only what looks different needs to be evaluated.
    """
    if cell.rows is None and cell.seen is None:
        with np.errstate(all="ignore"):
            _look(cell)
    return values_of(cell)


def values_of(cell: Cell) -> Array:
    """The values of a cell that was evaluated or glanced at."""
    found = cell.seen if cell.rows is None else cell.rows[0]
    assert found is not None
    return found


def _look(cell: Cell) -> None:
    stack = [cell]
    while stack:
        top = stack[-1]
        if top.rows is not None or top.seen is not None:
            stack.pop()
            continue
        if top.look is None:
            stack.pop()
            _evaluate(top)
            continue
        missing = [c for c in top.operands if c.rows is None and c.seen is None]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        top.seen = top.look(top.payload, top.operands)


def _settle(cell: Cell, rows: Array) -> None:
    values, errors = rows[0], rows[1]
    # the product is finite where both are, or else the slow test decides
    if not isfinite(values.dot(errors) if rows.ndim == 2 else np.vdot(values, errors)):
        bad = ~(np.isfinite(values) & np.isfinite(errors))
        if bad.any():
            rows = rows.copy()
            rows[:, bad] = np.nan
            cell.rows = rows
            return
    cell.clean = True
    cell.rows = rows


def filled(first: Array, second: Array) -> Array:
    """The first rows, with the second ones where they are unknown."""
    rank = max(first.ndim, second.ndim)
    first, second = align(first, rank, 2), align(second, rank, 2)
    return np.where(np.isnan(first), second, first)


def apart(first: Array, second: Array) -> int:
    """The first point at which the enclosures are disjoint; -1 where there is none."""
    if first.ndim != second.ndim:
        rank = max(first.ndim, second.ndim)
        first, second = align(first, rank, 2), align(second, rank, 2)
    differ = np.abs(first[0] - second[0]) > first[1] + second[1]
    if not np.count_nonzero(differ):
        return -1
    return int(np.argmax(differ.reshape(len(differ), -1).any(axis=1)))


def less_known(first: Array, second: Array) -> bool:
    """Whether the first is unknown somewhere where the second is known."""
    rank = max(first.ndim, second.ndim)
    return bool((np.isnan(align(first, rank, 2)[0]) & ~np.isnan(align(second, rank, 2)[0])).any())


def avoids_zero(rows: Array, mostly: bool) -> bool:
    """Whether 0 is excluded wherever the value is known (or `mostly`: at more than half of those points), and it is known somewhere."""
    values, errors = rows
    known = int(np.count_nonzero(np.isfinite(values)))
    away = int(np.count_nonzero(np.abs(values) > errors))
    return 0 < known == away or (mostly and 2 * away > known)
