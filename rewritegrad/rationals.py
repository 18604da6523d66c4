"""Exact arithmetic that stops before it eats the machine: what constants are folded to, and what stays a term."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from .egraph.rational import tidy
from .term import Number

MAX_BITS = 1000
"""Numerator and denominator of a folded constant, and of an exponent, have at most so many bits; what would be longer stays a
term. So every number that is folded is one that float64 can hold."""


def bounded(number: Number) -> bool:
    """Whether the number is short enough to be folded into.

    >>> bounded(2**900), bounded(2**1100)
    (True, False)
    """
    if type(number) is int:
        return number.bit_length() <= MAX_BITS
    return number.numerator.bit_length() <= MAX_BITS and number.denominator.bit_length() <= MAX_BITS


def fold_power(base: Number, exponent: Number) -> Number | None:
    """base^exponent where that is a rational of bounded size, else None. Nothing large is computed to find out. 0^0 is 1.

    >>> fold_power(2, -3), fold_power(8, Fraction(1, 3)), fold_power(Fraction(4, 9), Fraction(1, 2))
    (Fraction(1, 8), 2, Fraction(2, 3))
    >>> fold_power(2, Fraction(1, 2)), fold_power(-8, Fraction(1, 3)), fold_power(0, -1), fold_power(9, 9**9)
    (None, None, None, None)
    """
    if exponent == 0 or base == 1:
        return 1
    if base == 0:
        return 0 if exponent > 0 else None
    times = exponent.numerator
    if exponent.denominator != 1:
        root = _root(base, exponent.denominator)
        if root is None or root == 1:
            return root
        base = root
    if base == -1:
        return 1 if times % 2 == 0 else -1
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if (bits - 1) * abs(times) > MAX_BITS:
        return None
    power = tidy(Fraction(base) ** times) if times < 0 else tidy(base**times)
    return power if bounded(power) else None


def _root(number: Number, degree: int) -> Number | None:
    """The positive root of a positive number, where it is rational."""
    if number < 0:
        return None
    above, below = _integer_root(number.numerator, degree), _integer_root(number.denominator, degree)
    return None if above is None or below is None else tidy(Fraction(above, below))


def _integer_root(number: int, degree: int) -> int | None:
    """The root of a positive int, where it is an int."""
    if number == 1:
        return 1
    bits = number.bit_length()
    if degree >= bits:
        return None
    if degree == 2:
        root = isqrt(number)
        return root if root * root == number else None
    root = 1 << -(-bits // degree)  # not below the root: from there Newton's steps only fall
    while True:
        step = ((degree - 1) * root + number // root ** (degree - 1)) // degree
        if step >= root:
            return root if root**degree == number else None
        root = step
