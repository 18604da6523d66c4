"""What terms weigh: operations, and applications without a value; numbers that are too large."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .costs import WITHOUT_VALUE
from .intervals import LARGEST
from .printer import is_operation
from .term import Term, postorder
from .theory import Operator, Theory
from .written import writes_derivatives


def fits(terms: Sequence[Term], parts: Sequence[Term] = ()) -> bool:
    """Whether every number is one that float64 can hold: exact arithmetic on long inputs makes others, which nothing could evaluate.

    `parts`, here and below, may be the postorder of the terms, where somebody has walked over them already.
    """
    numbers = [term.value for term in parts or postorder(*terms) if term.op.leaf == "number"]
    return all(abs(n.numerator) <= int(LARGEST) * n.denominator for n in numbers)


def weight(terms: Sequence[Term], welcome: Collection[Operator] = (), parts: Sequence[Term] = ()) -> int:
    """The operations of terms, and many more for each application that has no value, since laws are there to remove it."""
    parts = parts or postorder(*terms)
    return sum(map(is_operation, parts)) + burden(terms, welcome, parts)


def burden(terms: Sequence[Term], welcome: Collection[Operator] = (), parts: Sequence[Term] = ()) -> int:
    """What terms weigh for their applications without a value, but for those of welcome operators."""
    unwanted = terms[0].theory.derived(_without_value).difference(welcome)
    return WITHOUT_VALUE * sum(1 for term in parts or postorder(*terms) if term.op in unwanted) if unwanted else 0


def _without_value(theory: Theory) -> frozenset[Operator]:
    """The operators that have no value, derivatives among them only where laws write some."""
    resolved = [theory.roles.get("gradient"), None if theory.derived(writes_derivatives) else theory.roles.get("derivative")]
    return frozenset(op for op in theory.operators if not op.has_value and op not in resolved)
