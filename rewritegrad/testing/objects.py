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


# ---- linear algebra ----


def _each(function: Callable[..., Any], *arrays: Objects, ranks: tuple[int, ...] = (2,)) -> Objects:
    """A function of matrices (or arrays of other ranks) applied to each of a stack."""
    lead = np.broadcast_shapes(*[a.shape[: a.ndim - r] for a, r in zip(arrays, ranks, strict=True)])
    stacks = [np.broadcast_to(a, lead + a.shape[a.ndim - r :]) for a, r in zip(arrays, ranks, strict=True)]
    results = [np.asarray(function(*[s[index] for s in stacks]), dtype=object) for index in np.ndindex(*lead)]
    if not results:
        raise EvaluationError("an empty stack of matrices has no entries to compare")
    stacked = np.empty((len(results), *results[0].shape), dtype=object)
    for i, result in enumerate(results):
        stacked[i] = result[()]  # an array without axes would be stored as one
    return np.asarray(stacked.reshape(lead + results[0].shape), dtype=object)


def _minor(a: Objects, row: int, column: int) -> Objects:
    return np.delete(np.delete(a, row, 0), column, 1)


def _determinant(a: Objects) -> Any:
    """By the entries of the first row and their cofactors; of no matrix at all, 1."""
    if a.shape[0] == 0:
        return 1
    return sum((-1) ** j * a[0, j] * _determinant(_minor(a, 0, j)) for j in range(a.shape[0]))


def _inverse(a: Objects) -> Objects:
    """The cofactors over the determinant; of numbers by elimination, which takes less time."""
    if not _Library(a).symbolic:
        return _eliminated(a)
    result = np.empty(a.shape, dtype=object)
    for i, j in np.ndindex(*a.shape):
        result[i, j] = (-1) ** (i + j) * _determinant(_minor(a, j, i))
    return np.asarray(result / _determinant(a), dtype=object)


def _eliminated(a: Objects) -> Objects:
    """The inverse of a matrix of numbers; nan where it is singular."""
    n = a.shape[0]
    rows = [[*a[i], *(int(i == j) for j in range(n))] for i in range(n)]
    for i in range(n):
        best = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[best] = rows[best], rows[i]
        pivot = rows[i][i]
        if pivot == 0:
            return np.full(a.shape, float("nan"), dtype=object)
        rows[i] = [x / pivot for x in rows[i]]
        for k in range(n):
            if k != i:
                factor = rows[k][i]
                rows[k] = [x - factor * y for x, y in zip(rows[k], rows[i], strict=True)]
    result = np.empty(a.shape, dtype=object)
    for i in range(n):
        result[i] = rows[i][n:]
    return result


def _det(a: Objects) -> Objects:
    return _each(_determinant, a)


def _inv(a: Objects) -> Objects:
    return _each(_inverse, a)


def _logabsdet(a: Objects) -> Objects:
    library = _Library(a)
    return library.log(library.absolute(_det(a)))


def _det_sign(a: Objects) -> Objects:
    return _entrywise(_Library(a).sign)(_det(a))


def _solve(a: Objects, b: Objects) -> Objects:
    return np.asarray(np.matmul(_inv(a), b), dtype=object)


def _solve_triangular(a: Objects, b: Objects, lower: bool = False) -> Objects:
    return _solve(np.tril(a) if lower else np.triu(a), b)


def _pinv(a: Objects) -> Objects:
    _Library(a).only_numbers("pseudo-inverse of a size worth waiting for")
    turned = np.matrix_transpose(a)
    if a.shape[-2] >= a.shape[-1]:
        return np.asarray(np.matmul(_inv(np.matmul(turned, a)), turned), dtype=object)
    return np.asarray(np.matmul(turned, _inv(np.matmul(a, turned))), dtype=object)


def _cholesky(a: Objects) -> Objects:
    library = _Library(a)

    def factor(m: Objects) -> Objects:
        m = (m + m.T) / (2 * (m[0, 0] ** 0 if m.size else 1))
        found = np.full(m.shape, 0, dtype=object)
        for j in range(m.shape[0]):
            found[j, j] = library.sqrt(np.asarray(m[j, j] - sum(found[j, :j] ** 2)))[()]
            for i in range(j + 1, m.shape[0]):
                found[i, j] = (m[i, j] - sum(found[i, :j] * found[j, :j])) / found[j, j]
        return found

    return _each(factor, a)


def _matrix_power(a: Objects, n: int = 1) -> Objects:
    base = _inv(a) if n < 0 else a
    result = np.broadcast_to(np.eye(a.shape[-1], dtype=int).astype(object), a.shape)
    for _ in range(abs(n)):
        result = np.asarray(np.matmul(result, base), dtype=object)
    return result


def _expm(a: Objects) -> Objects:
    """By the series, for a matrix so small that it is short, which is squared again."""
    _Library(a).only_numbers("exponential of a matrix")

    def one(m: Objects) -> Objects:
        halvings = max(0, int(sum(abs(x) for x in m.ravel().tolist())).bit_length()) + 8
        small = m / 2**halvings
        total = term = np.eye(len(m), dtype=int).astype(object)
        for k in range(1, 30):
            term = np.matmul(term, small) / k
            total = total + term
        for _ in range(halvings):
            total = np.matmul(total, total)
        return np.asarray(total, dtype=object)

    return _each(one, a)


def _eigvalsh(a: Objects) -> Objects:
    import mpmath

    _Library(a).only_numbers("eigenvalues")

    def one(m: Objects) -> Objects:
        return np.array(list(mpmath.eigsy(mpmath.matrix(((m + m.T) / 2).tolist()), eigvals_only=True)), dtype=object)

    return _each(one, a)


def _norm(a: Objects, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Objects:
    library = _Library(a)
    axes = reduced_axes(axis, a.ndim)
    if ord in (None, "fro") or (ord == 2 and len(axes) < 2):
        return library.sqrt(np.sum(a * a, axis=axes, keepdims=keepdims))
    size = library.absolute(a)
    if ord not in (1, "inf", "-inf"):
        raise EvaluationError(f"objects have no norm of order {ord}")
    if len(axes) < 2:
        if ord == 1:
            return np.asarray(np.sum(size, axis=axes, keepdims=keepdims), dtype=object)
        return _folded(library.greater if ord == "inf" else library.smaller, size, axes, keepdims)
    given = (0, 1) if axis is None else axis
    along, across = (given[0], given[1]) if ord == 1 else (given[1], given[0])
    sums = np.sum(size, axis=along, keepdims=True)
    found = _folded(library.smaller if ord == "-inf" else library.greater, sums, across, True)
    return found if keepdims else np.squeeze(found, axes)


OBJECT_KERNELS: dict[str, Callable[..., Any]] = {
    "np.max": _max,
    "np.min": _min,
    "np.std": _std,
    "kernels.logsumexp": _logsumexp,
    "scipy.special.softmax": _softmax,
    "scipy.special.log_softmax": _log_softmax,
    "kernels.norm": _norm,
    "np.linalg.det": _det,
    "np.linalg.inv": _inv,
    "np.linalg.pinv": _pinv,
    "np.linalg.solve": _solve,
    "np.linalg.matrix_power": _matrix_power,
    "kernels.logabsdet": _logabsdet,
    "kernels.det_sign": _det_sign,
    "kernels.cholesky": _cholesky,
    "kernels.solve_triangular": _solve_triangular,
    "kernels.eye": lambda size, k=0: np.eye(size, k=k, dtype=int).astype(object),
    "kernels.eigvalsh": _eigvalsh,
    "kernels.expm": _expm,
}
"""For the names of kernels: what they do to objects."""

_VECTORS = {"kernels.qr_q", "kernels.qr_r", "kernels.svdvals", "kernels.right_vectors", "kernels.eigenvectors", "kernels.all_left_vectors"}
_SCIPY = {"kernels.lu_p", "kernels.lu_l", "kernels.lu_u", "kernels.logm", "kernels.sqrtm", "kernels.solve_sylvester"}
_SCIPY |= {"kernels.solve_discrete_lyapunov", "kernels.solve_discrete_are", "kernels.solve_continuous_are"}
NOT_FOR_OBJECTS = frozenset({"kernels.argmax", "kernels.argmin", "kernels.count_nonzero", "np.any", "np.all", *_VECTORS, *_SCIPY})
"""Kernels that decide something about entries, which symbols leave open, and those that iterate or turn what they get into floats."""


def runs_on_objects(kernel: str) -> bool:
    """Whether the kernel of an operator of whole arrays can be run on objects, or something here in its place."""
    return kernel in OBJECT_KERNELS or (kernel.removeprefix("adjoint.").count(".") == 1 and kernel not in NOT_FOR_OBJECTS)
