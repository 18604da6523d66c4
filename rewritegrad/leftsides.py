"""Left sides of rules in core form: sums and products flattened, coefficients, exponents and rests told apart."""

from __future__ import annotations

from dataclasses import replace

from .egraph.language import CBag, CEach, CLeaf, CLit, CNode, CNum, Coefficient, Core, CProd, CSum, CVar, Kind, Language
from .egraph.rational import Number, tidy
from .lawnumbers import Side, expanded
from .lowering import leaf_value
from .patterns import PApply, Pattern, PConstant, PEach, PNumber, PRest, PVar, Rule, names, outside
from .theory import Operator, Theory

IN_COMMON = "two x.. stand in one product only in n * c.. * x.. + ..., where n is a number and c.. what all terms have in common"


class LeftSide(Side):
    """Makes the core form of a left side."""

    def __init__(self, rule: Rule, theory: Theory, language: Language) -> None:
        super().__init__(rule, theory, language)
        self._blank = 0
        self._in_each = False

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
            return CBag(op, tuple(self.core(p) for p in parts if not isinstance(p, PRest)), self._rest(parts))
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
        if any(isinstance(p, PEach) and self.kind(p.op) is Kind.LINEAR for p in parts):
            raise self.error("a pattern for every child stands alone in its sum or product")
        return CSum(tuple(self._term(p) for p in parts if not isinstance(p, PRest)), self._rest(parts))

    def _rest(self, parts: list[Pattern]) -> str | None:
        rests = [p.name for p in parts if isinstance(p, PRest)]
        if len(rests) > 1:
            raise self.error(IN_COMMON)
        return rests[0] if rests else None

    def _term(self, pattern: Pattern) -> tuple[Coefficient, Core]:
        """A term of a sum as its coefficient and what that multiplies."""
        core = self.core(pattern)
        if isinstance(core, CProd) and core.coefficient is not None:
            bare = core.rest is None and core.shared is None and len(core.factors) == 1 and core.factors[0][1] is None
            return core.coefficient, core.factors[0][0] if bare else replace(core, coefficient=None)
        return None, core

    def _product(self, parts: list[Pattern]) -> Core:
        if len(parts) == 1 and isinstance(parts[0], PEach):
            return self._each(parts[0])
        coefficient: Coefficient = None
        literal: Number = 1
        shared = next((p.name for p in parts if isinstance(p, PRest) and self._in_each and p.name in self._common()), None)
        rest = self._rest([p for p in parts if not isinstance(p, PRest) or p.name != shared])
        factors: list[tuple[Core, Core | None]] = []
        for part in [factor for given in parts for factor in self._powered(given)]:
            value = self.value(part)
            if isinstance(part, PRest):
                continue
            if isinstance(part, PEach) and self.kind(part.op) is Kind.POWERS:
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
        return CProd(coefficient, tuple(factors), rest, shared)

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
        self._in_each = kind is Kind.LINEAR
        body = self._term(pattern.body) if kind is Kind.LINEAR else (None, self.core(pattern.body))
        self._in_each = False
        coefficient, core = body
        if isinstance(core, CProd) and core.shared is not None and (core.factors or core.rest is None or not isinstance(coefficient, CNum)):
            raise self.error(IN_COMMON)
        inside = names(pattern.body)
        return CEach(kind, body, tuple(sorted(inside & self._common())))

    def _common(self) -> set[str]:
        """The names that mean the same for every child of a `...`."""
        return outside(expanded(self.rule.right)) | outside(expanded(self.rule.left))
