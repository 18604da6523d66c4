"""Operators, rulesets and theories: frozen values that say everything the system knows about an operator.

A Theory is passed, never registered. Each theory owns its operators (a theory based on another has copies of
the base's), so a term knows its theory through its operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .errors import CostError, FormulaError, Position, ShapeError, UnknownNameError
from .patterns import Condition, Pattern, PVar, Reject, Ruleset
from .shapes import ShapeRule, elementwise
from .term import Number, Shape, Term, exact_number, make_term, postorder

if TYPE_CHECKING:
    from .readings import Results, Spelling


@dataclass(frozen=True, slots=True)
class Type:
    """What a declaration says of a variable: shape and assumptions (`scalar > 0`, `matrix[n, m]`, `integer`).

    `lower` and `upper` bound every entry; `open_lower` says that the bound itself is excluded.
    """

    shape: Shape = ()
    integer: bool = False
    lower: Number | None = None
    upper: Number | None = None
    open_lower: bool = False
    open_upper: bool = False
    nonzero: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of an operator: `attribute` for literal settings (`axis=None`, with their default, and those values that
    tests and the checker use beside it), `constant` where the derivative is declared to be zero, `refused` where it is declared to be lacking,
    `elementwise` False where its name is a capital letter, `index` where the shape rule takes it for what stands between brackets: [1:, 0]."""

    name: str
    elementwise: bool = True
    constant: bool = False
    attribute: bool = False
    default: object = None
    tried: tuple[object, ...] = ()
    index: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Derivative:
    """One line of an op block: kind `d` (d/da body), `pull` (cotangent g) or `push` (tangent d) of a parameter."""

    kind: str
    parameter: int
    body: Pattern
    conditions: tuple[Condition, ...] = ()
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What an application is where the arguments at some positions have a new first axis; conditions are about ranks without it."""

    positions: tuple[int, ...]
    body: Pattern
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Gives:
    """A fact about the result of an operator (`gives positive if nonzero(x)`): a Condition whose first argument is left out."""

    fact: Condition
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Operator:
    """Everything about one operator; made by the reader from an op block. Identity is equality.

    fixity: "call" (f(x)), "infix", "prefix", "postfix", "constant" (pi) or "leaf". `definition` is the right side of
    `def` or `means`: the term that an application stands for, in the parameters' names; `chosen` is true for `means`
    (raising may choose the operator for printing), false for `def`. `flags` are the words after `is`.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    fixity: str = "call"
    precedence: int = 100
    associativity: str = "left"
    numpy: str | None = None
    sympy: str | None = None
    cost: int = 1
    over: str = ""
    flags: frozenset[str] = frozenset()
    unit: Number | bool | None = None
    zero: Number | bool | None = None
    multiple: Pattern | None = None
    definition: Pattern | None = None
    chosen: bool = False
    needs: tuple[Condition, ...] = ()
    gives: tuple[Gives, ...] = ()
    derivatives: tuple[Derivative, ...] = ()
    batches: tuple[Batch, ...] = ()
    shape_rule: ShapeRule = elementwise
    shape_text: str = ""
    spellings: tuple[str, ...] = ()
    doc: str = ""
    latex: str = ""
    position: Position | None = None
    leaf: str = ""
    theory: Theory = field(init=False, repr=False)

    def __repr__(self) -> str:
        return f"<operator {self.name}>"

    @property
    def arity(self) -> int:
        """The number of arguments, attributes included."""
        return len(self.parameters)

    @property
    def is_boolean(self) -> bool:
        """Whether the values are truth values."""
        return any(g.fact.word == "boolean" for g in self.gives)

    @property
    def needed(self) -> int:
        """The number of arguments that cannot be left out, and those before them: settings may stand first, as in einsum."""
        return max((i for i, p in enumerate(self.parameters, 1) if not p.attribute), default=0)

    @property
    def handed_on(self) -> frozenset[str]:
        """The arguments whose value the operator gives, whatever else is so."""
        return frozenset(a.name for g in self.gives if g.fact.word == "=" and not g.conditions for a in g.fact.args if isinstance(a, PVar))

    @property
    def is_multiset(self) -> bool:
        """Whether an e-graph stores applications as multisets of children."""
        return {"associative", "commutative"} <= self.flags

    @property
    def has_value(self) -> bool:
        """Whether applications can be evaluated: an operator without kernel and definition is uninterpreted, for laws that remove it."""
        return bool(self.leaf) or self.numpy is not None or self.definition is not None

    def shape_of(self, args: tuple[Term, ...]) -> Shape:
        """The shape of an application; ShapeError names the operator."""
        try:
            return self.shape_rule(args)
        except ShapeError as error:
            raise ShapeError(f"{self.name}: {error.message}") from None


class Notation(Protocol):
    """How terms are written and read; given to a theory by the reader, which knows the printer."""

    def read(self, text: str, theory: Theory, types: dict[str, Any]) -> Term: ...
    def show(self, term: Term) -> str: ...
    def show_latex(self, term: Term) -> str: ...
    def operations(self, term: Term) -> int: ...
    def recipe(self, roots: Sequence[Term]) -> tuple[Callable[..., Any], tuple[Any, ...]]: ...


RANKS: dict[str, tuple[int, ...]] = {"scalar": (0,), "vector": (1,), "matrix": (2,), "tensor": tuple(range(3, 33))}
"""The conditions that ask for a number of axes."""

ROLES: dict[str, int] = {
    "sum": 2,
    "product": 2,
    "power": 2,
    "fill": 2,
    "sum_to": 2,
    "transpose": 1,
    "derivative": 2,
    "gradient": 2,
    "index": 2,
    "permute": 2,
    "sum_over": 3,
    "reshape": 2,
    "reshape_like": 2,
    "basis": 1,
    "over": 2,
    "choice": 3,
    "both": 2,
    "either": 2,
    "neither": 1,
    "numbers": 1,
    "gather": 3,
}
"""The roles that a rule file may give to an operator, with the number of arguments that the operator has."""

LEAVES = ("variable", "number", "boolean", "attribute")
_Derived = TypeVar("_Derived")


class Theory:
    """Operators, rulesets, roles and rejected laws, with the texts that they were read from.

    `operators` maps (fixity class, name, arity) uniquely; `find` looks a written name up. `roles` says which operator
    is the sum, product, power, fill, sum_to and so on, for what calculus and the engine need by name. `spellings` are names
    for formulas of any number of arguments, and for several formulas.
    """

    def __init__(
        self,
        operators: Iterable[Operator],
        rulesets: Iterable[Ruleset],
        roles: dict[str, Operator],
        rejects: Iterable[Reject],
        sources: tuple[tuple[str, str], ...],
        notation: Notation,
        base: Theory | None = None,
        spellings: Mapping[str, Spelling | tuple[Results, ...]] | None = None,
    ) -> None:
        self.operators = tuple(operators)
        self.rulesets = {ruleset.name: ruleset for ruleset in rulesets}
        self.roles = dict(roles)
        self.rejects = tuple(rejects)
        self.sources = sources
        self.base = base
        self.spellings = dict(spellings or {})
        self.notation = notation
        self._leaves = {kind: Operator(name=kind, fixity="leaf", leaf=kind, cost=0) for kind in LEAVES}
        self._by_name: dict[str, tuple[Operator, ...]] = {}
        self._derived: dict[Callable[[Theory], Any], Any] = {}
        for op in (*self.operators, *self._leaves.values()):
            object.__setattr__(op, "theory", self)
        for op in self.operators:
            for spelling in (op.name, *op.spellings):
                self._by_name[spelling] = tuple(sorted((*self._by_name.get(spelling, ()), op), key=lambda named: named.arity))

    def __repr__(self) -> str:
        rules = sum(len(r.rules) for r in self.rulesets.values())
        return f"<theory of {len(self.operators)} operators and {rules} rules>"

    def named(self, name: str) -> tuple[Operator, ...]:
        """The operators that are written with this name (several where the number of arguments tells them apart), those with fewer first."""
        return self._by_name.get(name, ())

    def suggestion(self, name: str) -> str:
        """`; did you mean sqrt?`, or nothing where no name comes close."""
        functions = [n for n, ops in self._by_name.items() if n.isidentifier() and any(op.fixity == "call" or n != op.name for op in ops)]
        functions += self.spellings
        close = get_close_matches(name, functions, n=1, cutoff=0.6)
        return f"; did you mean {close[0]}?" if close else ""

    def find(self, name: str, arguments: int) -> Operator:
        """The operator that is written `name` with so many arguments (attributes may be left out)."""
        candidates = self.named(name)
        for op in candidates:
            if arguments == op.needed:
                return op
        for op in candidates:
            if op.needed <= arguments <= op.arity:
                return op
        if not candidates:
            raise UnknownNameError(f"there is no function {name}{self.suggestion(name)}")
        expected = " or ".join(dict.fromkeys(str(sum(1 for p in op.parameters if not p.attribute)) for op in candidates))
        raise FormulaError(f"{name} takes {expected} argument{'s' * (expected != '1')}, not {arguments}")

    def role(self, role: str) -> Operator:
        """The operator that plays a role; FormulaError where the theory names none."""
        try:
            return self.roles[role]
        except KeyError:
            raise FormulaError(f"this theory names no operator for the role {role}") from None

    def derived(self, make: Callable[[Theory], _Derived]) -> _Derived:
        """What `make` computes from this theory, computed once: later layers keep their tables with the theory that they are about."""
        if make not in self._derived:
            self._derived[make] = make(self)
        found: _Derived = self._derived[make]
        return found

    def adjoin(self, op: Operator) -> Operator:
        """A later layer's own operator made one of this theory; no text can write it and `operators` does not list it."""
        object.__setattr__(op, "theory", self)
        return op

    def leaf(self, kind: str) -> Operator:
        """The leaf operator of a kind in LEAVES."""
        return self._leaves[kind]

    def number(self, value: Number | str, spelling: str | None = None) -> Term:
        """An exact literal. An int, a string such as "1.0" or "1e-5" (kept as spelt); a Fraction becomes a quotient of ints."""
        if isinstance(value, str):
            try:
                return self._number(exact_number(value), value)
            except ValueError as error:
                raise FormulaError(f"{value[:40]} is not a number: {error}") from None
        if isinstance(value, Fraction) and spelling is None:
            if value.denominator == 1:
                return self.number(int(value))
            return self.apply("/", self.number(value.numerator), self.number(value.denominator))
        return self._number(value, str(value) if spelling is None else spelling)

    def _number(self, value: Number, spelling: str) -> Term:
        return make_term(self._leaves["number"], (), value, spelling, ())

    def boolean(self, value: bool) -> Term:
        """True or False."""
        return make_term(self._leaves["boolean"], (), value, None, ())

    def attribute(self, value: Any) -> Term:
        """A setting such as an axis: an int, a string, None, a bool, or a tuple of those, as a leaf (its type is part of its identity)."""
        return make_term(self._leaves["attribute"], (), value, repr(value), ())

    def variable(self, name: str, type: Type = Type()) -> Term:
        """A variable with its declared type."""
        return make_term(self._leaves["variable"], (), name, type, type.shape)

    def lift(self, value: Any) -> Term:
        """A Python value as a term: terms (of any theory) and exact numbers; floats as the decimals that repr prints."""
        if isinstance(value, Term):
            return value if value.op.theory is self else self.adopt(value)
        if isinstance(value, bool):
            return self.boolean(value)
        if isinstance(value, int | Fraction):
            return self.number(value)
        if isinstance(value, str):
            return self.notation.read(value, self, {})
        try:
            as_float = float(value)
        except (TypeError, ValueError):
            raise CostError(f"cannot make a term of {type(value).__name__}") from None
        if as_float != as_float or as_float in (float("inf"), float("-inf")):
            raise FormulaError(f"{as_float} is not a real number")
        return self.number(repr(as_float))

    def adopt(self, term: Term) -> Term:
        """The same term in this theory, operator by operator of the same name."""
        done: dict[Term, Term] = {}
        for t in postorder(term):
            if t.op.leaf:
                done[t] = make_term(self._leaves[t.op.leaf], (), t.value, t.detail, t.shape)
            else:
                done[t] = make_term(self._same_operator(t.op), tuple([done[a] for a in t.args]))
        return done[term]

    def _same_operator(self, op: Operator) -> Operator:
        for candidate in self.named(op.name):
            if candidate.arity == op.arity and candidate.fixity == op.fixity:
                return candidate
        raise UnknownNameError(f"the theory has no operator {op.name} of {op.arity} arguments")

    def apply(self, name: str, *args: Any) -> Term:
        """An application by name: `theory.apply("+", x, 1)`; attributes that are left out take their defaults."""
        return self.make(self.find(name, len(args)), args)

    def make(self, op: Operator, args: Sequence[Any]) -> Term:
        """An application of an operator of this theory; values are lifted, attributes filled in."""
        lifted = []
        for i, parameter in enumerate(op.parameters):
            if parameter.attribute:
                given = args[i] if i < len(args) else parameter.default
                is_leaf = isinstance(given, Term) and given.op.leaf == "attribute"
                lifted.append(self.lift(given) if is_leaf else self.attribute(given))
            else:
                lifted.append(self.lift(args[i]))
        return make_term(op, tuple(lifted))

    def show(self, term: Term) -> str:
        return self.notation.show(term)

    def show_latex(self, term: Term) -> str:
        return self.notation.show_latex(term)

    def operations(self, term: Term) -> int:
        return self.notation.operations(term)

    def recipe(self, roots: Sequence[Term]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.notation.recipe(roots)

