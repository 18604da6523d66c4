"""Derivatives from differences of values, by Richardson's extrapolation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from .kernels import Array

Function: TypeAlias = Callable[[float], float]
_STEPS = 10
_SHRINK = 1.4


def richardson(function: Function, step: float) -> tuple[float, float]:
    """The derivative of a function at 0 and an estimate of its error, by Ridders' extrapolation from a first step.

    Both are nan where the function is undefined nearby, has a kink there, or is too rough for the step.

    >>> value, error = richardson(lambda t: (2 + t) ** 3, 0.1)
    >>> abs(value - 12) < 1e-9 and error < 1e-6
    True
    """
    (coarse, coarse_error), (fine, fine_error) = _extrapolate(function, step), _extrapolate(function, step / 8)
    agree = abs(coarse - fine) <= 1e-5 * (abs(coarse) + abs(fine)) + 1e-8 and max(coarse_error, fine_error) <= 1e-3 * abs(fine) + 1e-6
    if not agree or _has_kink(function, step / 200):
        return np.nan, np.nan
    return (coarse, coarse_error) if coarse_error < fine_error else (fine, fine_error)


def _extrapolate(function: Function, step: float) -> tuple[float, float]:
    """Ridders' extrapolation: central differences with shrinking steps, and the entry of their tableau with the least error."""
    table = np.full((_STEPS, _STEPS), np.nan)
    best, error = np.nan, np.inf
    h = step
    for i in range(_STEPS):
        table[0, i] = (function(h) - function(-h)) / (2 * h)
        factor = _SHRINK**2
        for j in range(1, i + 1):
            table[j, i] = (table[j - 1, i] * factor - table[j - 1, i - 1]) / (factor - 1)
            factor *= _SHRINK**2
            estimate = max(abs(table[j, i] - table[j - 1, i]), abs(table[j, i] - table[j - 1, i - 1]))
            if estimate <= error:
                best, error = float(table[j, i]), float(estimate)
        h /= _SHRINK
    return best, error


def _has_kink(function: Function, h: float) -> bool:
    """Whether the slopes on both sides of 0 differ by more than curvature explains."""
    middle = function(0.0)
    right, left = (function(h) - middle) / h, (middle - function(-h)) / h
    further = (function(2 * h) - function(h)) / h
    return abs(right - left) > 1e-3 * max(abs(right), abs(left)) + 4 * abs(further - right) + 1e-6


def gradient(function: Callable[[Array], float], at: Array) -> tuple[Array, Array]:
    """The derivatives of a function of an array in every entry, and estimates of their errors; nan where there is none."""
    values, errors = np.empty(at.shape), np.empty(at.shape)
    for index in np.ndindex(*at.shape):

        def along(t: float, index: tuple[int, ...] = index) -> float:
            moved = at.copy()
            moved[index] += t
            return function(moved)

        with np.errstate(all="ignore"):
            values[index], errors[index] = richardson(along, 0.02 * max(abs(float(at[index])), 1e-3))
    return values, errors
