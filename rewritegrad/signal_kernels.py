"""Kernels of signals: convolutions, polynomials as coefficients, angles. They also run on arrays of objects, for the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]


def convolve_full(a: ArrayLike, v: ArrayLike) -> Array:
    """All sums of products of entries of `a` with entries of `v` in the opposite order, along all axes.

    >>> convolve_full([1.0, 2.0, 3.0], [1.0, 10.0])
    array([ 1., 12., 23., 30.])
    >>> convolve_full([[1.0, 2.0]], [[1.0], [10.0]])
    array([[ 1.,  2.],
           [10., 20.]])
    """
    a, v = np.asarray(a), np.asarray(v)
    if a.size < v.size:
        a, v = v, a
    result = np.zeros([n + m - 1 for n, m in zip(a.shape, v.shape, strict=True)], dtype=np.result_type(a, v))
    for index in np.ndindex(*v.shape):
        result[tuple([slice(i, i + n) for i, n in zip(index, a.shape, strict=True)])] += v[index] * a
    return result


def slide(a: ArrayLike, v: ArrayLike) -> Array:
    """For each place at which `v` lies within `a` the sum of the products of the entries that meet.

    >>> slide([1.0, 2.0, 3.0], [1.0, 10.0])
    array([21., 32.])
    """
    a, v = np.asarray(a), np.asarray(v)
    shape = [n - m + 1 for n, m in zip(a.shape, v.shape, strict=True)]
    result = np.zeros(shape, dtype=np.result_type(a, v))
    for index in np.ndindex(*v.shape):
        result += v[index] * a[tuple([slice(i, i + n) for i, n in zip(index, shape, strict=True)])]
    return result


def lengthen(a: ArrayLike, b: ArrayLike) -> Array:
    """`a` with zeros in front, so that its last axis is at least as long as the vector `b`.

    >>> lengthen([1.0, 2.0], [7.0, 7.0, 7.0])
    array([0., 1., 2.])
    """
    a = np.asarray(a)
    missing = max(0, len(np.asarray(b)) - a.shape[-1])
    return np.concatenate([np.zeros((*a.shape[:-1], missing), dtype=a.dtype), a], axis=-1)


def unwrap(angles: ArrayLike, axis: int = -1) -> Array:
    """Angles along an axis, each moved by whole turns so that it is within half a turn of the one before.

    >>> unwrap([0.0, 3.0, -3.0]).round(3)
    array([0.   , 3.   , 3.283])
    """
    return np.unwrap(np.asarray(angles), axis=axis)


SIGNAL_KERNELS: dict[str, Callable[..., Any]] = {function.__name__: function for function in (convolve_full, slide, lengthen, unwrap)}
"""What a rule file may name with the prefix `kernels`."""
