"""Enclosures: the rows of cells (cells.py) for numbers, sums, products and kernels, each value with a bound on its error.

The errors are first-order bounds, widened so generously that the neglected second order and the rounding of the bounds
themselves do not matter:

* Every error of a real value is at least ACCURACY times the value: 128 units of rounding, more than NumPy's kernels err by
  (SPECIAL for those of SciPy). So sums need no term of their own for rounding: errors are added with the coefficients'
  magnitudes, and only sums of sums of sums grow a little. It is also about TINY at least, for what underflows.
* Relative errors of a product add up, times the exponents. Where they are not small, or a factor may be zero, or a partial
  product may leave the range of floats, the bounds are taken from both ends of each factor.
* A kernel is evaluated at the value and at all combinations of its arguments moved up and down by their errors; the
  greatest deviation counts. An argument that is more uncertain than UNCERTAIN leaves the result unknown, but for
  steady (monotone or linear) kernels. Integers are handed over exactly. Where moving an argument changes a truth value, that is unknown.
* Kernels that mix entries (matrix products, reductions) are evaluated with random signs for the errors of the entries,
  and the greatest deviation is multiplied by twice the square root of the number of entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from .batches import ACCURACY, FAILURES, Call, align
from .cells import Cell, known, unknown
from .kernels import Array
from .term import Number

UNCERTAIN = 1e-2
TINY = 2.0**-300
_ROUNDINGS = 64  # sums of sums may round so often before that eats into what ACCURACY leaves: then the errors are doubled
_RANGE = 900  # a product of factors is safe whose logarithms to base 2 have absolute values that add up to less
_LIGHT = 3  # so is one of so many factors with relative errors below 0.01: those are far above TINY
_COEFFICIENTS = 2.0**100
_DOUBLED = np.array([[1.0], [2.0]])
_TINY, _ACCURACY, _ENLARGED = np.array(TINY), np.array(ACCURACY), np.array(1.02)  # quicker beside arrays than floats
_SMALLEST = 2.0**-900  # a partial product below has underflowed, or may have


def exact_rows(values: Array) -> Array:
    """The rows of values that are exact (their errors are the least that errors are)."""
    return np.stack([values, np.abs(values) * ACCURACY + TINY])


def constant(value: Number) -> Cell:
    """The cell of an exact number."""
    try:
        v = float(value)
    except OverflowError:
        return unknown(0)
    return known(np.array([[v], [abs(v) * ACCURACY + TINY]]))


def truth(value: bool) -> Cell:
    """The cell of True or False."""
    return known(np.array([[float(value)], [0.0]]))


# -- sums


class Multiple(NamedTuple):
    """What rows are multiplied by for k times the value: |k|, and the sign."""

    size: Array
    negative: bool
    roundings: int


def multiple(k: Number) -> Multiple | None:
    """The multiple for an exact number; None for 1."""
    if k == 1:
        return None
    try:
        value = float(k)
    except OverflowError:
        value = np.inf
    roundings = 2
    if isinstance(k, int) and abs(k) < 2**53:
        roundings = 0 if abs(k).bit_count() == 1 else 1
    return Multiple(np.array(abs(value)), value < 0, roundings)


def sum_cell(multiples: Sequence[Multiple | None], operands: Sequence[Cell]) -> Cell:
    """The cell of a sum of multiples."""
    cell = Cell(_sum, multiples, tuple(operands))
    cell.roundings = max([c.roundings for c in operands]) + len(operands) - 1 + sum([m.roundings for m in multiples if m is not None])
    if cell.roundings > _ROUNDINGS:
        cell.roundings = 0
        cell.make = _long_sum
    return cell


def _sum(multiples: Sequence[Multiple | None], cells: tuple[Cell, ...]) -> Array:
    total: Array | None = None
    small = False
    for m, cell in zip(multiples, cells, strict=True):
        rows = _rows(cell)
        if m is not None:
            rows = rows * m.size
            if m.negative:
                np.negative(rows[0], rows[0])
            small = small or bool(m.size < 1.0)
        if total is None:
            total = rows
        elif total.ndim == rows.ndim:
            total = total + rows
        else:
            rank = max(total.ndim, rows.ndim)
            total = align(total, rank, 2) + align(rows, rank, 2)
    assert total is not None
    if small:
        total[1] += TINY
    return total


def _long_sum(multiples: Sequence[Multiple | None], cells: tuple[Cell, ...]) -> Array:
    doubled: Array = _sum(multiples, cells) * _DOUBLED.reshape((2,) + (1,) * (max([_rows(c).ndim for c in cells]) - 1))
    return doubled


# -- products


def product_cell(coefficient: Number, exponents: Sequence[Number], operands: Sequence[Cell]) -> Cell:
    """The cell of a coefficient times powers."""
    try:
        payload = float(coefficient), tuple([float(n) for n in exponents])
    except OverflowError:
        return unknown(0)
    return Cell(_product, payload, tuple(operands))


def _product(payload: tuple[float, tuple[float, ...]], cells: tuple[Cell, ...]) -> Array:
    coefficient, exponents = payload
    rank = max([_rows(c).ndim for c in cells]) - 1
    light = coefficient == 1.0 or 1.0 / _COEFFICIENTS < abs(coefficient) < _COEFFICIENTS
    if not (light and (sum([abs(n) for n in exponents]) <= _LIGHT or _in_range(exponents, cells))):
        return _careful_product(coefficient, exponents, cells, rank)
    values = relative = None
    for cell, n in zip(cells, exponents, strict=True):
        ratio = cell.ratio
        if ratio is None:
            ratio = cell.ratio = _ratio(_rows(cell))
        if not -1.0 <= n <= 1.0:
            ratio = ratio * abs(n)
        power = _power(_rows(cell)[0], n)
        if rank != 1:
            power, ratio = align(power, rank, 1), align(ratio, rank, 1)
        values = power if values is None else values * power
        relative = ratio if relative is None else relative + ratio
    assert values is not None
    assert relative is not None
    flat = relative.ravel()
    if not flat.dot(flat) < 1e-4:
        return _careful_product(coefficient, exponents, cells, rank)
    # every relative error r is below 0.01, so that 1 / (1 - r) - 1 < 1.02 r
    if coefficient != 1.0:
        values = values * coefficient
    rows = np.empty((2, *values.shape))
    rows[0] = values
    errors = rows[1]
    np.abs(values, errors)
    errors *= relative
    errors += _TINY
    return rows


def _ratio(rows: Array) -> Array:
    """Relative errors, a little enlarged for the rounding of products and the higher orders."""
    ratio: Array = rows[1] / np.abs(rows[0])
    ratio += _ACCURACY
    ratio *= _ENLARGED
    return ratio


def _power(values: Array, n: float) -> Array:
    if n == 1.0:
        return values
    if n == 2.0:
        return values * values
    if n == -1.0:
        return 1.0 / values
    if n == 0.5:
        return np.sqrt(values)
    return np.power(values, n)


def _in_range(exponents: tuple[float, ...], cells: tuple[Cell, ...]) -> bool:
    """Whether no partial product over- or underflows."""
    total = 0.0
    for cell, n in zip(cells, exponents, strict=True):
        if cell.span is None:
            cell.span = float(np.max(np.abs(np.log2(np.abs(_rows(cell)[0])))))
        total += cell.span * abs(n)
    return total < _RANGE


def _careful_product(coefficient: float, exponents: tuple[float, ...], cells: tuple[Cell, ...], rank: int) -> Array:
    values: Array = np.full((1,) * rank, coefficient)
    errors = np.abs(values) * ACCURACY + (0.0 if coefficient else np.inf)  # a coefficient that underflowed
    for cell, n in zip(cells, exponents, strict=True):
        rows = _rows(cell)
        v, e = [align(r, rank, 1) for r in _power_ends(rows[0], rows[1], n)]
        errors = np.abs(values) * e + np.abs(v) * errors + errors * e
        values = values * v
        errors = errors + np.abs(values) * ACCURACY + np.where(np.abs(values) < _SMALLEST, _SMALLEST, 0.0)
    return np.stack([values, errors + TINY])


def _power_ends(v: Array, e: Array, n: float) -> tuple[Array, Array]:
    """v^n, and how far it can be from that within v +- e."""
    size = np.abs(v)
    p = np.power(v, n)
    if n < 0:
        least = np.where(size > e, size - e, np.nan)
        spread = np.power(least, n) - np.abs(p)
    elif n == int(n):
        spread = np.power(size + e, n) - np.abs(p)
    else:
        least = np.where(v >= e, v - e, np.nan)
        spread = np.maximum(np.power(v + e, n) - p, p - np.power(least, n))
    return p, spread * 1.02 + np.abs(p) * ACCURACY + np.where(np.abs(p) < _SMALLEST, _SMALLEST, 0.0)


# -- kernels


class Application(NamedTuple):
    """An application of a kernel: where its operands and settings stand among the arguments, and what kind they are of.

    `kinds`: f (real), i (integer), b (boolean), or a (a setting, its value in `settings`).
    """

    call: Call
    kinds: str
    settings: tuple[Any, ...]
    boolean: bool
    steady: bool


def kernel_cell(application: Application, operands: Sequence[Cell]) -> Cell:
    """The cell of an application."""
    simple = application.kinds == "f" and application.call.elementwise and not application.boolean
    return Cell(_simple_kernel if simple else _kernel, application, tuple(operands))


def _simple_kernel(application: Application, cells: tuple[Cell, ...]) -> Array:
    """An elementwise function of one real argument: what most operators are."""
    (cell,) = cells
    given = _rows(cell)
    errors = given[1]
    if given.ndim != 2 or not cell.clean or not (application.steady or errors.dot(errors) < UNCERTAIN**2):
        return _kernel(application, cells)
    call = application.call
    rows: Array = call.kernel(_CORNERS[1][0].dot(given))
    if rows.dtype != np.float64:
        return _kernel(application, cells)
    deviations = rows - rows[0]
    np.multiply(rows[0], call.accuracy, deviations[0])
    np.abs(deviations, deviations)
    errors = rows[1]
    np.maximum(deviations[1], deviations[2], out=errors)
    errors += deviations[0]
    errors += _TINY
    if not (application.steady or errors.dot(errors) < UNCERTAIN**2):
        _doubt(rows[0], errors)
    return rows[:2]


def _corners(count: int) -> Array:
    """For each of `count` arguments, how much of its value and of its error each row takes: the centre, then all corners."""
    signs = [(0.0,) * count, *product((-1.0, 1.0), repeat=count)]
    return np.array([[[1.0, row[i]] for row in signs] for i in range(count)])


_CORNERS = [_corners(count) for count in range(4)]
_PATTERNS = 4
_SIGNS = np.where(np.random.Generator(np.random.PCG64(0)).random(4096) < 0.5, -1.0, 1.0)


def _along_axes(count: int) -> Array:
    """The same for many arguments, moved one at a time."""
    signs = np.concatenate([np.zeros((1, count)), np.eye(count), -np.eye(count)])
    return np.stack([np.stack([np.ones(len(signs)), signs[:, i]], axis=1) for i in range(count)])


def _kernel(application: Application, cells: tuple[Cell, ...]) -> Array:
    call, kinds, settings, boolean, steady = application
    reals = kinds.count("f")
    moves = _CORNERS[reals] if reals < len(_CORNERS) else _along_axes(reals)
    args: list[Any] = []
    operands, given, real = iter(cells), iter(settings), iter(moves)
    clean, entries = True, 1
    for kind in kinds:
        if kind == "a":
            args.append(next(given))
            continue
        cell = next(operands)
        rows = _rows(cell)
        if kind == "f":
            certain = rows if steady or boolean else _certain(rows)
            clean = clean and cell.clean and certain is rows
            args.append(_moved(certain, next(real)) if call.elementwise else _shaken(certain, len(args)))
            entries = max(entries, rows[0, 0].size)
        else:
            exact = rows[0] if kind == "b" else _exact(rows)
            clean = clean and cell.clean and (kind == "b" or not np.isnan(exact).any())
            args.append(exact[np.newaxis])
    try:
        found = call(args, [k == "b" for k in kinds], 2, clean)
    except FAILURES:
        return np.full((2, 1), np.nan)
    centre = found[0]
    if boolean:
        doubtful = (found != centre).any(axis=0)
        return np.stack([np.where(doubtful, np.nan, centre), np.zeros(centre.shape)])
    deviations = found - centre
    np.multiply(centre, call.accuracy, deviations[0])
    np.abs(deviations, out=deviations)
    rows = np.empty((2, *centre.shape))
    rows[0] = centre
    errors = np.maximum.reduce(deviations[1:], 0, out=rows[1], initial=0.0)
    if not call.elementwise:
        errors *= 2.0 * sqrt(entries)
    if reals >= len(_CORNERS):
        errors *= reals
    errors += deviations[0]
    errors += TINY
    if not (steady or np.vdot(errors, errors) < UNCERTAIN**2):
        _doubt(centre, errors)
    return rows


def _doubt(values: Array, errors: Array) -> None:
    """Take values for unknown that are uncertain although the arguments are not: they may lie beside a pole or a jump."""
    errors[errors > UNCERTAIN * (1.0 + np.abs(values))] = np.nan


def _moved(rows: Array, moves: Array) -> Array:
    """The value and its moves by the error, along a new first axis."""
    moved: Array = moves.dot(rows) if rows.ndim == 2 else moves.dot(rows.reshape(2, -1)).reshape(len(moves), *rows.shape[1:])
    return moved


def _shaken(rows: Array, position: int) -> Array:
    """The value, and the value with the errors of its entries added under random signs, along a new first axis."""
    shape = (_PATTERNS, 1, *rows.shape[2:])
    signs = np.resize(np.roll(_SIGNS, 997 * position), shape)
    return np.concatenate([rows[:1], rows[0] + signs * rows[1]])


def _certain(rows: Array) -> Array:
    """The rows without the points that are too uncertain for a kernel that may oscillate."""
    errors = rows[1].ravel()
    if errors.dot(errors) < UNCERTAIN**2:
        return rows
    certain: Array = np.where(rows[1] <= UNCERTAIN, rows, np.nan)
    return certain


def _exact(rows: Array) -> Array:
    """The integers that the rows enclose."""
    integers: Array = np.where(rows[1] < 0.5, np.rint(rows[0]), np.nan)
    return integers


def _rows(cell: Cell) -> Array:
    assert cell.rows is not None
    return cell.rows
