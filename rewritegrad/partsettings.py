"""Settings about parts of arrays that definitions compute: indices, axes, widths of borders (see settings.py)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any

from .axes import EVERYTHING, all_entries, integers, one_axis, several_axes, whole
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


def square_shape(size: Any) -> tuple[int, int]:
    """The shape of a square matrix."""
    return whole(size, "a size"), whole(size, "a size")


def vander_reps(shape: Shape, columns: Any) -> tuple[int, int]:
    """How often the column of a vector stands in its Vandermonde matrix (the first column has ones)."""
    if len(shape) != 1:
        raise ShapeError("a vector is expected")
    size = known(shape[0], "the number of entries") if columns is None else whole(columns, "N")
    if size < 1:
        raise ShapeError("a Vandermonde matrix has a column at least")
    return 1, size - 1


def toeplitz_places(column: Shape, row: Shape) -> tuple[tuple[int, ...], ...]:
    """Where the entries of a Toeplitz matrix stand in its first column upwards followed by its first row.

    >>> toeplitz_places((2,), (3,))
    ((1, 2, 3), (0, 1, 2))
    """
    rows, columns = [known(d, "the number of entries") for d in column + row]
    return tuple(tuple(rows - 1 - i + j for j in range(columns)) for i in range(rows))


def circulant_places(shape: Shape) -> tuple[tuple[int, ...], ...]:
    """The same for a circulant matrix and its first column."""
    size = known(shape[0], "the number of entries")
    return tuple(tuple((i - j) % size for j in range(size)) for i in range(size))


def hankel_places(shape: Shape) -> tuple[tuple[int, ...], ...]:
    """The same for a Hankel matrix and its first column, followed by zeros."""
    size = known(shape[0], "the number of entries")
    return tuple(tuple(i + j for j in range(size)) for i in range(size))


def square_shapes(shape: Shape, ind: Any) -> tuple[int, int]:
    """The shape of a matrix that has the first `ind` axes of an array along its rows, and the others along its columns.

    >>> square_shapes((2, 3, 6), 2)
    (6, 6)
    """
    n = whole(ind, "ind")
    return known(all_entries(shape[:n]), "a size"), known(all_entries(shape[n:]), "a size")


def inverse_shape(shape: Shape, ind: Any) -> Shape:
    """The shape of the inverse of such an array."""
    n = whole(ind, "ind")
    return (*shape[n:], *shape[:n])


def equations(right: Shape) -> tuple[int, int]:
    """The shape of the matrix of as many equations as a right side has entries."""
    size = known(all_entries(right), "the number of equations")
    return size, size


def solution_shape(shape: Shape, right: Shape) -> Shape:
    """The shape of X in tensordot(A, X, X.ndim) = B."""
    return shape[len(right) :]


def first_columns(shape: Shape) -> tuple[Any, ...]:
    """The index of as many columns as there are rows, where there are more columns than rows; ShapeError elsewhere.

    >>> first_columns((2, 5)), other_columns((2, 5))
    (('...', ('slice', None, 2, None)), ('...', ('slice', 2, None, None)))
    """
    return "...", ("slice", None, _wide(shape), None)


def other_columns(shape: Shape) -> tuple[Any, ...]:
    """The index of the columns after them."""
    return "...", ("slice", _wide(shape), None, None)


def _wide(shape: Shape) -> int:
    if len(shape) < 2 or not isinstance(shape[-1], int) or not isinstance(shape[-2], int) or shape[-1] <= shape[-2]:
        raise ShapeError("a matrix with more columns than rows is expected")
    return shape[-2]


LISTS: tuple[Callable[..., Any], ...] = (split_places, array_split_places, hsplit_places, entries_along, axes_of)
"""Those that give a list of settings."""

SETTINGS: tuple[Callable[..., Any], ...] = (
    *(kept_entries, cycled_entries, flattened_to, shuffled_axes, shuffled_index, axes_pair, axis_or, square_shape, vander_reps),
    *(widths_after, widths_before, widths_along, toeplitz_places, circulant_places, hankel_places),
    *(first_of, second_of, pair_of, vector_axis, equations),
    *(square_shapes, inverse_shape, solution_shape, first_columns, other_columns),
)
"""All others."""
