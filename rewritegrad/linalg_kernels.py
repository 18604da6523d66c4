"""Kernels of linear algebra that NumPy lacks, for matrices and for stacks of them (leading axes, as in numpy.linalg).

What is defined for symmetric matrices only (Cholesky factors, their eigenvalues) is computed of the symmetric part, so
that values and derivatives belong together whatever entries are changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .shapewords import einsum_labels

Array: TypeAlias = NDArray[Any]


def symmetric_part(array: ArrayLike) -> Array:
    """(A + transpose(A)) / 2.

    >>> symmetric_part([[1.0, 2.0], [4.0, 3.0]]).tolist()
    [[1.0, 3.0], [3.0, 3.0]]
    """
    array = np.asarray(array)
    return np.asarray((array + np.matrix_transpose(array)) / 2)


def cholesky(array: ArrayLike) -> Array:
    """The lower triangular factor of the symmetric part of a positive definite matrix.

    >>> cholesky([[4.0, 2.0], [2.0, 10.0]]).tolist()
    [[2.0, 0.0], [1.0, 3.0]]
    """
    return np.linalg.cholesky(symmetric_part(array))


def half_tril(array: ArrayLike) -> Array:
    """The lower triangle, with half the diagonal: what added to its transpose gives back a symmetric matrix.

    >>> half_tril([[2.0, 6.0], [6.0, 4.0]]).tolist()
    [[1.0, 0.0], [6.0, 2.0]]
    """
    array = np.asarray(array)
    rows, columns = array.shape[-2:]
    return np.asarray((np.tril(array) + np.tril(array, -1)) / 2 if rows == columns else np.tril(array))


def logabsdet(array: ArrayLike) -> Array:
    """log(abs(det(A))), without overflow; minus infinity for singular matrices.

    >>> float(logabsdet([[0.0, 1.0], [1.0, 0.0]]))
    0.0
    """
    return np.asarray(np.linalg.slogdet(np.asarray(array))[1])


def det_sign(array: ArrayLike) -> Array:
    """The sign of the determinant: -1, 0 or 1.

    >>> float(det_sign([[0.0, 1.0], [1.0, 0.0]]))
    -1.0
    """
    return np.asarray(np.linalg.slogdet(np.asarray(array))[0])


def eigvalsh(array: ArrayLike) -> Array:
    """The eigenvalues of the symmetric part, in ascending order.

    >>> eigvalsh([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [1.0, 2.0]
    """
    return np.linalg.eigvalsh(symmetric_part(array))


def eigenvectors(array: ArrayLike) -> Array:
    """The orthonormal eigenvectors of the symmetric part as columns, in the order of their eigenvalues.

    >>> np.abs(eigenvectors([[2.0, 0.0], [0.0, 1.0]])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.asarray(np.linalg.eigh(symmetric_part(array))[1])


def svdvals(array: ArrayLike) -> Array:
    """The singular values, in descending order.

    >>> svdvals([[0.0, 2.0], [1.0, 0.0]]).tolist()
    [2.0, 1.0]
    """
    return np.asarray(np.linalg.svd(np.asarray(array), compute_uv=False))


def right_vectors(array: ArrayLike) -> Array:
    """The right singular vectors as columns, as many as there are singular values.

    >>> np.abs(right_vectors([[0.0, 2.0], [1.0, 0.0]])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.asarray(np.matrix_transpose(np.linalg.svd(np.asarray(array), full_matrices=False)[2]))


def all_left_vectors(array: ArrayLike) -> Array:
    """All left singular vectors as columns."""
    return np.asarray(np.linalg.svd(np.asarray(array), full_matrices=True)[0])


def qr_q(array: ArrayLike) -> Array:
    """The factor with orthonormal columns; ValueError for a matrix with more columns than rows.

    >>> np.abs(qr_q([[3.0], [4.0]])).round(9).tolist()
    [[0.6], [0.8]]
    """
    return np.asarray(np.linalg.qr(_not_wide(array))[0])


def qr_r(array: ArrayLike) -> Array:
    """The upper triangular factor; ValueError for a matrix with more columns than rows.

    >>> np.abs(qr_r([[3.0], [4.0]])).tolist()
    [[5.0]]
    """
    return np.asarray(np.linalg.qr(_not_wide(array))[1])


def _not_wide(array: ArrayLike) -> Array:
    array = np.asarray(array)
    if array.shape[-2] < array.shape[-1]:
        raise ValueError(f"a matrix of {array.shape[-1]} columns and {array.shape[-2]} rows has no square factor R")
    return array


def gaps(values: ArrayLike) -> Array:
    """The reciprocal differences 1 / (w[j] - w[i]) at [i, j], and 0 where they are not defined.

    >>> gaps([1.0, 3.0]).tolist()
    [[0.0, 0.5], [-0.5, 0.0]]
    """
    values = np.asarray(values)
    differences = values[..., None, :] - values[..., :, None]
    apart = differences != 0
    return np.asarray(np.where(apart, 1 / np.where(apart, differences, 1), 0 * differences))


def solve_triangular(array: ArrayLike, right: ArrayLike, lower: bool = False) -> Array:
    """The solution x of A @ x = right, of A only one triangle being read.

    >>> solve_triangular([[2.0, 9.0], [1.0, 4.0]], [2.0, 5.0], lower=True).tolist()
    [1.0, 1.0]
    """
    array = np.asarray(array)
    return np.asarray(np.linalg.solve(np.tril(array) if lower else np.triu(array), np.asarray(right)))


def embed(array: ArrayLike, corner: ArrayLike) -> Array:
    """[[A, C], [0, A]]: a function of this matrix has in its corner the derivative of the function of A in direction C.

    >>> embed([[1.0]], [[5.0]]).tolist()
    [[1.0, 5.0], [0.0, 1.0]]
    """
    array, corner = np.broadcast_arrays(array, corner)
    n = array.shape[-1]
    result = np.zeros((*array.shape[:-2], 2 * n, 2 * n), dtype=np.result_type(array, corner))
    result[..., :n, :n] = result[..., n:, n:] = array
    result[..., :n, n:] = corner
    return result


def corner(array: ArrayLike) -> Array:
    """The upper right quarter of a matrix with an even number of rows.

    >>> corner([[1.0, 5.0], [0.0, 1.0]]).tolist()
    [[5.0]]
    """
    array = np.asarray(array)
    n = _half(array)
    return array[..., :n, n:]


def halves(array: ArrayLike) -> Array:
    """The sum of the upper left and the lower right quarter.

    >>> halves([[1.0, 5.0], [0.0, 2.0]]).tolist()
    [[3.0]]
    """
    array = np.asarray(array)
    n = _half(array)
    return np.asarray(array[..., :n, :n] + array[..., n:, n:])


def einsum(subscripts: str, /, *operands: ArrayLike) -> Array:
    """numpy.einsum, large products of two and more operands in the order, and by the routines, that take the least time.

    >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0]).tolist()
    [21.0, 43.0]
    """
    arrays = [np.asarray(a) for a in operands]
    large = len(arrays) > 1 and max(a.size for a in arrays) > LARGE
    return np.asarray(np.einsum(subscripts, *arrays, optimize=large))


LARGE = 1000
"""From so many entries on, finding the best order of a product takes less time than it saves."""


def uneinsum(subscripts: str, cotangent: ArrayLike, like: ArrayLike, /) -> Array:
    """What einsum(subscripts, like) does to derivatives: the cotangent's entries on the diagonals that a label spans that
    stands twice, the same along the axes that are summed.

    >>> uneinsum("ii->i", [5.0, 6.0], [[0.0, 0.0], [0.0, 0.0]]).tolist()
    [[5.0, 0.0], [0.0, 6.0]]
    """
    given, like = np.asarray(cotangent), np.asarray(like)
    (labels,), output = einsum_labels(subscripts, 1)
    before, dots, after = labels.partition("...")
    if "..." in output and not dots:  # axes that only other operands have
        output = output.replace("...", "")
        given = np.sum(given, axis=tuple(range(given.ndim - len(output))))
    if like.ndim == 0 and not before + after:
        return np.asarray(np.sum(given))
    once = "".join(dict.fromkeys(before)) + dots + "".join(c for c in dict.fromkeys(after) if c not in before)
    result = np.zeros(like.shape, np.result_type(given, float) if given.dtype != object else object)
    diagonals = np.einsum(f"{labels}->{once}", result)
    start, _, end = once.partition("...")
    kept = "".join(c for c in start if c in output) + dots + "".join(c for c in end if c in output)
    arranged = np.asarray(np.einsum(f"{output}->{kept}", given))
    first, last = ([slice(None) if c in output else None for c in part] for part in (start, end))
    arranged = arranged[(*first, *([Ellipsis] if dots else []), *last)]
    extra = arranged.ndim - diagonals.ndim
    arranged = np.sum(arranged, axis=tuple(range(len(start), len(start) + extra)))
    stretched = tuple(i for i, n in enumerate(diagonals.shape) if n == 1 and arranged.shape[i] != 1)
    diagonals[...] = np.sum(arranged, axis=stretched, keepdims=True)
    return result


def _half(array: Array) -> int:
    if array.shape[-1] % 2:
        raise ValueError(f"a matrix of {array.shape[-1]} columns has no quarters")
    return int(array.shape[-1] // 2)


def norm(array: ArrayLike, ord: object = None, axis: Any = None, keepdims: bool = False) -> Array:
    """numpy.linalg.norm, which takes the text 'inf' or '-inf' for the number, and the Frobenius norm over any number of axes.

    >>> float(norm([3.0, -4.0])), float(norm([3.0, -4.0], 'inf'))
    (5.0, 4.0)
    """
    array = np.asarray(array)
    if ord in (None, "fro"):
        return np.asarray(np.sqrt(np.sum(array * array, axis=axis, keepdims=keepdims)))
    order: Any = float(ord) if isinstance(ord, str) and ord in ("inf", "-inf") else ord
    if axis is None and array.ndim == 0:
        return np.asarray(np.abs(array))
    axes = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    return np.asarray(np.linalg.norm(array, order, axes, keepdims))


LINALG_KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        einsum, uneinsum,
        cholesky, half_tril, logabsdet, det_sign,
        eigvalsh, eigenvectors, svdvals, right_vectors, all_left_vectors, qr_q, qr_r, gaps, solve_triangular, embed, corner, halves, norm,
    )
}  # fmt: skip
"""What a rule file may name with the prefix `kernels`."""
