"""Kernels of special functions: what scipy.special gives only together with others, or not at all. SciPy is imported when one is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import comb, factorial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]

_HEAD = 10  # terms of Hurwitz's zeta function that are summed before Euler and Maclaurin's formula takes the rest
_TERMS = 60  # of a power series at 1/2, or in log(z)/(2*pi) there: enough for float64


def airyai(x: ArrayLike) -> Any:
    """The Airy function Ai."""
    from scipy import special

    return special.airy(x)[0]


def airyaiprime(x: ArrayLike) -> Any:
    """The derivative of Ai."""
    from scipy import special

    return special.airy(x)[1]


def airybi(x: ArrayLike) -> Any:
    """The Airy function Bi."""
    from scipy import special

    return special.airy(x)[2]


def airybiprime(x: ArrayLike) -> Any:
    """The derivative of Bi."""
    from scipy import special

    return special.airy(x)[3]


def spherical_jn(n: ArrayLike, x: ArrayLike) -> Any:
    """The spherical Bessel function of integer order n, of any sign as x; nan for other n.

    >>> print(f"{spherical_jn(1, -0.001) / -0.001:.12f}")
    0.333333300000
    """
    from scipy import special

    n, x = np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(x, dtype=float))
    known = n == np.floor(n)
    orders = np.where(known, n, 0.0).astype(int)
    values = np.where(orders < 0, (-1.0) ** orders * special.spherical_yn(np.maximum(-orders - 1, 0), np.abs(x)), 0.0)
    values = np.where(orders < 0, values, special.spherical_jn(np.maximum(orders, 0), np.abs(x)))
    return np.where(known, np.where((x < 0) & (orders % 2 == 1), -values, values), np.nan)


def si(x: ArrayLike) -> Any:
    """The sine integral."""
    from scipy import special

    return special.sici(x)[0]


def ci(x: ArrayLike) -> Any:
    """The cosine integral, nan for negative x."""
    from scipy import special

    return np.where(np.asarray(x) < 0, np.nan, special.sici(x)[1])


def shi(x: ArrayLike) -> Any:
    """The hyperbolic sine integral."""
    from scipy import special

    return special.shichi(x)[0]


def chi(x: ArrayLike) -> Any:
    """The hyperbolic cosine integral, nan for negative x."""
    from scipy import special

    return np.where(np.asarray(x) < 0, np.nan, special.shichi(x)[1])


def li(x: ArrayLike) -> Any:
    """The logarithmic integral, the exponential integral of the logarithm."""
    from scipy import special

    return special.expi(np.log(x))


def fresnel_s(x: ArrayLike) -> Any:
    """Fresnel's sine integral."""
    from scipy import special

    return special.fresnel(x)[0]


def fresnel_c(x: ArrayLike) -> Any:
    """Fresnel's cosine integral."""
    from scipy import special

    return special.fresnel(x)[1]


def gamma_lower(s: ArrayLike, x: ArrayLike) -> Any:
    """The lower incomplete gamma function, nan where s is not positive."""
    from scipy import special

    return _times_gamma(s, special.gammainc(s, x))


def gamma_upper(s: ArrayLike, x: ArrayLike) -> Any:
    """The upper incomplete gamma function, nan where s is not positive."""
    from scipy import special

    return _times_gamma(s, special.gammaincc(s, x))


def _times_gamma(s: ArrayLike, part: Any) -> Any:
    """gamma(s) times a part from 0 to 1, also where gamma(s) alone overflows."""
    from scipy import special

    s = np.where(np.asarray(s) > 0, s, np.nan)
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(s < 170, special.gamma(np.minimum(s, 170.0)) * part, np.exp(special.gammaln(s) + np.log(part)))


def lambertw(x: ArrayLike) -> Any:
    """The real branch w >= -1 of Lambert's W, nan below -exp(-1)."""
    from scipy import special

    w = special.lambertw(x)
    return np.where(w.imag == 0, w.real, np.nan)


# ---- elliptic integrals, by Carlson's symmetric ones ----


def ellipd(m: ArrayLike) -> Any:
    """The complete elliptic integral D = (K - E) / m, nan for m > 1.

    >>> float(ellipd(0.0)) == np.pi / 4
    True
    """
    from scipy import special

    m = np.asarray(m, dtype=float)
    return special.elliprd(0.0, np.where(m > 1, np.nan, 1 - m), 1.0) / 3


def ellipf(phi: ArrayLike, m: ArrayLike) -> Any:
    """The incomplete elliptic integral of the first kind; for m > 1 too, up to the first pole of the integrand."""
    from scipy import special

    turns, s, c2, d2, m = _reduced(phi, m)
    return _turned(turns, s * special.elliprf(c2, d2, 1.0), special.ellipk, m)


def ellipeinc(phi: ArrayLike, m: ArrayLike) -> Any:
    """The incomplete elliptic integral of the second kind; for m > 1 too, up to the first zero of the integrand."""
    from scipy import special

    turns, s, c2, d2, m = _reduced(phi, m)
    part = s * special.elliprf(c2, d2, 1.0) - m * s**3 / 3 * special.elliprd(c2, d2, 1.0)
    return _turned(turns, part, special.ellipe, m)


def ellipdinc(phi: ArrayLike, m: ArrayLike) -> Any:
    """The incomplete elliptic integral D = (F - E) / m; for m > 1 too, up to the first pole of the integrand."""
    from scipy import special

    turns, s, c2, d2, m = _reduced(phi, m)
    return _turned(turns, s**3 / 3 * special.elliprd(c2, d2, 1.0), ellipd, m)


def _reduced(phi: ArrayLike, m: ArrayLike) -> tuple[Array, Array, Array, Array, Array]:
    """The whole half turns in phi; of the rest sin, cos^2 and 1 - m*sin^2; and m."""
    phi, m = np.broadcast_arrays(np.asarray(phi, dtype=float), np.asarray(m, dtype=float))
    turns = np.rint(phi / np.pi)
    s, c = np.sin(phi - turns * np.pi), np.cos(phi - turns * np.pi)
    return turns, s, c * c, 1 - m * s * s, m


def _turned(turns: Array, part: Array, complete: Callable[[Array], Array], m: Array) -> Array:
    """The integral over the rest and over so many half turns, of which each gives twice the complete integral."""
    if not turns.any():
        return part
    return np.where(turns == 0, part, part + 2 * turns * np.where(turns == 0, 0.0, complete(m)))


# ---- polylogarithms ----


def polylog(s: ArrayLike, z: ArrayLike) -> Any:
    """The polylogarithm of integer order of z < 1 (of z = 1 too for s > 1), nan where s is no integer or below -12, where digits are lost.

    >>> float(polylog(2, 1.0)), float(polylog(-1, 0.5)), float(polylog(1, -1.0))
    (1.6449340668482264, 2.0, -0.6931471805599453)
    """
    s, z = np.broadcast_arrays(np.asarray(s, dtype=float), np.asarray(z, dtype=float))
    result = np.full(s.shape, np.nan)
    for order in np.unique(s[np.isfinite(s)]):
        if order == np.floor(order) and order >= -12:
            chosen = (s == order) & (z <= 1)
            result[chosen] = _polylog(int(order), z[chosen])
    return result


def polylog_z(k: ArrayLike, s: ArrayLike, z: ArrayLike) -> Any:
    """The k-th derivative of the polylogarithm of integer order by z < 1: near 0 by its series, else by polylogarithms of lower orders.

    >>> polylog_z(1.0, 2.0, 0.0).tolist(), polylog_z(2.0, 2.0, 0.0).tolist()
    (1.0, 0.5)
    """
    k, s, z = np.broadcast_arrays(*[np.asarray(a, dtype=float) for a in (k, s, z)])
    result = np.full(z.shape, np.nan)
    whole = (k == np.floor(k)) & (s == np.floor(s)) & (k >= 0)
    for count in np.unique(k[whole]):
        chosen, n = whole & (k == count), int(count)
        near = chosen & (np.abs(z) <= 0.5)
        total = np.zeros(int(near.sum()))
        for i in range(_TERMS + 40, max(n, 1) - 1, -1):
            total = total * z[near] + factorial(i) // factorial(i - n) * float(i) ** -s[near]
        result[near] = total * z[near] ** (1 - min(n, 1))
        far = chosen & ~near & (z < 1)
        stirling = [1]  # those of the first kind, with their signs: z^n times the derivative is made of z*d/dz
        for j in range(n):
            stirling = [(stirling[i - 1] if i else 0) - j * (stirling[i] if i < len(stirling) else 0) for i in range(len(stirling) + 1)]
        result[far] = sum((c * polylog(s[far] - i, z[far]) for i, c in enumerate(stirling) if c), np.zeros(int(far.sum()))) / z[far] ** n
    return result


def dilog(x: ArrayLike) -> Any:
    """The dilogarithm of x <= 1, nan elsewhere."""
    return polylog(2.0, x)


def _polylog(s: int, z: Array) -> Array:
    """The polylogarithm of order s of z <= 1."""
    if s <= 0:
        return _negative_polylog(-s, z)
    if s == 1:
        return -np.log1p(-z)
    far = z < -1
    with np.errstate(divide="ignore"):
        inside = _inside(s, np.where(far, 1 / np.where(far, z, 1.0), z))
    if not far.any():
        return inside
    log = np.log(np.where(far, -z, 1.0))
    terms = [(1 - 2.0 ** (1 - 2 * k)) * _zeta(2 * k) * log ** (s - 2 * k) / factorial(s - 2 * k) for k in range(1, s // 2 + 1)]
    return np.where(far, -(log**s) / factorial(s) - 2 * sum(terms, np.zeros(z.shape)) - (-1) ** s * inside, inside)


def _inside(s: int, z: Array) -> Array:
    """The polylogarithm of order s > 1 for -1 <= z <= 1: its series near 0, else that in log(z), with z^2 for negative z."""
    near = np.abs(z) <= 0.5
    result = _series(s, np.where(near, z, 0.0))
    if near.all():
        return result
    negative = ~near & (z < 0)
    size = np.where(near, 0.75, np.abs(z))
    positive = _near_one(s, np.log(size))
    if not negative.any():
        return np.where(near, result, positive)
    squares = np.where(negative, z * z, 0.0)
    square = np.where(squares <= 0.5, _series(s, np.minimum(squares, 0.5)), _near_one(s, np.log(np.maximum(squares, 0.5))))
    return np.where(near, result, np.where(negative, 2.0 ** (1 - s) * square - positive, positive))


def _series(s: int, z: Array) -> Array:
    """The sum of z^k / k^s, for |z| <= 1/2."""
    total = np.zeros(z.shape)
    for k in range(_TERMS, 0, -1):
        total = (total + float(k) ** -s) * z
    return total


def _near_one(s: int, log: Array) -> Array:
    """The polylogarithm as a series in log(z), for 1/2 <= z <= 1."""
    total = np.zeros(log.shape)
    for coefficient in reversed(_coefficients(s)):
        total = total * log + coefficient
    harmonic = sum(1 / k for k in range(1, s))
    with np.errstate(divide="ignore", invalid="ignore"):
        special_term = np.where(log == 0, 0.0, log ** (s - 1) * (harmonic - np.log(-log))) / factorial(s - 1)
    return np.asarray(total + special_term)


@cache
def _coefficients(s: int) -> tuple[float, ...]:
    """Those of the powers of log(z), but for the one that a logarithm stands beside."""
    return tuple(0.0 if k == s - 1 else _zeta(s - k) / factorial(k) for k in range(_TERMS))


def _zeta(n: int) -> float:
    """Riemann's zeta function at an integer that is not 1."""
    from scipy import special

    return float(special.zeta(float(n)) if n > 1 else (-1) ** n * special.bernoulli(1 - n)[-1] / (1 - n))


def _negative_polylog(n: int, z: Array) -> Array:
    """The polylogarithm of order -n: z times a polynomial with Eulerian numbers, over (1 - z)^(n + 1)."""
    total = np.full(z.shape, float(n == 0))
    for k in range(n):  # the coefficient of z^(n - 1 - k), which is that of z^k too
        total = total * z + float(sum((-1) ** j * comb(n + 1, j) * (k + 1 - j) ** n for j in range(k + 1)))
    return np.asarray(z * total / (1 - z) ** (n + 1))


def hurwitz_zeta(s: ArrayLike, a: ArrayLike) -> Any:
    """Hurwitz's zeta function for s > 0 and a > 0: SciPy's where s > 1, else by Euler and Maclaurin's formula; nan elsewhere.

    >>> print(f"{hurwitz_zeta(0.5, 1.0):.15f}")
    -1.460354508809587
    """
    from scipy import special

    s, a = np.broadcast_arrays(np.asarray(s, dtype=float), np.asarray(a, dtype=float))
    inside = (s > 0) & (a > 0)
    low = inside & (s < 1)
    result = np.where(inside, special.zeta(np.where(low, 2.0, s), a), np.nan)
    if not low.any():
        return result
    power, base = np.where(low, s, 0.5), np.where(low, a, 1.0)
    far = base + _HEAD
    total = sum((base + k) ** -power for k in range(_HEAD)) + far ** (1 - power) / (power - 1) + far**-power / 2
    term = power * far ** (-power - 1)
    for j in range(1, 12):
        total = total + special.bernoulli(2 * j)[-1] / factorial(2 * j) * term
        term = term * (power + 2 * j - 1) * (power + 2 * j) / far**2
    return np.where(low, total, result)


# ---- hypergeometric functions ----


def hyp2f1(a: ArrayLike, b: ArrayLike, c: ArrayLike, z: ArrayLike) -> Any:
    """Gauss's function for c > 0 and a, b > -5, nan elsewhere: there SciPy's has a few digits only, or none.
    >>> float(hyp2f1(1.0, 1.0, -0.5, 0.5))
    nan
    """
    from scipy import special

    inside = (np.asarray(c) > 0) & (np.asarray(a) > -5) & (np.asarray(b) > -5)
    return special.hyp2f1(a, b, np.where(inside, c, np.nan), z)


SPECIAL_KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(airyai, airyaiprime, airybi, airybiprime, spherical_jn),
        *(si, ci, shi, chi, li, fresnel_s, fresnel_c, ellipd, ellipdinc, ellipf, ellipeinc),
        *(gamma_lower, gamma_upper, lambertw, polylog, polylog_z, dilog, hurwitz_zeta, hyp2f1),
    )
}
"""What a rule file may name with the prefix `kernels`."""
