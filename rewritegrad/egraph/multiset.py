"""Sums, products and other multisets: like terms are merged when a node is made.

A linear multiset maps root classes to rational coefficients and is stored primitive (coprime integers, the first one
positive), so that every multiple of it is one class; a power multiset maps children to rational exponents, its coefficient
going into the node's scale. A child keeps its positive and its negative exponent apart until it is known not to be zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from .core import Classes
from .language import Analysis, Kind, Language
from .nodes import BAG, LEAF, LINEAR, PLAIN, POWERS, Contradiction, ENode
from .rational import Number, content, divide, integral, prime_powers, tidy, times

Items = tuple[tuple[int, Number], ...]

FLAT = 64
"""The most children of a multiset that flattening makes."""

READINGS = 4
"""How many product nodes of a class a pattern looks at; more gave nothing on the corpus."""


class Engine(Classes):
    """The e-graph with multisets. A language without a linear operator leaves only plain nodes."""

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

    # -- entering

    def add(self, op: Any, args: tuple[int, ...]) -> int:
        """An application of any operator: multisets are normalised, numbers folded."""
        language = self.language
        if op == language.linear:
            return self.sum([(a, 1) for a in args])
        if op == language.powers:
            return self.product(1, [(a, 1) for a in args])
        if language.raised is not None and op == language.raised:
            return self.power(args[0], args[1])
        if language.fill is not None and op == language.fill:
            return self.fill(args[0], args[1])
        if language.kind(op) is Kind.PLAIN:
            return self.apply(op, args)
        return self.bag(op, [(a, 1) for a in args])

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

    def _shape_as(self, made: int, parts: list[int]) -> int:
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
        return self._shape_as(made, [i for i, _ in terms]) if self.shaped else made

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
        return self.ref(factor, self._enter(op, LINEAR, items, data))

    # -- products

    def product(self, factor: Number, factors: Iterable[tuple[int, Number]]) -> int:
        """The class of factor * product(id^e): like bases merged, numbers folded."""
        factors = list(factors)
        made = self._powers(*self._collect(factor, factors))
        return self._shape_as(made, [i for i, _ in factors]) if self.shaped else made

    def find_node(self, op: Any, args: tuple[int, ...]) -> int:
        """The id of such a plain application where it is present already, else -1 (also where an argument is -1)."""
        if -1 in args:
            return -1
        found = self.found(op, self.canonical(args))
        return -1 if found is None else self.value(found)

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
        if integral(e):
            return [(i, times(n, e)) for i, n in items]
        return [(items[0][0], e) if len(items) == 1 and items[0][1] == 1 else (self.product(1, items), e)]

    def find_product(self, factor: Number, factors: Iterable[tuple[int, Number]]) -> int:
        """The id of such a product where it is present already, else -1; makes no node."""
        return self._powers(*self._collect(factor, list(factors)), make=False)

    def _collect(self, factor: Number, factors: list[tuple[int, Number]]) -> tuple[Number, dict[int, Number], dict[int, Number]]:
        above: dict[int, Number] = {}
        below: dict[int, Number] = {}
        for i, e in factors:
            if e == 0:
                continue
            factor, root = self._take_out(factor, i, e, above)
            single = None if root < 0 else self._single_power(root, e)
            if single is not None:
                factor, inner, e = self._unfold(factor, single, e)
                factor, root = self._take_out(factor, inner, e, above)  # while rebuilding, the parts of a node may be stale
            if root >= 0:
                side = above if e > 0 else below
                side[root] = tidy(side.get(root, 0) + e)
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
            if number < 0 or integral(e) and self._power(number, e) is None:
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
        made = self._enter(op, POWERS, items, data)
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

    # -- other multisets

    def bag(self, op: Any, members: Iterable[tuple[int, int]]) -> int:
        """The class of an idempotent or counted multiset; nested ones of the same operator are entered flat."""
        members = list(members)
        kind = self.language.kind(op)
        counts: dict[int, int] = {}
        for i, n in members:
            i = self.find(i)
            nested = next((m for m in self.nodes(i, op) if m.scale == 1 and m.alive), None)
            for j, m in nested.items if nested is not None else ((i, 1),):
                j = self.find(j)  # while rebuilding, the parts of a node may be stale
                counts[j] = 1 if kind is Kind.IDEMPOTENT else counts.get(j, 0) + n * m
        zero, unit = self._leaf_of(self.language.zeros.get(op)), self._leaf_of(self.language.units.get(op))
        if zero in counts:
            made = zero
        else:
            if unit in counts and len(counts) > 1:
                del counts[unit]
            made = self._bag(op, counts)
        return self._shape_as(made, [i for i, _ in members]) if self.shaped else made

    def _leaf_of(self, leaf: tuple[Any, Any] | None) -> int:
        if leaf is None:
            return -1
        if leaf[0] == self.language.numbers and self.one >= 0:
            return self.number(leaf[1])
        return self.find(self.leaf(*leaf))

    def _bag(self, op: Any, counts: dict[int, int]) -> int:
        if len(counts) == 1:
            ((child, n),) = counts.items()
            if n == 1:
                return child
        items = tuple(sorted(counts.items()))
        found = self.found(op, items)
        if found is not None:
            return self.ref(found.scale, found.cls)
        data = None if self.analysis is None else self.analysis.fold(op, [self.fact(c) for c, n in items for _ in range(n)])
        made = self._enter(op, BAG, items, data)
        if self.analysis is not None and self.one >= 0:
            self._fold(made)
        return self.find(made)

    # -- rebuilding

    def _collapse(self, root: int) -> bool:
        if root == self.zero:
            return False
        if root == self.one:
            raise Contradiction(f"{self.blame or 'folding'}: two different numbers would be equal", self.blame)
        if self.zero < 0:
            return super()._collapse(root)
        self._merge(self.zero, root, 1)
        return True

    def _merge(self, a: int, b: int, ratio: Number) -> None:
        if a in (self.zero, self.one) and b in (self.zero, self.one):
            raise Contradiction(f"{self.blame or 'folding'}: 0 and 1 would be equal", self.blame)
        super()._merge(a, b, ratio)

    def _join_data(self, a: int, b: int, ratio: Number) -> None:
        if a == self.zero:
            ratio = 1
        super()._join_data(a, b, ratio)

    def _repair(self, node: ENode) -> None:
        if node.form == PLAIN and (node.op != self.language.raised or self.one < 0):
            super()._repair(node)
        else:
            self._remake(node)

    def _remake(self, node: ENode) -> None:
        """Enter the node's value anew and join the two; a node that comes out the same stays."""
        self._forget(node)
        self._detach(node)
        before = self.ref(node.scale, node.cls)
        if node.form == LINEAR:
            after = self.sum(node.items)
        elif node.form == POWERS:
            after = self.product(1, node.items)
        elif node.form == BAG:
            after = self.bag(node.op, node.items)
        else:
            after = self.power(node.items[0], node.items[1])
        self.union(before, after)

    def _reanalyse(self, node: ENode) -> None:
        if node.form == POWERS and self._would_cancel(node):
            self._remake(node)
            return
        super()._reanalyse(node)
        if node.form != LEAF and self.one >= 0 and node.cls not in (self.one, self.zero):
            self._fold(node.cls)

    def _would_cancel(self, node: ENode) -> bool:
        seen: set[int] = set()
        for child, _ in node.items:
            if child in seen and self._is_nonzero(child):
                return True
            seen.add(child)
        return False

    def data_of(self, node: ENode) -> Any:
        assert self.analysis is not None
        if node.form == LINEAR:
            return self.analysis.sum(node.op, [(k, self.fact(i)) for i, k in node.items])
        if node.form == POWERS:
            return self.analysis.product(node.op, 1, [(self.fact(i), e) for i, e in node.items])
        if node.form == BAG:
            return self.analysis.fold(node.op, [self.fact(i) for i, n in node.items for _ in range(n)])
        return super().data_of(node)

    # -- nested multisets

    def flattened(self, node: ENode) -> Iterator[int]:
        """The node's value with all nested children entered flat by their shortest nodes, and once more for every second shortest."""
        shortest: dict[int, list[ENode]] = {}
        for index, (child, n) in enumerate(node.items):
            inner = self._nested(node, child, n)
            if inner:
                shortest[index] = inner
        if not shortest:
            return
        first = {index: inner[0] for index, inner in shortest.items()}
        yield self._entered_flat(node, first)
        for index, inner in shortest.items():
            for other in inner[1:2]:
                yield self._entered_flat(node, {**first, index: other})

    def _nested(self, node: ENode, child: int, n: Number) -> list[ENode]:
        """The nodes of the same operator in a child's class that may stand flat in the node, shortest first."""
        k, root = self.split(child)
        if root in self.fixed():
            return []
        inner = [m for m in self.nodes(root, node.op) if m is not node and m.alive and self._is_simpler(m, root)]
        if node.form == POWERS and not integral(n):
            inner = [m for m in inner if all(self._is_positive(i) for i, _ in m.items)]
        if node.form == POWERS and n < 0:
            inner = [m for m in inner if not self._loses_zero(m)]
        if node.form == POWERS:
            inner = [m for m in inner if self._power(divide(k, m.scale), n) is not None]
        return sorted(inner, key=lambda m: len(m.items))

    def _entered_flat(self, node: ENode, chosen: dict[int, ENode]) -> int:
        items: list[tuple[int, Number]] = []
        factor: Number = 1
        for index, (child, n) in enumerate(node.items):
            nested = chosen.get(index)
            if nested is None or len(items) + len(nested.items) > FLAT:
                items.append((child, n))
            elif node.form == LINEAR:
                items += [(i, times(c, divide(n, nested.scale))) for i, c in nested.items]
            else:
                power = self._power(divide(self.split(child)[0], nested.scale), n)
                assert power is not None
                factor = times(factor, power)
                items += [(i, times(e, n)) for i, e in nested.items]
        return self.sum(items) if node.form == LINEAR else self.product(factor, items)

    def _is_simpler(self, nested: ENode, root: int) -> bool:
        """Whether the children are all smaller than their class: else flattening would write x = (x + y) - y out for ever."""
        size = self.size[root]
        return all(self.size[self.split(child)[1]] < size for child in nested.children())

    def _loses_zero(self, nested: ENode) -> bool:
        """Whether (x^-1)^-1 would become x at a place where x may be zero for good."""
        return any(e < 0 and not self._is_nonzero(i) for i, e in nested.items)
