"""Right sides and conditions as Python expressions over what the left side bound.

A binding says how a variable is held while a law is matched:
  id        the id of a class                         number   an exact number
  factor    (child, exponent) of a power multiset     factors  (coefficient, ((child, exponent), ...))
  terms     ((child, coefficient), ...)               members  ((child, count), ...)
and `each` marks a list with one such value for every child.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from .emit import Source
from .language import (
    BBag,
    BEach,
    BLeaf,
    BNode,
    BNumber,
    BProd,
    BSum,
    Build,
    BVar,
    Kind,
    Language,
    NApply,
    NFold,
    NLit,
    Numeric,
    NVar,
    Test,
)
from .naming import parts_of
from .rational import Number, divide, tidy, times

_BITS = 1000
_LARGE = 1 << _BITS


class NotRational(ArithmeticError):
    """Number arithmetic in a law left the rationals, or the bound on their size."""


def add(a: Number, b: Number) -> Number:
    """a + b, tidy."""
    return tidy(a + b)


def multiplied(a: Number, b: Number) -> Number:
    """a * b, tidy; NotRational where it is too long."""
    product = times(a, b)
    if -_LARGE < product.numerator < _LARGE and product.denominator < _LARGE:
        return product
    raise NotRational


def quotient(a: Number, b: Number) -> Number:
    """a / b; NotRational for b = 0."""
    if b == 0:
        raise NotRational
    return divide(a, b)


def exact_root(n: int, degree: int) -> int:
    """The integer whose power is n >= 0; NotRational where there is none."""
    if n < 2:
        return n
    low, high = 1, 1 << (n.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= n else (low, middle - 1)
    if low**degree != n:
        raise NotRational
    return low


def raised(a: Number, b: Number) -> Number:
    """a^b where it is rational and bounded, else NotRational."""
    if type(a) is int and type(b) is int and b >= 0 and b * a.bit_length() <= _BITS:
        return int(a**b)
    exact = Fraction(b)
    base = Fraction(a)
    if (base < 0 and exact.denominator > 1) or (base == 0 and exact < 0) or exact.denominator > 64:
        raise NotRational
    if abs(exact.numerator) * max(base.numerator.bit_length(), base.denominator.bit_length()) > _BITS and base not in (0, 1, -1):
        raise NotRational
    if exact.denominator > 1:
        base = Fraction(exact_root(base.numerator, exact.denominator), exact_root(base.denominator, exact.denominator))
    return tidy(Fraction(base**exact.numerator))


def gcd_of(numbers: list[Number]) -> Number:
    """The greatest common divisor of rationals, positive."""
    exact = [Fraction(n) for n in numbers]
    return tidy(Fraction(gcd(*[n.numerator for n in exact]), lcm(*[n.denominator for n in exact])))


def holds(test: Callable[[], bool]) -> bool:
    """A numeric condition; what is not rational proves nothing."""
    try:
        return test()
    except NotRational:
        return False


RUNTIME: dict[str, Any] = {
    "add": add, "times": times, "multiplied": multiplied, "divide": divide, "quotient": quotient, "raised": raised, "gcd_of": gcd_of,
    "holds": holds, "tidy": tidy, "EMPTY": (), "NotRational": NotRational,
}  # fmt: skip
_FUNCTION = {"+": "add", "*": "multiplied", "/": "quotient", "^": "raised", "min": "min", "max": "max"}
_COMPARE = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Binding:
    """How a variable is held: the kind above, the expression that has its value, whether it is a list over children, and the operator of members."""

    kind: str
    code: str
    each: bool = False
    op: Any = None


class Builder:
    """Turns right sides, number expressions and conditions into expressions of the generated source."""

    def __init__(self, source: Source, language: Language, bound: dict[str, Binding]) -> None:
        self.source = source
        self.language = language
        self.bound = bound
        self._child = ""
        source.namespace.update(RUNTIME)

    def binding(self, name: str) -> Binding:
        """The binding of a name, indexed where it is a list and a child is being built."""
        found = self.bound[name]
        return Binding(found.kind, f"{found.code}[{self._child}]", op=found.op) if found.each and self._child else found

    # -- numbers

    def number(self, e: Numeric) -> str:
        """A number expression."""
        if isinstance(e, NLit):
            return f"({e.value})" if isinstance(e.value, int) else self.source.constant(e.value)
        if isinstance(e, NVar):
            return self.binding(e.name).code
        if isinstance(e, NFold):
            return self._fold(e)
        args = [self.number(a) for a in e.args]
        return f"(-{args[0]})" if e.kind == "neg" else f"{_FUNCTION[e.kind]}({', '.join(args)})"

    def _fold(self, e: NFold) -> str:
        found = self.bound[e.name]
        values = found.code if found.each else {"factors": f"{found.code}[1]"}.get(found.kind, found.code)
        if e.kind == "count":
            return f"len({values})"
        return f"gcd_of({values})" if e.kind == "gcd" else f"{e.kind}({values})"

    # -- classes

    def id(self, e: Build) -> str:
        """An expression for the id of what a right side stands for."""
        match e:
            case BNumber(value):
                return f"g.number({self.number(value)})"
            case BVar(name):
                return self._variable(self.binding(name))
            case BLeaf(op, value):
                return f"g.leaf({self.source.constant(op)}, {self.source.constant(value)})"
            case BNode(op):
                return f"{'node' if self.language.verbatim(op) else 'g.add'}({self.application(e)})"
            case BSum(parts):
                return f"g.sum([{', '.join(self._term(k, part) for k, part in parts)}])"
            case BProd(coefficient, parts):
                return self._product(coefficient, parts)
            case BBag(op, parts):
                return f"g.bag({self.source.constant(op)}, [{', '.join(self._member(op, part) for part in parts)}])"
            case BEach():
                raise AssertionError("a part for every child stands only inside a sum or product")

    def application(self, e: BNode) -> str:
        """The operator and the ids of the arguments, as two expressions with a comma between."""
        return f"{self.source.constant(e.op)}, ({' '.join(self.id(a) + ',' for a in e.args)})"

    def _variable(self, found: Binding) -> str:
        if found.kind == "id":
            return found.code
        if found.kind == "number":
            return f"g.number({found.code})"
        if found.kind == "factor":
            return f"g.product(1, ({found.code},))"
        if found.kind == "factors":
            return f"g.product(*{found.code})"
        if found.kind == "members":
            return f"g.bag({self.source.constant(found.op)}, {found.code})"
        return f"g.sum({found.code})"

    def _term(self, k: Numeric, part: Build) -> str:
        scale = self.number(k)
        if isinstance(part, BEach):
            return self._each(part, lambda body: f"({self.id(body)}, {scale})")
        if isinstance(part, BVar) and self.binding(part.name).kind == "terms":
            return f"*[(i, times(k, {scale})) for i, k in {self.binding(part.name).code}]"
        return f"({self.id(part)}, {scale})"

    def times(self, e: Build, divisor: str, carry: str) -> str:
        """A right side divided by a number, times factors that are carried along: entered as one product, for a class
        that is a power in two ways would be entered as the first of them."""
        if isinstance(e, BProd):
            return self._product(e.coefficient, e.parts, divisor, carry)
        return self._product((), ((e, NLit(1)),), divisor, carry)

    def _product(
        self, coefficient: tuple[Numeric, ...], parts: tuple[tuple[Build, Numeric | Build], ...], divisor: str = "", carry: str = ""
    ) -> str:
        numbers = [self.number(c) for c in coefficient]
        if divisor:
            numbers.append(f"divide(1, {divisor})")
        factors = []
        for part, exponent in parts:
            if isinstance(part, BVar) and isinstance(exponent, NLit) and exponent.value == 1 and self.binding(part.name).kind == "factors":
                numbers.append(f"{self.binding(part.name).code}[0]")
            factors.append(self._factor(part, exponent))
        if carry:
            factors.append(f"*{carry}")
        factor = numbers[0] if numbers else "1"
        for n in numbers[1:]:
            factor = f"times({factor}, {n})"
        return f"g.product({factor}, [{', '.join(factors)}])"

    def _factor(self, part: Build, exponent: Numeric | Build) -> str:
        if not isinstance(exponent, NLit | NVar | NFold | NApply):
            return f"(g.power({self.id(part)}, {self.id(exponent)}), 1)"
        e = self.number(exponent)
        once = isinstance(exponent, NLit) and exponent.value == 1
        if isinstance(part, BEach):
            return self._each(part, lambda body: f"*g.raise_items([{self._factor(body, NLit(1))}], {e})")
        if isinstance(part, BVar):
            found = self.binding(part.name)
            if found.kind == "factor":
                return found.code if once else f"*g.raise_items(({found.code},), {e})"
            if found.kind == "factors":
                return f"*{found.code}[1]" if once else f"(g.product(*{found.code}), {e})"
        if isinstance(part, BProd) and not part.coefficient and len(part.parts) == 1 and once:
            return self._factor(*part.parts[0])
        return f"({self.id(part)}, {e})"

    def _member(self, op: Any, part: Build) -> str:
        found = self.binding(part.name) if isinstance(part, BVar) else None
        if found is not None and found.kind == "members" and found.op is op:
            return f"*{found.code}"
        return f"({self.id(part)}, 1)"

    def _each(self, part: BEach, item: Callable[[Build], str]) -> str:
        lists = [b.code for b in self.bound.values() if b.each]
        outer, self._child = self._child, self.source.fresh("j")
        made = item(part.body)
        loop = f"for {self._child} in range(len({lists[0]}))"
        self._child = outer
        if made.startswith("*"):
            inner = self.source.fresh("p")
            return f"*[{inner} {loop} for {inner} in {made[1:]}]"
        return f"*[{made} {loop}]"

    # -- conditions

    def test(self, test: Test) -> str:
        """A condition as an expression; on a variable with a value for each child it must hold for all of them."""
        lists = [self.bound[n].code for n in per_child(test) if self.bound[n].each]
        if not lists:
            return self._test(test)
        outer, self._child = self._child, self.source.fresh("j")
        body = f"all({self._test(test)} for {self._child} in range(len({lists[0]})))"
        self._child = outer
        return body

    def _test(self, test: Test) -> str:
        if test.predicate is None:
            args = [self.number(a.value) for a in test.args if isinstance(a, BNumber)]
            if test.word == "number":
                body = f"{args[0]} is not None"
            elif test.word == "integer":
                body = f"type({args[0]}) is int"
            elif test.word == "not_integer":
                body = f"type({args[0]}) is not int"
            else:
                body = f"{args[0]} {_COMPARE[test.word]} {args[1]}"
            return f"holds(lambda: {body})" if any(name in body for name in ("raised", "quotient", "multiplied")) else body
        facts = ", ".join(self.fact(a) for a in test.args)
        return f"{self.source.constant(test.predicate)}(A.facts, {facts})"

    def fact(self, e: Build) -> str:
        """What the analysis knows of an expression; makes no node."""
        constant = self.source.constant
        match e:
            case BNumber(value):
                return f"A.leaf({constant(self.language.numbers)}, {self.number(value)})"
            case BVar(name):
                found = self.binding(name)
                if found.kind == "id":
                    return f"fact({found.code})"
                if found.kind == "number":
                    return f"A.leaf({constant(self.language.numbers)}, {found.code})"
                if found.kind == "terms":
                    return f"A.sum({constant(self.language.linear)}, [(k, fact(i)) for i, k in {found.code}])"
                if found.kind == "members":
                    return f"A.fold({constant(found.op)}, [fact(i) for i, n in {found.code} for _ in range(n)])"
                factors = f"(1, ({found.code},))" if found.kind == "factor" else found.code
                return f"product_fact({factors})"
            case BSum(parts):
                items = ", ".join(f"({self.number(k)}, {self.fact(p)})" for k, p in parts)
                return f"A.sum({constant(self.language.linear)}, [{items}])"
            case BProd(coefficient, parts):
                factor = "1"
                for c in coefficient:
                    factor = f"times({factor}, {self.number(c)})"
                items = ", ".join(f"({self.fact(p)}, {self.number(x)})" for p, x in parts if isinstance(x, NLit | NVar | NFold | NApply))
                return f"A.product({constant(self.language.powers)}, {factor}, [{items}])"
            case BNode(op, args):
                return f"A.apply({constant(op)}, [{', '.join(self.fact(a) for a in args)}])"
            case _:
                return f"fact({self.id(e)})"


def per_child(test: Test) -> list[str]:
    """The variables of a condition outside its folds."""
    found: list[str] = []
    stack: list[Any] = list(test.args)
    while stack:
        part = stack.pop()
        if isinstance(part, BVar | NVar):
            found.append(part.name)
        stack.extend(parts_of(part))
    return found


def kind_of_rest(kind: Kind) -> str:
    """The kind of binding of a rest in a multiset."""
    return {Kind.LINEAR: "terms", Kind.POWERS: "factors"}.get(kind, "members")
