"""What the engine is told: how each operator is stored, and laws in core form.

A Language says which operators are multisets and which three of them are tied together: in a *linear* multiset a
child has a rational coefficient, in a *power* multiset a rational exponent, and a number times a child of the linear one
is a multiple. The core form of a pattern knows only these kinds; what the operators mean stays outside.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeAlias

from .rational import Number

Op: TypeAlias = Hashable


class Kind(Enum):
    """How an operator's applications are stored."""

    PLAIN = "plain"
    LINEAR = "linear"
    POWERS = "powers"
    IDEMPOTENT = "idempotent"
    COUNTED = "counted"


class Analysis(Protocol):
    """What is known of each class; implemented outside (facts.py). Data are immutable and compared by identity."""

    def leaf(self, op: Any, value: Any) -> Any: ...
    def apply(self, op: Any, args: Sequence[Any]) -> Any: ...
    def scale(self, factor: Number, data: Any) -> Any: ...
    def sum(self, op: Any, items: Sequence[tuple[Number, Any]]) -> Any: ...
    def product(self, op: Any, factor: Number, items: Sequence[tuple[Any, Number]]) -> Any: ...
    def fold(self, op: Any, members: Sequence[Any]) -> Any: ...
    def merge(self, left: Any, right: Any) -> Any: ...
    def constant(self, data: Any) -> Number | None: ...
    def nonzero(self, data: Any) -> bool: ...
    def positive(self, data: Any) -> bool: ...
    def shape(self, data: Any) -> tuple[Any, ...]: ...
    def covers(self, data: Any, parts: Sequence[Any]) -> bool: ...
    def power(self, base: Number, exponent: Number) -> Number | None: ...
    def bounded(self, value: Number) -> bool: ...
    def audit(self, pairs: Sequence[tuple[Any, Any]]) -> tuple[int, str] | None: ...


@dataclass(frozen=True)
class Language:
    """How operators are stored. `numbers` is the leaf operator of numbers; `spelled`: literals are kept as written;
    `units` and `zeros` of the idempotent and counted multisets are the values of the leaf that is dropped, and of the one
    that absorbs."""

    kinds: dict[Any, Kind] = field(default_factory=dict)
    linear: Any = None
    powers: Any = None
    raised: Any = None
    fill: Any = None
    numbers: Any = None
    spelled: bool = False
    units: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    zeros: dict[Any, tuple[Any, Any]] = field(default_factory=dict)

    def kind(self, op: Any) -> Kind:
        """How the applications of an operator are stored."""
        return self.kinds.get(op, Kind.PLAIN)

    def verbatim(self, op: Any) -> bool:
        """Whether an application is entered as it stands: nothing in it is normalised or folded."""
        return self.linear is None and op != self.fill and self.kind(op) is Kind.PLAIN


@dataclass(frozen=True, slots=True)
class CVar:
    """A variable for a class. In a linear multiset it binds coefficient times child, in a power multiset child^exponent."""

    name: str


@dataclass(frozen=True, slots=True)
class CNum:
    """A variable for an exact number."""

    name: str


@dataclass(frozen=True, slots=True)
class CLit:
    """An exact number."""

    value: Number


@dataclass(frozen=True, slots=True)
class CLeaf:
    """Another leaf: its operator and value (and the spelling, in a plain e-graph)."""

    op: Any
    value: Any


@dataclass(frozen=True, slots=True)
class CNode:
    """An application of a plain operator."""

    op: Any
    args: tuple[Core, ...]


@dataclass(frozen=True, slots=True)
class CSum:
    """Terms of a linear multiset, each with its coefficient (None: not written), and a rest."""

    terms: tuple[tuple[Coefficient, Core], ...]
    rest: str | None = None


@dataclass(frozen=True, slots=True)
class CProd:
    """A coefficient and factors of a power multiset, each with its exponent (None: not written), and a rest.

    `shared` is, in the body of a CEach, the name of all factors that the children have in common.
    """

    coefficient: Coefficient
    factors: tuple[tuple[Core, Core | None], ...]
    rest: str | None = None
    shared: str | None = None

    def scaled(self) -> tuple[CLit | CNum, Core] | None:
        """The coefficient and the pattern, where it is only a multiple of one (`n * log(x)`)."""
        single = len(self.factors) == 1 and self.factors[0][1] is None and self.rest is None
        return (self.coefficient, self.factors[0][0]) if single and self.coefficient is not None else None


@dataclass(frozen=True, slots=True)
class CBag:
    """Members of another multiset, and a rest."""

    op: Any
    members: tuple[Core, ...]
    rest: str | None = None


@dataclass(frozen=True, slots=True)
class CEach:
    """One pattern for every child: kind LINEAR or POWERS; `common` are the variables that all children share."""

    kind: Kind
    body: tuple[Coefficient, Core]
    common: tuple[str, ...]


Coefficient: TypeAlias = "CLit | CNum | None"
Core: TypeAlias = "CVar | CNum | CLit | CLeaf | CNode | CSum | CProd | CBag | CEach"


# Right sides: expressions over what the left side bound.


@dataclass(frozen=True, slots=True)
class NLit:
    """A number."""

    value: Number


@dataclass(frozen=True, slots=True)
class NVar:
    """The value of a number variable."""

    name: str


@dataclass(frozen=True, slots=True)
class NFold:
    """min, max, gcd or count of the values that a variable took."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class NApply:
    """Exact arithmetic: one of + - * / ^, neg, min and max."""

    kind: str
    args: tuple[Numeric, ...]


Numeric: TypeAlias = "NLit | NVar | NFold | NApply"


@dataclass(frozen=True, slots=True)
class BNumber:
    """A number expression, entered as a number."""

    value: Numeric


@dataclass(frozen=True, slots=True)
class BVar:
    """What a variable or a rest bound."""

    name: str


@dataclass(frozen=True, slots=True)
class BLeaf:
    """A leaf that is no number."""

    op: Any
    value: Any


@dataclass(frozen=True, slots=True)
class BNode:
    """A plain application."""

    op: Any
    args: tuple[Build, ...]


@dataclass(frozen=True, slots=True)
class BSum:
    """A linear multiset of (coefficient, part)."""

    parts: tuple[tuple[Numeric, Build], ...]


@dataclass(frozen=True, slots=True)
class BProd:
    """A coefficient and (part, exponent); an exponent that is no number expression is a part itself."""

    coefficient: tuple[Numeric, ...]
    parts: tuple[tuple[Build, Numeric | Build], ...]


@dataclass(frozen=True, slots=True)
class BBag:
    """Members of another multiset."""

    op: Any
    parts: tuple[Build, ...]


@dataclass(frozen=True, slots=True)
class BEach:
    """A part for every child that the CEach of the left side matched (only directly inside a BSum or BProd)."""

    kind: Kind
    body: Build


Build: TypeAlias = "BNumber | BVar | BLeaf | BNode | BSum | BProd | BBag | BEach"


@dataclass(frozen=True, slots=True)
class Test:
    """A condition: either numeric (op is a comparison or "number", args number expressions), or a predicate on data."""

    word: str
    args: tuple[Build, ...]
    predicate: Callable[..., bool] | None = None


@dataclass(frozen=True)
class Law:
    """A rule in core form, ready to be compiled. `scalable` left sides are sums with literal coefficients, matched up to a factor."""

    name: str
    left: Core
    right: Build
    tests: tuple[Test, ...] = ()
    source: Any = None
