"""Products: power multisets, which map children to rational exponents; their coefficient goes into the node's scale.

A child keeps its positive and its negative exponent apart until it is known not to be zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TypeAlias

from .nodes import POWERS, ENode
from .rational import Number, divide, integral, prime_powers, tidy, times
from .sums import Sums

Items: TypeAlias = tuple[tuple[int, Number], ...]

READINGS = 4
"""How many product nodes of a class a pattern looks at; more gave nothing on the corpus."""


class Products(Sums):
    """The e-graph with sums and products."""

    def product(self, factor: Number, factors: Iterable[tuple[int, Number]]) -> int:
        """The class of factor * product(id^e): like bases merged, numbers folded."""
        factors = list(factors)
        made = self._powers(*self._collect(factor, factors))
        return self.shape_as(made, [i for i, _ in factors]) if self.shaped else made

    def find_product(self, factor: Number, factors: Iterable[tuple[int, Number]]) -> int:
        """The id of such a product where it is present already, else -1; makes no node."""
        return self._powers(*self._collect(factor, list(factors)), make=False)

    def _collect(self, factor: Number, factors: list[tuple[int, Number]]) -> tuple[Number, dict[int, Number], dict[int, Number]]:
        above: dict[int, Number] = {}
        below: dict[int, Number] = {}
        parent, one, shaped, powers = self.parent, self.one, self.shaped, self.classes_with(self.language.powers)
        for i, e in factors:
            if not e:
                continue
            root = i
            if shaped or i == one or parent[i] != i:
                factor, root = self._take_out(factor, i, e, above)
            if root in powers:
                single = self._single_power(root, e)
                if single is not None:
                    factor, inner, e = self._unfold(factor, single, e)
                    factor, root = self._take_out(factor, inner, e, above)  # while rebuilding, the parts of a node may be stale
            if root >= 0:
                side = above if e > 0 else below
                side[root] = tidy(side[root] + e) if root in side else e
        if below:
            self._cancel(above, below)
        return self._radicals(factor, above), above, below

    def _take_out(self, factor: Number, i: int, e: Number, above: dict[int, Number]) -> tuple[Number, int]:
        """What the number in id^e makes of the factor, and the base that is left, -1 where none is."""
        w, root = self.split(i)
        constant = self.number_of(w, root)
        if constant is not None and constant != 0:
            return self._absorb(factor, constant, e, above), -1
        if w == 1:
            return factor, root
        if w > 0 or integral(e):
            return self._absorb(factor, w, e, above), root
        return self._absorb(factor, -w, e, above), self.ref(-1, root)

    def _absorb(self, factor: Number, number: Number, e: Number, above: dict[int, Number]) -> Number:
        """factor * number^e: what is not rational goes to `above` as prime radicals."""
        if number == 1:
            return factor
        assert self.analysis is not None
        folded = self.analysis.power(number, e)
        if folded is not None and self.analysis.bounded(product := times(factor, folded)):
            return product
        if number < 0 or integral(e):
            opaque = self.ref(number, self.one)
            above[opaque] = tidy(above.get(opaque, 0) + e)
            return factor
        exact = Fraction(number)
        for part, sign in ((exact.numerator, 1), (exact.denominator, -1)):
            for prime, count in prime_powers(part):
                root = self.ref(prime, self.one)
                above[root] = tidy(above.get(root, 0) + sign * count * e)
        return factor

    def _radicals(self, factor: Number, above: dict[int, Number]) -> Number:
        """Bring the exponents of numbers between 0 and 1; their integer parts go into the factor."""
        if not self.weights.get(self.one):
            return factor
        for root in [r for r in above if self.parent[r] == self.one and r != self.one]:
            e = above[root]
            number = self.weight[root]
            if e == 0:
                del above[root]
                continue
            whole = e.numerator // e.denominator
            if number < 0 or (integral(e) and self._power(number, e) is None):
                continue
            folded = self._power(number, whole)
            if whole == 0 or folded is None:
                continue
            factor = times(factor, folded)
            rest = tidy(e - whole)
            if rest == 0:
                del above[root]
            else:
                above[root] = rest
        return factor

    def _power(self, number: Number, e: Number) -> Number | None:
        assert self.analysis is not None
        return self.analysis.power(number, e)

    def _single_power(self, root: int, e: Number) -> ENode | None:
        """A node x^a of the class, where (x^a)^e is x^(a*e)."""
        members = self.nodes(root, self.language.powers)
        for node in members:
            if len(node.items) == 1 and node.alive and node.items[0][0] != root and (integral(e) or self._is_positive(node.items[0][0])):
                inner: Number = node.items[0][1]
                if not self._is_bounded(times(inner, e)):
                    continue
                if (node.scale == 1 or integral(e)) and not (inner < 0 and e < 0 and not self._is_nonzero(node.items[0][0])):
                    return node
        return None

    def _unfold(self, factor: Number, node: ENode, e: Number) -> tuple[Number, int, Number]:
        (child, inner) = node.items[0]
        if node.scale != 1:
            folded = self._power(divide(1, node.scale), e)
            if folded is None:
                return factor, node.cls, e
            factor = times(factor, folded)
        return factor, child, times(inner, e)

    def _is_bounded(self, exponent: Number) -> bool:
        assert self.analysis is not None
        return self.analysis.bounded(exponent)

    def _is_positive(self, i: int) -> bool:
        assert self.analysis is not None
        return self.analysis.positive(self.fact(i))

    def _is_nonzero(self, i: int) -> bool:
        assert self.analysis is not None
        return self.analysis.nonzero(self.fact(i))

    def _cancel(self, above: dict[int, Number], below: dict[int, Number]) -> None:
        """Merge the positive and the negative exponent of a child that is known not to be zero."""
        for root in [r for r in below if r in above]:
            if self._is_nonzero(root):
                e = tidy(above.pop(root) + below.pop(root))
                if e > 0:
                    above[root] = e
                elif e < 0:
                    below[root] = e

    def _powers(self, factor: Number, above: dict[int, Number], below: dict[int, Number], make: bool = True) -> int:
        if factor == 0 or self.zero in above:
            if all(self._is_nonzero(r) for r in below):
                return self.zero
            above[self.zero] = 1
            factor = 1
        if not below:
            if not above:
                return self.number(factor)
            if len(above) == 1:
                ((root, e),) = above.items()
                if e == 1:
                    k, base = self.split(root)
                    return self.ref(times(factor, k), base)
        items = tuple(sorted([*above.items(), *below.items()]))
        op = self.language.powers
        found = self.found(op, items)
        if found is not None:
            return self.ref(times(factor, found.scale), found.cls)
        if not make:
            return -1
        assert self.analysis is not None
        data = self.analysis.product(op, 1, [(self.fact(r), e) for r, e in items])
        made = self._enter(self.table(op), POWERS, items, data)
        self._fold(made)
        k, root = self.split(made)
        return self.zero if root == self.zero else self.ref(times(factor, k), root)

    def power(self, base: int, exponent: int) -> int:
        """base^exponent: a product where the exponent is a number, else a plain node."""
        k, root = self.split(exponent)
        number = self.number_of(k, root)
        if number is not None and (root in (self.one, self.zero)):
            return self.product(1, [(base, number)])
        if self.number_of(*self.split(base)) == 1 and not self.shaped:
            return self.one
        return self.apply(self.language.raised, (base, exponent))

    # -- what patterns ask

    def readings(self, k: Number, root: int, itself: bool) -> list[tuple[Number, Items]]:
        """k times a class as coefficient and factors: each product node of the class (4 at most), and itself as one factor."""
        found = [(divide(k, node.scale), node.items) for node in self.nodes(root, self.language.powers)[:READINGS]]
        if itself and root != self.one:
            found.append((k, ((root, 1),)))
        return found

    def roots_of(self, k: Number, root: int, degree: int) -> list[tuple[Number, Items]]:
        """k times a class as coefficient and the `degree`-th root of the factors, where all exponents are divisible by it."""
        if root == self.one:
            return [(k, ())]
        found = []
        for node in self.nodes(root, self.language.powers)[:READINGS]:
            exponents = [tidy(Fraction(e) / degree) for _, e in node.items]
            if all(integral(e) for e in exponents):
                found.append((divide(k, node.scale), tuple([(i, e) for (i, _), e in zip(node.items, exponents, strict=True)])))
        return found

    def power_readings(self, child: int, e: Number, alone: bool) -> list[tuple[int, int]]:
        """A factor child^e as pairs of ids (base, exponent): itself, and the power nodes of the child's class."""
        found = [] if alone and e == 1 else [(child, self.number(e))]
        if e == 1:
            k, root = self.split(child)
            found += [(node.items[0], node.items[1]) for node in self.nodes(root, self.language.raised) if node.scale == k]
        return found

    def raise_items(self, items: Items, e: Number) -> list[tuple[int, Number]]:
        """The factors of (product of items)^e, multiplied out where that is allowed for every base."""
        if integral(e) and all(self._is_bounded(times(n, e)) for _, n in items):
            return [(i, times(n, e)) for i, n in items]
        return [(items[0][0], e) if len(items) == 1 and items[0][1] == 1 else (self.product(1, items), e)]
