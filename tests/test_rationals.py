"""Exact powers within a bounded size."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewritegrad.rationals import MAX_BITS, bounded, fold_power

RATIONALS = st.fractions(min_value=-50, max_value=50, max_denominator=50)


@pytest.mark.parametrize(
    ("base", "exponent", "power"),
    [
        (2, 10, 1024),
        (2, -2, Fraction(1, 4)),
        (Fraction(1, 2), -2, 4),
        (8, Fraction(1, 3), 2),
        (8, Fraction(-2, 3), Fraction(1, 4)),
        (Fraction(4, 9), Fraction(3, 2), Fraction(8, 27)),
        (2, Fraction(1, 2), None),
        (-8, Fraction(1, 3), None),
        (-2, 3, -8),
        (-1, 10**30 + 1, -1),
        (1, Fraction(1, 7), 1),
        (0, 0, 1),
        (0, Fraction(1, 2), 0),
        (0, -1, None),
        (5, 0, 1),
        (9, 9**9, None),
        (Fraction(10, 9), -(10**1000), None),
        (3, Fraction(1, 10**9), None),
    ],
)
def test_powers(base: Fraction | int, exponent: Fraction | int, power: Fraction | int | None) -> None:
    assert fold_power(base, exponent) == power


def test_integral_results_are_ints() -> None:
    assert type(fold_power(Fraction(1, 2), -2)) is int
    assert type(fold_power(Fraction(9, 4), Fraction(1, 2))) is Fraction


def test_size_is_bounded() -> None:
    assert fold_power(2, MAX_BITS - 1) == 2 ** (MAX_BITS - 1)
    assert fold_power(2, MAX_BITS + 1) is None
    assert bounded(2**MAX_BITS - 1)
    assert not bounded(2**MAX_BITS)
    assert not bounded(Fraction(1, 2**MAX_BITS))


@given(RATIONALS.filter(lambda b: b > 0), st.integers(1, 6), st.integers(-6, 6))
def test_roots_undo_powers(base: Fraction, degree: int, times: int) -> None:
    power = fold_power(base, degree)
    assert power == base**degree
    assert fold_power(power, Fraction(times, degree)) == base**times
