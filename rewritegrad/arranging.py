"""Formulas of arrays in the order in which they are computed fastest: (A @ B) @ v as A @ (B @ v), a chain of matrices by their sizes."""

from __future__ import annotations

from collections.abc import Sequence

from .costs import time_of
from .graph import EGraph
from .spelling import has_decimals
from .stages import rulesets_of
from .term import Term, postorder
from .weights import fits

ROUNDS, ROWS = 6, 400


def arranged(terms: Sequence[Term]) -> list[Term]:
    """The terms, or equal ones that take less time by the declared sizes and the costs of the op blocks. Scalar formulas stay as they are."""
    if not any(term.op.over for term in postorder(*terms)):
        return list(terms)
    theory = terms[0].theory
    rulesets = rulesets_of(theory, "reduce") + rulesets_of(theory, "explore")
    graph = EGraph(theory, problem=terms)
    ids = graph.add_all(terms)
    graph.run(rulesets, iterations=ROUNDS, rows=2 * graph.size() + ROWS)
    order = list(dict.fromkeys(name for term in terms for name in term.variables))
    found = graph.raise_all(ids, order=order, decimals=has_decimals(terms), machine=True)
    return found if time_of(found) < time_of(terms) and fits(found) else list(terms)
