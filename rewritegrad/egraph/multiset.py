"""The e-graph with all multisets: entering, rebuilding and flattening them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .language import Analysis, Kind, Language
from .nodes import BAG, LEAF, LINEAR, PLAIN, POWERS, Contradiction, ENode
from .products import Items, Products
from .rational import Number, divide, integral, magnitude, times

FLAT = 64
"""The most children of a multiset that flattening makes."""


class Engine(Products):
    """The e-graph: plain nodes, sums, products and other multisets, entered by `add`, joined by `union`, kept by `rebuild`."""

    def __init__(self, language: Language, analysis: Analysis | None = None) -> None:
        super().__init__(language, analysis)
        self._flat: set[tuple[Any, ...]] = set()

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

    def find_node(self, op: Any, args: tuple[int, ...]) -> int:
        """The id of such a plain application where it is present already, else -1 (also where an argument is -1)."""
        if -1 in args:
            return -1
        found = self.found(op, self.canonical(args))
        return -1 if found is None else self.value(found)

    # -- other multisets

    def bag(self, op: Any, members: Iterable[tuple[int, int]]) -> int:
        """The class of an idempotent or counted multiset; nested ones of the same operator are entered flat, up to FLAT members."""
        members = list(members)
        kind = self.language.kind(op)
        counts: dict[int, int] = {}
        for i, n in members:
            i = self.find(i)
            nested = next((m for m in self.nodes(i, op) if m.scale == 1 and m.alive), None)
            for j, m in nested.items if nested is not None and len(counts) + len(nested.items) <= FLAT else ((i, 1),):
                j = self.find(j)  # while rebuilding, the parts of a node may be stale
                counts[j] = 1 if kind is Kind.IDEMPOTENT else counts.get(j, 0) + n * m
        zero, unit = self._leaf_of(self.language.zeros.get(op)), self._leaf_of(self.language.units.get(op))
        if zero in counts:
            made = zero
        else:
            if unit in counts and len(counts) > 1:
                del counts[unit]
            made = self._bag(op, counts)
        return self.shape_as(made, [i for i, _ in members]) if self.shaped else made

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
        made = self._enter(self.table(op), BAG, items, data)
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
        if self.shaped and self.analysis is not None and self.analysis.shape(self.data[root]):  # zeros of its shape, not the number
            return self.analysis.constant(self.data[root]) != 0 and self.union(root, self.fill(root, self.zero))
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
        members, parent = self.classes_with(node.op), self.parent
        for index, (child, n) in enumerate(node.items):
            if (child in members or parent[child] != child) and (inner := self._nested(node, child, n)):
                shortest[index] = inner
        if not shortest:
            return
        first = {index: inner[0] for index, inner in shortest.items()}
        seconds = [{**first, index: other} for index, inner in shortest.items() for other in inner[1:2]]
        for chosen in (first, *seconds):
            if self._is_new(node, chosen):
                yield self._entered_flat(node, chosen)

    def _nested(self, node: ENode, child: int, n: Number) -> list[ENode]:
        """The nodes of the same operator in a child's class that may stand flat in the node, shortest first."""
        k, root = self.split(child)
        if root in self.fixed():
            return []
        inner = [m for m in self.nodes(root, node.op) if m is not node and m.alive and (self._is_simpler(m, root) or self._cancels(node, m, n))]
        if node.form == POWERS:
            inner = [m for m in inner if self._opens(divide(k, m.scale), m, n)]
        return sorted(inner, key=lambda m: len(m.items))

    def _is_new(self, node: ENode, chosen: dict[int, ENode]) -> bool:
        """Whether the node was not yet entered flat with these inner nodes; what was entered once is known for good."""
        key = (node.op, node.items, *[(index, inner.items) for index, inner in chosen.items()])
        if key in self._flat:
            return False
        self._flat.add(key)
        return True

    def _entered_flat(self, node: ENode, chosen: dict[int, ENode]) -> int:
        items: list[tuple[int, Number]] = []
        factor: Number = 1
        for index, (child, n) in enumerate(node.items):
            nested = chosen.get(index)
            if nested is None or len(items) + len(nested.items) > FLAT:
                items.append((child, n))
                continue
            k = self.split(child)[0]  # a child may have become a multiple since the last rebuild
            if node.form == LINEAR:
                items += [(i, times(c, divide(times(k, n), nested.scale))) for i, c in nested.items]
            else:
                power, opened = self._opened(divide(k, nested.scale), nested.items, n)
                factor = times(factor, power)
                items += opened
        return self.sum(items) if node.form == LINEAR else self.product(factor, items)

    def _opens(self, k: Number, nested: ENode, n: Number) -> bool:
        """Whether (k * nested)^n has factors that may stand by themselves."""
        if (n < 0 and self._loses_zero(nested)) or not all(self._is_bounded(times(n, e)) for _, e in nested.items):
            return False
        if not integral(n):
            positive = [self._is_positive(i) for i, _ in nested.items]
            if not any(positive) or (k < 0 and all(positive)):
                return False
            k = magnitude(k)
        return self._power(k, n) is not None

    def _opened(self, k: Number, items: Items, n: Number) -> tuple[Number, list[tuple[int, Number]]]:
        """(k * product of items)^n as a number and factors; of a root, what is not known to be positive stays under it."""
        kept: list[tuple[int, Number]] = []
        base: Items = items
        if not integral(n):
            kept = [(i, e) for i, e in items if not self._is_positive(i)]
            base = tuple([item for item in items if item not in kept])
        sign = -1 if kept and k < 0 else 1
        power = self._power(times(sign, k), n)
        assert power is not None
        opened: list[tuple[int, Number]] = [(i, times(e, n)) for i, e in base]
        return power, [*opened, (self.product(sign, kept), n)] if kept else opened

    def _is_simpler(self, nested: ENode, root: int) -> bool:
        """Whether the children are all smaller than their class: else flattening would write x = (x + y) - y out for ever."""
        size = self.size[root]
        return all(self.size[self.split(child)[1]] < size for child in nested.children())

    def _cancels(self, node: ENode, nested: ENode, n: Number) -> bool:
        """Whether a product has a factor that another one, opened, has with an exponent of the other sign."""
        if node.form != POWERS:
            return False
        factors = {(self.split(child)[1], e > 0) for child, e in node.items}
        return any((self.split(child)[1], e * n < 0) in factors for child, e in nested.items)

    def _loses_zero(self, nested: ENode) -> bool:
        """Whether (x^-1)^-1 would become x at a place where x may be zero for good."""
        return any(e < 0 and not self._is_nonzero(i) for i, e in nested.items)
