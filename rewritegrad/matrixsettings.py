"""Settings that definitions of matrices compute: which entries they have, how many, and how arrays are read as matrices (see settings.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .axes import all_entries, whole
from .errors import ShapeError
from .partsettings import known
from .shapewords import einsum_labels
from .term import Shape


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


def one_less(shape: Shape) -> int:
    """The number of rows of the companion matrix of so many coefficients."""
    size = known(shape[0], "the number of coefficients")
    if size < 2:
        raise ShapeError("a companion matrix has two coefficients at least")
    return size - 1


def bands_below(shape: Shape) -> int:
    """How many of the diagonals that are the rows of an array are below the main one, where that comes first."""
    return known(shape[-2], "the number of diagonals") - 1


def of_pair(shape: Shape, place: int) -> tuple[Any, ...]:
    """The index of the first or the second of two numbers along the last axis; ShapeError where there are more."""
    if not shape or shape[-1] != 2:
        raise ShapeError("vectors of two numbers are expected")
    return "...", place


def kron_axes(shape: Shape, other: Shape, second: bool) -> tuple[int, ...]:
    """The new axes that turn one of two arrays so that their product has the entries of their Kronecker product.

    >>> kron_axes((2, 3), (4, 5), False), kron_axes((4, 5), (2, 3), True), kron_axes((4,), (2, 3), True)
    ((1, 3), (0, 2), (0, 1, 2))
    """
    rank = max(len(shape), len(other))
    own = {2 * i + second for i in range(rank - len(shape), rank)}
    return tuple(i for i in range(2 * rank) if i not in own)


def stretched_axes(subscripts: str, position: int, first: Shape, second: Shape, third: Shape | None = None) -> tuple[int, ...]:
    """The axes of an operand of einsum that have one entry, and more in another operand.

    >>> stretched_axes("ij,jk->ik", 0, (2, 1), (3, 4)), stretched_axes("ij,jk->ik", 1, (2, 1), (3, 4))
    ((1,), ())
    """
    shapes = _given(first, second, third)
    inputs, _ = einsum_labels(subscripts, len(shapes))
    placed = [_labelled(labels, shape) for labels, shape in zip(inputs, shapes, strict=True)]
    long = {label for axes in placed for label, _, size in axes if isinstance(size, int) and size != 1}
    return tuple(axis for label, axis, size in placed[position] if size == 1 and label in long)


def stretched_subscripts(subscripts: str, first: Shape, second: Shape, third: Shape | None = None) -> str:
    """The subscripts without these axes; ShapeError where there are none.

    >>> stretched_subscripts("ij,jk", (2, 1), (3, 4))
    'i,jk->ik'
    """
    shapes = _given(first, second, third)
    inputs, output = einsum_labels(subscripts, len(shapes))
    left: list[str] = []
    for position, (labels, shape) in enumerate(zip(inputs, shapes, strict=True)):
        gone = set(stretched_axes(subscripts, position, first, second, third))
        dots = len(shape) - len(labels.replace("...", ""))
        before, middle, after = labels.partition("...")
        kept = [c for i, c in enumerate(before) if i not in gone], [c for i, c in enumerate(after) if len(before) + dots + i not in gone]
        left.append("".join(kept[0]) + middle + "".join(kept[1]))
    if left == inputs:
        raise ShapeError("no axis is to be stretched")
    return f"{','.join(left)}->{output}"


def _given(*shapes: Shape | None) -> list[Shape]:
    return [shape for shape in shapes if shape is not None]


def _labelled(labels: str, shape: Shape) -> list[tuple[str, int, Any]]:
    """The labels of the axes of an operand, each with its axis and size, but for those that `...` stands for."""
    before, _, after = labels.partition("...")
    if len(before) + len(after) > len(shape):
        raise ShapeError(f"{labels} names more axes than there are")
    places = [*range(len(before)), *range(len(shape) - len(after), len(shape))]
    return [(label, axis, shape[axis]) for label, axis in zip(before + after, places, strict=True)]


SETTINGS: tuple[Callable[..., Any], ...] = (
    *(square_shape, vander_reps, toeplitz_places, circulant_places, hankel_places, one_less, bands_below, of_pair, kron_axes),
    *(square_shapes, inverse_shape, equations, solution_shape, first_columns, other_columns, stretched_axes, stretched_subscripts),
)
"""What definitions may name."""
