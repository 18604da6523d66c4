"""The chain rule: one walk over the shared DAG of a formula, in reverse for cotangents, forward for tangents.

The sweeps write `pull` and `push` (derivative_rules.py) and leave it to the laws of the op blocks to say what those are.
They name no operator but through the roles `sum`, `fill` and `sum_to` of the theory. Each costs the size of the DAG.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from .derivative_rules import DerivativeRules, differentiable
from .term import Shape, Term, postorder
from .theory import Theory


def reverse(
    rules: DerivativeRules,
    seeds: Iterable[tuple[Term, Term]],
    wrt: Collection[Term],
    known: Mapping[Term, Term],
    constant: Collection[Term] = (),
) -> dict[Term, Term]:
    """The cotangent of every term of `wrt` that the outputs depend on, as terms that contain pulls.

    `seeds` are pairs (output, cotangent), added to what reaches the output from elsewhere; a cotangent in `known`
    stands instead of that. Nothing flows through the terms of `constant`.
    """
    seeds = list(seeds)
    order = postorder(*(output for output, _ in seeds), *known)
    active = _dependent(order, frozenset(wrt), frozenset(constant))
    contributions: dict[Term, list[Term]] = {}
    for output, seed in seeds:
        contributions.setdefault(output, []).append(seed)
    cotangents: dict[Term, Term] = {}
    for term in reversed(order):
        if term not in active:
            continue
        arrived = [known[term]] if term in known else contributions.pop(term, [])
        if not arrived:
            continue
        # They arrive last use first; the sum is written in the order of the formula.
        cotangent = cotangents[term] = _add(rules.theory, arrived[::-1])
        for position in reversed(differentiable(term.op)):
            argument = term.args[position]
            if argument in active:
                pulled = rules.pull(term, position, cotangent)
                if broadcasts(argument.shape, pulled.shape):
                    pulled = rules.theory.make(rules.theory.role("sum_to"), (pulled, argument))
                contributions.setdefault(argument, []).append(pulled)
    return {term: cotangents[term] for term in wrt if term in cotangents}


def forward(
    rules: DerivativeRules, roots: Sequence[Term], tangents: Mapping[Term, Term], constant: Collection[Term] = ()
) -> dict[Term, Term]:
    """The tangent of every root that depends on a key of `tangents`, as terms that contain pushes."""
    blocked = frozenset(constant)
    found = {term: tangent for term, tangent in tangents.items() if term not in blocked}
    for term in postorder(*roots):
        if term in found or term in blocked:
            continue
        pushed = [rules.push(term, i, _stretched(rules, term, i, found)) for i in differentiable(term.op) if term.args[i] in found]
        if pushed:
            found[term] = _add(rules.theory, pushed)
    return {root: found[root] for root in roots if root in found}


def _stretched(rules: DerivativeRules, term: Term, position: int, tangents: Mapping[Term, Term]) -> Term:
    """The tangent of an argument, broadcast like the argument where the operator works element by element."""
    argument = term.args[position]
    if term.op.parameters[position].elementwise and broadcasts(argument.shape, term.shape):
        return rules.theory.make(rules.theory.role("fill"), (term, tangents[argument]))
    return tangents[argument]


def influences(roots: Sequence[Term], constant: Collection[Term] = ()) -> set[Term]:
    """Every term that derivatives of the roots can flow through."""
    return _reached(roots, constant, lambda term: [term.args[i] for i in differentiable(term.op)])


def mentions(roots: Sequence[Term], constant: Collection[Term] = ()) -> set[Term]:
    """Every term that values of the roots are computed from, if only in a way that has the derivative zero (floor, a comparison).

    An operator that gives a constant argument as its value (stop_gradient) hides it.
    """
    return _reached(
        roots,
        constant,
        lambda term: [a for a, p in zip(term.args, term.op.parameters, strict=True) if not (p.constant and p.name in term.op.handed_on)],
    )


def _reached(roots: Sequence[Term], constant: Collection[Term], onward: Callable[[Term], Iterable[Term]]) -> set[Term]:
    """The roots and all terms to which one comes from them, but for what is reached through the terms of `constant`."""
    seen: set[Term] = set(constant)
    stack = list(roots)
    while stack:
        term = stack.pop()
        if term not in seen:
            seen.add(term)
            stack.extend(onward(term))
    return seen.difference(constant)


def broadcasts(smaller: Shape, larger: Shape) -> bool:
    """Whether an array of the first shape was stretched to the second; a named dimension never is, whatever it is called."""
    return len(smaller) != len(larger) or any(a == 1 and b != 1 for a, b in zip(smaller, larger, strict=True))


def filled(theory: Theory, like: Term, number: str) -> Term:
    """A number, spelt so, in the shape of a term; the bare number in a theory without the role `fill`, which is scalar throughout."""
    value = theory.number(number)
    return theory.make(theory.roles["fill"], (like, value)) if "fill" in theory.roles else value


def zero(like: Term, spelling: str = "0") -> Term:
    """Zero in the shape of a term."""
    return filled(like.theory, like, spelling) if like.shape else like.theory.number(spelling)


def _dependent(order: Sequence[Term], wrt: frozenset[Term], constant: frozenset[Term]) -> set[Term]:
    """The terms whose value depends on `wrt` through arguments that have derivatives."""
    active: set[Term] = set()
    for term in order:
        if term not in constant and (term in wrt or any(term.args[i] in active for i in differentiable(term.op))):
            active.add(term)
    return active


def _add(theory: Theory, terms: Sequence[Term]) -> Term:
    """A sum without superfluous parts: one term is itself, more are a chain to the left, as `a + b + c` is read."""
    total = terms[0]
    for term in terms[1:]:
        total = theory.make(theory.role("sum"), (total, term))
    return total
