"""Patterns for every child of a sum or product, at run time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from .multiset import Engine
from .products import Items
from .rational import Number, magnitude, tidy, times

Reading: TypeAlias = tuple[Number, Items]

WIDE = 64


def common_factors(g: Engine, items: Items) -> Iterator[tuple[int, list[Number], list[Number], list[Reading]]]:
    """`n * a^m * x.. + ...`: every base a that two children share or that one has with a negative exponent.

    Yields a, and for each child its coefficient n, the exponent m (0 where it lacks a) and the rest x.., taken from the
    reading of the child with the most factors that has a. Of more than WIDE children most must have a: each base costs
    a walk over all of them, and there may be as many bases as children.
    """
    children = [(k, root, g.readings(1, root, itself=True)) for root, k in items]
    holders: dict[int, int] = {}
    below: set[int] = set()
    for _, _, readings in children:
        for base in {base for _, factors in readings for base, _ in factors}:
            holders[base] = holders.get(base, 0) + 1
        below.update(base for _, factors in readings for base, e in factors if e < 0)
    wide = len(children) > WIDE
    for base, count in holders.items():
        if 2 * count > len(children) if wide else count > 1 or base in below:
            yield _with_base(base, children)


def _with_base(base: int, children: Sequence[tuple[Number, int, list[Reading]]]) -> tuple[int, list[Number], list[Number], list[Reading]]:
    coefficients: list[Number] = []
    exponents: list[Number] = []
    rests: list[Reading] = []
    for k, root, readings in children:
        having = [r for r in readings if any(b == base for b, _ in r[1])]
        if having:
            factor, factors = max(having, key=lambda r: len(r[1]))
            e = next(e for b, e in factors if b == base)
            coefficients.append(times(k, factor))
            exponents.append(e)
            rests.append((1, tuple([(b, x) for b, x in factors if (b, x) != (base, e)])))
        else:
            coefficients.append(k)
            exponents.append(0)
            rests.append((1, ((root, 1),)))
    return base, coefficients, exponents, rests


def common_products(g: Engine, items: Items) -> Iterator[tuple[Reading, list[Number], list[Reading]]]:
    """`n * c.. * x.. + ...`: all factors that every child has, each with the exponent nearest to zero of exponents of one sign.

    Yields c.. if it has any factor, and for each child its coefficient n and the rest x.. ; once more with the divisors alone as c..,
    where it has others too: a/x - a/y is shorter than a*(1/x - 1/y). A child is read with the most factors that all have.
    """
    children = [(k, g.readings(1, root, itself=True)) for root, k in items]
    bases = [{base for _, factors in readings for base, _ in factors} for _, readings in children]
    held = set.intersection(*bases)
    if not held:
        return
    chosen = [(k, max(readings, key=lambda r: sum(base in held for base, _ in r[1]))) for k, readings in children]
    least: dict[int, Number] = {}
    for base in sorted(held):
        exponents = [e for _, (_, factors) in chosen for b, e in factors if b == base]
        if len(exponents) == len(chosen) and (min(exponents) > 0 or max(exponents) < 0):
            least[base] = min(exponents, key=magnitude)
    coefficients = [times(k, factor) for k, (factor, _) in chosen]
    below = {base: e for base, e in least.items() if e < 0}
    for common in (least, below) if 0 < len(below) < len(least) else (least,) if least else ():
        rests = [tuple([(b, tidy(e - common[b]) if b in common else e) for b, e in factors if common.get(b) != e]) for _, (_, factors) in chosen]
        yield (1, tuple(common.items())), coefficients, [(1, rest) for rest in rests]


def agreeing(matches: Sequence[Sequence[tuple[Any, ...]]], common: int) -> Iterator[tuple[Any, ...]]:
    """For each choice of the `common` first values with a match in every child: those, and a list of each other value.

    `matches` has, for each child, the tuples of values with which the body matched it.
    """
    if not matches or not all(matches):
        return
    for shared in dict.fromkeys([m[:common] for m in matches[0]]):
        chosen = [next((m for m in of_child if m[:common] == shared), None) for of_child in matches]
        if all(m is not None for m in chosen):
            rows = [m[common:] for m in chosen if m is not None]
            yield (*shared, *[list(column) for column in zip(*rows, strict=True)])
