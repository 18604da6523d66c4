"""Edge points: variables at 0 and 1, where people evaluate formulas and random points never fall.

They only tell whether a form is less defined than the input (2*x/(x^2 + 1) at 0 against 2/(x + 1/x)). Being thin, they say
nothing about equality, nor about what is generically zero: at 0, sign(x)^2 is not 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .kernels import Array
from .term import Term
from .theory import Type

VARIABLES = 3
"""Variables beyond the first ones are moved to an edge only together with all others."""


def edge_rows(row: Array, variables: Sequence[Term], spans: Sequence[tuple[int, int]]) -> Array:
    """Copies of a row with all variables at 0, or at 1, or one of the first at 0 and the others as they are, where the domain allows it."""
    rows = [_moved(row, variables, spans, value, range(len(variables))) for value in (0.0, 1.0)]
    if len(variables) > 1:
        rows += [_moved(row, variables, spans, 0.0, [i]) for i in range(min(len(variables), VARIABLES))]
    different = [r for r in rows if not np.array_equal(r, row)]
    return np.array(different).reshape(len(different), len(row))


def _moved(row: Array, variables: Sequence[Term], spans: Sequence[tuple[int, int]], value: float, chosen: Sequence[int]) -> Array:
    moved = row.copy()
    for i in chosen:
        if _allows(variables[i].detail, value):
            first, last = spans[i]
            moved[first:last] = value
    return moved


def _allows(type: Type, value: float) -> bool:
    low = type.lower is None or value > type.lower or (value == type.lower and not type.open_lower)
    high = type.upper is None or value < type.upper or (value == type.upper and not type.open_upper)
    return low and high and not (type.nonzero and value == 0)
