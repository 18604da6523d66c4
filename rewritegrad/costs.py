"""What e-nodes cost when they are written: operations, as people count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from .egraph.extract import Cost
from .egraph.multiset import Engine
from .egraph.nodes import BAG, LEAF, LINEAR, POWERS, ENode
from .egraph.rational import Number, divide, integral, magnitude
from .spelling import coefficient_operations, decimal_spelling
from .theory import Operator

OPERATION = 1024
"""The cost of one operation; what is left over breaks ties by size."""

SHUNNED = 8
"""Operations that an application counts for which laws are there to replace: so many may come with what replaces it."""

WITHOUT_VALUE = 1000
"""Operations that an application of an uninterpreted operator counts for: laws are there to remove it."""


def sum_operations(coefficients: Sequence[Number], numbers: int, decimals: bool) -> int:
    """Operations of a sum beside those of its terms; `numbers` of the terms are bare numbers, and come last."""
    ops = len(coefficients) - 1
    for i, k in enumerate(coefficients):
        if i < len(coefficients) - numbers:
            ops += coefficient_operations(k, decimals)
        elif not isinstance(k, int) and not (decimals and decimal_spelling(k) is not None):
            ops += 1
    return ops + (not numbers and all(k == -1 for k in coefficients))


@lru_cache(maxsize=4096)
def best_divisor(coefficients: tuple[Number, ...], numbers: int, decimals: bool) -> tuple[Number, int]:
    """The number by which a sum that is a factor is divided to be written shortest, and the operations of what is left."""
    best: tuple[Number, int] = (1, sum_operations(coefficients, numbers, decimals))
    bare = len(coefficients) - numbers
    if bare > 1 or (decimals and bare):
        common, count = Counter([magnitude(k) for k in coefficients[:bare]]).most_common(1)[0]
        if common != 1 and (count > 1 or decimals):
            ops = sum_operations([divide(k, common) for k in coefficients], numbers, decimals)
            if ops + 1 < best[1] or (decimals and ops < best[1]):
                best = (common, ops)
    return best


@lru_cache(maxsize=4096)
def product_operations(exponents: tuple[Number, ...]) -> int:
    """Operations of a product beside those of its factors; factors of one exponent are gathered, over the fraction line too."""
    if len(exponents) == 1 and exponents[0] < -1 and integral(exponents[0]):
        return 1
    groups: dict[Number, list[int]] = {}
    for e in exponents:
        groups.setdefault(magnitude(e), [0, 0])[e < 0] += 1
    ops = above = under = 0
    for e, (up, down) in groups.items():
        if e == 1:
            above, under = above + up, under + down
            continue
        ops += up + down - 1 + (1 if integral(e) or e == Fraction(1, 2) else 2)
        above, under = above + bool(up), under + (not up)
    return ops + max(above - 1, 0) + max(under - 1, 0) + bool(under)


def node_cost(
    engine: Engine, decimals: bool = False, prefer: frozenset[Operator] = frozenset(), shun: frozenset[Operator] = frozenset()
) -> Cost:
    """What an e-node costs when written, its children not counted.

    Applications of operators in `prefer` cost next to nothing, those of operators in `shun` SHUNNED operations.
    """
    one = engine.one
    linear = engine.language.linear
    sums = engine.classes_with(linear)

    def weight_cost(i: int) -> int:
        k, root = engine.split(i)
        if k == 1 or root == one or (k == -1 and root in sums):
            return 0
        return coefficient_operations(k, decimals) + (k < 0 and magnitude(k.numerator) == 1)

    def cost(node: ENode) -> int:
        form = node.form
        if form == LEAF or node.op in prefer:
            return 1
        if form == LINEAR:
            bare = [k for i, k in node.items if i == one]
            ops = best_divisor((*[k for i, k in node.items if i != one], *bare), len(bare), decimals)[1]
        elif form == POWERS:
            ops = product_operations(tuple([e for _, e in node.items])) + sum(weight_cost(i) for i, _ in node.items)
        elif form == BAG:
            ops = sum(n for _, n in node.items) - 1 + sum(weight_cost(i) for i, _ in node.items)
        else:
            ops = SHUNNED if node.op in shun else 1 if node.items else 0
            ops += sum(weight_cost(i) for i in node.items) + (0 if node.op.has_value else WITHOUT_VALUE)
        if node.scale not in (1, -1):
            ops += coefficient_operations(divide(1, node.scale), decimals)
        return OPERATION * ops + 1 + sum(1 for i in node.children() if i != one) + (form == POWERS and any(e < 0 for _, e in node.items))

    return cost
