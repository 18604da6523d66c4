"""The shapes of parts of arrays: indices, slices, lists of integers, differences, diagonals.

In an index a slice is ("slice", start, stop, step), a list of integers ("array", a tuple, nested as deep as it has axes), a
new axis None, and the axes that it leaves out "...".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import EVERYTHING, all_entries, one_axis, several_axes, whole
from .dimensions import Meet, add, greatest, least, part
from .errors import ShapeError
from .shapes import broadcast
from .term import Dimension, Shape


def index(shape: Shape, at: Any, learn: Meet) -> Shape:
    places = spelled_out(at, len(shape))
    spread = broadcast([_shape_of(p[1]) for p in places if is_array(p)])
    result: list[Dimension] = []
    moved: list[tuple[int, int]] = []  # where in the result, and among the places, integers and arrays stand that are taken together
    axes = iter(shape)
    for i, place in enumerate(places):
        if place is None:
            result.append(1)
            continue
        dim = next(axes)
        if isinstance(place, tuple) and place[0] == "slice":
            result.append(part(dim, *place[1:]))
            continue
        _check_inside(place, dim)
        moved.append((len(result), i))
    if not any(map(is_array, places)):
        return tuple(result)
    together = moved[-1][1] - moved[0][1] == len(moved) - 1
    at_result = moved[0][0] if together else 0
    return (*result[:at_result], *spread, *result[at_result:])


def is_array(place: Any) -> bool:
    """Whether a place of an index is an array of integers."""
    return isinstance(place, tuple) and place[:1] == ("array",)


def spelled_out(at: Any, rank: int) -> tuple[Any, ...]:
    """The places of an index, one for each axis and None for each new one; ShapeError where these are not places."""
    places = at if isinstance(at, tuple) and at[:1] not in (("slice",), ("array",)) else (at,)
    for place in places:
        known = place is None or place == "..." or type(place) is int or (isinstance(place, tuple) and place[:1] in (("slice",), ("array",)))
        if not known:
            raise ShapeError(f"an index is an integer, a slice, a list of integers, None or ..., not {place!r}")
    used = sum(place is not None and place != "..." for place in places)
    if used > rank or places.count("...") > 1:
        few = "an array" if rank else "a scalar"
        raise ShapeError(f"{used} {'index' if used == 1 else 'indices'} for {few} of {rank} axes" if used > rank else "... stands once in an index")
    rest = (EVERYTHING,) * (rank - used)
    if "..." not in places:
        return (*places, *rest)
    middle = places.index("...")
    return (*places[:middle], *rest, *places[middle + 1 :])


def _check_inside(place: Any, dim: Dimension) -> None:
    entries = np.asarray(place[1] if isinstance(place, tuple) else place)
    if entries.size and entries.dtype.kind != "i":
        raise ShapeError(f"an index is an integer, not {place!r}")
    if not isinstance(dim, int):
        return
    for i in entries.flat:
        if not -dim <= i < dim:
            raise ShapeError(f"index {i} is out of bounds for a dimension of size {dim}")


def _shape_of(indices: Any) -> Shape:
    shape: Shape = np.shape(indices)
    return shape


def take(shape: Shape, indices: Any, axis: Any, learn: Meet) -> Shape:
    if axis is None:
        _check_inside(("array", indices), all_entries(shape))
        return _shape_of(indices)
    a = one_axis(axis, len(shape))
    _check_inside(("array", indices), shape[a])
    return (*shape[:a], *_shape_of(indices), *shape[a + 1 :])


def gather(shape: Shape, indices: Shape, axis: Any, learn: Meet) -> Shape:
    """An array of indices, whose values nobody knows, in the place of an axis."""
    a = one_axis(axis, len(shape))
    return (*shape[:a], *indices, *shape[a + 1 :])


def along(shape: Shape, indices: Shape, axis: Any, learn: Meet) -> Shape:
    """The same for each line along the axis; the other axes broadcast."""
    if len(indices) != len(shape):
        raise ShapeError(f"the indices have {len(indices)} axes, and the array {len(shape)}")
    a = one_axis(axis, len(shape))
    others = broadcast([(*shape[:a], *shape[a + 1 :]), (*indices[:a], *indices[a + 1 :])], learn)
    return (*others[:a], indices[a], *others[a:])


def entries(values: Any, learn: Meet) -> Shape:
    """The shape of the numbers in a nested tuple."""
    shapes: list[Dimension] = []
    part = values
    while isinstance(part, tuple):
        shapes.append(len(part))
        part = part[0] if part else None
    if np.shape(_numbers(values)) != tuple(shapes):
        raise ShapeError("the lists in a list are of one length")
    return tuple(shapes)


def _numbers(values: Any) -> Any:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ShapeError("an array is made of numbers, in lists of one length") from None


def diff(shape: Shape, n: Any, axis: Any, learn: Meet) -> Shape:
    a = one_axis(axis, len(shape))
    if whole(n, "n") < 0:
        raise ShapeError(f"n is not negative, as {n} is")
    return (*shape[:a], part(shape[a], n, None, None), *shape[a + 1 :])


def diagonal(shape: Shape, offset: Any, axis1: Any, axis2: Any, learn: Meet) -> Shape:
    a, b = several_axes((axis1, axis2), len(shape), "an axis")
    k = whole(offset, "offset")
    length = greatest(least(add(shape[a], min(k, 0)), add(shape[b], -max(k, 0))), 0)
    return (*(d for i, d in enumerate(shape) if i not in (a, b)), length)
