"""Kernels of functions that have a degree or an order that is an integer: orthogonal polynomials, and functions with recurrences.

They take the integers as floats, and are nan where these are none. Polynomials of a degree below 0 are 0, which makes
the derivatives of those of degree 0 right. SciPy is imported when a kernel is called.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]


def _degree(n: ArrayLike, *others: ArrayLike) -> tuple[Array, Array, list[Array]]:
    """Degrees as integers, where they are integers, and the other arguments, all in one shape."""
    n, *arrays = np.broadcast_arrays(np.asarray(n, dtype=float), *[np.asarray(x, dtype=float) for x in others])
    known = np.isfinite(n) & (n == np.floor(n))
    return known, np.where(known, n, 0.0).astype(np.int64), list(arrays)


def _polynomial(name: str, n: ArrayLike, *others: ArrayLike) -> Any:
    """The ufunc of scipy.special with this name, of an integer degree."""
    from scipy import special

    known, degrees, arrays = _degree(n, *others)
    values = getattr(special, name)(np.maximum(degrees, 0), *arrays)
    return np.where(known, np.where(degrees < 0, 0.0, values), np.nan)


def legendre(n: ArrayLike, x: ArrayLike) -> Any:
    """Legendre's polynomial."""
    return _polynomial("eval_legendre", n, x)


def chebyshevt(n: ArrayLike, x: ArrayLike) -> Any:
    """Chebyshev's polynomial of the first kind."""
    return _polynomial("eval_chebyt", n, x)


def chebyshevu(n: ArrayLike, x: ArrayLike) -> Any:
    """Chebyshev's polynomial of the second kind."""
    return _polynomial("eval_chebyu", n, x)


def hermite(n: ArrayLike, x: ArrayLike) -> Any:
    """Hermite's polynomial for the weight exp(-x^2)."""
    return _polynomial("eval_hermite", n, x)


def hermite_prob(n: ArrayLike, x: ArrayLike) -> Any:
    """Hermite's polynomial for the weight exp(-x^2/2)."""
    return _polynomial("eval_hermitenorm", n, x)


def laguerre(n: ArrayLike, x: ArrayLike) -> Any:
    """Laguerre's polynomial."""
    return _polynomial("eval_laguerre", n, x)


def assoc_laguerre(n: ArrayLike, a: ArrayLike, x: ArrayLike) -> Any:
    """The associated Laguerre polynomial."""
    return _polynomial("eval_genlaguerre", n, a, x)


def gegenbauer(n: ArrayLike, a: ArrayLike, x: ArrayLike) -> Any:
    """Gegenbauer's polynomial; beside a = 0, where SciPy rounds n + 2*a, by those of a + 1.

    >>> float(gegenbauer(2.0, 0.5, 0.5)), round(float(gegenbauer(2.0, 1e-6, 0.5)), 15)
    (-0.125, -4.999995e-07)
    """
    n, a, x = (np.asarray(v, dtype=float) for v in (n, a, x))
    plain = _polynomial("eval_gegenbauer", n, a, x)
    small = (np.abs(a) < 1 / 4) & (n > 0)
    if not small.any():
        return plain
    above = _polynomial("eval_gegenbauer", n, a + 1, x) - _polynomial("eval_gegenbauer", n - 2, a + 1, x)
    return np.where(small, above * np.divide(a, n + a, out=np.zeros(small.shape), where=small), plain)


def jacobi(n: ArrayLike, a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Any:
    """Jacobi's polynomial.

    >>> float(jacobi(2.0, 0.0, 0.0, 0.5)), float(jacobi(-1.0, 0.0, 0.0, 0.5)), float(jacobi(0.5, 0.0, 0.0, 0.5))
    (-0.125, 0.0, nan)
    """
    turned = np.asarray(a) < np.asarray(b)  # SciPy's recurrence loses digits where a is near -1
    sign = np.where(turned & (np.asarray(n) % 2 == 1), -1.0, 1.0)
    return sign * _polynomial("eval_jacobi", n, np.where(turned, b, a), np.where(turned, a, b), np.where(turned, np.negative(x), x))


def assoc_legendre(n: ArrayLike, m: ArrayLike, x: ArrayLike) -> Any:
    """The associated Legendre function of integer degree and order, 0 where the order is above the degree."""
    from scipy import special

    known, degrees, (orders, x) = _degree(n, m, x)
    known = known & (orders == np.floor(orders))
    inside = known & (degrees >= orders) & (orders >= 0)
    values = special.lpmv(np.where(inside, orders, 0.0), np.where(inside, degrees, 0).astype(float), x)
    return np.where(known, np.where(inside, values, 0.0), np.nan)


def spherical_yn(n: ArrayLike, x: ArrayLike) -> Any:
    """The spherical Bessel function of the second kind of integer order n and positive x; nan for others."""
    from scipy import special

    known, orders, (x,) = _degree(n, x)
    inside = known & (x > 0)
    x = np.where(inside, x, 1.0)
    values = special.spherical_yn(np.maximum(orders, 0), x)
    below = (-1.0) ** (orders + 1) * special.spherical_jn(np.maximum(-orders - 1, 0), x)
    return np.where(inside, np.where(orders < 0, below, values), np.nan)


def expn(n: ArrayLike, x: ArrayLike) -> Any:
    """The exponential integral of integer order and positive x: SciPy's, and for n <= 0 a finite sum.

    >>> print(f"{expn(-1.0, 1.0):.12f} {2 * np.exp(-1.0):.12f}")
    0.735758882343 0.735758882343
    """
    from scipy import special

    known, orders, (x,) = _degree(n, x)
    inside = known & (x > 0)
    x = np.where(inside, x, 1.0)
    result = np.where(inside, special.expn(np.maximum(orders, 1), x), np.nan)
    for order in np.unique(orders[inside & (orders <= 0)]):
        k = -int(order)
        total = np.zeros(x.shape)
        for j in range(k + 1):  # k!/j! * x^(j - k - 1)
            total = total + factorial(k) / factorial(j) * x ** (j - k - 1.0)
        result = np.where(inside & (orders == order), np.exp(-x) * total, result)
    return result


DEGREE_KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(legendre, assoc_legendre, chebyshevt, chebyshevu, hermite, hermite_prob, laguerre, assoc_laguerre, gegenbauer, jacobi),
        *(spherical_yn, expn),
    )
}
"""What a rule file may name with the prefix `kernels`."""
