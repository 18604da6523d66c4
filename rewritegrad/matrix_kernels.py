"""Kernels of matrix functions, factors and equations that SciPy has for single matrices, here for stacks of them.

SciPy is imported when one is called. An argument outside of what is real (the logarithm of a matrix with negative
eigenvalues) gives nan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]


def _stacked(function: Callable[..., Any], *given: ArrayLike) -> Array:
    """The real results of a function of matrices for every matrix of stacks, whose leading axes broadcast."""
    arrays = [np.asarray(a, np.float64) for a in given]
    lead = np.broadcast_shapes(*[a.shape[:-2] for a in arrays])
    arrays = [np.broadcast_to(a, lead + a.shape[-2:]) for a in arrays]
    results = [_real(function(*[a[at] for a in arrays])) for at in np.ndindex(*lead)]
    if not results:  # an empty stack: what one matrix would give tells the shape
        example = np.shape(function(*[np.eye(*a.shape[-2:]) for a in arrays]))
        return np.zeros(lead + example)
    return np.array(results).reshape(lead + results[0].shape)


def _real(result: Any) -> Array:
    found: Array = np.asarray(result)
    if not np.iscomplexobj(found):
        return found
    size = np.abs(found).max(initial=1.0)
    return np.asarray(np.where(np.abs(found.imag) <= 1e-12 * size, found.real, np.nan))


def expm(array: ArrayLike) -> Array:
    """The exponential of a matrix: SciPy's, and of stacks all matrices at once, as derivatives and sample points need it.

    >>> expm([[0.0, 1.0], [0.0, 0.0]]).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    matrices = np.asarray(array, np.float64)
    if matrices.ndim == 2:
        from scipy.linalg import expm as kernel

        return np.asarray(kernel(matrices))
    return _exponentials(matrices)


def _exponentials(array: Array) -> Array:
    """Scaling, the approximation of Pade of degree 13, and squaring."""
    with np.errstate(all="ignore"):
        size = np.abs(array).sum(-2).max(-1, initial=0.0)
        known = np.isfinite(size)
        halvings = np.where(known, np.ceil(np.log2(np.maximum(size, 1e-300) / PADE_SIZE)).clip(0), 0)
        scaled = np.where(known[..., None, None], array, 0.0) * (0.5**halvings)[..., None, None]
        identity = np.eye(array.shape[-1])
        second = scaled @ scaled
        fourth = second @ second
        sixth = fourth @ second
        b = PADE
        odd = scaled @ (sixth @ (b[13] * sixth + b[11] * fourth + b[9] * second) + b[7] * sixth + b[5] * fourth + b[3] * second + b[1] * identity)
        even = sixth @ (b[12] * sixth + b[10] * fourth + b[8] * second) + b[6] * sixth + b[4] * fourth + b[2] * second + b[0] * identity
        found: Array = np.linalg.solve(even - odd, even + odd)
        for step in range(int(halvings.max(initial=0))):
            found = np.where((step < halvings)[..., None, None], found @ found, found)
        return np.where(known[..., None, None], found, np.nan)


PADE_SIZE = 5.371920351148152
"""The approximation is right to float64 for matrices of this norm, and smaller ones (Higham, 2005)."""

PADE = [
    *(64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0, 10559470521600.0),
    *(670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0),
]


def logm(array: ArrayLike) -> Array:
    """The logarithm of a matrix without eigenvalues on the negative half of the real line.

    >>> logm([[1.0, 1.0], [0.0, 1.0]]).round(9).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    matrices = np.asarray(array, np.float64)
    if matrices.ndim > 2 or not _has_logarithm(matrices):
        return _logarithms(matrices)
    from scipy.linalg import logm as kernel

    return _stacked(kernel, array)


def _has_logarithm(array: Array) -> Any:
    """Whether no eigenvalue of a matrix is 0 or below; for each of a stack."""
    known = np.asarray(np.isfinite(array).all((-2, -1)))
    values = np.linalg.eigvals(np.where(known[..., None, None], array, np.eye(array.shape[-1])))
    return known & ~((values.real <= 0) & (np.abs(values.imag) <= 1e-14 * np.abs(values))).any(-1)


def _logarithms(array: Array) -> Array:
    """The logarithms of stacks, all matrices at once: square roots until they are near the identity, then a quadrature.

    SciPy's is right to the last digit, this to two before it, in a hundredth of the time.
    """
    count = array.shape[-1]
    identity = np.eye(count)
    matrices = array.reshape(-1, count, count)
    known = _has_logarithm(matrices)
    near = np.where(known[:, None, None], matrices, identity)
    roots = np.zeros(len(near))
    for _ in range(ROOTS):
        far = np.abs(near - identity).sum(-2).max(-1, initial=0.0) > 0.5
        if not far.any():
            break
        near[far] = _square_roots(near[far])
        roots += far
    rest = near - identity
    nodes, weights = np.polynomial.legendre.leggauss(8)
    total = np.zeros_like(rest)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        total += weight * np.linalg.solve(identity + node * rest, rest)
    found: Array = np.where(known[:, None, None], total * (2.0**roots)[:, None, None], np.nan)
    return found.reshape(array.shape)


ROOTS = 100
"""So many square roots bring every matrix of float64 near the identity."""


def _square_roots(matrices: Array) -> Array:
    """The iteration of Denman and Beavers in its product form, scaled while it is far from its end."""
    count = matrices.shape[-1]
    identity = np.eye(count)
    rest, found = matrices, matrices
    for step in range(40):
        inverse = np.linalg.inv(rest)
        scale = np.abs(np.linalg.det(rest))[:, None, None] ** (-1 / count) if step < 8 else 1.0
        found = np.sqrt(scale) * found @ (identity + inverse / scale) / 2
        rest = (identity + (scale * rest + inverse / scale) / 2) / 2
        if np.abs(rest - identity).max() < 1e-14 * count:
            break
    return found


def sqrtm(array: ArrayLike) -> Array:
    """The square root of a matrix without eigenvalues on the negative half of the real line.

    >>> sqrtm([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    from scipy.linalg import sqrtm as kernel

    return _stacked(kernel, array)


def lu_p(array: ArrayLike) -> Array:
    """The permutation of A = P @ L @ U, as a matrix."""
    return _lu(array, 0)


def lu_l(array: ArrayLike) -> Array:
    """The lower triangular factor, with ones on its diagonal.

    >>> (lu_p([[0.0, 2.0], [1.0, 1.0]]) @ lu_l([[0.0, 2.0], [1.0, 1.0]]) @ lu_u([[0.0, 2.0], [1.0, 1.0]])).tolist()
    [[0.0, 2.0], [1.0, 1.0]]
    """
    return _lu(array, 1)


def lu_u(array: ArrayLike) -> Array:
    """The upper triangular factor."""
    return _lu(array, 2)


def lu_pivots(array: ArrayLike) -> Array:
    """The row that each row was exchanged with.

    >>> lu_pivots([[0.0, 2.0], [1.0, 1.0]]), pivot_order([1.0, 1.0])
    (array([1., 1.]), array([1., 0.]))
    """
    from scipy.linalg.lapack import dgetrf  # without lu_factor's warnings about singular matrices

    return np.asarray(dgetrf(np.asarray(array))[1], np.float64)


def pivot_order(pivots: ArrayLike) -> Array:
    """The order of rows that these exchanges, one after the other, lead to; rows are counted modulo their number."""
    order = np.arange(np.size(pivots))
    for row, other in enumerate(np.asarray(pivots, int) % max(np.size(pivots), 1)):
        order[[row, other]] = order[[other, row]]
    return order.astype(np.float64)


def _lu(array: ArrayLike, which: int) -> Array:
    from scipy.linalg import lu

    return _stacked(lambda a: lu(a)[which], array)


def solve_sylvester(a: ArrayLike, b: ArrayLike, q: ArrayLike) -> Array:
    """The solution X of A @ X + X @ B = Q.

    >>> solve_sylvester([[1.0]], [[2.0]], [[6.0]]).tolist()
    [[2.0]]
    """
    from scipy.linalg import solve_sylvester as kernel

    return _stacked(kernel, a, b, q)


def solve_discrete_lyapunov(a: ArrayLike, q: ArrayLike) -> Array:
    """The solution X of A @ X @ transpose(A) - X + Q = 0.

    >>> solve_discrete_lyapunov([[0.5]], [[3.0]]).tolist()
    [[4.0]]
    """
    from scipy.linalg import solve_discrete_lyapunov as kernel

    return _stacked(kernel, a, q)


def solve_discrete_are(a: ArrayLike, b: ArrayLike, q: ArrayLike, r: ArrayLike) -> Array:
    """The solution of the discrete Riccati equation, of the symmetric parts of Q and R."""
    from scipy.linalg import solve_discrete_are as kernel

    return _stacked(lambda a, b, q, r: kernel(a, b, (q + q.T) / 2, (r + r.T) / 2), a, b, q, r)


def solve_continuous_are(a: ArrayLike, b: ArrayLike, q: ArrayLike, r: ArrayLike) -> Array:
    """The solution of the continuous Riccati equation, of the symmetric parts of Q and R."""
    from scipy.linalg import solve_continuous_are as kernel

    return _stacked(lambda a, b, q, r: kernel(a, b, (q + q.T) / 2, (r + r.T) / 2), a, b, q, r)


def banded(rows: ArrayLike, lower: int = 0) -> Array:
    """The square matrix whose diagonals are rows, the last `lower` of them below the main one, entry j of each in column j.

    >>> banded([[0.0, 2.0], [3.0, 4.0]]).tolist()
    [[3.0, 2.0], [0.0, 4.0]]
    """
    given = np.asarray(rows)
    size = given.shape[-1]
    result = np.zeros((*given.shape[:-2], size, size), np.result_type(given.dtype, np.float64))
    for i, columns, offset in _diagonals(given.shape[-2], size, lower):
        result[..., columns - offset, columns] = given[..., i, columns]
    return result


def unbanded(matrix: ArrayLike, like: ArrayLike, lower: int = 0) -> Array:
    """The diagonals of a matrix as rows, zeros where a diagonal has no entry in a column: what `banded` does to derivatives.

    >>> unbanded([[3.0, 2.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]).tolist()
    [[0.0, 2.0], [3.0, 4.0]]
    """
    given, (*stack, count, size) = np.asarray(matrix), np.shape(like)
    lead = np.broadcast_shapes(given.shape[:-2], tuple(stack))
    result = np.zeros((*lead, count, size), np.result_type(given.dtype, np.float64))
    for i, columns, offset in _diagonals(count, size, lower):
        result[..., i, columns] = given[..., columns - offset, columns]
    return result


def _diagonals(count: int, size: int, lower: int) -> Iterator[tuple[int, NDArray[np.intp], int]]:
    """The number of each row, the columns in which its diagonal has entries, and how far that is above the main one."""
    for i in range(count):
        offset = count - 1 - lower - i
        yield i, np.arange(min(max(offset, 0), size), max(size + min(offset, 0), 0)), offset


MATRIX_KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(expm, logm, sqrtm, lu_p, lu_l, lu_u, lu_pivots, pivot_order),
        *(solve_sylvester, solve_discrete_lyapunov, solve_discrete_are, solve_continuous_are),
        *(banded, unbanded),
    )
}
"""What a rule file may name with the prefix `kernels`."""
