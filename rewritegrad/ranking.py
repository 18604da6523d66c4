"""The order in which people write terms and factors: by degree, then by the order in which the variables first occur."""

from __future__ import annotations

from typing import NamedTuple

from .egraph.rational import Number, divide, tidy, times
from .spelling import Spellings
from .term import Term


class Rank(NamedTuple):
    """Where a term stands among others: its kind, degree, first variable and size."""

    kind: int
    degree: Number
    first: int
    size: int


_NUMBER, _CONSTANT, _VARIABLE, _FUNCTION, _SUM = range(5)
_NOWHERE = 1 << 30


class Ranking:
    """The ranks of terms, each computed once; `order` ranks the variables."""

    def __init__(self, ops: Spellings, order: dict[str, int]) -> None:
        self.ops = ops
        self.order = order
        self._ranks: dict[Term, Rank] = {}

    def term_key(self, term: Term) -> tuple[object, ...]:
        """Where a term stands in a sum."""
        rank = self.rank(term)
        return (rank.kind == _NUMBER, -rank.degree, rank.first, rank.kind, rank.size)

    def factor_key(self, term: Term) -> tuple[object, ...]:
        """Where a term stands in a product."""
        rank = self.rank(term)
        return (rank.kind, rank.first, rank.size)

    def rank(self, term: Term) -> Rank:
        """The rank of a term; quick where those of its arguments are known."""
        stack = [term]
        while stack:
            t = stack[-1]
            if t in self._ranks:
                stack.pop()
                continue
            missing = [a for a in t.args if a not in self._ranks]
            if missing:
                stack.extend(missing)
            else:
                self._ranks[t] = self._rank_of(t)
                stack.pop()
        return self._ranks[term]

    def _rank_of(self, term: Term) -> Rank:
        if term.op.leaf == "variable":
            return Rank(_VARIABLE, 1, self.order.get(term.value, _NOWHERE), 1)
        if not term.args:
            return Rank(_NUMBER if term.op.leaf == "number" else _CONSTANT, 0, _NOWHERE, 1)
        ranks = [self._ranks[a] for a in term.args]
        first = min(r.first for r in ranks)
        size = min(1 + sum(r.size for r in ranks), _NOWHERE)
        ops = self.ops
        left, right = ranks[0], ranks[-1]
        if term.op in (ops.sum, ops.difference):
            return Rank(_SUM, max(left.degree, right.degree), first, size)
        if term.op is ops.product:
            return Rank(max(left.kind, right.kind), tidy(left.degree + right.degree), first, size)
        if term.op is ops.quotient:
            return Rank(max(left.kind, right.kind), tidy(left.degree - right.degree), first, size)
        if term.op is ops.power:
            exponent = term.args[1]
            whole = exponent.op.leaf == "number"
            return Rank(left.kind if whole else _FUNCTION, times(left.degree, exponent.value) if whole else 0, first, size)
        if term.op is ops.negative:
            return Rank(left.kind, left.degree, first, size)
        if term.op is ops.root:
            return Rank(_FUNCTION, divide(left.degree, 2), first, size)
        return Rank(_FUNCTION, 0, first, size)
