"""Expressions and conditions of rule files -> Patterns and Conditions.

A `PatternReader` reads the parts of one law or one op block; it remembers where each name was used, so that the
checks can point at it. Nothing is evaluated here: a name becomes a variable, an operator of the theory, or an error.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from functools import reduce
from inspect import signature
from typing import Any, NoReturn

from lark import Token

from .errors import FormulaError, RuleFileError
from .patterns import (
    ANY_NUMBER,
    COMPARISONS,
    CONDITION_WORDS,
    FOLDS,
    GIVEN_ONLY,
    GIVEN_WORDS,
    Condition,
    PApply,
    Pattern,
    PConstant,
    PEach,
    PFold,
    PNumber,
    PRest,
    PSetting,
    PVar,
)
from .readings import Spelling
from .settings import SETTINGS
from .syntax import Node, Source, fold, tokens, trees
from .term import exact_number
from .theory import Operator, Theory

HOLE = "_"


@dataclass(frozen=True, slots=True)
class Use:
    """A name where it stands in the text; `rest` is true for `x..`, `folded` where that is what a fold is taken of."""

    name: str
    token: Token
    rest: bool
    folded: bool = False


@dataclass(frozen=True, slots=True)
class _Keyword:
    name: Token
    value: Any


class _Ellipsis:
    """The `...` of `p + ...`, until its operator is met."""


_ELLIPSIS = _Ellipsis()


class PatternReader:
    """Reads expressions of one source against the operators of a theory.

    `parameters` are the names that a block declares: they are variables even where the theory has a constant so named.
    """

    def __init__(self, theory: Theory, source: Source, parameters: Collection[str] = ()) -> None:
        self.theory = theory
        self.source = source
        self.parameters = parameters
        self.computes = False
        self.uses: list[Use] = []

    def fail(self, place: Token | Node, message: str) -> NoReturn:
        """Raise a RuleFileError that points at a place in the source."""
        raise RuleFileError(message, self.source.position(place))

    def pattern(self, tree: Node) -> Pattern:
        """The pattern that an expression spells; RuleFileError where it cannot be one."""
        value = fold(tree, self._combine)
        if isinstance(value, _Ellipsis):
            self.fail(tree, "`...` stands after a pattern and an operator: p + ... or p * ...")
        pattern: Pattern = value
        return pattern

    def conditions(self, tree: Node | None) -> tuple[Condition, ...]:
        """What stands after `if` or `needs`; nothing where that is left out."""
        return () if tree is None else tuple(self._condition(c) for c in trees(tree))

    def facts(self, tree: Node) -> tuple[Condition, ...]:
        """What stands after `gives`: conditions whose first argument, the result, is left out."""
        return tuple(self._fact(c) for c in trees(tree))

    # ---- conditions ----

    def _condition(self, tree: Node) -> Condition:
        sides, signs = trees(tree), tokens(tree)
        if not signs and sides[0].data == "binary" and tokens(sides[0])[0].type == "COMPARE":
            sides, signs = trees(sides[0]), tokens(sides[0])
        if not signs:
            return self._worded(sides[0], given=False)
        if len(sides) == 1:
            self.fail(tree, f"what is {signs[0]}? the left side of this comparison is missing")
        return self._compared(signs[0], sides)

    def _fact(self, tree: Node) -> Condition:
        sides, signs = trees(tree), tokens(tree)
        if len(sides) > 1 or (not signs and sides[0].data == "binary"):
            self.fail(tree, "in gives the left side is the result, and left out: write gives >= 0")
        return self._compared(signs[0], sides) if signs else self._worded(sides[0], given=True)

    def _compared(self, sign: Token, sides: Sequence[Node]) -> Condition:
        if sign not in COMPARISONS:
            self.fail(sign, f"unknown comparison {sign}; write one of {' '.join(COMPARISONS)}")
        return Condition(str(sign), tuple(self.pattern(side) for side in sides), self.source.position(sides[0]))

    def _worded(self, tree: Node, *, given: bool) -> Condition:
        if tree.data not in ("name", "call"):
            self.fail(tree, "a condition is a word such as positive(a), or a comparison")
        token, arguments = tokens(tree)[0], trees(tree)
        word = str(token)
        if word not in CONDITION_WORDS:
            close = get_close_matches(word, CONDITION_WORDS, n=1)
            self.fail(token, f"unknown condition {word}" + (f"; did you mean {close[0]}?" if close else ""))
        if given and word not in GIVEN_WORDS:
            self.fail(token, f"gives cannot state {word}; write a comparison or one of {', '.join(GIVEN_WORDS)}")
        if word in GIVEN_ONLY and not given:
            self.fail(token, f"{word} says where a result lies: only gives may use it")
        expected = CONDITION_WORDS[word] - given
        if CONDITION_WORDS[word] != ANY_NUMBER and len(arguments) != expected:
            besides = " besides the result" if given else ""
            self.fail(token, f"{word} takes {expected} argument{'s' * (expected != 1)}{besides}, not {len(arguments)}")
        return Condition(word, tuple(self.pattern(argument) for argument in arguments), self.source.position(token))

    # ---- expressions ----

    def _combine(self, node: Node, children: list[Any]) -> Any:
        match node.data:
            case "number":
                return _number(node, children[0], self.source)
            case "name":
                return self._name(children[0])
            case "boolean":
                return PConstant(children[0] == "True")
            case "none":
                return PConstant(None)
            case "string":
                return PConstant(str(children[0])[1:-1])
            case "rest":
                return PRest(self._used(children[0], rest=True))
            case "ellipsis":
                return _ELLIPSIS
            case "group":
                return children[0]
            case "tuple":
                return PConstant(tuple(self._setting(node, child) for child in children))
            case "list":
                return PConstant(tuple(self._setting(node, child) for child in children[1:]))
            case "unary":
                return self._unary(node, *children)
            case "binary":
                return self._binary(node, *children)
            case "keyword":
                return _Keyword(children[0], children[-1])
            case "call" | "qualified":
                return self._call(node, *children)
            case "transposed":
                return PApply(self._role(node, "transpose"), (self._part(node, children[0]),))
            case _:
                self.fail(node, "indexing, slices and methods have no place in a rule file")

    def _used(self, token: Token, *, rest: bool) -> str:
        name = str(token).removesuffix("..")
        self.uses.append(Use(name, token, rest))
        return name

    def _name(self, token: Token) -> Pattern:
        if token not in self.parameters:
            for op in self.theory.named(token):
                if op.fixity == "constant":
                    return PApply(op, ())
        return PVar(self._used(token, rest=False))

    def _unary(self, node: Node, sign: Token, operand: Any) -> Pattern:
        if sign == "-" and isinstance(operand, PNumber) and trees(node)[-1].data == "number":
            return PNumber(-operand.value, f"-{operand.spelling}")
        return PApply(self._operator(sign, 1), (self._part(node, operand),))

    def _binary(self, node: Node, left: Any, sign: Token, right: Any) -> Pattern:
        op = self._operator(sign, 2)
        if not isinstance(right, _Ellipsis):
            return PApply(op, (self._part(node, left), self._part(node, right)))
        place = trees(node)[-1]
        if not op.is_multiset:
            self.fail(place, f"`...` follows only operators that are associative and commutative, and {op.name} is not")
        body = self._part(node, left)
        if isinstance(body, PApply) and body.op is op and trees(node)[0].data != "group":
            self.fail(place, f"`...` means every child of {op.name}: a single pattern stands before it")
        return PEach(op, body)

    def _part(self, node: Node, value: Any) -> Pattern:
        if isinstance(value, _Ellipsis):
            self.fail(node, "`...` stands after a pattern and an operator: p + ... or p * ...")
        pattern: Pattern = value
        return pattern

    def _setting(self, node: Node, value: Any) -> Any:
        """The Python value of a literal that stands where an operator expects an attribute."""
        if isinstance(value, PConstant):
            return value.value
        if isinstance(value, PNumber) and isinstance(value.value, int):
            return value.value
        self.fail(node, "an attribute is an integer, a text, True, False, None, or a tuple of those")

    def _role(self, node: Node, role: str) -> Operator:
        try:
            return self.theory.role(role)
        except FormulaError as error:
            self.fail(node, error.message)

    def _operator(self, token: Token, arguments: int) -> Operator:
        name = str(token)
        if not self.theory.named(name):
            self.fail(token, f"unknown operator {name}{self.theory.suggestion(name)}")
        try:
            return self.theory.find(name, arguments)
        except FormulaError as error:
            self.fail(token, error.message)

    def _associative(self, name: str) -> Operator | None:
        """The operator whose applications max(a, b, c) chains, as formulas do."""
        return next((op for op in self.theory.named(name) if "associative" in op.flags and op.arity == 2), None)

    def _call(self, node: Node, token: Token, *given: Any) -> Pattern:
        if token in FOLDS and len(given) == 1 and isinstance(given[0], PRest):
            self.uses[-1] = replace(self.uses[-1], folded=True)  # the rest was the last name read
            return PFold(str(token), given[0].name)
        positional = [value for value in given if not isinstance(value, _Keyword)]
        keywords = [value for value in given if isinstance(value, _Keyword)]
        if token in SETTINGS and not self.theory.named(token):
            return self._computed(node, token, given)
        if isinstance(spelling := self.theory.spellings.get(token), Spelling):
            return self._spelt(node, spelling, positional, keywords)
        if spelling and not self.theory.named(token):
            self.fail(token, f"{token} is read as what it means in formulas, and has no place in a rule file")
        if len(positional) > 2 and (chain := self._associative(token)) is not None:
            return reduce(lambda left, right: PApply(chain, (left, self._part(node, right))), positional[1:], self._part(node, positional[0]))
        op = self._operator(token, len(positional))
        arguments: dict[str, Any] = {p.name: value for p, value in zip(op.parameters, positional, strict=False)}
        for keyword in keywords:
            if keyword.name not in [p.name for p in op.parameters if p.attribute] or keyword.name in arguments:
                self.fail(keyword.name, f"{op.name} has no attribute {keyword.name} to be given here")
            arguments[keyword.name] = keyword.value
        made = []
        for parameter in op.parameters:
            value = arguments.get(parameter.name, PConstant(parameter.default))
            if parameter.attribute and not isinstance(value, PVar | PSetting):
                value = PConstant(self._setting(node, value))
            made.append(self._part(node, value))
            if isinstance(value, PSetting) and not parameter.attribute:
                self.fail(node, f"{value.function} computes a setting, and {parameter.name} of {op.name} is none")
        return PApply(op, tuple(made))

    def _computed(self, node: Node, token: Token, given: tuple[Any, ...]) -> Pattern:
        """A call of a function that computes a setting."""
        if not self.computes:
            self.fail(token, f"{token} computes a setting, as only the right side of a def may")
        parameters = signature(SETTINGS[str(token)]).parameters.values()
        wanted, most = sum(p.default is p.empty for p in parameters), len(parameters)
        if not wanted <= len(given) <= most or any(isinstance(value, _Keyword) for value in given):
            self.fail(token, f"{token} takes {wanted} argument{'s' * (wanted != 1)}, by position")
        return PSetting(str(token), tuple(self._part(node, value) for value in given))

    def _spelt(self, node: Node, spelling: Spelling, positional: Sequence[Any], keywords: Sequence[_Keyword]) -> Pattern:
        settings: dict[str, Pattern] = {p.name: PConstant(p.default) for p in spelling.settings}
        for keyword in keywords:
            if keyword.name not in settings:
                self.fail(keyword.name, f"there is no attribute {keyword.name} to be given here")
            value = keyword.value
            settings[keyword.name] = value if isinstance(value, PVar) else PConstant(self._setting(node, value))
        if not positional:
            self.fail(node, "one argument at least is needed here")
        return spelling.written([self._part(node, value) for value in positional], settings)


def literal(tree: Node, source: Source) -> Any:
    """The value that a literal spells: an exact number (a quotient of two included), a boolean, None, a text, or a tuple of those."""

    def combine(node: Node, children: list[Any]) -> Any:
        match node.data, children:
            case "number", [token]:
                return _number(node, token, source).value
            case "boolean", [token]:
                return bool(token == "True")
            case "none", _:
                return None
            case "string", [token]:
                return str(token)[1:-1]
            case "group", [value]:
                return value
            case "tuple", values:
                return tuple(values)
            case "list", [_, *values]:
                return tuple(values)
            case "unary", [sign, value] if sign == "-" and is_number(value):
                return -value
            case "binary", [left, sign, right] if sign == "/" and is_number(left) and is_number(right) and right:
                quotient = Fraction(left) / right
                return int(quotient) if quotient.denominator == 1 else quotient
        raise RuleFileError("expected a literal: a number, True, False, None, a text or a tuple of those", source.position(node))

    return fold(tree, combine)


def _number(node: Node, token: Token, source: Source) -> PNumber:
    try:
        return PNumber(exact_number(token), str(token))
    except ValueError as error:
        raise RuleFileError(str(error), source.position(node)) from None


def is_number(value: Any) -> bool:
    """Whether a value is an exact number (True and False are none)."""
    return isinstance(value, int | Fraction) and not isinstance(value, bool)

