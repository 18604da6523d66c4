"""Rules on their way into the engine: the core form of both sides and of the conditions.

Definitions are expanded, sums and products flattened, numbers folded; which variables are numbers follows from the
conditions: those inside number(...), integer(...) and not_integer(...), and one that `=` ties to numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from .conditions import word_function
from .egraph.builder import NotRational, raised
from .egraph.language import (
    BBag,
    BEach,
    BLeaf,
    BNode,
    BNumber,
    BProd,
    BSum,
    Build,
    BVar,
    CBag,
    CEach,
    CLeaf,
    CLit,
    CNode,
    CNum,
    Coefficient,
    Core,
    CProd,
    CSum,
    CVar,
    Kind,
    Language,
    Law,
    NApply,
    NFold,
    NLit,
    Numeric,
    NVar,
    Test,
)
from .egraph.rational import Number, tidy
from .errors import RuleFileError
from .lowering import leaf_value
from .patterns import COMPARISONS, Condition, PApply, Pattern, PConstant, PEach, PFold, PNumber, PRest, PVar, Rule, names, walk
from .theory import Operator, Theory

_NUMERIC_WORDS = ("number", "integer", "not_integer")


def substituted(pattern: Pattern, values: dict[str, Pattern]) -> Pattern:
    """A pattern with its variables replaced (patterns are bounded in depth by the reader)."""
    if isinstance(pattern, PVar):
        return values.get(pattern.name, pattern)
    if isinstance(pattern, PApply):
        return PApply(pattern.op, tuple(substituted(a, values) for a in pattern.args))
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
        if condition.word in _NUMERIC_WORDS:
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


class LawMaker:
    """Makes the core form of one rule."""

    def __init__(self, rule: Rule, theory: Theory, language: Language) -> None:
        self.rule = rule
        self.theory = theory
        self.language = language
        self.plain = language.linear is None
        self.numbers = set() if self.plain else number_variables(rule)
        self.rests = {p.name for p in walk(rule.left) if isinstance(p, PRest)}
        self._blank = 0

    def law(self) -> Law:
        """The rule in core form; RuleFileError where the left side is beyond what patterns can say."""
        prepare: Callable[[Pattern], Pattern] = (lambda p: p) if self.plain else expanded
        left = self._symbolic_power(self.core(prepare(self.rule.left)))
        right = self.build(prepare(self.rule.right))
        tests = tuple(self.test(c, prepare) for c in self.rule.conditions)
        return Law(self.rule.name, left, right, tests, self.rule)

    def _symbolic_power(self, left: Core) -> Core:
        """A left side x^a with any exponent starts at the power's own node: it need not be a factor of anything."""
        if isinstance(left, CProd) and left.coefficient is None and left.rest is None and len(left.factors) == 1:
            base, exponent = left.factors[0]
            if exponent is not None and not isinstance(exponent, CLit | CNum):
                return CNode(self.language.raised, (base, exponent))
        return left

    def error(self, message: str) -> RuleFileError:
        return RuleFileError(f"{self.rule.name}: {message}", self.rule.position)

    # -- what an operator is to the engine

    def kind(self, op: Operator) -> Kind:
        return self.language.kind(op)

    def _is_raised(self, op: Operator) -> bool:
        return self.language.raised is not None and op is self.language.raised

    def _flat(self, op: Operator, args: Iterable[Pattern]) -> list[Pattern]:
        parts: list[Pattern] = []
        for arg in args:
            parts += self._flat(op, arg.args) if isinstance(arg, PApply) and arg.op is op else [arg]
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
        if sign is None:
            return None
        args = [self.numeric(a, numbers) for a in pattern.args]
        found = [a for a in args if a is not None]
        return _folded(NApply(sign, tuple(found))) if len(found) == len(args) else None

    # -- left sides

    def core(self, pattern: Pattern) -> Core:
        """The core form of a left side."""
        value = None if self.plain else self.value(pattern)
        if value is not None and not isinstance(pattern, PVar):
            return CLit(value)
        match pattern:
            case PVar(name):
                return CNum(name) if name in self.numbers else CVar(self._name(name))
            case PNumber(exact, spelling):
                leaf = self.theory.number(exact, spelling)
                return CLeaf(leaf.op, leaf_value(leaf, self.language))
            case PConstant(constant):
                return self._constant(constant)
            case PEach():
                return self._each(pattern)
            case PApply(op, args):
                return self._application(op, args)
            case _:
                raise self.error("x.. and ... stand only among the children of a sum, product or the like")

    def _name(self, name: str) -> str:
        if name != "_":
            return name
        self._blank += 1
        return f"_{self._blank}"

    def _constant(self, value: object) -> CLeaf:
        leaf = self.theory.boolean(value) if isinstance(value, bool) else self.theory.attribute(value)
        return CLeaf(leaf.op, leaf_value(leaf, self.language))

    def _application(self, op: Operator, args: tuple[Pattern, ...]) -> Core:
        kind = self.kind(op)
        if kind is Kind.LINEAR:
            return self._sum(self._flat(op, args))
        if kind is Kind.POWERS or self._is_raised(op):
            return self._product(self._flat(op, args) if kind is Kind.POWERS else [PApply(op, args)])
        if kind is not Kind.PLAIN:
            parts = self._flat(op, args)
            rests = [p.name for p in parts if isinstance(p, PRest)]
            return CBag(op, tuple(self.core(p) for p in parts if not isinstance(p, PRest)), rests[0] if rests else None)
        given = []
        for parameter, arg in zip(op.parameters, args, strict=True):
            if parameter.attribute and isinstance(arg, PNumber | PConstant):
                leaf = self.theory.attribute(arg.value)
                given.append(CLeaf(leaf.op, leaf))
            else:
                given.append(self.core(arg))
        return CNode(op, tuple(given))

    def _sum(self, parts: list[Pattern]) -> Core:
        if len(parts) == 1 and isinstance(parts[0], PEach):
            return self._each(parts[0])
        rests = [p.name for p in parts if isinstance(p, PRest)]
        if any(isinstance(p, PEach) and self.kind(p.op) is Kind.LINEAR for p in parts):
            raise self.error("a pattern for every child stands alone in its sum or product")
        return CSum(tuple(self._term(p) for p in parts if not isinstance(p, PRest)), rests[0] if rests else None)

    def _term(self, pattern: Pattern) -> tuple[Coefficient, Core]:
        """A term of a sum as its coefficient and what that multiplies."""
        core = self.core(pattern)
        if isinstance(core, CProd) and core.coefficient is not None:
            bare = core.rest is None and len(core.factors) == 1 and core.factors[0][1] is None
            return core.coefficient, core.factors[0][0] if bare else CProd(None, core.factors, core.rest)
        return None, core

    def _product(self, parts: list[Pattern]) -> Core:
        if len(parts) == 1 and isinstance(parts[0], PEach):
            return self._each(parts[0])
        coefficient: Coefficient = None
        literal: Number = 1
        rest: str | None = None
        factors: list[tuple[Core, Core | None]] = []
        for part in [p for part in parts for p in self._powered(part)]:
            value = self.value(part)
            if isinstance(part, PRest):
                rest = part.name
            elif isinstance(part, PEach) and self.kind(part.op) is Kind.POWERS:
                raise self.error("a pattern for every child stands alone in its sum or product")
            elif value is not None:
                literal = tidy(literal * value)
            elif isinstance(part, PVar) and part.name in self.numbers:
                if coefficient is not None:
                    raise self.error("a product has one coefficient: two number variables multiply each other")
                coefficient = CNum(part.name)
            elif isinstance(part, PApply) and self._is_raised(part.op):
                factors.append((self._base(part.args[0]), self._exponent(part.args[1])))
            else:
                factors.append((self.core(part), None))
        if literal != 1:
            if coefficient is not None:
                raise self.error("a product has one coefficient: write the number into the condition")
            coefficient = CLit(literal)
        return CProd(coefficient, tuple(factors), rest)

    def _powered(self, pattern: Pattern) -> list[Pattern]:
        """(a*b^2)^(-1) as the factors a^(-1) and b^(-2), which is how e-graphs hold it."""
        if not (isinstance(pattern, PApply) and self._is_raised(pattern.op)):
            return [pattern]
        base, exponent = pattern.args
        outer = self.value(exponent)
        if not isinstance(outer, int) or not isinstance(base, PApply):
            return [pattern]
        if self.kind(base.op) is Kind.POWERS:
            return [p for arg in self._flat(base.op, base.args) for p in self._powered(PApply(pattern.op, (arg, exponent)))]
        inner = self.value(base.args[1]) if self._is_raised(base.op) else None
        if inner is None:
            return [pattern]
        product = tidy(inner * outer)
        return self._powered(PApply(pattern.op, (base.args[0], PNumber(product, str(product)))))

    def _base(self, pattern: Pattern) -> Core:
        return self._each(pattern) if isinstance(pattern, PEach) else self.core(pattern)

    def _exponent(self, pattern: Pattern) -> Core:
        if isinstance(pattern, PApply) and self.numeric(pattern) is not None and self.value(pattern) is None:
            raise self.error("an exponent on the left is a number or a variable; put arithmetic into a condition")
        return self.core(pattern)

    def _each(self, pattern: PEach) -> CEach:
        kind = self.kind(pattern.op)
        if kind not in (Kind.LINEAR, Kind.POWERS):
            raise self.error("`...` stands in sums and products")
        outside = self._outside(expanded(self.rule.right)) | self._outside(expanded(self.rule.left))
        body = self._term(pattern.body) if kind is Kind.LINEAR else (None, self.core(pattern.body))
        inside = names(pattern.body)
        return CEach(kind, body, tuple(sorted(inside & outside)))

    def _outside(self, pattern: Pattern) -> set[str]:
        """The names that occur outside every `...` and every fold."""
        if isinstance(pattern, PVar | PRest):
            return {pattern.name}
        if isinstance(pattern, PApply):
            return set().union(*[self._outside(a) for a in pattern.args]) if pattern.args else set()
        return set()

    # -- right sides

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
                constant = self._constant(value)
                return BLeaf(constant.op, constant.value)
            case PApply(op, args):
                return self._built(op, args)
            case PEach(op, body):
                kind = self.kind(op)
                if kind is Kind.LINEAR:
                    return BSum(((NLit(1), BEach(kind, self.build(body))),))
                return BProd((), ((BEach(kind, self.build(body)), NLit(1)),))
            case PFold():
                raise self.error("a fold stands among numbers")

    def _foldable(self, pattern: Pattern) -> bool:
        """Whether arithmetic may be folded when the right side is built: roots may be irrational and are left to the product."""
        if self.plain:
            return False
        for p in walk(pattern):
            if isinstance(p, PApply) and self._is_raised(p.op):
                exponent = self.value(p.args[1])
                if not isinstance(exponent, int):
                    return False
        return True

    def _built(self, op: Operator, args: tuple[Pattern, ...]) -> Build:
        kind = self.kind(op)
        if kind is Kind.LINEAR:
            return BSum(tuple(self._built_term(p) for p in self._flat(op, args)))
        if kind is Kind.POWERS or self._is_raised(op):
            return self._built_product(self._flat(op, args) if kind is Kind.POWERS else [PApply(op, args)])
        if kind is not Kind.PLAIN:
            return BBag(op, tuple(self.build(p) for p in self._flat(op, args)))
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
            elif isinstance(part, PApply) and self._is_raised(part.op):
                base, exponent = part.args
                power = self.numeric(exponent)
                raised_base: Build = BEach(Kind.POWERS, self.build(base.body)) if isinstance(base, PEach) and self._every_factor(base) else self.build(base)
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
        if condition.word in (*COMPARISONS, *_NUMERIC_WORDS) and len(arithmetic) == len(args) and not self.plain:
            return Test(condition.word, tuple(BNumber(n) for n in arithmetic))
        return Test(condition.word, tuple(self.build(a) for a in args), word_function(condition.word))


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
        case NApply("^", (base, exponent)):
            return raised(evaluate(base), evaluate(exponent))
        case _:
            raise NotRational


def law_of(rule: Rule, theory: Theory, language: Language) -> Law:
    """A rule in core form."""
    return LawMaker(rule, theory, language).law()
