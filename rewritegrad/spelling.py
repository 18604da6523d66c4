"""How the operators that people write (a - b, a / b, -a, sqrt) are found in a theory, and how exact numbers are spelt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .egraph.rational import magnitude
from .patterns import PApply, Pattern, PNumber, PVar
from .term import Number, Term, make_term, postorder
from .theory import Operator, Theory

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Spellings:
    """The operators by which sums, products and powers are written, where the theory has them."""

    sum: Operator
    product: Operator
    power: Operator
    difference: Operator | None
    quotient: Operator | None
    negative: Operator | None
    root: Operator | None


def spellings(theory: Theory) -> Spellings:
    """The spellings that the `means` fields of a theory offer."""
    roles = theory.roles
    plus, times, power = roles["sum"], roles["product"], roles["power"]

    def meaning(definition: Pattern) -> Operator | None:
        for op in theory.operators:
            names = dict(zip([p.name for p in op.parameters], "ab", strict=False))
            if op.chosen and op.definition is not None and _folded(op.definition, names) == definition:
                return op
        return None

    a, b, minus_one = PVar("a"), PVar("b"), PNumber(-1, "-1")
    return Spellings(
        plus,
        times,
        power,
        meaning(PApply(plus, (a, PApply(times, (minus_one, b))))),
        meaning(PApply(times, (a, PApply(power, (b, minus_one))))),
        meaning(PApply(times, (minus_one, a))),
        meaning(PApply(power, (a, PNumber(Fraction(1, 2), "1/2")))),
    )


def _folded(pattern: Pattern, names: dict[str, str]) -> Pattern:
    """A definition in the names a and b, with 1/2 as one number."""
    if isinstance(pattern, PVar):
        return PVar(names.get(pattern.name, pattern.name))
    if isinstance(pattern, PNumber):
        return PNumber(pattern.value, str(pattern.value))
    if isinstance(pattern, PApply):
        args = tuple(_folded(x, names) for x in pattern.args)
        numbers = [x.value for x in args if isinstance(x, PNumber)]
        if pattern.op.definition is not None and len(numbers) == len(args) == 2:  # 1/2 in sqrt's definition
            value = Fraction(numbers[0]) / numbers[1]
            return PNumber(value, str(value))
        return PApply(pattern.op, args)
    return pattern


def coefficient_operations(k: Number, decimals: bool) -> int:
    """The operations that a coefficient of absolute value |k| costs in a product."""
    if isinstance(k, int):
        return 0 if k in (1, -1) else 1
    size = magnitude(k)
    if size.numerator == 1 or (decimals and (decimal_spelling(size) is not None or _is_inverse(size))):
        return 1
    return 2


def decimal_spelling(value: Number) -> str | None:
    """The shortest decimal that is the same double, where a result that has decimals writes the fraction so; else None."""
    if value.denominator == 1:
        return None
    rest = value.denominator
    for p in (2, 5):
        while rest % p == 0:
            rest //= p
    digits = len(str(abs(value.numerator))) + len(str(value.denominator))
    if rest != 1 and digits <= _DIGITS:
        return None
    try:
        nearest = float(value)
    except OverflowError:
        return None
    return repr(nearest) if nearest != 0 else None


def _is_inverse(value: Number) -> bool:
    """Whether a fraction is better written as one over a decimal: x/0.76 for 25*x/19, but 2*x/3 stays."""
    return abs(value.numerator) > 9 and decimal_spelling(1 / Fraction(value)) is not None


def has_decimals(terms: Sequence[Term]) -> bool:
    """Whether a literal is a decimal fraction, so that results are written with decimals too (1.0, as seeds are spelt, asks for none)."""
    return any(map(is_decimal, postorder(*terms)))


def is_decimal(term: Term) -> bool:
    """Whether a term is a literal with a decimal point that matters."""
    return term.op.leaf == "number" and "/" not in term.detail and not isinstance(term.value, int)


class Writer:
    """Makes sums, products, powers and numbers as people write them."""

    def __init__(self, theory: Theory, decimals: bool) -> None:
        self.theory = theory
        self.decimals = decimals
        self.ops = theory.derived(spellings)

    def number(self, value: Number) -> Term:
        """An exact number: an int, a decimal where decimals are wanted, else a quotient."""
        if isinstance(value, int):
            return self.theory.number(value)
        spelt = decimal_spelling(value) if self.decimals else None
        if spelt is not None:
            return self.theory.number(spelt)
        return self.quotient(self.theory.number(value.numerator), self.theory.number(value.denominator))

    def splits(self, value: Number) -> tuple[Number, Number]:
        """A coefficient as what stands above and below a fraction line."""
        if isinstance(value, int) or (self.decimals and decimal_spelling(value) is not None):
            return value, 1
        if self.decimals and _is_inverse(value):
            return (1, 1 / value) if value > 0 else (-1, -1 / value)
        return value.numerator, value.denominator

    def quotient(self, above: Term, below: Term) -> Term:
        """above / below."""
        if self.ops.quotient is not None:
            return make_term(self.ops.quotient, (above, below))
        return make_term(self.ops.product, (above, make_term(self.ops.power, (below, self.theory.number(-1)))))

    def negative(self, term: Term) -> Term:
        """-term; a number changes its sign."""
        if term.op.leaf == "number":
            spelling = term.detail[1:] if term.detail.startswith("-") else "-" + term.detail
            return self.theory.number(-term.value, spelling)
        if self.ops.negative is not None:
            return make_term(self.ops.negative, (term,))
        return make_term(self.ops.product, (self.theory.number(-1), term))

    def plus(self, left: Term, right: Term, minus: bool) -> Term:
        """left + right, or left - right."""
        if not minus:
            return make_term(self.ops.sum, (left, right))
        if self.ops.difference is not None:
            return make_term(self.ops.difference, (left, right))
        return make_term(self.ops.sum, (left, self.negative(right)))

    def times(self, factors: list[Term]) -> Term:
        """The product of one factor or more."""
        result = factors[0]
        for factor in factors[1:]:
            result = make_term(self.ops.product, (result, factor))
        return result

    def power(self, base: Term, e: Number) -> Term:
        """base^e for a positive exponent, as a root where that has a name."""
        if e == 1:
            return base
        if e == Fraction(1, 2) and self.ops.root is not None:
            return make_term(self.ops.root, (base,))
        return make_term(self.ops.power, (base, self.number(e)))
