"""Kernels that keep their digits where the formula, or SciPy's function, loses them. SciPy is imported when one is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def log1mexp(x: ArrayLike) -> Any:
    """log(1 - exp(x)) for negative x, exact both near 0 and far from it.

    >>> float(log1mexp(-1e-20)), float(log1mexp(-50.0))
    (-46.051701859880914, -1.9287498479639178e-22)
    """
    x = np.asarray(x, dtype=float)
    return np.where(x > -0.6931471805599453, np.log(-np.expm1(x)), np.log1p(-np.exp(np.minimum(x, -0.5))))


def logcosh(x: ArrayLike) -> Any:
    """log(cosh(x)), exact near 0 too, where it is log1p(2*sinh(x/2)^2).

    >>> print(f"{logcosh(1e-10):.6g} {logcosh(-1000.0):.6f}")
    5e-21 999.306853
    """
    size = np.abs(np.asarray(x, dtype=float))
    near = np.log1p(2 * np.sinh(np.minimum(size, 1.0) / 2) ** 2)
    return np.where(size < 1, near, size + np.log1p(np.exp(-2 * size)) - 0.6931471805599453)


def logerfc(x: ArrayLike) -> Any:
    """log(erfc(x)), by erfcx for positive x and by erf for others.

    >>> print(f"{logerfc(40.0):.10f}")
    -1604.2615566533
    """
    from scipy import special

    x = np.asarray(x, dtype=float)
    above, below = np.maximum(x, 0.0), np.minimum(x, 0.5)
    return np.where(x > 0.5, np.log(special.erfcx(above)) - above**2, np.log1p(-special.erf(below)))


def gamma_ratio(x: ArrayLike, y: ArrayLike) -> Any:
    """gamma(x) / gamma(y), also where both overflow.

    >>> print(f"{gamma_ratio(202.0, 200.0):.8g}")
    40200
    """
    from scipy import special

    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    with np.errstate(invalid="ignore"):  # of what the other form is for
        ratio = special.gamma(x) * special.rgamma(y)
    return np.where((np.abs(x) < 170) & (np.abs(y) < 170), ratio, special.poch(y, x - y))


def logi0(x: ArrayLike) -> Any:
    """log(i0(x)), for small x by the series of i0 without its first term.

    >>> print(f"{logi0(1e-10):.6g} {logi0(800.0):.6f}")
    2.5e-21 795.738912
    """
    from scipy import special

    size = np.abs(np.asarray(x, dtype=float))
    square = np.minimum(size, 2.0) ** 2 / 4
    series = np.zeros(square.shape)
    for k in range(20, 0, -1):
        series = square / k**2 * (1 + series)
    return np.where(size < 2, np.log1p(series), np.log(special.i0e(size)) + size)


def kl_div(x: ArrayLike, y: ArrayLike) -> Any:
    """x * log(x / y) - x + y, which keeps its digits where x and y are close together.

    >>> print(f"{kl_div(1.0, 1.0 + 2.0**-30):.6g} {kl_div(0.0, 3.0):.6g}")
    4.33681e-19 3
    """
    from scipy import special

    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    inside = (x > 0) & (y > 0)
    ratio = np.where(inside, x - y, 1.0) / np.where(inside, x + y, 1.0)
    near = np.abs(ratio) < 0.3
    small = np.where(near, ratio, 0.0)
    rest = np.zeros(small.shape)  # atanh(small) - small
    for k in range(35, 1, -2):
        rest = (rest + 1 / k) * small**2
    rest *= small
    return np.where(near, (x + y) * (small * np.arctanh(small) + rest), special.kl_div(x, y))


def tanh_softplus(x: ArrayLike) -> Any:
    """tanh(log(1 + exp(x))).

    >>> print(f"{tanh_softplus(0.0):.12f} {tanh_softplus(-50.0):.6g}")
    0.600000000000 1.92875e-22
    """
    return np.tanh(np.logaddexp(0.0, x))


def norm_hazard(x: ArrayLike) -> Any:
    """The density of the standard normal distribution over the probability of what is above x, without underflow or overflow.

    >>> print(f"{norm_hazard(0.0):.12f} {norm_hazard(1e3):.9f} {norm_hazard(-1e3):.1f}")
    0.797884560803 1000.000999998 0.0
    """
    from scipy import special

    return np.sqrt(2 / np.pi) / special.erfcx(np.asarray(x, dtype=float) / np.sqrt(2))


def t_cdf(x: ArrayLike, k: ArrayLike) -> Any:
    """The distribution function of Student's t with k degrees of freedom, exact near 0 and in both tails; nan where k is not positive.

    >>> print(f"{t_cdf(1e-9, 1.0) - 0.5:.6g} {t_cdf(-1.0, 1.0):.12f}")
    3.1831e-10 0.250000000000
    """
    from scipy import special

    x, k = np.asarray(x, dtype=float), np.where(np.asarray(k) > 0, k, np.nan)
    near, square = np.abs(x) < 1, x * x
    middle = special.betainc(0.5, k / 2, np.where(near, square / (k + square), 0.0)) / 2
    tail = special.betainc(k / 2, 0.5, np.where(near, 1.0, 1 / (1 + square / k))) / 2
    return np.where(near, 0.5 + np.copysign(middle, x), np.where(x < 0, tail, 1 - tail))


def squareplus(x: ArrayLike, b: ArrayLike) -> Any:
    """(x + sqrt(x^2 + b)) / 2 for positive b, far below 0 too.

    >>> print(f"{squareplus(-1e8, 4.0):.12g} {squareplus(0.0, 4.0):.12g}")
    1e-08 1
    """
    x, b = np.asarray(x, dtype=float), np.where(np.asarray(b) > 0, b, np.nan)
    size = np.abs(x) + np.hypot(x, np.sqrt(b))
    return np.where(x > 0, size / 2, b / (2 * size))


ACCURATE_KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (log1mexp, logcosh, logerfc, gamma_ratio, logi0, kl_div, tanh_softplus, norm_hazard, t_cdf, squareplus)
}
"""What a rule file may name with the prefix `kernels`."""
