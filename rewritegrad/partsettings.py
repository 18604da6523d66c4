"""Settings about parts of arrays that definitions compute: indices, axes, widths of borders (see settings.py)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import ceil, prod
from typing import Any

from .axes import EVERYTHING, all_entries, border_widths, integers, one_axis, several_axes, whole
from .errors import ShapeError
from .term import Dimension, Shape


def known(size: Dimension, what: str) -> int:
    """A size that is a number."""
    if not isinstance(size, int):
        raise ShapeError(f"{what} must be a number here, not {size}")
    return size


def split_places(shape: Shape, sections: Any, axis: int) -> list[Any]:
    """The indices of the parts of np.split: so many of one size, or those between the places of a list.

    >>> split_places((6, 2), 2, 0)
    [(('slice', 0, 3, None),), (('slice', 3, 6, None),)]
    """
    a = one_axis(axis, len(shape))
    if isinstance(sections, int) and (not isinstance(shape[a], int) or sections < 1 or shape[a] % sections):
        raise ShapeError(f"{shape[a]} entries cannot be split into {sections} parts of one size")
    return array_split_places(shape, sections, axis)


def array_split_places(shape: Shape, sections: Any, axis: int) -> list[Any]:
    """The same where the first parts may be longer by one.

    >>> array_split_places((3,), 2, 0)
    [(('slice', 0, 2, None),), (('slice', 2, 3, None),)]
    """
    a = one_axis(axis, len(shape))
    size = shape[a]
    if isinstance(sections, int):
        if not isinstance(size, int) or sections < 1:
            raise ShapeError(f"{size} entries cannot be split into {sections} parts")
        least, more = divmod(size, sections)
        ends: list[Any] = [i * least + min(i, more) for i in range(sections + 1)]
    else:
        ends = [0, *sections, None]
    return [(*(EVERYTHING,) * a, ("slice", start, stop, None)) for start, stop in pairwise(ends)]


def hsplit_places(shape: Shape, sections: Any) -> list[Any]:
    """The same along the second axis, of vectors along the first."""
    return split_places(shape, sections, 0 if len(shape) == 1 else 1)


def entries_along(shape: Shape, axis: int) -> list[Any]:
    """The indices of the entries along an axis, one after the other.

    >>> entries_along((2, 3), 0)
    [(0,), (1,)]
    """
    a = one_axis(axis, len(shape))
    size = shape[a]
    if not isinstance(size, int):
        raise ShapeError(f"the number of entries along axis {axis} must be known, not {size}")
    return [(*(EVERYTHING,) * a, i) for i in range(size)]


def axes_of(shape: Shape, axis: Any) -> list[int] | int:
    """The axes that a setting names, None all of them; a single one is no list.

    >>> axes_of((2, 3), None), axes_of((2, 3), -1), axes_of((2,), None)
    ([0, 1], 1, 0)
    """
    if isinstance(axis, tuple) or (axis is None and len(shape) != 1):
        return list(range(len(shape)) if axis is None else several_axes(axis, len(shape), "an axis"))
    return one_axis(0 if axis is None else axis, len(shape))


def axis_lengths(shape: Shape) -> list[int]:
    """The lengths of the axes, where these are numbers."""
    return [known(size, "a size") for size in shape]


def all_axes(shape: Shape) -> list[int]:
    """All axes, also where there is one or none.

    >>> all_axes(("n",))
    [0]
    """
    return list(range(len(shape)))


def first_length(shape: Shape) -> int:
    """The length of the first axis, where it is a number."""
    return known(shape[0], "a size")


def first_axis(shape: Shape) -> int:
    """The first axis."""
    return 0


def entry_count(shape: Shape) -> int:
    """The number of all entries, where it is known.

    >>> entry_count((2, 3)), number_of_axes((2, 3))
    (6, 2)
    """
    return known(all_entries(shape), "the number of entries")


def whole_array(shape: Shape) -> None:
    """The setting `axis` that means all entries."""
    return None


def number_of_axes(shape: Shape) -> int:
    """The number of axes."""
    return len(shape)


def kept_entries(shape: Shape, removed: Any, axis: Any) -> tuple[int, ...]:
    """Which entries along an axis, or of all, are left without some.

    >>> kept_entries((4,), (0, -1), None)
    (1, 2)
    """
    size = known(all_entries(shape) if axis is None else shape[one_axis(axis, len(shape))], "the number of entries")
    without = {i % size for i in integers(removed, "an index")}
    return tuple(i for i in range(size) if i not in without)


def cycled_entries(shape: Shape, target: Any) -> tuple[int, ...]:
    """As many entries as a shape has, from the first to the last and again.

    >>> cycled_entries((2,), (3,))
    (0, 1, 0)
    """
    size = known(all_entries(shape), "the number of entries")
    return tuple(i % size for i in range(prod(integers(target, "a shape"))))


def flattened_to(shape: Shape, ndim: Any) -> tuple[int, ...]:
    """The shape with the last axes made one, so that there are `ndim`.

    >>> flattened_to((2, 3, 4), 2)
    (2, -1)
    """
    kept = tuple(known(d, "a size") for d in shape[: whole(ndim, "ndim") - 1])
    return (*kept, -1)


def shuffled_axes(shape: Shape, order: Any) -> tuple[int, ...]:
    """The axes of a dimshuffle, those that it leaves out last.

    >>> shuffled_axes((2, 1, 3), (2, "x", 0))
    (2, 0, 1)
    """
    kept = several_axes(tuple(a for a in order if a != "x"), len(shape), "axes")
    return *kept, *_left_out(shape, kept)


def shuffled_index(shape: Shape, order: Any) -> tuple[Any, ...]:
    """The index that puts new axes into the array with its axes in that order, and takes those of length 1 away.

    >>> shuffled_index((2, 1, 3), (2, "x", 0))
    (('slice', None, None, None), None, ('slice', None, None, None), 0)
    """
    dropped = _left_out(shape, several_axes(tuple(a for a in order if a != "x"), len(shape), "axes"))
    return (*(None if a == "x" else EVERYTHING for a in order), *(0 for _ in dropped))


def _left_out(shape: Shape, kept: tuple[int, ...]) -> list[int]:
    dropped = [a for a in range(len(shape)) if a not in kept]
    if any(shape[a] != 1 for a in dropped):
        raise ShapeError("only axes of length 1 can be left out")
    return dropped


def axes_pair(axis1: Any, axis2: Any) -> tuple[Any, Any]:
    """Two axes as one setting."""
    return axis1, axis2


def first_of(pair: Any) -> Any:
    """The first of two settings."""
    return pair[0]


def second_of(pair: Any) -> Any:
    """The second of two settings."""
    return pair[1]


def pair_of(shape: Shape, axis: Any) -> tuple[int, ...]:
    """Two axes, counted from 0: those of a matrix where none are named.

    >>> pair_of((2, 3), None), pair_of((2, 3, 4), (-1, 0))
    ((0, 1), (2, 0))
    """
    axes = several_axes((0, 1) if axis is None and len(shape) == 2 else axis, len(shape), "axes")
    if len(axes) != 2:
        raise ShapeError(f"two axes are expected, not {axis!r}")
    return axes


def vector_axis(shape: Shape, axis: Any) -> Any:
    """One axis, or None for the only one."""
    if isinstance(axis, tuple) and len(axis) == 1:
        return axis[0]
    if axis is None and len(shape) == 1:
        return None
    return one_axis(axis, len(shape))


def axis_or(own: Any, axis: Any) -> Any:
    """A setting that one for all takes the place of."""
    return own if axis is None else axis


def widths_after(shape: Shape) -> tuple[Any, ...]:
    """The border that makes room for a matrix of this shape below and to the right.

    >>> widths_after((2, 3)), widths_before((3,))
    (((0, 2), (0, 3)), ((1, 0), (3, 0)))
    """
    rows, columns = _as_matrix(shape)
    return (0, rows), (0, columns)


def widths_before(shape: Shape) -> tuple[Any, ...]:
    """The same above and to the left."""
    rows, columns = _as_matrix(shape)
    return (rows, 0), (columns, 0)


def _as_matrix(shape: Shape) -> tuple[int, int]:
    if len(shape) > 2:
        raise ShapeError("matrices or vectors are expected")
    rows, columns = (1,) * (2 - len(shape)) + shape
    return known(rows, "the number of rows"), known(columns, "the number of columns")


def widths_along(shape: Shape, axis: Any, before: int, after: int) -> tuple[Any, ...]:
    """A border along one axis.

    >>> widths_along((4, 5), 1, 1, 0)
    ((0, 0), (1, 0))
    """
    a = one_axis(axis, len(shape))
    return tuple((before, after) if i == a else (0, 0) for i in range(len(shape)))


def before_place(shape: Shape, obj: Any, axis: Any) -> tuple[Any, ...]:
    """The index of what is before a place along an axis.

    >>> before_place((4, 5), 2, 1), after_place((5,), -1, 0)
    ((('slice', None, None, None), ('slice', None, 2, None)), (('slice', -1, None, None),))
    """
    return (*(EVERYTHING,) * one_axis(axis, len(shape)), ("slice", None, whole(obj, "a place"), None))


def after_place(shape: Shape, obj: Any, axis: Any) -> tuple[Any, ...]:
    """The index of what is at the place and behind it."""
    return (*(EVERYTHING,) * one_axis(axis, len(shape)), ("slice", whole(obj, "a place"), None, None))


def true_places(condition: Any) -> tuple[int, ...]:
    """Where a list of truth values has True.

    >>> true_places((True, False, True))
    (0, 2)
    """
    return tuple(i for i, taken in enumerate(condition) if taken)


def range_values(start: Any, stop: Any, step: Any) -> tuple[Any, ...]:
    """The numbers from start, in steps, up to, and without, stop.

    >>> range_values(1, 2, Fraction(1, 4))
    (Fraction(1, 1), Fraction(5, 4), Fraction(3, 2), Fraction(7, 4))
    """
    if step == 0:
        raise ShapeError("the steps of a range are not 0")
    return tuple(start + i * step for i in range(max(ceil((Fraction(stop) - Fraction(start)) / Fraction(step)), 0)))


def reversed_sizes(shape: Any) -> tuple[int, ...]:
    """A shape with its sizes in the opposite order."""
    return integers(shape, "a shape")[::-1]


def border_before(shape: Shape, widths: Any, axis: Any) -> int:
    """The width of a border in front of an axis, as np.pad takes it: one for all, a pair for all, or a pair for each axis.

    >>> border_before((4, 5), ((1, 2), (3, 4)), 1), border_after((4, 5), 1, 0)
    (3, 1)
    """
    return border_widths(widths, len(shape))[one_axis(axis, len(shape))][0]


def border_after(shape: Shape, widths: Any, axis: Any) -> int:
    """The width of a border behind an axis."""
    return border_widths(widths, len(shape))[one_axis(axis, len(shape))][1]


LISTS: tuple[Callable[..., Any], ...] = (
    *(split_places, array_split_places, hsplit_places, entries_along, axes_of),
    *(axis_lengths, all_axes, first_length, first_axis, entry_count, whole_array, number_of_axes),
)
"""Those that give a list of settings."""

SETTINGS: tuple[Callable[..., Any], ...] = (
    *(kept_entries, cycled_entries, flattened_to, shuffled_axes, shuffled_index, axes_pair, axis_or),
    *(widths_after, widths_before, widths_along, border_before, border_after),
    *(first_of, second_of, pair_of, vector_axis),
    *(before_place, after_place, true_places, range_values, reversed_sizes),
)
"""All others."""
