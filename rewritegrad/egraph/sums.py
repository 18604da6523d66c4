"""Sums: linear multisets, numbers, and the shapes that merging must not lose.

A linear multiset maps root classes to rational coefficients and is stored primitive (coprime integers, the first one
positive), so that every multiple of it is one class.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .core import Classes
from .language import Analysis, Language
from .nodes import LINEAR
from .rational import Number, content, divide, tidy, times


class Sums(Classes):
    """The e-graph with sums. A language without a linear operator leaves only plain nodes."""

    def __init__(self, language: Language, analysis: Analysis | None = None) -> None:
        super().__init__(language, analysis)
        if language.linear is not None:
            assert analysis is not None, "multisets with numbers need an analysis"
            self.zero = self.leaf(language.numbers, 0)
            self.one = self.leaf(language.numbers, 1)

    def fixed(self) -> tuple[int, ...]:
        return (self.zero, self.one)

    # -- numbers

    def number(self, value: Number) -> int:
        """The id of an exact number."""
        return self.zero if value == 0 else self.ref(tidy(value), self.one)

    def number_of(self, k: Number, root: int) -> Number | None:
        """The exact number that k times a class is, where it is one (also a tensor filled with it)."""
        if root == self.one:
            return k
        if root == self.zero:
            return 0
        if self.shaped and self.analysis is not None:
            constant = self.analysis.constant(self.data[root])
            if constant is not None and not isinstance(constant, bool):
                return times(k, constant)
        return None

    # -- plain nodes, and their shapes

    def leaf(self, op: Any, value: Any) -> int:
        found = super().leaf(op, value)
        if self.analysis is not None and not self.shaped and self.analysis.shape(self.data[self.split(found)[1]]):
            self.shaped = True
        return found

    def apply(self, op: Any, args: tuple[int, ...]) -> int:
        """A plain application, or the number that it folds to."""
        before = len(self.parent)
        made = self.node(op, args)
        if self.analysis is not None and made >= before and self.one >= 0:
            self._fold(made)
        return self.find(made)

    def _fold(self, made: int) -> None:
        """Join the class of an id with the number that its data say it is."""
        assert self.analysis is not None
        made = self.split(made)[1]
        if made in (self.one, self.zero):
            return
        data = self.data[made]
        constant = self.analysis.constant(data)
        if constant is None or self.analysis.shape(data):
            return
        if isinstance(constant, bool):
            truth = self.language.units.get("boolean")
            if truth is not None:
                self.union(made, self.leaf(truth[0], constant))
        else:
            self.union(made, self.number(constant))

    def fill(self, like: int, value: int) -> int:
        """`value` in the shape that it and `like` broadcast to; linear in value, and value itself where that has the shape."""
        k, root = self.split(value)
        assert self.analysis is not None
        if root == self.zero:
            return self.apply(self.language.fill, (like, value)) if self.analysis.shape(self.fact(like)) else value
        if self.analysis.covers(self.data[root], [self.fact(like), self.data[root]]):
            return value
        inner = self.split(self.node(self.language.fill, (self.split(like)[1], root)))
        return self.ref(times(k, inner[0]), inner[1])

    def shape_as(self, made: int, parts: list[int]) -> int:
        """The id filled up to the shape that the parts broadcast to, where merging has lost some of it."""
        assert self.analysis is not None
        wanted = [self.fact(p) for p in parts]
        for part in parts:
            have = self.fact(made)
            if self.analysis.covers(have, wanted):
                break
            if not self.analysis.covers(have, [have, self.fact(part)]):
                made = self.fill(part, made)
        return made

    # -- sums

    def sum(self, terms: Iterable[tuple[int, Number]]) -> int:
        """The class of the sum of k * id over pairs (id, k): like terms merged, zeros dropped, the content taken out."""
        terms = list(terms)
        totals: dict[int, Number] = {}
        for i, k in terms:
            w, root = self.split(i)
            if root == self.zero or k == 0:
                continue
            if self.shaped and root != self.one:
                constant = self.number_of(1, root)
                if constant is not None:
                    w, root = times(w, constant), self.one
            totals[root] = totals.get(root, 0) + (k if w == 1 else k * w)
        made = self._linear({root: tidy(k) for root, k in totals.items() if k})
        return self.shape_as(made, [i for i, _ in terms]) if self.shaped else made

    def _linear(self, totals: dict[int, Number]) -> int:
        if not totals:
            return self.zero
        if len(totals) == 1:
            ((root, k),) = totals.items()
            return self.ref(k, root)
        roots = sorted(totals)
        factor = content([totals[r] for r in roots])
        if totals[roots[0]] < 0:
            factor = -factor
        items = tuple([(r, totals[r] if factor == 1 else divide(totals[r], factor)) for r in roots])
        op = self.language.linear
        found = self.found(op, items)
        if found is not None:
            return self.ref(times(factor, found.scale), found.cls)
        assert self.analysis is not None
        data = self.analysis.sum(op, [(k, self.data[r]) for r, k in items])
        return self.ref(factor, self._enter(self.table(op), LINEAR, items, data))
