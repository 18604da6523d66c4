"""NumPy's and SciPy's functions of whole arrays over arrays of objects: SymPy's expressions or mpmath's numbers.

What NumPy itself can run on objects (sums, products, transposes, ...) needs nothing here. The algorithms are the shortest
ones, for small arrays: cofactors, and the definitions of norms and softmax. They share nothing with the kernels that they check.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from ..errors import EvaluationError
from ..shapes import reduced_axes

Objects: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]


class _Library:
    """The functions of the library whose objects some arrays hold."""

    def __init__(self, *arrays: Any) -> None:
        import mpmath
        import sympy

        self.symbolic = any(isinstance(e, sympy.Basic) for a in arrays for e in np.asarray(a, dtype=object).flat)
        source: Any = sympy if self.symbolic else mpmath
        self.exp, self.log, self.sqrt = (_entrywise(getattr(source, name)) for name in ("exp", "log", "sqrt"))
        self.absolute = _entrywise(sympy.Abs if self.symbolic else abs)
        self.greater: Callable[[Any, Any], Any] = sympy.Max if self.symbolic else max
        self.smaller: Callable[[Any, Any], Any] = sympy.Min if self.symbolic else min
        self.sign: Callable[[Any], Any] = sympy.sign if self.symbolic else mpmath.sign

    def only_numbers(self, what: str) -> None:
        """EvaluationError for SymPy's objects."""
        if self.symbolic:
            raise EvaluationError(f"SymPy has no {what} entry by entry")


def _entrywise(function: Callable[[Any], Any]) -> Callable[[Any], Objects]:
    made = np.frompyfunc(function, 1, 1)
    return lambda entries: np.asarray(made(entries), dtype=object)


def _folded(function: Callable[[Any, Any], Any], array: Objects, axis: Any, keepdims: bool) -> Objects:
    axes = reduced_axes(axis, array.ndim)
    last = tuple(range(array.ndim - len(axes), array.ndim))
    moved = np.moveaxis(array, axes, last)
    flat = moved.reshape(*moved.shape[: array.ndim - len(axes)], -1)
    result = np.empty(flat.shape[:-1], dtype=object)
    for index in np.ndindex(*result.shape):
        result[index] = reduce(function, flat[index])
    return np.expand_dims(result, axes) if keepdims else result


# ---- reductions ----


def _max(a: Objects, axis: Any = None, keepdims: bool = False) -> Objects:
    return _folded(_Library(a).greater, a, axis, keepdims)


def _min(a: Objects, axis: Any = None, keepdims: bool = False) -> Objects:
    return _folded(_Library(a).smaller, a, axis, keepdims)


def _std(a: Objects, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Objects:
    axes = reduced_axes(axis, a.ndim)
    count = int(np.prod([a.shape[i] for i in axes]))
    squares = (a * count - np.sum(a, axis=axes, keepdims=True)) ** 2
    library = _Library(a)
    spread = library.sqrt(np.sum(squares, axis=axes, keepdims=keepdims) / (count - ddof))
    return np.asarray(spread / count, dtype=object)


def _logsumexp(a: Objects, axis: Any = None, keepdims: bool = False) -> Objects:
    library = _Library(a)
    return library.log(np.sum(library.exp(a), axis=axis, keepdims=keepdims))


def _softmax(a: Objects, axis: Any = None) -> Objects:
    powers = _Library(a).exp(a)
    return np.asarray(powers / np.sum(powers, axis=axis, keepdims=True), dtype=object)


def _log_softmax(a: Objects, axis: Any = None) -> Objects:
    return np.asarray(a - _logsumexp(a, axis, keepdims=True), dtype=object)


OBJECT_KERNELS: dict[str, Callable[..., Any]] = {
    "np.max": _max,
    "np.min": _min,
    "np.std": _std,
    "scipy.special.logsumexp": _logsumexp,
    "scipy.special.softmax": _softmax,
    "scipy.special.log_softmax": _log_softmax,
}
"""For the names of kernels: what they do to objects."""

NOT_FOR_OBJECTS = frozenset({"kernels.argmax", "kernels.argmin", "kernels.count_nonzero", "np.any", "np.all"})
"""Kernels that decide something about entries, which symbols leave open."""


def runs_on_objects(kernel: str) -> bool:
    """Whether the kernel of an operator of whole arrays can be run on objects, or something here in its place."""
    return kernel in OBJECT_KERNELS or (kernel.count(".") == 1 and kernel not in NOT_FOR_OBJECTS)
