"""Enclosures: the rows of cells (cells.py) for numbers, sums, products and kernels, each value with a bound on its error.

The errors are first-order bounds, widened so generously that the neglected second order and the rounding of the bounds
themselves do not matter:

* Every error of a real value is at least ACCURACY times the value: 128 units of rounding, more than NumPy's kernels err by
  (SPECIAL for those of SciPy). So sums need no term of their own for rounding: errors are added with the coefficients'
  magnitudes, and only sums of sums of sums grow a little. It is also about TINY at least, for what underflows.
* The error of a product is the product of bounds of its factors' magnitudes less that of its value. These bounds never
  underflow, so that a partial product that does is accounted for.
* A kernel is evaluated at the value and at all combinations of its arguments moved up and down by their errors; the
  greatest deviation counts. An argument that is more uncertain than UNCERTAIN leaves the result unknown, but for
  steady (monotone or linear) kernels. Integers are handed over exactly. Where moving an argument changes a truth value, that is unknown.
* Kernels that mix entries (matrix products, reductions) are evaluated with random signs for the errors of the entries,
  and the greatest deviation is multiplied by twice the square root of the number of entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from .batches import ACCURACY, FAILURES, Call, align
from .cells import Cell, known, unknown, values_of
from .kernels import Array
from .term import Number

UNCERTAIN = 1e-2
TINY = 2.0**-300
_ROUNDINGS = 64  # sums of sums may round so often before that eats into what ACCURACY leaves: then the errors are doubled
_LIGHT = 3.0  # magnitudes are bounded by TINY or more: so many factors do not underflow, and more are kept from it
_DOUBLED = np.array([[1.0], [2.0]])
_TINY, _ENLARGED = np.array(TINY), np.array(1.05)  # quicker beside arrays than floats; enlarged for roundings


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
    cell = Cell(_sum, multiples, tuple(operands), _sum_seen)
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


def _sum_seen(multiples: Sequence[Multiple | None], cells: tuple[Cell, ...]) -> Array:
    total: Array | None = None
    for m, cell in zip(multiples, cells, strict=True):
        values = values_of(cell)
        if total is not None and total.ndim != values.ndim:
            rank = max(total.ndim, values.ndim)
            total, values = align(total, rank, 1), align(values, rank, 1)
        if m is None:
            total = values if total is None else total + values
        elif m.negative:
            total = values * -m.size if total is None else total - values * m.size
        else:
            total = values * m.size if total is None else total + values * m.size
    assert total is not None
    return total


# -- products


def product_cell(coefficient: Number, exponents: Sequence[Number], operands: Sequence[Cell]) -> Cell:
    """The cell of a coefficient times powers."""
    try:
        payload = float(coefficient), tuple([float(n) for n in exponents])
    except OverflowError:
        return unknown(0)
    return Cell(_product, payload, tuple(operands), _product_seen)


def _product(payload: tuple[float, tuple[float, ...]], cells: tuple[Cell, ...]) -> Array:
    coefficient, exponents = payload
    rank = max([_rows(c).ndim for c in cells]) - 1
    weight = sum([abs(n) for n in exponents])
    floor = 0.0 if weight <= _LIGHT else 2.0 ** (-900.0 / weight)
    values = most = None
    for cell, n in zip(cells, exponents, strict=True):
        power, bound = _power(cell, n, floor)
        if rank != 1:
            power, bound = align(power, rank, 1), align(bound, rank, 1)
        values = power if values is None else values * power
        most = bound if most is None else most * bound
    assert values is not None
    assert most is not None
    if coefficient != 1.0:
        values, most = values * coefficient, most * abs(coefficient)
    rows = np.empty((2, *values.shape))
    rows[0] = values
    errors = rows[1]
    np.abs(values, errors)
    np.subtract(most, errors, errors)
    errors *= _ENLARGED
    errors += _TINY
    return rows


def _power(cell: Cell, n: float, floor: float) -> tuple[Array, Array]:
    """The power of a value, and the magnitude of it and of how far it can be from the truth, together."""
    values, errors = _rows(cell)[0], _rows(cell)[1]
    if n == int(n) and n > 0:
        most = cell.most
        if most is None:
            most = cell.most = np.abs(values) + errors
        if floor:
            most = np.maximum(most, floor)
        return (values, most) if n == 1.0 else (values * values, most * most) if n == 2.0 else (np.power(values, n), np.power(most, n))
    least = cell.least
    if least is None:
        least = cell.least = np.abs(values) - errors
        if not (least > 0.0).all():
            least[~(least > 0.0)] = np.nan
    if n == -1.0:
        power, bound = 1.0 / values, 1.0 / least
    else:
        power = np.sqrt(values) if n == 0.5 else np.power(values, n)
        reach = np.power(least, n)
        bound = (reach if n < 0 else 2.0 * power - reach) + 2.0 * ACCURACY * np.abs(power)
    return power, np.maximum(bound, floor or TINY)


def _product_seen(payload: tuple[float, tuple[float, ...]], cells: tuple[Cell, ...]) -> Array:
    coefficient, exponents = payload
    total: Array | None = None
    for cell, n in zip(cells, exponents, strict=True):
        values = values_of(cell)
        if n != 1.0:
            values = values * values if n == 2.0 else 1.0 / values if n == -1.0 else np.sqrt(values) if n == 0.5 else np.power(values, n)
        if total is not None and total.ndim != values.ndim:
            rank = max(total.ndim, values.ndim)
            total, values = align(total, rank, 1), align(values, rank, 1)
        total = values if total is None else total * values
    assert total is not None
    return total if coefficient == 1.0 else total * coefficient


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
    return Cell(_simple_kernel, application, tuple(operands), _simple_seen) if simple else Cell(_kernel, application, tuple(operands), _seen)


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


def _simple_seen(application: Application, cells: tuple[Cell, ...]) -> Array:
    found: Array = application.call.kernel(values_of(cells[0]))
    return found if found.dtype == np.float64 else found.astype(np.float64)


def _corners(count: int) -> Array:
    """For each of `count` arguments, how much of its value and of its error each row takes: the centre, then all corners."""
    signs = [(0.0,) * count, *product((-1.0, 1.0), repeat=count)]
    return np.array([[[1.0, row[i]] for row in signs] for i in range(count)])


_CORNERS = [_corners(count) for count in range(4)]
_PATTERNS = 4


@cache
def _signs() -> Array:
    """Random signs, the same in every program; NumPy imports its generators when they are first named."""
    return np.where(np.random.Generator(np.random.PCG64(0)).random(4096) < 0.5, -1.0, 1.0)


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


def _seen(application: Application, cells: tuple[Cell, ...]) -> Array:
    """The values alone: kernels of matrices are dear, and bounds take five times as many calls."""
    call, kinds, settings, _, _ = application
    operands, given = iter(cells), iter(settings)
    args: list[Any] = []
    for kind in kinds:
        value = next(given) if kind == "a" else values_of(next(operands))
        args.append(np.rint(value) if kind == "i" else value)
    try:
        found = call(args, [kind == "b" for kind in kinds], 1)
    except FAILURES:
        return np.full(1, np.nan)
    return found if found.dtype == np.float64 else found.astype(np.float64)


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
    signs = np.resize(np.roll(_signs(), 997 * position), shape)
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
