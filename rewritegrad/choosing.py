"""Operators that mean a product, chosen again when a product is written: sum(X)/size(X) is mean(X)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .egraph.rational import Number, integral, times
from .kernels import OF_SHAPES
from .patterns import PApply, Pattern, PConstant, PNumber, PVar
from .spelling import spellings
from .term import Term, make_term
from .theory import Operator, Theory

Factors = list[tuple[Term, Number]]


@dataclass(frozen=True, slots=True)
class Choice:
    """An operator, and the factors with their exponents that it means."""

    op: Operator
    factors: tuple[tuple[PApply, int], ...]


def choices(theory: Theory) -> tuple[Choice, ...]:
    """The operators of a theory that mean a product of two or more applications in which all their arguments occur."""
    found = []
    for op in theory.operators:
        if op.chosen and op.definition is not None:
            factors = _factors(op.definition, theory)
            if factors is not None and len(factors) > 1:
                # what only looks at a shape comes last, for it cannot tell which array of this shape is meant
                found.append(Choice(op, tuple(sorted(factors, key=lambda factor: factor[0].op.numpy in OF_SHAPES))))
    return tuple(found)


def _factors(pattern: Pattern, theory: Theory) -> tuple[tuple[PApply, int], ...] | None:
    """The factors of a pattern; None where they are not all applications of other operators to names and constants."""
    ops = spellings(theory)
    others = (ops.sum, ops.power, ops.difference, ops.negative, ops.root)
    found: list[tuple[PApply, int]] = []
    stack = [(pattern, 1)]
    while stack:
        part, exponent = stack.pop()
        if not isinstance(part, PApply):
            return None
        if part.op in (ops.product, ops.quotient):
            stack += [(part.args[1], -exponent if part.op is ops.quotient else exponent), (part.args[0], exponent)]
        elif part.op in others or not all(isinstance(a, PVar | PConstant | PNumber) for a in part.args):
            return None
        else:
            found.append((part, exponent))
    return tuple(found)


def chosen(factors: Sequence[tuple[Term, Number]], theory: Theory) -> Sequence[tuple[Term, Number]]:
    """The factors with every group of them that an operator means replaced by its application."""
    for choice in theory.derived(choices):
        head, sign = choice.factors[0]
        if len(factors) < len(choice.factors):
            continue
        for term, e in factors:
            if term.op is head.op and integral(e):
                left = _without(choice, factors, term, times(e, sign))
                if left is not None:
                    return chosen(left, theory)
    return factors


def _without(choice: Choice, factors: Sequence[tuple[Term, Number]], first: Term, power: Number) -> Factors | None:
    """The factors with one power of the application in the place of those that it means, `first` being the first of these."""
    bound: dict[str, Term] = {}
    left = list(factors)
    for pattern, exponent in choice.factors:
        wanted = times(power, exponent)
        candidates = [f for f in left if f[1] == wanted and (bound or f[0] is first)]
        match = next((f for f in candidates if _bind(pattern, f[0], bound)), None)
        if match is None:
            return None
        left = [f for f in left if f is not match]
    if any(p.name not in bound for p in choice.op.parameters):
        return None
    return [*left, (make_term(choice.op, tuple([bound[p.name] for p in choice.op.parameters])), power)]


def _bind(pattern: PApply, term: Term, bound: dict[str, Term]) -> bool:
    """Whether a factor matches, with the names bound so far; it binds the others."""
    if term.op is not pattern.op:
        return False
    new: dict[str, Term] = {}
    by_shape = term.op.numpy in OF_SHAPES
    for part, arg in zip(pattern.args, term.args, strict=True):
        if isinstance(part, PVar):
            known = bound[part.name] if part.name in bound else new.setdefault(part.name, arg)
            if known is not arg and not (by_shape and arg.op.leaf != "attribute" and known.shape == arg.shape):
                return False
        elif not isinstance(part, PConstant | PNumber) or arg.value != part.value:
            return False
    bound.update(new)
    return True
