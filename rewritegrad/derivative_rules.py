"""The derivatives that op blocks state, as laws that remove the pulls and pushes of a sweep.

For each argument of each operator there are three operators of this module's own, which stand for a chain rule that is
still to be applied to an application f(a, b): `pull` of a cotangent g to the argument, `push` of the argument's
tangent d to the application, and `slope`, the push of the tangent 1. A line `d/da e` of the block of f becomes the laws

    pull(f(a, b), a, g) => g * e        push(f(a, b), a, d) => e * d        slope(f(a, b), a) => e

so that an e-graph expands what a sweep has written, and nothing here knows an operator.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .conditions import SHAPE_WORDS
from .dimensions import Meet, ignore
from .errors import MissingDerivativeError
from .patterns import PApply, Pattern, PNumber, PVar, Rule, Ruleset, names
from .shapes import ShapeRule
from .term import Shape, Term, make_term
from .theory import Derivative, Operator, Parameter, Theory


@dataclass(frozen=True, slots=True)
class Pending:
    """One argument's pull, push or slope: the operator that stands for it, and the laws that expand it."""

    op: Operator
    position: int
    laws: tuple[Rule, ...]


class DerivativeRules:
    """The derivative laws of one theory, and the terms that they expand; see `derivative_rules`. Laws are made when an operator is first met."""

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        self._made: dict[tuple[str, Operator, int], Pending | None] = {}
        self._pending: dict[Operator, Pending] = {}
        self._operators: frozenset[Operator] = frozenset()
        self._asked: dict[Operator, tuple[bool, ...]] = {}

    def pull(self, term: Term, position: int, cotangent: Term) -> Term:
        """What an argument gets of a term's cotangent, to be expanded; MissingDerivativeError where no law could."""
        return make_term(self._find("pull", term, position).op, (term, term.args[position], cotangent))

    def push(self, term: Term, position: int, tangent: Term) -> Term:
        """What an argument's tangent gives to the term's, to be expanded; MissingDerivativeError where no law could."""
        if tangent is self.theory.number(1):
            return make_term(self._find("slope", term, position).op, (term, term.args[position]))
        return make_term(self._find("push", term, position).op, (term, term.args[position], tangent))

    def has(self, kind: str, op: Operator, position: int) -> bool:
        """Whether there are laws for the "pull", "push" or "slope" of an argument."""
        return self._make(kind, op, position) is not None

    def ruleset(self, pending: Iterable[Term] | None = None) -> Ruleset:
        """The ruleset `diff`: all laws, or those that some pulls and pushes need."""
        if pending is None:
            for op in self.theory.operators:
                for position in differentiable(op):
                    for kind in _ARGUMENTS:
                        self._make(kind, op, position)
            return Ruleset("diff", "expand", tuple(law for pending in self._pending.values() for law in pending.laws))
        used = dict.fromkeys([term.op for term in pending])
        return Ruleset("diff", "expand", tuple(law for op in used for law in self._pending[op].laws))

    @property
    def operators(self) -> frozenset[Operator]:
        """The operators, of those met so far, that stand for what is still to be expanded."""
        return self._operators

    def asked(self, pending: Operator) -> tuple[bool, ...]:
        """Of which arguments of the application in such an operator's terms, and whether of the seed, the laws ask more than the shape."""
        found = self._asked.get(pending)
        if found is None:
            laws = self._pending[pending].laws
            conditions = [condition for law in laws for condition in law.conditions if condition.word not in SHAPE_WORDS]
            asked = {name for condition in conditions for arg in condition.args for name in names(arg)}
            left = laws[0].left
            assert isinstance(left, PApply)
            assert isinstance(left.args[0], PApply)
            found = self._asked[pending] = tuple([not asked.isdisjoint(names(part)) for part in (*left.args[0].args, *left.args[2:])])
        return found

    def position(self, pending: Operator) -> int:
        """Which argument such an operator is about."""
        return self._pending[pending].position

    def unexpanded(self, term: Term) -> MissingDerivativeError:
        """The error about a pull or push whose laws all have conditions that do not hold."""
        return _missing(term.args[0], self._pending[term.op].position, ", at least not for arguments of these shapes")

    def _find(self, kind: str, term: Term, position: int) -> Pending:
        found = self._make(kind, term.op, position)
        if found is None:
            raise _missing(term, position, _refusal(term.op, position))
        return found

    def _make(self, kind: str, op: Operator, position: int) -> Pending | None:
        key = kind, op, position
        if key not in self._made:
            made = self._made[key] = _pending(self.theory, kind, op, position) if position in differentiable(op) else None
            if made is not None:
                self._pending[made.op] = made
                self._operators = frozenset(self._pending)
        return self._made[key]


def derivative_rules(theory: Theory) -> DerivativeRules:
    """The derivative laws of a theory, made from its op blocks once."""
    return theory.derived(DerivativeRules)


def states_derivative(op: Operator) -> bool:
    """Whether the block of an operator says how its applications are differentiated."""
    return bool(op.derivatives) or "linear" in op.flags or any(p.constant or p.refused for p in op.parameters)


def differentiable(op: Operator) -> tuple[int, ...]:
    """The positions of the arguments through which derivatives flow: neither attributes nor declared constant.

    Those that are refused are among them, so that what flows there is an error and not a zero.
    """
    return tuple(i for i, p in enumerate(op.parameters) if not (p.attribute or p.constant))


def shorten(term: Term, width: int = 60) -> str:
    """The printed term, its middle left out where it is long."""
    text = " ".join(str(term).split())
    return text if len(text) <= width else f"{text[: width // 2 - 2]} ... {text[3 - width // 2 :]}"


def _missing(term: Term, position: int, reason: str = "") -> MissingDerivativeError:
    name = term.op.parameters[position].name
    place = f"argument {name} (number {position + 1} of {term.op.arity})"
    return MissingDerivativeError(f"{term.op.name} has no derivative for its {place}{reason}, needed in {shorten(term)}")


def _refusal(op: Operator, position: int) -> str:
    """Why there is no derivative, as far as the op block tells."""
    parameter = op.parameters[position]
    if not parameter.refused:
        return ""
    whole = any(c.word == "integer" and c.args == (PVar(parameter.name),) for c in op.needs)
    return ": it is an integer" if whole else ": its op block refuses it, since nobody knows one that can be computed"


_ARGUMENTS = {"pull": ("f", "x", "g"), "push": ("f", "x", "d"), "slope": ("f", "x")}


def _pending(theory: Theory, kind: str, op: Operator, position: int) -> Pending | None:
    """What the block of an operator says of one argument, as a pull, push or slope; None where it says nothing."""
    lines = _lines(kind, op, position)
    if not lines:
        return None
    parameter = op.parameters[position]
    # An elementwise pull has the shape of the application: undoing broadcasts is the sweep's part.
    shape_rule = _shape_of(1 if kind == "pull" and not parameter.elementwise else 0)
    name = f"{kind} {parameter.name} of {_signature(op)}"
    outer = theory.adjoin(Operator(name=name, parameters=tuple(map(Parameter, _ARGUMENTS[kind])), shape_rule=shape_rule))
    application = PApply(op, tuple(PVar(p.name) for p in op.parameters))
    laws = []
    for n, (line, seed) in enumerate(lines, 1):
        left = PApply(outer, (application, PVar(parameter.name), PVar(seed))[: outer.arity])
        right = _right(theory, kind, application, line, seed)
        laws.append(Rule(name if len(lines) == 1 else f"{name} {n}", left, right, line.conditions, line.position))
    return Pending(outer, position, tuple(laws))


def _signature(op: Operator) -> str:
    """The operator applied to its parameters, which tells a - b and -a apart."""
    names = [p.name for p in op.parameters]
    if op.fixity == "infix":
        return f"{names[0]} {op.name} {names[1]}"
    return f"{op.name}{names[0]}" if op.fixity == "prefix" else f"{op.name}({', '.join(names)})"


def _shape_of(argument: int) -> ShapeRule:
    def like(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
        return args[argument].shape

    return like


def _lines(kind: str, op: Operator, position: int) -> list[tuple[Derivative, str]]:
    """The lines of an op block from which a pull or push of an argument is made, each with its name for g or d.

    An elementwise pull serves as the push; `is linear` says that the push is the operator itself, with the tangent in
    the argument's place.
    """
    own = [line for line in op.derivatives if line.parameter == position]
    taken = {p.name for p in op.parameters}
    pushes = [(line, "d") for line in own if line.kind == "push"]
    if kind != "pull" and pushes:
        return pushes
    if kind == "pull" or op.parameters[position].elementwise:
        both = [(line, _fresh("g", taken) if line.kind == "d" else "g") for line in own if line.kind != "push"]
        if both or kind == "pull":
            return both
    if "linear" not in op.flags:
        return []
    tangent = _fresh("d", taken)
    body = PApply(op, tuple(PVar(tangent if i == position else p.name) for i, p in enumerate(op.parameters)))
    return [(Derivative("push", position, body, (), op.position), tangent)]


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _right(theory: Theory, kind: str, application: PApply, line: Derivative, seed: str) -> Pattern:
    """The right side of a law, in the parameters of the operator and the seed."""
    if line.kind != "d":
        return _at_one(line.body, seed, theory.roles.get("product")) if kind == "slope" else line.body
    partial = line.body
    if kind == "slope":
        return partial
    if partial == PNumber(1, "1"):
        return PVar(seed)
    if isinstance(partial, PNumber) and partial.value == 0:
        # In the shape of the application; a theory without `fill` is scalar throughout.
        return PApply(theory.roles["fill"], (application, partial)) if "fill" in theory.roles else partial
    negative = theory.derived(_negative)
    if isinstance(partial, PNumber) and partial.value == -1 and negative is not None:
        return PApply(negative, (PVar(seed),))
    return PApply(theory.role("product"), (PVar(seed), partial) if kind == "pull" else (partial, PVar(seed)))


def _negative(theory: Theory) -> Operator | None:
    """The operator of one argument that means (-1) times it."""
    for op in theory.operators:
        meaning = op.definition
        if op.arity == 1 and isinstance(meaning, PApply) and meaning.op is theory.roles.get("product"):
            first, second = meaning.args
            if isinstance(first, PNumber) and first.value == -1 and isinstance(second, PVar):
                return op
    return None


def _at_one(body: Pattern, seed: str, product: Operator | None) -> Pattern:
    """A body with the number 1 for the seed, products by it left out (a body is as deep as a line of a rule file)."""
    if isinstance(body, PVar):
        return _ONE if body.name == seed else body
    if not isinstance(body, PApply):
        return body
    args = tuple(_at_one(arg, seed, product) for arg in body.args)
    if body.op is product and _ONE in args:
        return args[1] if args[0] == _ONE else args[0]
    return PApply(body.op, args)


_ONE = PNumber(1, "1")
