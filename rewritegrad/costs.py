"""What e-nodes cost: operations, as people count them, when they are written; time, when they are computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

from .dimensions import value_of
from .egraph.extract import Cost
from .egraph.multiset import Engine
from .egraph.nodes import BAG, LEAF, LINEAR, PLAIN, POWERS, ENode
from .egraph.rational import Number, divide, integral, magnitude
from .shaperules import work_rule
from .spelling import coefficient_operations, decimal_spelling
from .term import Shape, Term, postorder
from .theory import Operator, Theory

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
    if len(exponents) == 1 and exponents[0] < 0 and exponents[0] not in (-1, Fraction(-1, 2)):
        return 1 if integral(exponents[0]) else 2
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
    engine: Engine,
    decimals: bool = False,
    prefer: frozenset[Operator] = frozenset(),
    shun: frozenset[Operator] = frozenset(),
    ids: Sequence[int] = (),
) -> Cost:
    """What an e-node costs when written, its children not counted; `ids` are wanted as the multiples of classes that they are.

    Applications of operators in `prefer` cost next to nothing, those of operators in `shun` SHUNNED operations.
    """
    one = engine.one
    linear = engine.language.linear
    sums = engine.classes_with(linear)

    wanted = {root: k for k, root in map(engine.split, ids)}

    def weight_cost(i: int) -> int:
        k, root = engine.split(i)
        if k == 1 or root == one or (k == -1 and root in sums):
            return 0
        return coefficient_operations(k, decimals) + (k < 0 and magnitude(k.numerator) == 1)

    def takes_sign(node: ENode) -> bool:
        return node.form == LINEAR or (node.form == POWERS and any(e % 2 == 1 and engine.split(i)[1] in sums for i, e in node.items))

    def numerals(i: int) -> int:
        k = engine.split(i)[0]
        return 0 if k == 1 else 1 if k == -1 else 3 + (k < 0)

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
            ops = sum(n for _, n in node.items) - 1 + sum(weight_cost(i) for i, _ in node.items) + (SHUNNED if node.op in shun else 0)
        else:
            ops = SHUNNED if node.op in shun else 1 if node.items else 0
            ops += sum(weight_cost(i) for i in node.items) + (0 if node.op.has_value else WITHOUT_VALUE)
        k = wanted.get(node.cls, 1)
        if k != 1 or node.scale not in (1, -1):
            k = divide(k, node.scale)
            ops += coefficient_operations(k, decimals) + (k < 0 and magnitude(k.numerator) == 1 and not takes_sign(node))
        ties = sum([1 + numerals(i) for i in node.children() if i != one]) + (form == POWERS and any(e < 0 for _, e in node.items))
        return OPERATION * ops + 1 + ties + 3 * (k not in (1, -1))

    return cost


# -- time

NOMINAL = 1000
"""The size that a named dimension is taken to have: larger than the small numbers that people declare."""
CALL = 500
"""What a call of a kernel takes, whatever it computes; np.add takes 1 for each element."""


class Work:
    """How many entries the kernels of a theory run over, from the shapes of their arguments and results."""

    def __init__(self, theory: Theory) -> None:
        self._rules = {op: work_rule(op.shape_text, op.over, op.parameters) for op in theory.operators if op.over}

    def entries(self, op: Operator, args: Sequence[Any], shape: Shape) -> int:
        """The entries of the result, or of its largest argument; of more dimensions where the operator says so. Facts will do for arguments."""
        rule = self._rules.get(op)
        if rule is not None:
            return entries(rule(tuple(args)))
        return max([entries(shape), *[entries(arg.shape) for arg in args]])


def entries(shape: Shape) -> int:
    """The number of entries of an array, named dimensions at their nominal size."""
    return prod([value_of(dimension, lambda _: NOMINAL) or 1 for dimension in shape])


def time_of(terms: Sequence[Term]) -> int:
    """About how long terms take to compute, what they share once."""
    work = terms[0].theory.derived(Work)
    return sum(CALL + t.op.cost * work.entries(t.op, t.args, t.shape) for t in postorder(*terms) if not t.op.leaf)


def machine_cost(engine: Engine, theory: Theory) -> Cost:
    """How long an e-node takes to compute from its children."""
    work = theory.derived(Work)
    plus, times_cost, power = (theory.roles[role].cost for role in ("sum", "product", "power"))

    def cost(node: ENode) -> int:
        form = node.form
        if form == LEAF:
            return 1
        shape = engine.fact(node.cls).shape
        if form == PLAIN:
            own: int = node.op.cost
            return CALL + own * work.entries(node.op, [engine.fact(i) for i in node.items], shape)
        if form == LINEAR:
            each = [plus] * (len(node.items) - 1) + [times_cost for i, k in node.items if k not in (1, -1) and i != engine.one]
        elif form == POWERS:
            each = [times_cost] * (len(node.items) - 1) + [times_cost if e in (2, -1) else power for _, e in node.items if e != 1]
        else:
            each = [node.op.cost] * (sum(n for _, n in node.items) - 1)
        return 1 + sum(CALL + one * entries(shape) for one in each)

    return cost
