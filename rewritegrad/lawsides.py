"""Which operators laws bring, and which they take away."""

from __future__ import annotations

from collections.abc import Sequence

from .patterns import PApply, Pattern, walk
from .theory import Operator, Theory


def brought_by(theory: Theory, rulesets: Sequence[str]) -> frozenset[Operator]:
    """The operators that only right sides of laws have: by them extraction recognises the forms that the laws are for."""
    return frozenset().union(*[right - left for left, right in _sides(theory, rulesets)]) - set(theory.roles.values())


def taken_by(theory: Theory, rulesets: Sequence[str]) -> frozenset[Operator]:
    """The operators that laws remove and none brings: by them extraction recognises the forms that the laws are against."""
    taken = frozenset().union(*[left - right for left, right in _sides(theory, rulesets)])
    return taken - brought_by(theory, rulesets) - set(theory.roles.values())


def _sides(theory: Theory, rulesets: Sequence[str]) -> list[tuple[frozenset[Operator], frozenset[Operator]]]:
    """The operators of the left and of the right side of each law."""
    rules = [rule for name in rulesets for rule in theory.rulesets[name].rules]
    return [(_operators(rule.left), _operators(rule.right)) for rule in rules]


def _operators(side: Pattern) -> frozenset[Operator]:
    return frozenset([p.op for p in walk(side) if isinstance(p, PApply)])
