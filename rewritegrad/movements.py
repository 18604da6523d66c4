"""Kernels that move entries of arrays, or make arrays of few numbers: parts and what puts parts back, and the adjoints of NumPy's own.

They also work on arrays of objects, on which the oracle runs them. In an index a slice is ("slice", start, stop, step), a
list of integers ("array", a tuple), a new axis None, and all axes that it leaves out "...".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ShapeError
from .shapewords import PADDINGS

Array: TypeAlias = NDArray[Any]


def _zeros(shape: tuple[int, ...], part: Array) -> Array:
    return np.zeros(shape, np.result_type(part.dtype, np.float64))


# ---- indices ----


def index(array: ArrayLike, at: object) -> Any:
    """The array at an index.

    >>> index([[1.0, 2.0], [3.0, 4.0]], (("slice", None, None, None), 0))
    array([1., 3.])
    >>> index([1.0, 2.0, 3.0], (("array", (0, 2, 2)),))
    array([1., 3., 3.])
    """
    return np.asarray(array)[_places(at)]


def place(part: ArrayLike, like: ArrayLike, at: object) -> Array:
    """Zeros in the shape of `like`, but for `part` added at the index: what `index` does to derivatives.

    >>> place(7.0, [0, 0, 0], 1)
    array([0., 7., 0.])
    >>> place([1.0, 2.0, 3.0], [0, 0, 0], (("array", (0, 2, 2)),))
    array([1., 0., 5.])
    """
    part, places = np.asarray(part), _places(at)
    array = _zeros(np.shape(like), part)
    if any(isinstance(p, np.ndarray) for p in places):
        np.add.at(array, places, part)  # an entry may be meant several times
    else:
        array[places] = part
    return array


def put_at(part: ArrayLike, array: ArrayLike, at: object) -> Array:
    """The array with `part` at an index.

    >>> put_at(7.0, [1, 2, 3], 1)
    array([1., 7., 3.])
    """
    part, given = np.asarray(part), np.asarray(array)
    result = np.array(given, np.result_type(part.dtype, given.dtype, np.float64))
    result[_places(at)] = part
    return result


def _whole(indices: ArrayLike) -> NDArray[np.intp]:
    """Indices that come as float64; IndexError where they are no integers."""
    given = np.asarray(indices, np.float64)
    found = given.astype(np.intp)
    if (found != given).any():
        raise IndexError("an index is an integer")
    return found


def take_at(array: ArrayLike, indices: ArrayLike, axis: int = 0) -> Array:
    """np.take at integers that come as float64.

    >>> take_at([5.0, 6.0, 7.0], [2.0, 0.0])
    array([7., 5.])
    """
    return np.asarray(np.take(np.asarray(array), _whole(indices), axis))


def untake_at(part: ArrayLike, like: ArrayLike, indices: ArrayLike, axis: int = 0) -> Array:
    """The adjoint of take_at.

    >>> untake_at([1.0, 2.0], [0.0, 0.0], [1, 1])
    array([0., 3.])
    """
    part, places, shape = np.asarray(part), _whole(indices), np.shape(like)
    result = _zeros(shape, part)
    a = axis % len(shape)
    at: Any = (*(slice(None),) * a, places)
    np.add.at(result, at, part)
    return result


def take_along(array: ArrayLike, indices: ArrayLike, axis: int = -1) -> Array:
    """np.take_along_axis at integers that come as float64."""
    return np.take_along_axis(np.asarray(array), _whole(indices), axis)


def untake_along(part: ArrayLike, like: ArrayLike, indices: ArrayLike, axis: int = -1) -> Array:
    """The adjoint of take_along_axis.

    >>> untake_along([1.0, 2.0], [0.0, 0.0], [1, 1])
    array([0., 3.])
    """
    part, shape = np.asarray(part), np.shape(like)
    result = _zeros(shape, part)
    places: list[Any] = list(np.ogrid[tuple(slice(n) for n in part.shape)])
    places[axis] = np.broadcast_to(_whole(indices), part.shape)
    fitting: list[Any] = [np.minimum(p, n - 1) if i != axis % len(shape) else p for i, (p, n) in enumerate(zip(places, shape, strict=True))]
    np.add.at(result, tuple(fitting), part)
    return result


def partition_order(array: ArrayLike, kth: Any = 0, axis: int = -1) -> Array:
    """The places from which np.partition takes its entries.

    >>> partition_order([2.0, 1.0], 0)
    array([1., 0.])
    """
    array = np.asarray(array)
    ordered = np.argsort(array, axis, kind="stable")
    ranks = np.argsort(np.argsort(np.partition(array, kth, axis), axis, kind="stable"), axis, kind="stable")
    return np.take_along_axis(ordered, ranks, axis).astype(np.float64)


def numbers(values: Any = ()) -> Array:
    """The numbers of a nested tuple.

    >>> numbers(((1, 2), (3, 4)))
    array([[1., 2.],
           [3., 4.]])
    """
    return np.array(values, np.float64)


def arange(stop: int = 0) -> Array:
    """np.arange of one integer, in float64."""
    return np.arange(stop, dtype=np.float64)


def unit_steps(num: int = 2) -> Array:
    """np.linspace(0, 1, num)."""
    return np.linspace(0.0, 1.0, num)


def _places(at: object) -> tuple[Any, ...]:
    places = at if isinstance(at, tuple) and at[:1] not in (("slice",), ("array",)) else (at,)
    return tuple(_place(p) for p in places)


def _place(place: Any) -> Any:
    if place == "...":
        return Ellipsis
    if not isinstance(place, tuple):
        return place
    return slice(*place[1:]) if place[0] == "slice" else np.asarray(place[1], dtype=np.intp)


# ---- adjoints ----


def adjoint(kernel: Callable[..., Any]) -> Callable[..., Array]:
    """The adjoint of a kernel that only copies entries of its first argument: `adjoint(f)(g, x, *settings)` adds every entry
    of g to the entry of x that f(x, *settings) has in its place. Where f puts zeros, what g has there is dropped.

    >>> adjoint(np.tile)([1.0, 2.0, 3.0, 4.0], [0.0, 0.0], 2)
    array([4., 6.])
    """

    def undo(part: ArrayLike, like: ArrayLike, *settings: Any) -> Array:
        shape, part = np.shape(like), np.asarray(part)
        size = int(np.prod(shape))
        origins = np.asarray(kernel(np.arange(1, size + 1).reshape(shape), *settings)).ravel()
        if part.dtype == object:
            total = _zeros((size + 1,), part)
            np.add.at(total, origins, part.ravel())
        else:
            total = np.bincount(origins, part.ravel(), size + 1)
        return total[1:].reshape(shape)

    return undo


# ---- axes ----


def reshape_like(array: ArrayLike, like: ArrayLike) -> Array:
    """The entries in the shape of `like`."""
    return np.asarray(array).reshape(np.shape(like))


def moveaxis(array: ArrayLike, source: Any = None, destination: Any = None) -> Array:
    """np.moveaxis, where None stands for all axes in order: moveaxis(x, None, axes) undoes transpose(x, axes)."""
    array = np.asarray(array)
    everywhere = tuple(range(array.ndim))
    return np.moveaxis(array, everywhere if source is None else source, everywhere if destination is None else destination)


# ---- parts along an axis ----


def concatenate(first: ArrayLike, second: ArrayLike, axis: int = 0) -> Array:
    """Both arrays, one behind the other."""
    return np.concatenate([np.asarray(first), np.asarray(second)], axis)


def hstack(first: ArrayLike, second: ArrayLike) -> Array:
    """np.hstack of two arrays."""
    return np.hstack([np.asarray(first), np.asarray(second)])


def columns(array: ArrayLike) -> Array:
    """A vector as a column; a matrix itself."""
    array = np.asarray(array)
    return array[:, np.newaxis] if array.ndim == 1 else array


def leading(array: ArrayLike, first: ArrayLike, axis: int = 0) -> Array:
    """The beginning of an array, as long along the axis as `first` is.

    >>> leading([1, 2, 3], [0]), trailing([1, 2, 3], [0])
    (array([1]), array([2, 3]))
    """
    array = np.asarray(array)
    return array[_along(array, axis, slice(None, np.shape(first)[axis]))]


def trailing(array: ArrayLike, first: ArrayLike, axis: int = 0) -> Array:
    """What `leading` leaves of an array."""
    array = np.asarray(array)
    return array[_along(array, axis, slice(np.shape(first)[axis], None))]


def _along(array: Array, axis: int, part: slice) -> tuple[slice, ...]:
    places = [slice(None)] * array.ndim
    places[axis] = part
    return tuple(places)


def undiff(part: ArrayLike, like: ArrayLike, n: int = 1, axis: int = -1) -> Array:
    """The adjoint of np.diff(like, n, axis).

    >>> undiff([1.0, 2.0], [0.0, 0.0, 0.0])
    array([-1., -1.,  2.])
    """
    part, shape = np.asarray(part), np.shape(like)
    if not part.size:
        return _zeros(shape, part)
    widths = [(0, 0)] * part.ndim
    widths[axis] = n, n
    differences: Array = (-1) ** n * np.diff(np.pad(part, widths), n, axis)
    return differences


# ---- order ----


def argsort(array: ArrayLike, axis: int | None = -1) -> Array:
    """np.argsort; equal entries stay in their order."""
    return np.argsort(np.asarray(array), axis, kind="stable").astype(np.float64)


def sort_by(array: ArrayLike, keys: ArrayLike, axis: int | None = -1) -> Array:
    """The array in the order in which np.sort(keys, axis) puts the keys; equal keys stay in their order.

    >>> sort_by([1, 2, 3], [30.0, 10.0, 20.0]), unsort_by([1, 2, 3], [30.0, 10.0, 20.0])
    (array([2, 3, 1]), array([3., 1., 2.]))
    """
    array, keys = (np.ravel(a) if axis is None else np.asarray(a) for a in (array, keys))
    along = 0 if axis is None else axis
    return np.take_along_axis(array, np.argsort(keys, along, kind="stable"), along)


def unsort_by(array: ArrayLike, keys: ArrayLike, axis: int | None = -1) -> Array:
    """The adjoint of sort_by: entries back at the places that they had before the keys were sorted."""
    array, keys = np.asarray(array), np.asarray(keys)
    flat = np.ravel(keys) if axis is None else keys
    along = 0 if axis is None else axis
    result = _zeros(flat.shape, array)
    np.put_along_axis(result, np.argsort(flat, along, kind="stable"), array.astype(result.dtype), along)
    return result.reshape(keys.shape)


# ---- borders and diagonals ----


def pad(array: ArrayLike, pad_width: Any = 0, mode: str = "constant", constant_values: Any = 0) -> Array:
    """np.pad in the modes of PADDINGS."""
    if mode not in PADDINGS:
        raise ShapeError(f"pad: the modes are {', '.join(PADDINGS)}, not {mode}")
    array = np.asarray(array)
    if mode != "constant":
        return np.pad(array, pad_width, mode)  # type: ignore[call-overload, no-any-return]  # NumPy types the modes one by one
    kind = array.dtype if array.dtype.kind in "iO" and constant_values == 0 else np.result_type(array.dtype, np.float64)
    return np.pad(array.astype(kind, copy=False), pad_width, constant_values=constant_values)


def eye(size: int = 1, k: int = 0) -> Array:
    """np.eye for a square matrix."""
    return np.eye(size, k=k)


def make_diagonal(array: ArrayLike, k: int = 0) -> Array:
    """Matrices with the last axis of an array on their k-th diagonals.

    >>> make_diagonal([1.0, 2.0], -1)
    array([[0., 0., 0.],
           [1., 0., 0.],
           [0., 2., 0.]])
    """
    array = np.asarray(array)
    places = np.arange(array.shape[-1])
    size = len(places) + abs(k)
    result = np.zeros((*array.shape[:-1], size, size), array.dtype)
    result[..., places + max(-k, 0), places + max(k, 0)] = array
    return result


KERNELS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        index, place, reshape_like, moveaxis, concatenate, hstack, columns, eye, leading, trailing, undiff, argsort, sort_by, unsort_by, pad,
        make_diagonal, put_at, take_at, untake_at, take_along, untake_along, partition_order, numbers, arange, unit_steps,
    )
}
"""What a rule file may name with the prefix `kernels`."""
