"""Sums and products multiplied out: polynomials over the classes of an e-graph, computed rather than rewritten.

A law of distribution makes a node for every step on the way, and the steps of a product of sums are many. Here each class
gets one more node, its polynomial, whose like terms have been merged before anything is entered.
"""

from __future__ import annotations

from .multiset import Engine
from .nodes import LINEAR, POWERS, ENode
from .rational import Number, divide, integral, tidy, times

Monomial = tuple[tuple[int, Number], ...]
"""Ids with exponents, in order of id; a positive and a negative exponent of one id stay apart, as in products."""
Polynomial = dict[Monomial, Number]

MOST_TERMS = 400
"""A product or power of sums with more terms than this stays one factor."""
MOST_WORK = 30_000
"""So many products of monomials are computed at most."""
MOST_ENTERED = 2_000
"""So many monomials are entered at most, those of the outermost classes first: nested sums of hundreds of terms have long polynomials each."""
HIGHEST = 4
"""Sums to a higher power stay that."""


def multiply_out(engine: Engine) -> bool:
    """Joins every class with what comes out when the products of sums in it are multiplied out; whether like terms met there.

    Where none did there are as many terms as the products had, and nothing is joined: that is not shorter.
    """
    expansion = _Expansion(engine)
    expansion.visit()
    if not expansion.met:
        return False
    engine.blame = "multiplying out"
    changed = False
    room = MOST_ENTERED
    for root in reversed(expansion.changed):
        room -= len(expansion.found[root])
        if room < 0:
            break
        terms = [(engine.product(1, monomial), k) for monomial, k in expansion.found[root].items()]
        made = engine.sum(terms)
        changed = engine.union(root, engine.shape_as(made, [root]) if engine.shaped else made) or changed
    engine.rebuild()
    engine.audit()
    return changed


class _Expansion:
    """The polynomials of classes, children first; `changed` are the classes whose polynomial is not what they were entered as."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.work = MOST_WORK
        self.found: dict[int, Polynomial] = {engine.one: {(): 1}, engine.zero: {}}
        self.changed: list[int] = []
        self.met = False

    def visit(self) -> None:
        """The polynomials of all classes, each read as its first sum, else as its first product; one that contains itself is one factor there."""
        members = self.engine.members_by_class()
        stack = [(root, False) for root in reversed(members)]
        entered: set[int] = set()
        while stack:
            root, opened = stack.pop()
            if root in self.found:
                continue
            node = max(members[root], key=lambda node: (node.form == LINEAR, node.form == POWERS))
            if opened:
                self.found[root] = self._polynomial(root, node)
            elif root not in entered:
                entered.add(root)
                stack.append((root, True))
                stack.extend([(self.engine.split(child)[1], False) for child in node.children()])

    def _polynomial(self, root: int, node: ENode) -> Polynomial:
        if node.form == LINEAR:
            return self._sum(root, node)
        if node.form == POWERS:
            return self._product(root, node)
        return {((root, 1),): 1}

    def _sum(self, root: int, node: ENode) -> Polynomial:
        total: Polynomial = {}
        opened = False
        count = 0
        for i, k in node.items:
            part = self._of(i)
            count += len(part)
            opened = opened or len(part) != 1
            for monomial, c in part.items():
                total[monomial] = total.get(monomial, 0) + k * c
        if opened and len(total) > MOST_TERMS:
            return {((root, 1),): 1}
        if opened:
            self.changed.append(root)
            self.met = self.met or len(total) < count
        return {monomial: divide(tidy(k), node.scale) for monomial, k in total.items() if k}

    def _product(self, root: int, node: ENode) -> Polynomial:
        result: Polynomial = {(): divide(1, node.scale)}
        opened = False
        for i, e in node.items:
            base = self._of(i) if integral(e) and e > 0 else {}
            if len(base) == 1 and (e <= HIGHEST or all(k in (1, -1) for k in base.values())):
                ((monomial, k),) = base.items()
                power: Polynomial = {tuple([(j, times(n, e)) for j, n in monomial]): k**e}
            elif base and e <= HIGHEST and len(base) ** e <= MOST_TERMS * HIGHEST:
                power, opened = base, True
                for _ in range(int(e) - 1):
                    power = self._times(power, base)
            else:
                power = {((i, e),): 1}
            if len(result) * len(power) > self.work:
                return {((root, 1),): 1}
            result = self._times(result, power)
        if len(result) > MOST_TERMS:
            return {((root, 1),): 1}
        if opened:
            self.changed.append(root)
        return result

    def _times(self, a: Polynomial, b: Polynomial) -> Polynomial:
        self.work -= len(a) * len(b)
        total: Polynomial = {}
        for m, k in a.items():
            for n, c in b.items():
                product = _merged(m, n)
                total[product] = total.get(product, 0) + k * c
        self.met = self.met or len(total) < len(a) * len(b)
        return {monomial: tidy(k) for monomial, k in total.items() if k}

    def _of(self, i: int) -> Polynomial:
        """The polynomial of an id, which may be a multiple of a class."""
        k, root = self.engine.split(i)
        found = self.found.get(root, {((root, 1),): 1})
        return found if k == 1 else {monomial: times(k, c) for monomial, c in found.items()}


def _merged(m: Monomial, n: Monomial) -> Monomial:
    """The product of two monomials."""
    if not m or not n:
        return m or n
    exponents: dict[tuple[int, bool], Number] = {(i, e > 0): e for i, e in m}
    for i, e in n:
        key = (i, e > 0)
        exponents[key] = tidy(exponents[key] + e) if key in exponents else e
    return tuple(sorted([(i, e) for (i, _), e in exponents.items()]))
