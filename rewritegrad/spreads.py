"""Where the candidates for sample points lie: values spread over signs and magnitudes, and moved inside the domains of variables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import inf

import numpy as np

from .kernels import Array
from .theory import Type

# How the candidates are spread, in turn: 0 any sign and magnitude from 0.1 to 10; 1 the same, positive; 2 between 0 and 1;
# 3 between -1 and 1; 4 a few units; 5 larger; 6 near a literal of the problem. Real variables get no integers: x - 1, x - y and
# log(x) would be 0 at them, and count as zero in the generic sense because of one unlucky point.
_SPREADS = (0, 1, 2, 0, 3, 1, 0, 4, 6, 5, 1, 2, 0, 1, 3, 6)


WIDTH, KEPT = 64, 64
"""The first values are kept for rows of so many entries at most, and so many of them."""


def first_spread(seed: int, rows: int, width: int, literals: tuple[float, ...]) -> Array:
    """The values from which every search with this seed starts; not to be written to."""
    return (_kept_spread if width <= WIDTH else _seeded_spread)(seed, rows, width, literals)


def _seeded_spread(seed: int, rows: int, width: int, literals: tuple[float, ...]) -> Array:
    spread = spread_values(np.random.Generator(np.random.PCG64(seed)), rows, width, literals)
    spread.flags.writeable = False
    return spread


_kept_spread = lru_cache(maxsize=KEPT)(_seeded_spread)


def spread_values(generator: np.random.Generator, rows: int, width: int, literals: Sequence[float], literal_rows: bool = False) -> Array:
    """Values without regard to the domain, none of them 0; with `literal_rows` every row has values near literals."""
    u, v, w = generator.random((3, rows, width))
    z: Array = np.where(u < 0.4, -1.0, 1.0) * 10.0 ** (2.0 * v - 1.0)
    kinds = np.resize(_SPREADS, rows)
    z[kinds == 1] = np.abs(z[kinds == 1])
    z[kinds == 2] = 0.03 + 0.94 * w[kinds == 2]
    z[kinds == 3] = np.sign(z[kinds == 3]) * (0.03 + 0.94 * w[kinds == 3])
    z[kinds == 4] = np.sign(z[kinds == 4]) * (0.7 + 5.6 * w[kinds == 4])
    z[kinds == 5] = np.sign(z[kinds == 5]) * 10.0 ** (1.0 + 1.3 * w[kinds == 5])
    if literals:
        literal, factor, chosen = generator.random((3, rows, width))
        near = np.array(literals)[(literal * len(literals)).astype(int)] * np.array([0.98, 1.02, 2.1, -1.02])[(factor * 4).astype(int)]
        z = np.where((chosen < 0.5) & (literal_rows | (kinds == 6))[:, np.newaxis], near, z)
    return z


def inside(z: Array, type: Type) -> Array:
    """Values moved into a variable's domain."""
    low = -inf if type.lower is None else float(type.lower)
    high = inf if type.upper is None else float(type.upper)
    size = np.abs(z)
    if low > -inf and high < inf:
        share = size / (1.0 + size)
        x = low + (high - low) * np.where(z > 0, share, 1.0 - share)
    elif low > -inf:
        x = low + size * max(1.0, abs(low) * 1e-6)
    elif high < inf:
        x = high - size * max(1.0, abs(high) * 1e-6)
    else:
        x = z
    if type.integer:
        x = _integers(x, low, high, type)
    elif type.lower != 0 or type.upper is not None:
        x = np.where(x == 0.0, min(0.03, high / 2.0) if high > 0 else max(-0.03, low / 2.0), x)
    return x


def _integers(x: Array, low: float, high: float, type: Type) -> Array:
    """Integers of a domain: rounded, and away from 0 where that is inside."""
    first = np.floor(low) + 1.0 if type.open_lower else np.ceil(low)
    last = np.ceil(high) - 1.0 if type.open_upper else np.floor(high)
    if first > -inf and last < inf:
        return first + np.floor((x - low) / (high - low) * (last - first + 1.0)).clip(0.0, last - first) if high > low else np.full(x.shape, first)
    k: Array = np.clip(np.copysign(np.maximum(1.0, np.rint(np.abs(x))), x), first, last)
    return k


def kept_inside(new: Array, old: Array, type: Type) -> Array:
    """The new values where they are inside the domain, else the old ones."""
    if type.integer:
        return old
    low, high = -inf if type.lower is None else float(type.lower), inf if type.upper is None else float(type.upper)
    kept: Array = np.where((new > low) & (new < high) & (new != 0.0), new, old)
    return kept
