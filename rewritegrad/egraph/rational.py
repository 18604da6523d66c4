"""Exact numbers: Python ints where integral, Fractions only where not (Fractions everywhere double the time)."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import TypeAlias

Number: TypeAlias = int | Fraction


def tidy(value: Number) -> Number:
    """The same number, as an int where it is one."""
    if type(value) is int:
        return value
    return value.numerator if value.denominator == 1 else value


def divide(a: Number, b: Number) -> Number:
    """a / b, exact."""
    if b == 1:
        return a
    if b == -1:
        return -a
    if type(a) is int and type(b) is int:
        return Fraction(a, b) if a % b else a // b
    return tidy(Fraction(a) / b)


def times(a: Number, b: Number) -> Number:
    """a * b, exact and tidy."""
    product = a * b
    return product if type(product) is int or product.denominator != 1 else product.numerator


def content(numbers: list[Number]) -> Number:
    """The positive rational that divides all of them into coprime integers."""
    if all(type(n) is int for n in numbers):
        return gcd(*numbers)  # type: ignore[arg-type]
    return tidy(Fraction(gcd(*[n.numerator for n in numbers]), lcm(*[n.denominator for n in numbers])))


def magnitude(value: Number) -> Number:
    """|value|."""
    return -value if value < 0 else value


def integral(value: Number) -> bool:
    """Whether the number is an integer (tidy numbers only)."""
    return type(value) is int


_SMALL_PRIMES = tuple(p for p in range(2, 200) if all(p % q for q in range(2, int(p**0.5) + 1)))


def prime_powers(n: int) -> list[tuple[int, int]]:
    """A positive int as factors with their exponents: small primes, and what they leave (maybe composite) as one factor."""
    found: list[tuple[int, int]] = []
    for p in _SMALL_PRIMES:
        if n < p * p:
            break
        e = 0
        while n % p == 0:
            n //= p
            e += 1
        if e:
            found.append((p, e))
    if n > 1:
        found.append((n, 1))
    return found
