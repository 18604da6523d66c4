"""Left sides of rules in core form: sums and products flattened, coefficients, exponents and rests told apart."""

from __future__ import annotations

from .egraph.language import CBag, CEach, CLeaf, CLit, CNode, CNum, Coefficient, Core, CProd, CSum, CVar, Kind, Language
from .egraph.rational import Number, tidy
from .lawnumbers import Side, expanded
from .lowering import leaf_value
from .patterns import PApply, Pattern, PConstant, PEach, PNumber, PRest, PVar, Rule, names
from .theory import Operator, Theory


class LeftSide(Side):
    """Makes the core form of a left side."""

    def __init__(self, rule: Rule, theory: Theory, language: Language) -> None:
        super().__init__(rule, theory, language)
        self._blank = 0

    def whole(self, pattern: Pattern) -> Core:
        """The core form; x^a with any exponent starts at the power's own node, since it need not be a factor of anything."""
        left = self.core(pattern)
        if isinstance(left, CProd) and left.coefficient is None and left.rest is None and len(left.factors) == 1:
            base, exponent = left.factors[0]
            if exponent is not None and not isinstance(exponent, CLit | CNum):
                return CNode(self.language.raised, (base, exponent))
        return left

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
            return self._sum(self.flat(op, args))
        if kind is Kind.POWERS or self.is_raised(op):
            return self._product(self.flat(op, args) if kind is Kind.POWERS else [PApply(op, args)])
        if kind is not Kind.PLAIN:
            parts = self.flat(op, args)
            rests = [p.name for p in parts if isinstance(p, PRest)]
            return CBag(op, tuple(self.core(p) for p in parts if not isinstance(p, PRest)), rests[0] if rests else None)
        given: list[Core] = []
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
        for part in [factor for given in parts for factor in self._powered(given)]:
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
            elif isinstance(part, PApply) and self.is_raised(part.op):
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
        if not (isinstance(pattern, PApply) and self.is_raised(pattern.op)):
            return [pattern]
        base, exponent = pattern.args
        outer = self.value(exponent)
        if not isinstance(outer, int) or not isinstance(base, PApply):
            return [pattern]
        if self.kind(base.op) is Kind.POWERS:
            return [p for arg in self.flat(base.op, base.args) for p in self._powered(PApply(pattern.op, (arg, exponent)))]
        inner = self.value(base.args[1]) if self.is_raised(base.op) else None
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
