"""Derivatives of special functions by their orders and parameters, of any order k = 0, 1, 2, ..., where SciPy has the functions alone.

They are integrals of elementary functions, and differentiating below the integral sign costs nothing: for incomplete gamma and beta
functions over a tail in which the integrand only falls, for Bessel functions Schlaefli's integrals. Each value is computed by itself,
in some hundred operations on arrays of nodes. nan outside of the domains. SciPy is imported when a kernel is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import asinh, comb, cosh, exp, isfinite, log, log1p, nan, pi, sinh, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]

_PANELS, _NODES = 40, 16


def each_number(function: Callable[..., float]) -> Callable[..., Any]:
    """The function of numbers as one of arrays, broadcast; the first argument is the order of the derivative, an integer."""

    def call(*args: ArrayLike) -> Any:
        arrays = np.broadcast_arrays(*[np.asarray(a, dtype=float) for a in args])
        result = np.empty(arrays[0].shape)
        for index in np.ndindex(*result.shape):
            given = [float(a[index]) for a in arrays]
            known = all(map(isfinite, given)) and given[0] >= 0 and given[0] == int(given[0])
            result[index] = function(int(given[0]), *given[1:]) if known else nan
        return result

    call.__name__ = function.__name__
    call.__doc__ = function.__doc__
    return call


# ---- integrals ----


@cache
def _half_line() -> tuple[Array, Array]:
    """Nodes and weights for integrals from 0 to infinity of what falls like exp(-w): w = exp(t - exp(-t)), by the trapezoidal rule."""
    step = 1 / 24
    t = np.arange(-5 / step, 6.6 / step) * step
    w = np.exp(t - np.exp(-t))
    return w, step * w * (1 + np.exp(-t))


def _scale(fall: Callable[[float], float], start: float) -> float:
    """The distance over which an exponent, which is concave and only falls from 0 on, has fallen by 1."""
    high = start
    while fall(high) < 1:
        high *= 2
    low = high / 2
    while low > 0 and fall(low) > 1:
        high, low = low, low / 2
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if fall(middle) < 1 else (low, middle)
    return high


@cache
def _gauss() -> tuple[Array, Array]:
    """Gauss and Legendre's nodes and weights for the integral from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2


def _panels(length: float, count: int) -> tuple[Array, Array]:
    """Nodes and weights for the integral from 0 to a length, in equal panels."""
    nodes, weights = _gauss()
    size = length / count
    return ((np.arange(count)[:, None] + nodes) * size).ravel(), np.tile(weights * size, count)


def _exponential(slopes: Sequence[Any], k: int) -> Any:
    """The k-th derivative of exp(f), over exp(f), from the derivatives f', f'', ... (k of them)."""
    terms: list[Any] = [1.0]
    for n in range(k):
        total, factor = 0.0, 1.0
        for i in range(n + 1):
            total = total + factor * slopes[i] * terms[n - i]
            factor = factor * (n - i) / (i + 1)
        terms.append(total)
    return terms[k]


# ---- incomplete gamma and beta functions ----


def _gamma_tail(a: float, x: float, terms: Callable[[Any], Any], less: float) -> tuple[bool, float]:
    """Whether the tail is the upper one, and the integral of terms(log(t)) * t^(a - 1) * exp(-t - less) over t > x, or else from 0 to x.

    With t = exp(s) the weight is exp(a*s - exp(s)), whose exponent is concave with its maximum at log(a).
    """
    upper = x > a or (a < 1 and a * log(x) > -1)  # for small a the lower part is nearly all, and its derivatives cancel
    start, sign = log(x), 1.0 if upper else -1.0
    w, weights = _half_line()
    with np.errstate(over="ignore", under="ignore"):
        if upper and x < 1:  # nearly flat up to t = 1
            inner, inner_weights = _panels(-start, 4 + int(-start))
            s, weights = np.concatenate([start + inner, w]), np.concatenate([inner_weights, weights])
            return upper, float(np.sum(weights * np.exp(a * s - np.exp(s)) * terms(s))) * exp(-less)
        length = _scale(lambda d: x * np.expm1(sign * d) - sign * a * d, 1 / (abs(a - x) + sqrt(a) + 1e-300))
        move = sign * length * w
        total = float(np.sum(weights * np.exp(a * move - x * np.expm1(move)) * terms(start + move))) * length
        return upper, total * float(np.exp(a * start - x - less))


def _regularised(k: int, a: float, x: float) -> tuple[bool, float]:
    from scipy import special

    return _gamma_tail(a, x, lambda log_t: _gamma_terms(k, a, log_t), float(special.gammaln(a + 1)))


def _gamma_terms(k: int, a: float, log_t: Any) -> Any:
    """The k-th derivative by a of t^a / gamma(a) = a * t^a / gamma(a + 1), over t^a / gamma(a + 1): so nothing cancels for small a."""
    from scipy import special

    slopes = [log_t - special.psi(a + 1), *(-special.polygamma(i, a + 1) for i in range(1, k))]
    return a * _exponential(slopes, k) + (k * _exponential(slopes, k - 1) if k else 0.0)


def gammainc_a(k: int, a: float, x: float) -> float:
    """The k-th derivative of gammainc(a, x) by a."""
    if a <= 0 or x < 0:
        return nan
    upper, tail = _regularised(k, a, x) if x else (False, 0.0)
    return float(k == 0) - tail if upper else tail


def gammaincc_a(k: int, a: float, x: float) -> float:
    """The k-th derivative of gammaincc(a, x) by a."""
    if a <= 0 or x < 0:
        return nan
    upper, tail = _regularised(k, a, x) if x else (False, 0.0)
    return tail if upper else float(k == 0) - tail


def _whole_gamma(k: int, s: float) -> float:
    """The k-th derivative of gamma(s)."""
    from scipy import special

    slopes = [special.psi(s), *(special.polygamma(i, s) for i in range(1, k))]
    return float(special.gamma(s) * _exponential(slopes, k))


def gamma_lower_s(k: int, s: float, x: float) -> float:
    """The k-th derivative of gamma_lower(s, x) by s."""
    if s <= 0 or x < 0:
        return nan
    upper, tail = _gamma_tail(s, x, lambda log_t: log_t**k, 0.0) if x else (False, 0.0)
    return _whole_gamma(k, s) - tail if upper else tail


def gamma_upper_s(k: int, s: float, x: float) -> float:
    """The k-th derivative of gamma_upper(s, x) by s."""
    if s <= 0 or x < 0:
        return nan
    upper, tail = _gamma_tail(s, x, lambda log_t: log_t**k, 0.0) if x else (False, 0.0)
    return tail if upper else _whole_gamma(k, s) - tail


def gamma_density_a(k: int, a: float, x: float) -> float:
    """The k-th derivative by a of the density of the gamma distribution, x^(a - 1) * exp(-x) / gamma(a)."""
    from scipy import special

    if a <= 0 or x <= 0:
        return nan
    return float(exp((a - 1) * log(x) - x - special.gammaln(a + 1)) * _gamma_terms(k, a, log(x)))


def betainc_ab(j: int, k: float, a: float, b: float, x: float) -> float:
    """The derivative of betainc(a, b, x), j times by a and k times by b.

    With t = 1 / (1 + exp(-s)) it is the integral of t^a * (1 - t)^b / beta(a, b), whose exponent is concave with its maximum at log(a/b).
    """
    if a <= 0 or b <= 0 or not 0 <= x <= 1 or k < 0 or k != int(k):
        return nan
    whole = float(j == 0 and k == 0)
    if x in (0.0, 1.0):
        return whole * x
    upper = x * b > (1 - x) * a
    sign = 1.0 if upper else -1.0

    def exponent(d: Any) -> Any:  # a*log(t) + b*log(1 - t), less what it is at x
        move = sign * d
        return a * move - (a + b) * np.logaddexp(log1p(-x), log(x) + move)

    w, weights = _half_line()
    slope = abs(b * x - a * (1 - x))
    length = _scale(lambda d: -float(exponent(d)), 1 / (slope + sqrt((a + b) * x * (1 - x)) + 1e-300))
    place = log(x) - log1p(-x) + sign * length * w
    with np.errstate(under="ignore"):
        terms = _beta_terms(j, int(k), a, b, -np.logaddexp(0.0, -place), -np.logaddexp(0.0, place))
        tail = float(np.sum(weights * np.exp(exponent(length * w)) * terms)) * length
    tail *= _beta_weight(a, b, x)
    return whole - tail if upper else tail


def beta_density_ab(j: int, k: float, a: float, b: float, x: float) -> float:
    """The derivative of the density of the beta distribution, x^(a - 1) * (1 - x)^(b - 1) / beta(a, b), j times by a and k times by b."""
    if a <= 0 or b <= 0 or not 0 < x < 1 or k < 0 or k != int(k):
        return nan
    return float(_beta_weight(a, b, x) / (x * (1 - x)) * _beta_terms(j, int(k), a, b, log(x), log1p(-x)))


def _beta_weight(a: float, b: float, x: float) -> float:
    from scipy import special

    return exp(a * log(x) + b * log1p(-x) - float(special.betaln(a, b)))


def _beta_terms(j: int, k: int, a: float, b: float, below: Any, above: Any) -> Any:
    """The derivative of t^a * (1 - t)^b / beta(a, b), over that, j times by a and k times by b, from log(t) and log(1 - t)."""
    from scipy import special

    def by(i: int, n: int) -> Any:  # derivatives of the logarithm
        both = special.polygamma(i + n - 1, a + b)
        if i and n:
            return both
        first = (below if i else above) if i + n == 1 else 0.0
        return first + both - special.polygamma(i + n - 1, a if i else b)

    terms: dict[tuple[int, int], Any] = {(0, 0): 1.0}
    for n in range(1, k + 1):
        terms[0, n] = sum(comb(n - 1, q) * by(0, q + 1) * terms[0, n - 1 - q] for q in range(n))
    for i in range(1, j + 1):
        for n in range(k + 1):
            inner = ((p, q) for p in range(i) for q in range(n + 1))
            terms[i, n] = sum(comb(i - 1, p) * comb(n, q) * by(p + 1, q) * terms[i - 1 - p, n - q] for p, q in inner)
    return terms[j, k]


# ---- Bessel functions ----


def _outside(v: float, x: float) -> bool:
    """Where the integrals would take too many nodes."""
    return not (abs(v) < 200 and 0 < x < 1000)


def _turned(k: int, angle: Array) -> Array:
    """The k-th derivative of the cosine."""
    return np.asarray((np.cos, lambda t: -np.sin(t), lambda t: -np.cos(t), np.sin)[k % 4](angle))


def _circle(v: float, x: float) -> tuple[Array, Array]:
    """Nodes and weights from 0 to pi for what turns up to |v| + x times."""
    return _panels(pi, 4 + int((abs(v) + x) / 4))


def _ray(v: float, x: float, rise: Callable[[float], float] = sinh) -> tuple[Array, Array]:
    """Nodes and weights for integrals over t > 0 of exp(|v|*t - x*rise(t)), where `rise` is sinh or cosh."""
    end = asinh(750 / x)
    while x * rise(end) - abs(v) * end < 750:
        end *= 1.1
    return _panels(end, max(_PANELS, int(2 * end)))


def _power_series(k: int, v: float, x: float, sign: float, less: float = 0.0) -> float:
    """The k-th derivative by v >= 0 of the sum of (x/2)^(v + 2*n) * sign^n / (n! * gamma(n + v + 1)), times exp(-less)."""
    from scipy import special

    n = np.arange(30 + int(x))
    half = log(x / 2)
    size = np.exp((v + 2 * n) * half - special.gammaln(n + 1) - special.gammaln(n + v + 1) - less) * sign**n
    slopes = [half - special.psi(n + v + 1), *(-special.polygamma(i, n + v + 1) for i in range(1, k))]
    return float(np.sum((size * _exponential(slopes, k))[::-1]))


def jv_v(k: int, v: float, x: float) -> float:
    """The k-th derivative of jv(v, x) by v, for 0 < x < 1000 and |v| < 200."""
    if _outside(v, x):
        return nan
    if v >= 0 and x * x < 32 * (v + 1):  # the greatest term is at most 3000 times the sum
        return _power_series(k, v, x, -1.0)
    t, weights = _circle(v, x)
    circle = float(np.sum(weights * t**k * _turned(k, v * t - x * np.sin(t)))) / pi
    t, weights = _ray(v, x)
    return circle - float(np.sum(weights * np.exp(-v * t - x * np.sinh(t)) * np.imag((1j * pi - t) ** k * np.exp(1j * pi * (v % 2))))) / pi


def yv_v(k: int, v: float, x: float) -> float:
    """The k-th derivative of yv(v, x) by v, for 0 < x < 1000 and |v| < 200."""
    if _outside(v, x):
        return nan
    t, weights = _circle(v, x)
    circle = float(np.sum(weights * t**k * _turned(k, v * t - x * np.sin(t) + pi / 2))) / pi
    t, weights = _ray(v, x)
    falling = np.exp(-v * t - x * np.sinh(t)) * np.real((1j * pi - t) ** k * np.exp(1j * pi * (v % 2)))
    return circle - float(np.sum(weights * (t**k * np.exp(v * t - x * np.sinh(t)) + falling))) / pi


def iv_v(k: int, v: float, x: float) -> float:
    """The k-th derivative of iv(v, x) by v, for 0 < x < 1000 and |v| < 200; infinite where it overflows, from x = 710 on."""
    with np.errstate(over="ignore"):
        return ive_v(k, v, x) * float(np.exp(x))


def ive_v(k: int, v: float, x: float) -> float:
    """The k-th derivative of ive(v, x) by v, for 0 < x < 1000 and |v| < 200."""
    if _outside(v, x):
        return nan
    if v >= 0 and (x < 2 + 4 * v or v * v > 4 * x):  # else the circle cancels at most to a tenth
        return _power_series(k, v, x, 1.0, x)  # the sum alone overflows
    t, weights = _circle(v, x)
    circle = float(np.sum(weights * t**k * _turned(k, v * t) * np.exp(x * (np.cos(t) - 1)))) / pi
    t, weights = _ray(v, x, cosh)
    ray = np.exp(-v * t - x * np.cosh(t) - x) * np.imag((1j * pi - t) ** k * np.exp(1j * pi * (v % 2)))
    return circle - float(np.sum(weights * ray)) / pi


def kve_v(k: int, v: float, x: float) -> float:
    """The k-th derivative of kve(v, x) by v, for x > 0: half the integral of t^k * exp(v*t - x*(cosh(t) - 1)) over all t."""
    if _outside(v, x):
        return nan
    sign, v = -1 if k % 2 and v < 0 else 1, abs(v)
    peak = asinh(v / x)
    top = v * peak - 2 * x * sinh(peak / 2) ** 2
    end = max(2 * peak, asinh(50 / x))
    while 2 * x * sinh(end / 2) ** 2 - v * end + top < 50:
        end *= 1.1
    t, step = np.linspace(0.0, end, 1 + max(400, int(60 * end)), retstep=True)
    fall = 2 * x * np.sinh(t / 2) ** 2
    both = np.exp(v * t - fall)
    both *= -np.expm1(-2 * v * t) if k % 2 else 1 + np.exp(-2 * v * t)
    both[0] /= 2
    return sign * float(np.sum(both * t**k)) * float(step) / 2


def kv_v(k: int, v: float, x: float) -> float:
    """The k-th derivative of kv(v, x) by v, for 0 < x < 1000 and |v| < 200."""
    return kve_v(k, v, x) * exp(-x)


PARAMETER_KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: each_number(function)
    for function in (
        *(gammainc_a, gammaincc_a, gamma_lower_s, gamma_upper_s, gamma_density_a, betainc_ab, beta_density_ab),
        *(jv_v, yv_v, iv_v, ive_v, kv_v, kve_v),
    )
}
"""What a rule file may name with the prefix `kernels`."""
