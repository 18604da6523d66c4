"""The laws that flags stand for: `is associative` and `is commutative` where an operator is not both, and so is no multiset, and `is linear`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .errors import ShapeError
from .patterns import Condition, PApply, PNumber, PVar, Rule, Ruleset
from .shapes import elementwise
from .theory import Operator, Theory, Type

_RANKS = ("scalar", "vector", "matrix")
"""The words for arrays of so many dimensions."""


def associative_rulesets(operators: Iterable[Operator], theory: Theory) -> Iterator[Ruleset]:
    """For each operator that is associative alone, (a o b) o c <=> a o (b o c), in a ruleset of its own in stage explore.

    An operator of whole arrays is associative on the arrays that it is closed on, such as matrices: the middle argument
    has to be one. (The product of a vector and a matrix is a vector, and v @ (w @ A) is another thing than (v @ w) @ A.)
    """
    for op in operators:
        if "associative" not in op.flags or op.is_multiset:
            continue
        a, b, c = map(PVar, _fresh(op))
        settings = tuple(PVar(p.name) for p in op.parameters if p.attribute)

        def apply(x: PApply | PVar, y: PApply | PVar, op: Operator = op, settings: tuple[PVar, ...] = settings) -> PApply:
            return PApply(op, (x, y, *settings))

        left, right = apply(apply(a, b), c), apply(a, apply(b, c))
        guards: list[tuple[Condition, ...]] = [()] if op.shape_rule is elementwise else [(Condition(word, (b,)),) for word in _closed(op, theory)]
        rules: list[Rule] = []
        for guard in guards:
            name = f"associativity of {op.name}" + (f" ({guard[0].word})" if len(guards) > 1 else "")
            rules.append(Rule(name, left, right, guard, op.position))
            rules.append(Rule(f"{name}~", right, left, guard, op.position, reverse=True))
        if rules:
            yield Ruleset(f"associativity of {op.name}", "explore", tuple(rules))


def commutative_rulesets(operators: Iterable[Operator]) -> Iterator[Ruleset]:
    """For each operator that is commutative alone, a o b => b o a, in a ruleset of its own in stage reduce."""
    for op in operators:
        if "commutative" not in op.flags or op.is_multiset:
            continue
        args = [PVar(p.name) for p in op.parameters]
        first, second = (i for i, p in enumerate(op.parameters) if not p.attribute)
        turned = list(args)
        turned[first], turned[second] = args[second], args[first]
        name = f"commutativity of {op.name}"
        yield Ruleset(name, "reduce", (Rule(name, PApply(op, tuple(args)), PApply(op, tuple(turned)), (), op.position),))


def linear_rulesets(operators: Iterable[Operator], theory: Theory) -> Iterator[Ruleset]:
    """For each operator that is linear, f(n*x) => n*f(x) for numbers n, in a ruleset of its own in stage reduce.

    Operators with a definition are left out, since those that they are made of have such laws; so are all in a theory without products.
    """
    product = theory.roles.get("product")
    if product is None:
        return
    for op in operators:
        flowing = [p for p in op.parameters if not (p.attribute or p.constant)]
        if "linear" not in op.flags or op.definition is not None:
            continue
        taken = {p.name for p in op.parameters}
        n = PVar("n" + "_" * ("n" in taken))
        guards = (Condition("number", (n,)), Condition("!=", (n, PNumber(1, "1"))))
        laws: list[Rule] = []
        for x in flowing:
            args = tuple(PApply(product, (n, PVar(p.name))) if p is x else PVar(p.name) for p in op.parameters)
            name = f"linearity of {op.name}" + (f" ({x.name})" if len(flowing) > 1 else "")
            right = PApply(product, (n, PApply(op, tuple(PVar(p.name) for p in op.parameters))))
            laws.append(Rule(name, PApply(op, args), right, guards, op.position))
        yield Ruleset(f"linearity of {op.name}", "reduce", tuple(laws))


def _closed(op: Operator, theory: Theory) -> list[str]:
    """The words for the arrays of which the operator makes such arrays."""
    found = []
    for rank, word in enumerate(_RANKS):
        argument = theory.variable("a", Type((2,) * rank))
        settings = [theory.attribute(p.default) for p in op.parameters if p.attribute]
        try:
            if len(op.shape_of((argument, argument, *settings))) == rank:
                found.append(word)
        except ShapeError:
            continue
    return found


def _fresh(op: Operator) -> list[str]:
    """Three names that none of the operator's settings has."""
    taken = {p.name for p in op.parameters if p.attribute}
    return [name + "_" * (name in taken) for name in ("a", "b", "c")]
