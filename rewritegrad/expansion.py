"""Before and after a sweep: derivatives inside formulas, operators that are only names, and the pulls and pushes themselves."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from . import definitions
from .derivative_rules import DerivativeRules, derivative_rules, shorten, states_derivative
from .egraph.saturate import StopReason, no_collector
from .errors import CostError, DisconnectedInputError, FormulaError, LimitError, MissingDerivativeError
from .graph import EGraph
from .guards import guarded
from .patterns import PApply, Ruleset, walk
from .shapes import show
from .sweeps import forward, reverse, zero
from .term import Term, make_term, postorder, substitute
from .theory import Operator, Theory, Type


def prepare(terms: Iterable[Term], theory: Theory) -> list[Term]:
    """The terms in one theory as a sweep takes them: without derivatives, and without operators that are only names."""
    return definitions.expand(resolve([theory.lift(term) for term in terms]), states_derivative)


def resolve(terms: Sequence[Term], parts: Sequence[Term] = ()) -> list[Term]:
    """The terms after the stage `expand`: its laws run, and every derivative inside carried out, the innermost first.

    `parts` may be their postorder, where somebody has walked over them already.
    """
    roles = terms[0].theory.roles if terms else {}
    derivative, gradient = roles.get("derivative"), roles.get("gradient")
    if parts and not _expanding(parts[0].theory) and not [None for part in parts if part.op in (derivative, gradient)]:
        return list(terms)
    terms = expanded(terms)
    while derivative is not None or gradient is not None:
        inner = _innermost(terms, derivative, gradient)
        if not inner:
            break
        found = [(tangent if term.op is derivative else cotangent)(*definitions.expand(term.args, states_derivative)) for term in inner]
        terms = substitute(terms, dict(zip(inner, expand_sweep(found), strict=True)))
    return terms


def expanded(terms: Sequence[Term]) -> list[Term]:
    """The terms rewritten by the laws of stage expand, none of which is built in: operators that they take away are gone where they can be.

    LimitError where they do not come to an end.
    """
    if not terms or not _expanding(terms[0].theory):
        return list(terms)
    graph = EGraph(terms[0].theory, plain=True)
    ids = graph.add_all(terms)
    _saturate(graph, _expanding(terms[0].theory))
    return graph.extract_all(ids, shun=_taken_away(terms[0].theory))


def _expanding(theory: Theory) -> list[Ruleset]:
    return [ruleset for ruleset in theory.rulesets.values() if ruleset.stage == "expand"]


def _taken_away(theory: Theory) -> frozenset[Operator]:
    """The operators that laws of stage expand rewrite, or that have no value, and that their right sides are without."""
    found: set[Operator] = set()
    for rule in [rule for ruleset in _expanding(theory) for rule in ruleset.rules]:
        left = [p.op for p in walk(rule.left) if isinstance(p, PApply)]
        right = {p.op for p in walk(rule.right) if isinstance(p, PApply)}
        found.update(op for op in left if op not in right and (op is left[0] or not op.has_value))
    return frozenset(found)


def _saturate(graph: EGraph, rulesets: Sequence[Ruleset]) -> None:
    rows = GROWTH * graph.size() + ROOM
    report = graph.run(rulesets, ITERATIONS, rows)
    if report.stop_reason is not StopReason.SATURATED:
        most = next(iter(report.matches()))
        raise LimitError(f"the laws of stage expand have made {graph.size()} e-nodes and do not come to an end; {most} matches most often")


GROWTH, ROOM, ITERATIONS = 20, 10_000, 1000
"""Laws of stage expand may make so many e-nodes for each of the formula, and so many beside them, in so many iterations."""


def _innermost(terms: Sequence[Term], *derivatives: Operator | None) -> list[Term]:
    """The derivatives and gradients that contain none."""
    inside: set[Term] = set()
    found: list[Term] = []
    for term in postorder(*terms):
        nested = not inside.isdisjoint(term.args)
        if term.op in derivatives and not nested:
            found.append(term)
        if nested or term.op in derivatives:
            inside.add(term)
    return found


def tangent(term: Term, x: Term) -> Term:
    """The derivative of a term by a scalar variable, as one forward sweep writes it; CostError where x is something else."""
    if x.op.leaf != "variable" or x.shape:
        what = f"the {show(x.shape)} {x}" if x.op.leaf == "variable" else str(x)
        raise CostError(f"a derivative is taken with respect to a scalar variable, not {what}")
    found = forward(derivative_rules(term.theory), [term], {x: term.theory.number(1)})
    return found[term] if term in found else zero(term)


def cotangent(cost: Term, x: Term) -> Term:
    """The gradient of a scalar by a variable, as one reverse sweep writes it; CostError where x is no variable.

    DisconnectedInputError where the cost does not depend on x.
    """
    if x.op.leaf != "variable":
        raise CostError(f"a gradient in a formula is taken with respect to a variable, not {x}")
    found = reverse(derivative_rules(cost.theory), [(cost, cost.theory.number(1))], [x], {})
    if x not in found:
        raise DisconnectedInputError(f"the gradient of {shorten(cost)} by {x} stands in a formula, and it does not depend on {x}")
    return found[x]


@no_collector()  # terms and e-nodes have no cycles, and looking for some takes a third of the time
def expand_sweep(terms: Sequence[Term]) -> list[Term]:
    """The terms with every pull and push carried out by the derivative laws of their theory, in one plain e-graph.

    Zeros that are chosen stay zeros (guards.py).
    MissingDerivativeError where no law applies, since its conditions do not hold for these shapes.
    """
    if not terms:
        return []
    rules = derivative_rules(terms[0].theory)
    order = postorder(*terms)
    pending = [term for term in order if term.op in rules.operators]
    written = _by_kinds(rules, terms, order) if len(pending) > MANY and not _expanding(rules.theory) else None
    return guarded(_by_laws(rules, terms, pending) if written is None else written, [term.args[0] for term in pending])


def _by_laws(rules: DerivativeRules, terms: Sequence[Term], pending: Sequence[Term]) -> list[Term]:
    """The terms without their pulls and pushes, which are the `pending` ones."""
    graph = EGraph(rules.theory, plain=True)
    roots = graph.add_all(terms)
    # The laws remove what the sweep has written and write no more of it: one iteration does all the work.
    graph.run([rules.ruleset(pending)], iterations=1, rows=None)
    own = _expanding(rules.theory)
    if own:
        _saturate(graph, own)
    try:
        return graph.extract_all(roots, avoid=rules.operators, shun=_taken_away(rules.theory) if own else frozenset())
    except FormulaError:
        raise rules.unexpanded(_first_unexpanded(graph, rules, pending)) from None


def _by_kinds(rules: DerivativeRules, terms: Sequence[Term], order: Sequence[Term]) -> list[Term] | None:
    """The same, asking the laws once for all pulls and pushes of one operator by arguments of the same shapes; an argument is seen where they
    ask for more. None where there are too many kinds, or one that no law expands."""
    theory = rules.theory
    forms: dict[tuple[Any, ...], tuple[Term, list[Term]]] = {}
    new: dict[Term, Term] = {}
    for term in order:
        if term.op.leaf:
            continue
        args = tuple([new.get(arg, arg) for arg in term.args])
        if term.op not in rules.operators:
            if args != term.args:
                new[term] = make_term(term.op, args)
            continue
        parts = [*args[0].args, *args[2:]]
        asked = rules.asked(term.op)
        kind = (term.op, *[part if asked[i] or part.op.leaf == "attribute" else part.shape for i, part in enumerate(parts)])
        if kind not in forms:
            if len(forms) >= KINDS:
                return None
            names = [part if part is kind[i] else theory.variable(f"a{i}", Type(part.shape)) for i, part in enumerate(parts, 1)]
            count = len(args[0].args)
            alike = make_term(term.op, (make_term(args[0].op, tuple(names[:count])), names[rules.position(term.op)], *names[count:]))
            try:
                forms[kind] = _by_laws(rules, [alike], [alike])[0], names
            except MissingDerivativeError:
                return None
        form, names = forms[kind]
        new[term] = substitute([form], dict(zip(names, parts, strict=True)))[0]
    return [new.get(term, term) for term in terms]


MANY, KINDS = 500, 1000
"""More pulls and pushes than this are expanded by their kinds, if there are no more of these than that."""


def _first_unexpanded(graph: EGraph, rules: DerivativeRules, pending: Sequence[Term]) -> Term:
    """The innermost of the pulls and pushes without a member that is free of them."""

    def fails(count: int) -> bool:
        try:
            graph.extract_all(graph.add_all(pending[:count]), avoid=rules.operators)
        except FormulaError:
            return True
        return False

    return pending[bisect_left(range(1, len(pending)), True, key=fails)]
