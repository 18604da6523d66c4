"""Interval arithmetic encloses, and stays sharp where it is exact."""

from fractions import Fraction
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from rewritegrad import intervals as iv

NUMBERS = st.one_of(st.integers(-20, 20), st.fractions(-20, 20, max_denominator=8), st.floats(-1e3, 1e3), st.floats(), st.integers(-(2**300), 2**300))


@st.composite
def intervals_with_member(draw: st.DrawFn) -> tuple[iv.Interval, Fraction]:
    ends = sorted(Fraction(draw(NUMBERS.filter(lambda x: abs(x) != inf and x == x))) for _ in range(3))
    a = iv.interval(
        -inf if draw(st.booleans()) else ends[0],
        inf if draw(st.booleans()) else ends[2],
        ends[0] < ends[1] and draw(st.booleans()),
        ends[1] < ends[2] and draw(st.booleans()),
    )
    return a, ends[1]


def contains(a: iv.Interval, x: Fraction | int) -> bool:
    return (a[0] < x or (a[0] == x and not a[2])) and (x < a[1] or (x == a[1] and not a[3]))


@given(intervals_with_member(), intervals_with_member())
def test_operations_enclose(one: tuple[iv.Interval, Fraction], two: tuple[iv.Interval, Fraction]) -> None:
    (a, x), (b, y) = one, two
    assert contains(a, x)
    assert contains(iv.add(a, b), x + y)
    assert contains(iv.multiply(a, b), x * y)
    assert contains(iv.hull(a, b), x)
    assert contains(iv.hull(a, b), y)
    assert contains(iv.intersect(a, b), x) == contains(b, x)
    if x:
        assert contains(iv.scale(x, b), x * y)


@given(intervals_with_member(), st.integers(-5, 5))
def test_integer_powers_enclose(one: tuple[iv.Interval, Fraction], n: int) -> None:
    a, x = one
    if x or n >= 0:
        assert contains(iv.power(a, n), x**n)


@given(st.fractions(0, 20, max_denominator=50), st.fractions(0, 3), st.fractions(0, 3), st.integers(-5, 5), st.integers(1, 4))
def test_fractional_powers_enclose(root: Fraction, less: Fraction, more: Fraction, p: int, q: int) -> None:
    if root or p >= 0:
        a = iv.interval(root**q - less, root**q + more)
        assert contains(iv.power(a, Fraction(p, q)), root**p)


def test_ends_stay_sharp() -> None:
    assert iv.add((2, inf, True, True), iv.point(-2)) == iv.POSITIVE
    assert iv.add((Fraction(1, 10), inf, True, True), iv.point(Fraction(-1, 10))) == iv.POSITIVE
    assert iv.power(iv.REALS, 2) == iv.NONNEGATIVE
    assert iv.power((-3, 2, False, True), 2) == (0, 9, False, False)
    assert iv.power((4, 9, False, False), Fraction(-1, 2)) == (Fraction(1, 3), Fraction(1, 2), False, False)
    assert iv.power(iv.REALS, -2) == iv.POSITIVE
    assert iv.power(iv.REALS, -1) == iv.REALS
    assert iv.power(iv.NEGATIVE, -3) == iv.NEGATIVE
    assert iv.multiply(iv.NONNEGATIVE, iv.NEGATIVE) == (-inf, 0, True, False)
    assert iv.multiply((0, 0, False, False), iv.REALS)[:2] == (0, 0)
    assert iv.to_integers((0, Fraction(7, 2), True, False)) == (1, 3, False, False)


def test_huge_ends_become_floats() -> None:
    a = iv.power((2, 3, False, False), 10**6)
    assert 0 <= a[0] < 1.8e308
    assert a[1] == inf
    long = iv.point(10**400)
    assert long[0] < 10**400 < long[1]
    assert iv.scale(10**400, iv.POSITIVE) == iv.POSITIVE


def test_questions() -> None:
    assert iv.is_positive(iv.POSITIVE)
    assert not iv.is_positive(iv.NONNEGATIVE)
    assert iv.excludes_zero(iv.NEGATIVE)
    assert iv.below((0, 1, False, True), (1, 2, False, False))
    assert not iv.below((0, 1, False, False), (1, 2, False, False))
    assert iv.only(iv.point(3)) == 3
    assert iv.only((1.5, 1.5, False, False)) is None
    assert iv.is_empty((1, 1, True, False))
    assert iv.has_integer((Fraction(1, 2), Fraction(3, 2), False, False))
    assert not iv.has_integer((1, 2, True, True))
