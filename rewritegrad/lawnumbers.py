"""Which variables of a rule are numbers, and arithmetic with them; what both sides of a law need to know."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from .egraph.builder import NotRational, raised
from .egraph.language import Kind, Language, NApply, NFold, NLit, Numeric, NVar
from .egraph.rational import Number, tidy
from .errors import RuleFileError
from .patterns import PApply, Pattern, PEach, PFold, PNumber, PSetting, PVar, Rule, names, walk
from .theory import Operator, Theory

NUMERIC_WORDS = ("number", "integer", "not_integer")
"""The conditions that make what they are about numbers."""

FOLDED = ("min", "max")
"""The words of folds that are also operators: of several numbers they mean the same."""


def substituted(pattern: Pattern, values: dict[str, Pattern]) -> Pattern:
    """A pattern with its variables replaced (patterns are bounded in depth by the reader)."""
    if isinstance(pattern, PVar):
        return values.get(pattern.name, pattern)
    if isinstance(pattern, PApply):
        return PApply(pattern.op, tuple(substituted(a, values) for a in pattern.args))
    if isinstance(pattern, PSetting):
        return PSetting(pattern.function, tuple(substituted(a, values) for a in pattern.args))
    if isinstance(pattern, PEach):
        return PEach(pattern.op, substituted(pattern.body, values))
    return pattern


def expanded(pattern: Pattern) -> Pattern:
    """A pattern without operators that have a definition."""
    if isinstance(pattern, PEach):
        return PEach(pattern.op, expanded(pattern.body))
    if not isinstance(pattern, PApply):
        return pattern
    args = tuple(expanded(a) for a in pattern.args)
    if pattern.op.definition is None:
        return PApply(pattern.op, args)
    inner = dict(zip([p.name for p in pattern.op.parameters], args, strict=True))
    return expanded(substituted(pattern.op.definition, inner))


def number_variables(rule: Rule) -> set[str]:
    """The variables of a rule that stand for exact numbers."""
    found: set[str] = set()
    for condition in rule.conditions:
        if condition.word in NUMERIC_WORDS:
            found |= names(condition.args[0])
    for side in (rule.left, rule.right, *[a for c in rule.conditions for a in c.args]):
        found |= {p.name for p in walk(side) if isinstance(p, PFold) and p.kind != "count"}
    changed = True
    while changed:
        changed = False
        for condition in rule.conditions:
            if condition.word == "=":
                for one, other in (condition.args, condition.args[::-1]):
                    if isinstance(one, PVar) and one.name not in found and names(other) and names(other) <= found:
                        found.add(one.name)
                        changed = True
    return found


class Side:
    """What is known of a rule while one of its sides is put into core form."""

    def __init__(self, rule: Rule, theory: Theory, language: Language) -> None:
        self.rule = rule
        self.theory = theory
        self.language = language
        self.plain = language.linear is None
        self.numbers = set() if self.plain else number_variables(rule)

    def error(self, message: str) -> RuleFileError:
        return RuleFileError(f"{self.rule.name}: {message}", self.rule.position)

    # -- what an operator is to the engine

    def kind(self, op: Operator) -> Kind:
        return self.language.kind(op)

    def is_raised(self, op: Operator) -> bool:
        return self.language.raised is not None and op is self.language.raised

    def flat(self, op: Operator, args: Iterable[Pattern]) -> list[Pattern]:
        parts: list[Pattern] = []
        for arg in args:
            parts += self.flat(op, arg.args) if isinstance(arg, PApply) and arg.op is op else [arg]
        return parts

    # -- numbers

    def value(self, pattern: Pattern) -> Number | None:
        """The rational that a pattern without variables spells, if it is one."""
        numeric = self.numeric(pattern, set())
        if numeric is None:
            return None
        try:
            return evaluate(numeric)
        except NotRational:
            return None

    def numeric(self, pattern: Pattern, numbers: set[str] | None = None) -> Numeric | None:
        """A pattern as arithmetic of number variables, if it is that."""
        numbers = self.numbers if numbers is None else numbers
        if isinstance(pattern, PNumber):
            return NLit(tidy(pattern.value))
        if isinstance(pattern, PVar):
            return NVar(pattern.name) if pattern.name in numbers else None
        if isinstance(pattern, PFold):
            return NFold(pattern.kind, pattern.name)
        if not isinstance(pattern, PApply) or self.plain:
            return None
        signs: dict[Any, str] = {self.language.linear: "+", self.language.powers: "*", self.language.raised: "^"}
        sign = signs.get(pattern.op)
        if sign is None and pattern.op.name in FOLDED and self.kind(pattern.op) is Kind.IDEMPOTENT:
            sign = pattern.op.name
        if sign is None:
            return None
        args = [self.numeric(a, numbers) for a in pattern.args]
        found = [a for a in args if a is not None]
        return _folded(NApply(sign, tuple(found))) if len(found) == len(args) else None


def _folded(numeric: NApply) -> Numeric:
    """The arithmetic, as one number where it names no variable."""
    if not all(isinstance(a, NLit) for a in numeric.args):
        return numeric
    try:
        return NLit(evaluate(numeric))
    except NotRational:
        return numeric


def evaluate(numeric: Numeric) -> Number:
    """The value of a number expression without variables; NotRational where it has none."""
    match numeric:
        case NLit(value):
            return value
        case NApply("+", args):
            return tidy(sum((evaluate(a) for a in args), Fraction(0)))
        case NApply("*", args):
            total: Number = 1
            for a in args:
                total = tidy(total * evaluate(a))
            return total
        case NApply("min" | "max" as kind, args):
            return (min if kind == "min" else max)([evaluate(a) for a in args])
        case NApply("^", (base, exponent)):
            return raised(evaluate(base), evaluate(exponent))
        case _:
            raise NotRational
