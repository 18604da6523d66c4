"""What the settings of shape rules say: axes, sizes, integers; and sizes that have to agree. ShapeError says what is wrong with them."""

from __future__ import annotations

from typing import Any

from .dimensions import Meet, multiply
from .errors import ShapeError
from .shapes import reduced_axes
from .term import Dimension, Shape

EVERYTHING = ("slice", None, None, None)
"""The slice of all entries of an axis, as an index has it."""


def one_axis(axis: Any, rank: int) -> int:
    """An axis, counted from 0."""
    if type(axis) is not int:
        raise ShapeError(f"an axis is an integer, not {axis!r}")
    (found,) = reduced_axes(axis, rank)
    return found


def integers(value: Any, what: str) -> tuple[int, ...]:
    """An integer or a tuple of them, as a tuple."""
    found = value if isinstance(value, tuple) else (value,)
    if any(type(v) is not int for v in found):
        raise ShapeError(f"{what} is an integer or a tuple of them, not {value!r}")
    return found


def whole(value: Any, what: str) -> int:
    """An integer."""
    if type(value) is not int:
        raise ShapeError(f"{what} is an integer, not {value!r}")
    return value


def several_axes(axes: Any, rank: int, what: str) -> tuple[int, ...]:
    """Axes counted from 0, in the order given, none twice."""
    found = integers(axes, what)
    reduced_axes(found, rank)
    return tuple(a % rank for a in found)


def agree(left: Dimension, right: Dimension, learn: Meet) -> bool:
    """Whether two dimensions may be the same; what has to be so is learnt."""
    if left != right:
        if isinstance(left, int) and isinstance(right, int):
            return False
        learn(left, right)
    return True


def all_entries(shape: Shape) -> Dimension:
    """The number of entries."""
    return multiply(*shape)


def border_widths(widths: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """One pair of widths for each axis, of what np.pad takes: a number, a pair, or pairs.

    >>> border_widths(1, 2), border_widths(((1, 2), (3,)), 2), border_widths((3, 4), 1)
    (((1, 1), (1, 1)), ((1, 2), (3, 3)), ((3, 4),))
    """
    if isinstance(widths, int):
        return ((widths, widths),) * rank
    if all(isinstance(w, int) for w in widths):
        return ((widths[0], widths[-1]),) * rank
    pairs = tuple((w[0], w[-1]) for w in widths)
    return pairs * rank if len(pairs) == 1 else pairs
