"""Where multiplying out may shorten a term: in sums that have products of sums among their terms."""

from __future__ import annotations

from collections.abc import Sequence

from .patterns import PApply
from .term import Term, postorder
from .theory import Operator, Theory


def has_products_of_sums(terms: Sequence[Term]) -> bool:
    """Whether a sum has a term with a sum among its factors, so that multiplied out something may cancel.

    >>> import rewritegrad as rg
    >>> [has_products_of_sums([rg.parse(text)]) for text in ("x*(y + z) - x*y", "x*(y + z)/(x - 1)", "x - sin(y + z)*y")]
    [True, False, False]
    """
    theory: Theory = terms[0].theory
    kinds = theory.derived(_kinds)
    inside: set[Term] = set()  # sums, and products and powers with a sum inside
    for term in postorder(*terms):
        kind = kinds.get(term.op)
        if kind == "sum":
            inside.add(term)
            if any(a in inside and kinds[a.op] != "sum" for a in term.args):
                return True
        elif kind is not None and any(a in inside for a in term.args):
            inside.add(term)
    return False


def _kinds(theory: Theory) -> dict[Operator, str]:
    """The operators that are sums, products or powers, by role or by what they stand for."""
    roles = {theory.roles[name]: name for name in ("sum", "product", "power") if name in theory.roles}
    found: dict[Operator, str] = {}
    for op in theory.operators:
        meant = op
        while meant not in roles and isinstance(meant.definition, PApply):
            meant = meant.definition.op
        if meant in roles:
            found[op] = roles[meant]
    return found
