"""Right sides and conditions of rules in core form: what is built, and what is tested, from what the left side bound."""

from __future__ import annotations

from collections.abc import Callable

from .conditions import word_function
from .egraph.language import BBag, BEach, BLeaf, BNode, BNumber, BProd, BSum, Build, BVar, Kind, NLit, Numeric, Test
from .knowledge import word_on_terms
from .lawnumbers import NUMERIC_WORDS, Side
from .lowering import leaf_value
from .patterns import COMPARISONS, Condition, PApply, Pattern, PConstant, PEach, PFold, PNumber, PRest, PSetting, PVar, walk
from .theory import Operator


class RightSide(Side):
    """Makes the core form of a right side, and of conditions."""

    def build(self, pattern: Pattern) -> Build:
        """The core form of a right side."""
        if not self.plain and self._foldable(pattern):
            numeric = self.numeric(pattern)
            if numeric is not None:
                return BNumber(numeric)
        match pattern:
            case PVar(name) | PRest(name):
                return BVar(name)
            case PNumber(exact, spelling):
                leaf = self.theory.number(exact, spelling)
                return BLeaf(leaf.op, leaf_value(leaf, self.language))
            case PConstant(value):
                constant = self.theory.boolean(value) if isinstance(value, bool) else self.theory.attribute(value)
                return BLeaf(constant.op, leaf_value(constant, self.language))
            case PApply(op, args):
                return self._built(op, args)
            case PEach(op, body):
                kind = self.kind(op)
                if kind is Kind.LINEAR:
                    return BSum(((NLit(1), BEach(kind, self.build(body))),))
                return BProd((), ((BEach(kind, self.build(body)), NLit(1)),))
            case PFold():
                raise self.error("a fold stands among numbers")
            case PSetting(function):
                raise self.error(f"{function} computes a setting, which a definition does of formulas, not of patterns")

    def _foldable(self, pattern: Pattern) -> bool:
        """Whether arithmetic may be folded when the right side is built: roots may be irrational and are left to the product."""
        if self.plain:
            return False
        for p in walk(pattern):
            if isinstance(p, PApply) and self.is_raised(p.op):
                exponent = self.value(p.args[1])
                if not isinstance(exponent, int):
                    return False
        return True

    def _built(self, op: Operator, args: tuple[Pattern, ...]) -> Build:
        kind = self.kind(op)
        if kind is Kind.LINEAR:
            return BSum(tuple(self._built_term(p) for p in self.flat(op, args)))
        if kind is Kind.POWERS or self.is_raised(op):
            return self._built_product(self.flat(op, args) if kind is Kind.POWERS else [PApply(op, args)])
        if kind is not Kind.PLAIN:
            return BBag(op, tuple(self.build(p) for p in self.flat(op, args)))
        given: list[Build] = []
        for parameter, arg in zip(op.parameters, args, strict=True):
            if parameter.attribute and isinstance(arg, PNumber | PConstant):
                leaf = self.theory.attribute(arg.value)
                given.append(BLeaf(leaf.op, leaf))
            else:
                given.append(self.build(arg))
        return BNode(op, tuple(given))

    def _every_factor(self, pattern: Pattern) -> bool:
        return isinstance(pattern, PEach) and self.kind(pattern.op) is Kind.POWERS

    def _built_term(self, pattern: Pattern) -> tuple[Numeric, Build]:
        if isinstance(pattern, PEach) and self.kind(pattern.op) is Kind.LINEAR:
            return NLit(1), BEach(Kind.LINEAR, self.build(pattern.body))
        return NLit(1), self.build(pattern)

    def _built_product(self, parts: list[Pattern]) -> Build:
        coefficient: list[Numeric] = []
        factors: list[tuple[Build, Numeric | Build]] = []
        for part in parts:
            numeric = self.numeric(part) if self._foldable(part) else None
            if numeric is not None:
                coefficient.append(numeric)
            elif self._every_factor(part):
                assert isinstance(part, PEach)
                factors.append((BEach(Kind.POWERS, self.build(part.body)), NLit(1)))
            elif isinstance(part, PApply) and self.is_raised(part.op):
                base, exponent = part.args
                power = self.numeric(exponent)
                raised_base: Build = self.build(base)
                if isinstance(base, PEach) and self._every_factor(base):
                    raised_base = BEach(Kind.POWERS, self.build(base.body))
                factors.append((raised_base, self.build(exponent) if power is None else power))
            else:
                factors.append((self.build(part), NLit(1)))
        return BProd(tuple(coefficient), tuple(factors))

    # -- conditions

    def test(self, condition: Condition, prepare: Callable[[Pattern], Pattern]) -> Test:
        """A condition as a numeric test, or as a predicate on facts."""
        args = [prepare(a) for a in condition.args]
        numeric = [self.numeric(a) for a in args]
        arithmetic = [n for n in numeric if n is not None]
        if condition.word in (*COMPARISONS, *NUMERIC_WORDS) and len(arithmetic) == len(args) and not self.plain:
            return Test(condition.word, tuple(BNumber(n) for n in arithmetic))
        predicate = word_on_terms(condition.word) if self.language.spelled else word_function(condition.word)
        return Test(condition.word, tuple(self.build(a) for a in args), predicate)
