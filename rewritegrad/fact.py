"""What is known of one value, for all points of the declared domain."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import intervals
from .cells import Cell, evaluate, filled, glance, less_known
from .intervals import REALS, End, Interval
from .term import Number, Shape

REAL, BOOLEAN, ATTRIBUTE = "real", "boolean", "attribute"
CONVEX, CONCAVE, AFFINE = 1, 2, 3  # bits: what is affine is both
REFINEMENTS = 8
"""How often merging may tighten an end by a little: in cyclic e-graphs it could go on for ever."""


class _Leaf(NamedTuple):
    leaf: str


_IS_ATTRIBUTE, _IS_VALUE = _Leaf(ATTRIBUTE), _Leaf("")


class Fact(NamedTuple):
    """What is known of a value; immutable. Nothing known is always safe, and facts only grow.

    `everywhere` says that the value is defined on the whole declared domain, `total` that it is but for a thin set. The
    rest holds where the value is defined, and values that are not total have no `constant`, `interval`, `integer`,
    `nonzero` and `generic`. `constant` is the exact value of every entry, `interval` encloses every entry, `nonzero` is
    strict, `generic` says that the value is zero on a thin set at most. `analytic`: built from analytic operators only.
    `curvature` has the bits CONVEX and CONCAVE. `free` are the names of the variables that the value depends on at most.
    `kind` is REAL, BOOLEAN or ATTRIBUTE (whose `value` is that of the setting). `cell` gives enclosures of the value at
    the sample points, when asked. `refined` counts how often the interval was tightened.
    """

    shape: Shape
    free: frozenset[str]
    cell: Cell
    total: bool = True
    everywhere: bool = False
    constant: Number | bool | None = None
    interval: Interval = REALS
    integer: bool = False
    nonzero: bool = False
    generic: bool = False
    analytic: bool = False
    curvature: int = 0
    kind: str = REAL
    value: Any = None
    refined: int = 0

    @property
    def lower(self) -> End:
        """The lower end of the interval."""
        return self.interval[0]

    @property
    def upper(self) -> End:
        """The upper end of the interval."""
        return self.interval[1]

    @property
    def open_lower(self) -> bool:
        """Whether the lower end is never taken."""
        return self.interval[2]

    @property
    def open_upper(self) -> bool:
        """Whether the upper end is never taken."""
        return self.interval[3]

    @property
    def op(self) -> _Leaf:
        """What shape rules ask of an argument: whether it is an attribute."""
        return _IS_ATTRIBUTE if self.kind is ATTRIBUTE else _IS_VALUE


def turned(curvature: int) -> int:
    """The curvature of the negative of a value."""
    return curvature if curvature in (0, AFFINE) else CONVEX + CONCAVE - curvature


def curved(fact: Fact, exponent: Number) -> int:
    """The curvature of a power of a value."""
    if exponent == 1:
        return fact.curvature
    return CONVEX if fact.curvature == AFFINE and exponent.denominator == 1 and exponent > 0 and exponent % 2 == 0 else 0


def merge(a: Fact, b: Fact) -> Fact:
    """What is known of a value from two descriptions of it: `a` itself where `b` adds nothing, and `b` where `a` adds nothing.

    Facts come from the description that is defined more widely: they hold where it is defined, and another one may be
    defined, with other values, where it is not.
    """
    if a is b:
        return a
    free = a.free if a.free is b.free or a.free <= b.free else a.free & b.free
    cell = _merged_cell(a, b)
    if a.total is not b.total or a.everywhere is not b.everywhere:
        better = a if (a.total, a.everywhere) > (b.total, b.everywhere) else b
        made = better._replace(free=free, cell=cell)
    elif not a.total:
        made = a._replace(free=free, cell=cell, analytic=a.analytic and b.analytic, curvature=a.curvature & b.curvature)
    else:
        refined = max(a.refined, b.refined)
        interval, tightened = _intersected(a.interval, b.interval, refined)
        made = Fact(
            a.shape,
            free,
            cell,
            True,
            a.everywhere,
            b.constant if a.constant is None else a.constant,
            interval,
            a.integer or b.integer,
            a.nonzero or b.nonzero or intervals.excludes_zero(interval),
            a.generic or b.generic,
            a.analytic or b.analytic,
            a.curvature | b.curvature,
            a.kind,
            a.value,
            refined + tightened,
        )
    # what the count of refinements was is not to be forgotten, or a cycle of classes could tighten an end for ever
    return a if _same(made, a) else b if made.refined == b.refined and _same(made, b) else made


def _same(made: Fact, given: Fact) -> bool:
    """Whether nothing was added to what was given (the order of names, and the count of refinements, add nothing)."""
    return (
        made.cell is given.cell
        and made.total is given.total
        and made.everywhere is given.everywhere
        and made.constant == given.constant
        and made.interval == given.interval
        and made[7:12] == given[7:12]
        and made.free == given.free
    )


def _intersected(a: Interval, b: Interval, refined: int) -> tuple[Interval, bool]:
    """The intersection, and whether an end moved that told something before; after REFINEMENTS such moves ends stay."""
    if a == b:
        return a, False
    both = intervals.intersect(a, b)
    if intervals.is_empty(both):
        return a, False
    moved = [_only_tightens(old, new) for old, new in ((a[:1] + a[2:3], both[:1] + both[2:3]), (a[1:2] + a[3:], both[1:2] + both[3:]))]
    if refined >= REFINEMENTS and any(moved):
        lower, upper = (a if moved[0] else both), (a if moved[1] else both)
        both = lower[0], upper[1], lower[2], upper[3]
        return both, False
    return both, any(moved)


def _only_tightens(old: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
    """Whether an end moved without telling a new sign: such moves could go on for ever."""
    if old == new or old[0] in (float("inf"), float("-inf")):
        return False
    return _sign(old) == _sign(new)


def _sign(end: tuple[Any, ...]) -> tuple[bool, bool, bool]:
    return end[0] > 0, end[0] < 0, end[0] == 0 and end[1]


def _merged_cell(a: Fact, b: Fact) -> Cell:
    """The cell that is known at more points; a new one where each knows what the other does not."""
    one, other = a.cell, b.cell
    if one is other or one.clean:
        return one
    if other.clean:
        return other
    if one.rows is None and np.isfinite(glance(one)).all():
        return one
    if other.rows is None and np.isfinite(glance(other)).all():
        return other
    if one.rows is None and other.rows is None:
        return other if b.total and not a.total else one
    first = evaluate(one)
    if other.rows is None and not less_known(first, glance(other)[np.newaxis]):
        return one  # bounds make what was glanced at known at fewer points, never at more
    second = evaluate(other)
    if one.clean or not less_known(first, second):
        return one
    if other.clean or not less_known(second, first):
        return other
    both = Cell(_fill, None, (one, other))
    both.roundings = max(one.roundings, other.roundings)
    evaluate(both)
    return both


def _fill(payload: None, cells: tuple[Cell, ...]) -> Any:
    assert cells[0].rows is not None
    assert cells[1].rows is not None
    return filled(cells[0].rows, cells[1].rows)
