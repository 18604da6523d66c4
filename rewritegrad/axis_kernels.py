"""Kernels that work along an axis: places and counts, products of what stands before and after each entry, linear recurrences.

An axis is an int, a tuple (its axes count as one, in the order of the array's entries) or None (all of them). Nothing divides, so
that zeros are as good as any other entry; recurrences are computed by doubling, in as many steps as the length has binary
digits. Entries may be objects, such as numbers of mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .shapes import reduced_axes

Array: TypeAlias = NDArray[Any]


def flattened(array: ArrayLike, axis: object) -> tuple[Array, Callable[[Array], Array]]:
    """The array with the axes made one, which is the last, and a function that undoes it.

    >>> flat, back = flattened([[1, 2], [3, 4]], 0)
    >>> flat.tolist(), back(flat).tolist()
    ([[1, 3], [2, 4]], [[1, 2], [3, 4]])
    """
    array = np.asarray(array)
    axes = reduced_axes(axis, array.ndim)
    last = tuple(range(array.ndim - len(axes), array.ndim))
    moved = np.moveaxis(array, axes, last)
    flat = moved.reshape(*moved.shape[: array.ndim - len(axes)], -1 if array.size else int(np.prod(moved.shape[array.ndim - len(axes) :])))

    def back(result: Array) -> Array:
        return np.moveaxis(result.reshape(moved.shape), last, axes)

    return flat, back


def freedom(array: ArrayLike, axis: object = None, ddof: int = 0) -> float:
    """The number of entries along an axis, several, or all of them, less `ddof`.

    >>> freedom([[1, 2, 3], [4, 5, 6]], 1, ddof=1)
    2.0
    """
    shape = np.shape(array)
    return float(prod(shape[i] for i in reduced_axes(axis, len(shape))) - ddof)


def argmax(array: ArrayLike, axis: object = None, keepdims: bool = False) -> Array:
    """The first place of the greatest entry along an axis, several (counted in the order of the array), or all of them.

    >>> argmax([[1, 2, 2], [4, 0, 1]], axis=1)
    array([1., 0.])
    """
    return _reduced(lambda flat: np.argmax(flat, axis=-1).astype(float), array, axis, keepdims)


def argmin(array: ArrayLike, axis: object = None, keepdims: bool = False) -> Array:
    """The first place of the least entry, likewise.

    >>> argmin([[1, 2, 2], [4, 0, 1]], axis=1)
    array([0., 1.])
    """
    return _reduced(lambda flat: np.argmin(flat, axis=-1).astype(float), array, axis, keepdims)


def count_nonzero(array: ArrayLike, axis: object = None, keepdims: bool = False) -> Array:
    """The number of entries that are not zero along an axis, several, or all of them.

    >>> count_nonzero([[1, 2, 0], [4, 0, 0]], axis=1)
    array([2., 1.])
    """
    return np.asarray(np.sum(np.asarray(array) != 0, axis=reduced_axes(axis, np.ndim(array)), keepdims=keepdims, dtype=float))


def _reduced(function: Callable[[Array], Array], array: ArrayLike, axis: object, keepdims: bool) -> Array:
    """A function of the last axis, with the axes made one for it."""
    result: Array = function(flattened(array, axis)[0])
    return np.expand_dims(result, reduced_axes(axis, np.ndim(array))) if keepdims else result


def logsumexp(array: ArrayLike, axis: object = None, keepdims: bool = False) -> Array:
    """log(sum(exp(array))) along an axis, several, or all of them, without overflow (SciPy's keeps an axis that a scalar lacks).

    >>> round(float(logsumexp([1000.0, 1000.0])) - 1000, 9)
    0.693147181
    """
    array = np.asarray(array)
    axes = reduced_axes(axis, array.ndim)
    greatest = np.max(array, axis=axes, keepdims=True)
    shift = np.where(np.isfinite(greatest), greatest, 0.0)
    total = np.log(np.sum(np.exp(array - shift), axis=axes, keepdims=True)) + shift
    return np.asarray(total if keepdims else np.squeeze(total, axes))


def prod_before(array: ArrayLike, axis: object = None) -> Array:
    """For each entry the product of those before it along the axis.

    >>> prod_before([2.0, 3.0, 0.0, 5.0])
    array([1., 2., 6., 0.])
    """
    flat, back = flattened(array, axis)
    result = np.ones_like(flat)
    np.multiply.accumulate(flat[..., :-1], axis=-1, out=result[..., 1:])
    return back(result)


def prod_after(array: ArrayLike, axis: object = None) -> Array:
    """For each entry the product of those after it along the axis.

    >>> prod_after([2.0, 3.0, 0.0, 5.0])
    array([0., 0., 5., 1.])
    """
    flat, back = flattened(array, axis)
    result = np.ones_like(flat)
    np.multiply.accumulate(flat[..., :0:-1], axis=-1, out=result[..., -2::-1])
    return back(result)


def recurrence(factors: ArrayLike, terms: ArrayLike, axis: object = None) -> Array:
    """The linear recurrence z[0] = 0, z[i + 1] = factors[i]*z[i] + terms[i] along the axis.

    >>> recurrence([2.0, 3.0, 5.0], [1.0, 10.0, 100.0])
    array([ 0.,  1., 13.])
    """
    a, back = flattened(factors, axis)
    b, _ = flattened(terms, axis)
    return back(_recurrence(a, b))


def recurrence_back(factors: ArrayLike, terms: ArrayLike, axis: object = None) -> Array:
    """The same from the end: z[-1] = 0, z[i - 1] = factors[i]*z[i] + terms[i] along the axis.

    >>> recurrence_back([2.0, 3.0, 5.0], [1.0, 10.0, 100.0])
    array([310., 100.,   0.])
    """
    a, back = flattened(factors, axis)
    b, _ = flattened(terms, axis)
    return back(_recurrence(a[..., ::-1], b[..., ::-1])[..., ::-1])


def _recurrence(factors: Array, terms: Array) -> Array:
    """The recurrence along the last axis: the maps z -> a*z + b are composed in pairs, pairs of pairs and so on."""
    a, b = np.array(factors), np.array(terms, dtype=np.result_type(factors, terms))
    distance = 1
    while distance < a.shape[-1]:
        b[..., distance:] = a[..., distance:] * b[..., :-distance] + b[..., distance:]
        a[..., distance:] = a[..., distance:] * a[..., :-distance]
        distance *= 2
    result = np.zeros_like(b)
    result[..., 1:] = b[..., :-1]
    return result


AXIS_KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (freedom, logsumexp, argmax, argmin, count_nonzero, prod_before, prod_after, recurrence, recurrence_back)
}
"""What a rule file may name with the prefix `kernels`."""
