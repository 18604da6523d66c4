"""The two sides of a law, and its conditions, as immutable data (made by the reader, compiled by the engine)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from .errors import Position
from .term import Number

if TYPE_CHECKING:
    from .theory import Operator


@dataclass(frozen=True, slots=True)
class PVar:
    """A variable of a law; the same name twice means equal. `_` is a variable that nothing else names."""

    name: str


@dataclass(frozen=True, slots=True)
class PNumber:
    """An exact number; `spelling` is how the file wrote it (1.0 and 1 differ in a plain e-graph)."""

    value: Number
    spelling: str


@dataclass(frozen=True, slots=True)
class PConstant:
    """A boolean or an attribute value (True, None, 'ij', a tuple)."""

    value: object


@dataclass(frozen=True, slots=True)
class PRest:
    """`x..`: all children of the sum or product that nothing else binds, also none."""

    name: str


@dataclass(frozen=True, slots=True)
class PEach:
    """`p + ...` or `p * ...`: the pattern `body` for every child of the operator `op`."""

    op: Operator
    body: Pattern


@dataclass(frozen=True, slots=True)
class PFold:
    """min(n..), max(n..), gcd(n..), count(n..): one number from the values that a variable took in a PEach, or a rest."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PApply:
    """An operator applied to patterns, as written: nothing is flattened or lowered here (a + b + c is (a + b) + c)."""

    op: Operator
    args: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class PSetting:
    """A setting that a definition computes of other settings and of shapes, by one of the functions of settings.py."""

    function: str
    args: tuple[Pattern, ...]


Pattern: TypeAlias = PVar | PNumber | PConstant | PRest | PEach | PFold | PApply | PSetting


def walk(pattern: Pattern) -> Iterator[Pattern]:
    """The pattern and everything inside it, outside first, left to right."""
    stack: list[Pattern] = [pattern]
    while stack:
        p = stack.pop()
        yield p
        if isinstance(p, PApply | PSetting):
            stack.extend(reversed(p.args))
        elif isinstance(p, PEach):
            stack.append(p.body)


def names(pattern: Pattern) -> set[str]:
    """The names of the variables and rests in a pattern, folds included."""
    return {p.name for p in walk(pattern) if isinstance(p, PVar | PRest | PFold)}


def outside(pattern: Pattern) -> set[str]:
    """The names of the variables and rests that a pattern uses outside every `...` and every fold."""
    found: set[str] = set()
    stack = [pattern]
    while stack:
        p = stack.pop()
        if isinstance(p, PVar | PRest):
            found.add(p.name)
        elif isinstance(p, PApply):
            stack.extend(p.args)
    return found


COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")

FOLDS = ("min", "max", "gcd", "count")
"""The words that make one number of those that a variable took."""

ANY_NUMBER = -1

# The words that conditions are made of, with their number of arguments, the term they speak of included.
CONDITION_WORDS: dict[str, int] = {
    "constant": 1,
    "symbolic": 1,
    "number": 1,
    "integer": 1,
    "not_integer": 1,
    "positive": 1,
    "nonnegative": 1,
    "negative": 1,
    "nonzero": 1,
    "real": 1,
    "boolean": 1,
    "analytic": 1,
    "defined": 1,
    "scalar": 1,
    "vector": 1,
    "matrix": 1,
    "tensor": 1,
    "single": 1,
    "matrices": 1,
    "square": 1,
    "symmetric": 1,
    "full_rank": 1,
    "positive_definite": 1,
    "powerable": 2,
    "free_of": 2,
    "same_shape": 2,
    "between": 3,
    "hull": ANY_NUMBER,
}

# The words that `gives` may state of a result; hull, the smallest interval around others, only states and never asks.
GIVEN_WORDS = ("positive", "nonnegative", "negative", "nonzero", "integer", "real", "boolean", "analytic", "between", "hull")
GIVEN_ONLY = ("hull",)


@dataclass(frozen=True, slots=True)
class Condition:
    """A word applied to patterns (`nonzero(a)`), or one of COMPARISONS between two; it fires only when proved."""

    word: str
    args: tuple[Pattern, ...]
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """`name: left => right if conditions`; a law `<=>` is two rules, the way back is called name~ (`reverse` is true)."""

    name: str
    left: Pattern
    right: Pattern
    conditions: tuple[Condition, ...] = ()
    position: Position | None = None
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Reject:
    """A tempting falsehood, with the values of its variables at which the two sides differ."""

    name: str
    left: Pattern
    right: Pattern
    because: tuple[tuple[str, Fraction | int], ...]
    position: Position | None = None


STAGES = ("expand", "reduce", "explore", "spread", "present", "stable")


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Laws that run together, in one of STAGES."""

    name: str
    stage: str
    rules: tuple[Rule, ...]
