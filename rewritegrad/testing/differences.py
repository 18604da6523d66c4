"""Derivatives from differences of values at fifty digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .lacking import mpmath_module
from .oracle import Objects


def precise_slope(function: Callable[[Any], Objects], step: Any) -> Objects:
    """The derivative at 0, entry by entry, of a function from an mpmath number to an array of them; nan at kinks and beyond the domain."""
    mp = mpmath_module()
    above, here, below = function(step), function(mp.mpf(0)), function(-step)

    def slope(a: Any, m: Any, b: Any) -> Any:
        right, left = (a - m) / step, (m - b) / step
        kink = abs(right - left) > mp.mpf(10) ** -6 * (abs(right) + abs(left)) + mp.mpf(10) ** -8
        return mp.nan if kink else (a - b) / (2 * step)

    with mp.workdps(60):
        slopes: Objects = np.asarray(np.frompyfunc(slope, 3, 1)(above, here, below), dtype=object)
    return slopes
