"""Derivatives of zeta functions by s, of any order, by Taylor series in s that are computed like numbers. SciPy is imported when one is called."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, factorial, log, nan, pi, sin
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .parameter_kernels import each_number

Series: TypeAlias = NDArray[Any]

_HEAD, _TAIL = 14, 12  # terms that are summed, and terms of Euler and Maclaurin's formula


def _times(a: Series, b: Series) -> Series:
    return np.convolve(a, b)[: len(a)]


def _power(base: float, s: float, k: int) -> Series:
    """base^(-s) around s."""
    return np.array([base**-s * (-log(base)) ** i / factorial(i) for i in range(k + 1)])


def _linear(value: float, k: int) -> Series:
    """value + h."""
    return np.array([value, 1.0, *[0.0] * k][: k + 1])


def _hurwitz(k: int, s: float, a: float) -> Series:
    """The Taylor series of zeta(s, a) around s > -2."""
    from scipy import special

    far = a + _HEAD
    total = sum((_power(a + i, s, k) for i in range(_HEAD)), np.zeros(k + 1))
    total = total + _times(_power(far, s, k), np.array([far * (-1) ** i / (s - 1) ** (i + 1) for i in range(k + 1)])) + _power(far, s, k) / 2
    term = _times(_linear(s, k), _power(far, s, k)) / far
    for j in range(1, _TAIL):
        total = total + float(special.bernoulli(2 * j)[-1]) / factorial(2 * j) * term
        term = _times(_times(term, _linear(s + 2 * j - 1, k)), _linear(s + 2 * j, k)) / far**2
    return np.asarray(total)


def _gamma(k: int, x: float) -> Series:
    """The Taylor series of gamma around x > 0, by that of its logarithm."""
    from scipy import special

    logs = [float(special.polygamma(i - 1, x)) / factorial(i - 1) for i in range(1, k + 1)]  # i times the coefficients
    found = [float(special.gamma(x))]
    for n in range(1, k + 1):
        found.append(sum(logs[i - 1] * found[n - i] for i in range(1, n + 1)) / n)
    return np.array(found)


def zeta_s(k: int, s: float, a: float = 1.0) -> float:
    """The k-th derivative of zeta(s), or of zeta(s, a) for s > 0, by s; for negative s by the functional equation."""
    if s == 1 or a <= 0 or (s <= 0 and a != 1) or s < -150:
        return nan
    if s > -2:
        return float(_hurwitz(k, s, a)[k] * factorial(k))
    sine = np.array([(sin, cos, lambda t: -sin(t), lambda t: -cos(t))[i % 4](pi * s / 2) * (pi / 2) ** i / factorial(i) for i in range(k + 1)])
    signs = (-1.0) ** np.arange(k + 1)
    scale = np.array([exp(s * log(2 * pi)) / pi * log(2 * pi) ** i / factorial(i) for i in range(k + 1)])
    found = _times(_times(scale, sine), _times(signs * _gamma(k, 1 - s), signs * _hurwitz(k, 1 - s, 1.0)))
    return float(found[k] * factorial(k))


ZETA_KERNELS: dict[str, Callable[..., Any]] = {"zeta_s": each_number(zeta_s)}
"""What a rule file may name with the prefix `kernels`."""
