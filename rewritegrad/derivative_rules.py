"""The derivatives that op blocks state, as the laws of one ruleset.

Two operators of this module's own stand for a chain rule that is still to be applied: `pull(f(a, b), i, g)` is the
cotangent of argument i of an application whose cotangent is g, `push(f(a, b), i, d)` the tangent of the application
where argument i has the tangent d. A line `d/da e` becomes the laws

    pull(f(a, b), 0, g) => g * e          push(f(a, b), 0, d) => e * d

so that the e-graph rewrites the pulls and pushes that a sweep has written, and nothing here knows an operator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .errors import MissingDerivativeError
from .patterns import PApply, Pattern, PNumber, PVar, Rule, Ruleset
from .shapes import Meet, ignore
from .term import Shape, Term, make_term
from .theory import Derivative, Operator, Parameter, Theory


@dataclass(frozen=True, slots=True)
class DerivativeRules:
    """The ruleset `diff` of one theory, and the two operators that its laws remove."""

    theory: Theory
    pull: Operator
    push: Operator
    ruleset: Ruleset
    pulled: frozenset[tuple[Operator, int]]
    pushed: frozenset[tuple[Operator, int]]

    def apply_pull(self, term: Term, position: int, cotangent: Term) -> Term:
        """The cotangent of an argument, still to be expanded; MissingDerivativeError where no law could expand it."""
        if (term.op, position) not in self.pulled:
            raise missing(term, position)
        return make_term(self.pull, (term, self.theory.number(position), cotangent))

    def apply_push(self, term: Term, position: int, tangent: Term) -> Term:
        """What an argument's tangent contributes to the term's, still to be expanded; MissingDerivativeError likewise."""
        if (term.op, position) not in self.pushed:
            raise missing(term, position)
        return make_term(self.push, (term, self.theory.number(position), tangent))


def derivative_rules(theory: Theory) -> DerivativeRules:
    """The derivative laws of a theory, made from its op blocks once."""
    return theory.derived(_make_rules)


def states_derivative(op: Operator) -> bool:
    """Whether the block of an operator says how its applications are differentiated."""
    return bool(op.derivatives) or any(p.constant for p in op.parameters)


def differentiable(op: Operator) -> tuple[int, ...]:
    """The positions of the arguments through which derivatives flow: neither attributes nor declared constant."""
    return tuple(i for i, p in enumerate(op.parameters) if not (p.attribute or p.constant))


def missing(term: Term, position: int, reason: str = "") -> MissingDerivativeError:
    """The error that names an operator, its argument and the subterm whose derivative nobody states."""
    parameter = term.op.parameters[position]
    place = f"argument {parameter.name} (number {position + 1} of {term.op.arity})"
    return MissingDerivativeError(f"{term.op.name} has no derivative for its {place}{reason}, needed in {shorten(term)}")


def shorten(term: Term, width: int = 60) -> str:
    """The printed term, its middle left out where it is long."""
    text = " ".join(str(term).split())
    return text if len(text) <= width else f"{text[: width // 2 - 2]} ... {text[3 - width // 2 :]}"


def _pull_shape(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
    """The pull of an elementwise argument has its parent's shape (the sweep undoes broadcasting), any other the argument's."""
    term, position, _ = args
    i = position.value
    return term.shape if term.op.parameters[i].elementwise else term.args[i].shape


def _push_shape(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
    """A tangent has the shape of what it is the tangent of."""
    return args[0].shape


def _make_rules(theory: Theory) -> DerivativeRules:
    pull, push = (theory.adjoin(Operator(name=name, parameters=_PARAMETERS, shape_rule=shape)) for name, shape in _OUTER)
    laws: dict[tuple[Operator, Operator, int], list[Rule]] = {}
    for op in theory.operators:
        for derivative in op.derivatives:
            for outer, kinds in ((pull, ("d", "pull")), (push, _push_kinds(op, derivative.parameter))):
                if derivative.kind in kinds:
                    rule = _law(theory, outer, op, derivative)
                    laws.setdefault((outer, op, derivative.parameter), []).append(rule)
        for position in _linear_positions(op):
            if (push, op, position) not in laws:
                laws[push, op, position] = [_linear_law(push, op, position)]
    return DerivativeRules(
        theory,
        pull,
        push,
        Ruleset("diff", "expand", tuple(_numbered(laws))),
        frozenset((op, position) for outer, op, position in laws if outer is pull),
        frozenset((op, position) for outer, op, position in laws if outer is push),
    )


_PARAMETERS = (Parameter("f"), Parameter("i", constant=True), Parameter("g"))
_OUTER = (("pull", _pull_shape), ("push", _push_shape))


def _push_kinds(op: Operator, position: int) -> tuple[str, ...]:
    """The lines from which an argument's pushes are made: its own, or where it has none and is elementwise, its pulls."""
    own = any(d.kind == "push" and d.parameter == position for d in op.derivatives)
    if own:
        return ("push",)
    return ("d", "pull") if op.parameters[position].elementwise else ("d",)


def _left(outer: Operator, op: Operator, position: int, seed: str) -> PApply:
    application = PApply(op, tuple(PVar(p.name) for p in op.parameters))
    return PApply(outer, (application, PNumber(position, str(position)), PVar(seed)))


def _law(theory: Theory, outer: Operator, op: Operator, derivative: Derivative) -> Rule:
    taken = {p.name for p in op.parameters}
    seed = _fresh("g", taken) if derivative.kind == "d" else {"pull": "g", "push": "d"}[derivative.kind]
    left = _left(outer, op, derivative.parameter, seed)
    right = derivative.body
    if derivative.kind == "d":
        right = _scaled(theory, left, right, seed_first=outer.name == "pull")
    name = f"{outer.name} {op.name} {op.parameters[derivative.parameter].name}"
    return Rule(name, left, right, derivative.conditions, derivative.position)


def _scaled(theory: Theory, left: PApply, partial: Pattern, *, seed_first: bool) -> Pattern:
    """The seed times the partial derivative, where that is not plainly the seed, its negative or zero."""
    application, _, seed = left.args
    if isinstance(partial, PNumber) and partial.value == 1:
        return seed
    if isinstance(partial, PNumber) and partial.value == 0:
        # In the shape of the application; a theory without `fill` is scalar throughout.
        return PApply(theory.roles["fill"], (application, partial)) if "fill" in theory.roles else partial
    negative = _negative(theory)
    if isinstance(partial, PNumber) and partial.value == -1 and negative is not None:
        return PApply(negative, (seed,))
    return PApply(theory.role("product"), (seed, partial) if seed_first else (partial, seed))


def _negative(theory: Theory) -> Operator | None:
    """The operator of one argument that means (-1) times it."""
    for op in theory.operators:
        meaning = op.definition
        if op.arity == 1 and isinstance(meaning, PApply) and meaning.op is theory.roles.get("product"):
            first, second = meaning.args
            if isinstance(first, PNumber) and first.value == -1 and isinstance(second, PVar):
                return op
    return None


def _linear_positions(op: Operator) -> tuple[int, ...]:
    """Where `is linear` says the push: the operator itself, with the tangent in the place of any one argument."""
    return differentiable(op) if "linear" in op.flags else ()


def _linear_law(push: Operator, op: Operator, position: int) -> Rule:
    seed = _fresh("d", {p.name for p in op.parameters})
    left = _left(push, op, position, seed)
    right = PApply(op, tuple(PVar(seed if i == position else p.name) for i, p in enumerate(op.parameters)))
    return Rule(f"push {op.name} {op.parameters[position].name}", left, right, (), op.position)


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _numbered(laws: dict[tuple[Operator, Operator, int], list[Rule]]) -> list[Rule]:
    """All laws in the order of the operators; those of one argument that differ in their conditions get a number."""
    rules: list[Rule] = []
    for alternatives in laws.values():
        if len(alternatives) == 1:
            rules.extend(alternatives)
        else:
            rules.extend(replace(rule, name=f"{rule.name} {n}") for n, rule in enumerate(alternatives, 1))
    return rules
