"""Laws made concrete: terms for both sides of a law, with numbers, shapes and children drawn within its conditions.

A variable of a law becomes a variable of a formula; a number variable (one with number(n), integer(n) or constant(n)
among its conditions) becomes an exact literal; `x..` becomes none to three children, `p + ...` and `p * ...` two or
three (cases.py draws them). What depends on values (positive(a), powerable(a, b), ...) is left for the points at which
the instance is tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import count
from typing import TypeAlias

from .egraph.builder import NotRational
from .egraph.rational import content, tidy
from .lawnumbers import number_variables
from .patterns import Condition, PApply, Pattern, PConstant, PEach, PFold, PNumber, PRest, PSetting, PVar, Rule, names, outside, walk
from .rationals import fold_power
from .term import Number, Term
from .theory import Operator, Parameter, Theory

# ---- patterns as terms ----

Value: TypeAlias = Term | int | Fraction


@dataclass(frozen=True)
class Bindings:
    """What the names of a law stand for: terms (attributes are terms too) and numbers, one for each child in `children`, and
    how many children each rest has. A rest's term is all of its children combined, the operator's unit where it has none."""

    values: Mapping[str, Value]
    children: tuple[Mapping[str, Value], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def at(self, child: Mapping[str, Value]) -> Bindings:
        """The bindings inside a `...`, for one child."""
        return Bindings({**self.values, **child}, self.children, self.counts)


def instantiate(pattern: Pattern, theory: Theory, bindings: Bindings) -> Term:
    """The term that a pattern stands for; numbers and folds become literals. NotRational where a fold has no number.

    Patterns are as deep as the line that spells them, so that this may recurse.
    """
    match pattern:
        case PVar(name) | PRest(name):
            value = bindings.values[name]
            return value if isinstance(value, Term) else theory.number(Fraction(value))
        case PNumber(value, _):
            return theory.number(Fraction(value))
        case PConstant(value):
            return theory.boolean(value) if isinstance(value, bool) else theory.attribute(value)
        case PSetting():
            raise AssertionError("settings are computed in definitions only, which terms do not hold")
        case PFold():
            return theory.number(Fraction(number_of(pattern, theory, bindings)))
        case PEach(op, body):
            return combine(theory, op, [instantiate(body, theory, bindings.at(child)) for child in bindings.children])
        case PApply(op, args):
            made = [instantiate(a, theory, bindings) for a in args]
            return theory.make(op, [a.value if p.attribute else a for a, p in zip(made, op.parameters, strict=False)])


_FOLDS: dict[str, Callable[[list[Number]], Number]] = {"min": min, "max": max, "gcd": content}


def number_of(pattern: Pattern, theory: Theory, bindings: Bindings) -> Number:
    """The rational that a pattern of numbers and number variables folds to; NotRational where there is none."""
    match pattern:
        case PNumber(value, _):
            return value
        case PVar(name) if not isinstance(bindings.values.get(name), Term | None):
            return tidy(Fraction(bindings.values[name]))  # type: ignore[arg-type]
        case PFold("count", name):
            return bindings.counts.get(name, len(bindings.children))
        case PFold(kind, name):
            return _FOLDS[kind]([number_of(PVar(name), theory, bindings.at(child)) for child in bindings.children])
        case PApply(op, args):
            numbers = [number_of(a, theory, bindings) for a in args]
            if op.definition is not None:
                return number_of(op.definition, theory, Bindings(dict(zip([p.name for p in op.parameters], numbers, strict=True))))
            found = _apply(op, theory, numbers)
            if found is not None:
                return found
    raise NotRational


def _apply(op: Operator, theory: Theory, numbers: list[Number]) -> Number | None:
    if op is theory.roles.get("sum"):
        return tidy(Fraction(sum(numbers)))
    if op is theory.roles.get("product"):
        return tidy(Fraction(math.prod(numbers)))
    return fold_power(numbers[0], numbers[1]) if op is theory.roles.get("power") else None


def combine(theory: Theory, op: Operator, terms: Sequence[Term]) -> Term:
    """Several terms under an operator that is associative; its unit where there is none of them."""
    if not terms:
        assert op.unit is not None
        return theory.lift(op.unit)
    total = terms[0]
    for term in terms[1:]:
        total = theory.make(op, [total, term])
    return total


# ---- what the names of a law are ----


def with_own_holes(rule: Rule) -> Rule:
    """The rule with a name of its own for each `_` of its left side."""
    numbers = count(1)

    def named(pattern: Pattern) -> Pattern:
        match pattern:
            case PVar("_"):
                return PVar(f"_{next(numbers)}")
            case PApply(op, args):
                return PApply(op, tuple(map(named, args)))
            case PEach(op, body):
                return PEach(op, named(body))
        return pattern

    return replace(rule, left=named(rule.left))


@dataclass(frozen=True)
class Law:
    """A rule with what its names are: numbers, constants, settings, rests (with their operators), children's own."""

    rule: Rule
    theory: Theory

    @property
    def left(self) -> Pattern:
        return self.rule.left

    @property
    def right(self) -> Pattern:
        return self.rule.right

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self.rule.conditions

    @cached_property
    def patterns(self) -> list[Pattern]:
        return [self.left, self.right, *(a for c in self.conditions for a in c.args)]

    @cached_property
    def operators(self) -> list[Operator]:
        """The operators of both sides, in order of occurrence."""
        used = [p.op for side in (self.left, self.right) for p in walk(side) if isinstance(p, PApply | PEach)]
        return list(dict.fromkeys(used))

    @cached_property
    def numbers(self) -> dict[str, bool]:
        """The number variables; true for those that have to be integers."""
        whole = {c.args[0].name for c in self.conditions if c.word == "integer" and isinstance(c.args[0], PVar)}
        return {name: name in whole for name in sorted(number_variables(self.rule))}

    @cached_property
    def constants(self) -> set[str]:
        """The variables that stand for any constant."""
        return {c.args[0].name for c in self.conditions if c.word == "constant" and isinstance(c.args[0], PVar)}

    @cached_property
    def settings(self) -> dict[str, Parameter]:
        """The names that stand for attributes such as an axis, each with the first attribute that it stands for."""
        found: dict[str, Parameter] = {}
        for p in (q for pattern in self.patterns for q in walk(pattern)):
            for a, q in zip(p.args, p.op.parameters, strict=False) if isinstance(p, PApply) else ():
                if q.attribute and isinstance(a, PVar):
                    found.setdefault(a.name, q)
        return found

    @cached_property
    def rests(self) -> dict[str, Operator]:
        """The rests, with the operator whose children they are."""
        found: dict[str, Operator] = {}
        for p in (q for pattern in (self.left, self.right) for q in walk(pattern)):
            if isinstance(p, PApply) and p.op.is_multiset:
                for a in p.args:
                    if isinstance(a, PRest):
                        found.setdefault(a.name, p.op)
        return found

    @cached_property
    def own(self) -> set[str]:
        """The names that have a value for each child of a `...`: all inside, but those that the right side uses outside every `...` and fold."""
        inside = {n for p in walk(self.left) if isinstance(p, PEach) for n in names(p.body)}
        return inside - outside(self.right)

    @cached_property
    def names(self) -> list[str]:
        """All names in order of occurrence."""
        return list(dict.fromkeys(p.name for q in self.patterns for p in walk(q) if isinstance(p, PVar | PRest | PFold)))
