"""Intervals of reals with open and closed ends, rounded outward.

An end is exact (int, Fraction) while it is short, and a float rounded away from the interval otherwise; infinite ends are
floats. An interval encloses: a closed end may be taken, an open one never is (of an infinite end the flag says nothing).
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, copysign, floor, inf, isfinite, nextafter
from typing import TypeAlias

from .egraph.rational import tidy
from .rationals import fold_power
from .term import Number

End: TypeAlias = int | Fraction | float
Interval: TypeAlias = tuple[End, End, bool, bool]  # lower, upper, open below, open above

REALS: Interval = (-inf, inf, True, True)
POSITIVE: Interval = (0, inf, True, True)
NONNEGATIVE: Interval = (0, inf, False, True)
NEGATIVE: Interval = (-inf, 0, True, True)
EXACT_BITS = 128
"""Ends that need more bits than this become floats."""
LARGEST = 1.7976931348623157e308
_FLOAT_INTEGERS = 2**53


def point(value: Number) -> Interval:
    """The interval of one number (a little wider where the number is long)."""
    return _lower(value), _upper(value), False, False


def interval(lower: End, upper: End, open_lower: bool = False, open_upper: bool = False) -> Interval:
    """The interval between two ends; a long end is rounded outward."""
    if lower == -inf and upper == inf:
        return REALS
    if lower == 0 and upper == inf and open_lower:
        return POSITIVE
    return _lower(lower), _upper(upper), open_lower or lower == -inf, open_upper or upper == inf


def is_empty(a: Interval) -> bool:
    """Whether no number lies in it."""
    return a[0] > a[1] or (a[0] == a[1] and (a[2] or a[3]))


def only(a: Interval) -> Number | None:
    """The one number in an interval, where it is exact."""
    end = a[0]
    return None if end != a[1] or a[2] or a[3] or isinstance(end, float) else end


def excludes_zero(a: Interval) -> bool:
    """Whether 0 is proved not to lie in it."""
    return is_positive(a) or is_negative(a)


def is_positive(a: Interval) -> bool:
    """Whether everything in it is above 0."""
    return a[0] > 0 or (a[2] and a[0] == 0)


def is_negative(a: Interval) -> bool:
    """Whether everything in it is below 0."""
    return a[1] < 0 or (a[3] and a[1] == 0)


def below(a: Interval, b: Interval) -> bool:
    """Whether every number of a is less than every number of b."""
    return a[1] < b[0] or (a[1] == b[0] and (a[3] or b[2]))


def intersect(a: Interval, b: Interval) -> Interval:
    """What lies in both (empty where the two contradict each other)."""
    if a is REALS or b is REALS:
        return b if a is REALS else a
    lower, open_lower = _later(a[0], a[2], b[0], b[2])
    upper, open_upper = _sooner(a[1], a[3], b[1], b[3])
    return lower, upper, open_lower, open_upper


def hull(a: Interval, b: Interval) -> Interval:
    """The smallest interval that contains both."""
    lower, open_lower = (a[0], a[2] and b[2]) if a[0] == b[0] else (a[0], a[2]) if a[0] < b[0] else (b[0], b[2])
    upper, open_upper = (a[1], a[3] and b[3]) if a[1] == b[1] else (a[1], a[3]) if a[1] > b[1] else (b[1], b[3])
    return lower, upper, open_lower, open_upper


def to_integers(a: Interval) -> Interval:
    """The smallest interval that has the same integers."""
    lower, upper, open_lower, open_upper = a
    if -_FLOAT_INTEGERS < lower < _FLOAT_INTEGERS:
        lower = floor(lower) + 1 if open_lower else ceil(lower)
        open_lower = False
    if -_FLOAT_INTEGERS < upper < _FLOAT_INTEGERS:
        upper = ceil(upper) - 1 if open_upper else floor(upper)
        open_upper = False
    return lower, upper, open_lower, open_upper


def has_integer(a: Interval) -> bool:
    """Whether an integer lies in it."""
    return not is_empty(to_integers(a))


def add(a: Interval, b: Interval) -> Interval:
    """Where a sum lies."""
    if a is REALS or b is REALS:
        return REALS
    if a is POSITIVE and b is POSITIVE:
        return POSITIVE
    return _lower(_plus(a[0], b[0])), _upper(_plus(a[1], b[1])), a[2] or b[2], a[3] or b[3]


def scale(k: Number, a: Interval) -> Interval:
    """Where k times a lies, for k other than 0."""
    if a is REALS or k == 1 or (a is POSITIVE and k > 0):
        return a
    if not -_FLOAT_INTEGERS < k < _FLOAT_INTEGERS:
        return multiply(point(k), a)
    if k > 0:
        return _lower(_times(k, a[0])), _upper(_times(k, a[1])), a[2], a[3]
    return _lower(_times(k, a[1])), _upper(_times(k, a[0])), a[3], a[2]


def multiply(a: Interval, b: Interval) -> Interval:
    """Where a product lies."""
    if a[0] >= 0 and b[0] >= 0:  # by far the most frequent case
        if a[0] == b[0] == 0 and a[1] == b[1] == inf and a[2] and b[2]:
            return POSITIVE
        corners = (_corner(a[0], a[2], b[0], b[2]), _corner(a[1], a[3], b[1], b[3]))
        return _lower(corners[0][0]), _upper(corners[1][0]), corners[0][1], corners[1][1]
    ends_a, ends_b = ((a[0], a[2]), (a[1], a[3])), ((b[0], b[2]), (b[1], b[3]))
    lower: tuple[End, bool] = (inf, True)
    upper: tuple[End, bool] = (-inf, True)
    for x, x_open in ends_a:
        for y, y_open in ends_b:
            corner = _corner(x, x_open, y, y_open)
            if corner[0] < lower[0] or (corner[0] == lower[0] and not corner[1]):
                lower = corner
            if corner[0] > upper[0] or (corner[0] == upper[0] and not corner[1]):
                upper = corner
    return _lower(lower[0]), _upper(upper[0]), lower[1], upper[1]


def power(a: Interval, exponent: Number) -> Interval:
    """Where a^exponent lies where it is defined: for a fractional exponent only what is not negative counts."""
    if exponent == 1 or (a is REALS and type(exponent) is int and exponent % 2):
        return a
    if exponent == 0:
        return 1, 1, False, False
    if a[0] == 0 and a[1] == inf and a[2]:
        return POSITIVE
    if type(exponent) is int:
        return _integer_power(a, exponent)
    a = intersect(a, NONNEGATIVE)
    if is_empty(a):
        return REALS
    n = exponent if exponent > 0 else -exponent
    grown = _power_end(a[0], n, -inf), _power_end(a[1], n, inf), a[2], a[3]
    return grown if exponent > 0 else _reciprocal(grown)


def _integer_power(a: Interval, exponent: int) -> Interval:
    n = abs(exponent)
    if n % 2 == 0 and a[0] < 0:
        a = _magnitude(a)
    if n > 1:
        a = _power_end(a[0], n, -inf), _power_end(a[1], n, inf), a[2], a[3]
    return a if exponent > 0 else _reciprocal(a)


def _magnitude(a: Interval) -> Interval:
    if a[1] <= 0:
        return -a[1], -a[0], a[3], a[2]
    if -a[0] == a[1]:
        return 0, a[1], False, a[2] and a[3]
    return (0, a[1], False, a[3]) if a[1] > -a[0] else (0, -a[0], False, a[2])


def _reciprocal(a: Interval) -> Interval:
    """Where 1/a lies, a not being 0."""
    if a[0] < 0 < a[1] or a[0] == a[1] == 0:
        return REALS
    if a[0] >= 0:
        lower, upper = (0 if a[1] == inf else _inverse(a[1], -inf)), (inf if a[0] == 0 else _inverse(a[0], inf))
    else:
        lower, upper = (-inf if a[1] == 0 else _inverse(a[1], -inf)), (0 if a[0] == -inf else _inverse(a[0], inf))
    return lower, upper, a[3] or lower == -inf, a[2] or upper == inf


def _inverse(x: End, towards: float) -> End:
    if isinstance(x, float):
        return nextafter(1.0 / x, towards)
    return tidy(Fraction(1) / x)


def _power_end(x: End, n: Number, towards: float) -> End:
    """x^n for n > 0, rounded towards one side; x is negative only where n is an odd int."""
    if isinstance(x, float) and not isfinite(x):
        return x
    if not isinstance(x, float) and n.numerator * x.numerator.bit_length() <= 4 * EXACT_BITS:
        folded = fold_power(x, n)
        if folded is not None:
            return _lower(folded) if towards < 0 else _upper(folded)
    try:
        value: float = abs(float(x)) ** float(n)
    except OverflowError:
        value = inf
    if value == inf or n > 2**40:
        low, high = 0.0, inf
    else:  # n times the error of float(x), and the error of float(n) times the logarithm of x, which is at most 745
        slack = value * 2.0**-43 * (1.0 + float(n))
        low, high = value - slack, nextafter(value + slack, inf)
    if x < 0:
        low, high = -high, -low
    return low if towards < 0 else high


def _corner(x: End, x_open: bool, y: End, y_open: bool) -> tuple[End, bool]:
    """The product of two ends; 0 times an infinite end is 0, for the ends are bounds and not values."""
    if x == 0 or y == 0:
        return 0, not ((x == 0 and not x_open) or (y == 0 and not y_open))
    return _times(x, y), x_open or y_open


def _times(x: End, y: End) -> End:
    if x == 0 or y == 0:
        return 0
    x, y = _alike(x, y)
    return x * y


def _plus(x: End, y: End) -> End:
    x, y = _alike(x, y)
    total = x + y
    return 0 if total == 0 else total  # a float sum is 0 only where the exact one is


def _alike(x: End, y: End) -> tuple[End, End]:
    """The two made exact where one would otherwise be rounded to a float before they meet."""
    if isinstance(x, float):
        return (x if type(y) is float or _converts(y) or not isfinite(x) else Fraction(x)), y
    return x, (y if type(y) is not float or _converts(x) or not isfinite(y) else Fraction(y))


def _converts(x: End) -> bool:
    return type(x) is int and -_FLOAT_INTEGERS <= x <= _FLOAT_INTEGERS


def _later(a: End, a_open: bool, b: End, b_open: bool) -> tuple[End, bool]:
    if a == b:
        return (a if type(b) is float else b), a_open or b_open
    return (a, a_open) if a > b else (b, b_open)


def _sooner(a: End, a_open: bool, b: End, b_open: bool) -> tuple[End, bool]:
    if a == b:
        return (a if type(b) is float else b), a_open or b_open
    return (a, a_open) if a < b else (b, b_open)


def _lower(x: End) -> End:
    """An end as it is kept: rounded down where it is long or inexact."""
    return _rounded(x, -inf)


def _upper(x: End) -> End:
    return _rounded(x, inf)


def _rounded(x: End, towards: float) -> End:
    if isinstance(x, int):
        if x.bit_length() <= EXACT_BITS:
            return x
    elif isinstance(x, float):
        if x == 0:  # what underflowed keeps its sign
            return nextafter(x, towards) if (copysign(1.0, x) > 0) == (towards > 0) else 0
        if isfinite(x):
            return nextafter(x, towards)
        return x if x == towards else copysign(LARGEST, x)
    elif x.numerator.bit_length() <= EXACT_BITS and x.denominator.bit_length() <= EXACT_BITS:
        return tidy(x)
    try:
        return nextafter(float(x), towards)
    except OverflowError:
        return towards if (x > 0) == (towards > 0) else -copysign(LARGEST, towards)
