"""Whether two terms are equal: proved by the laws, refuted by a sample point, or not decided."""

from __future__ import annotations

from .anysize import simplify_all
from .egraph.nodes import Contradiction
from .egraph.saturate import StopReason
from .errors import UnsoundRuleError
from .expansion import resolve
from .graph import EGraph
from .limits import USUAL, Limits
from .stages import rulesets_of
from .term import Term
from .written import resolve_written

ROUNDS = 4
"""How often `equal` explores before it leaves a question undecided; nothing is extracted in between, so it looks further than a pulse."""


def equal(a: Term, b: Term, limits: Limits = USUAL) -> bool | None:
    """True where the laws prove two terms equal, False where a sample point tells them apart, else None."""
    a, b = resolve([a, b])
    if a is b:
        return True
    if len(a.shape) != len(b.shape):
        return False
    graph = EGraph(a.theory, problem=[a, b])
    resolve_written(graph)
    i, j = graph.add_all([a, b])
    if graph.equal(i, j):
        return True
    if graph.apart(i, j):
        return False
    reduce, explore = rulesets_of(a.theory, "reduce"), rulesets_of(a.theory, "explore")
    rows = max(limits.second_rows, 2 * graph.size())
    for _ in range(ROUNDS):
        for names in (reduce, [*reduce, *explore]):
            try:
                report = graph.run(names, 1, rows, limits.seconds)
            except (Contradiction, UnsoundRuleError):
                return None
            if graph.equal(i, j):
                return True
            if report.stop_reason in (StopReason.NODE_LIMIT, StopReason.TIME_LIMIT):
                break
    x, y = (simplify_all([t], limits).terms[0] for t in (a, b))
    return True if x is y else None
