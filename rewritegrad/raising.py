"""From the e-graph back to terms: the writing of a chosen DAG.

Raising chooses a - b, a / b and sqrt, gathers equal exponents, takes contents out where that is shorter, turns differences
round instead of negating them, and orders terms and factors as people do: by degree, then by the order in which the
variables first occur in the input. Nothing depends on names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction

from .choosing import chosen
from .costs import best_divisor, sum_operations
from .egraph.extract import Choice, below, child_roots, is_over
from .egraph.multiset import Engine
from .egraph.nodes import BAG, LEAF, LINEAR, PLAIN, POWERS, ENode
from .egraph.rational import Number, content, divide, integral, magnitude, times
from .errors import LimitError
from .printer import operations
from .ranking import Ranking
from .rationals import fold_power
from .spelling import Writer, coefficient_operations
from .term import Term, make_term, postorder
from .theory import Theory

SHALLOW = 40
"""A DAG of more classes is written from below, for its depth; in a smaller one only the multiples that occur are written."""


class Raising:
    """Writes a chosen DAG as terms. `order` ranks the variables; `gather` writes x^2*y^2 as (x*y)^2, `inner` -(x*y) as -x*y."""

    def __init__(
        self,
        theory: Theory,
        engine: Engine,
        choice: Choice,
        order: dict[str, int],
        decimals: bool = False,
        gather: bool = True,
        inner: bool = True,
        deadline: float | None = None,
    ) -> None:
        self.theory = theory
        self.engine = engine
        self.choice = choice
        self.order = order
        self.decimals = decimals
        self.gather = gather
        self.inner = inner
        self.deadline = deadline
        self.has_gathered = self.has_negated = False
        self.signs: dict[int, int] = {}
        self.leaning: dict[int, int] = {}
        self.facing: dict[int, int] = {}
        self._ways: dict[int, dict[int, Term]] = {}
        self._turns_odd = False
        self._natural: dict[int, Number] = {}
        self._uses = Counter(child for node in choice.values() for child in child_roots(engine, node))
        self._bags: dict[tuple[object, int], list[ENode]] = {}  # by operator and first member
        for node in choice.values():
            if node.form == BAG and node.scale == 1:
                self._bags.setdefault((node.op, node.items[0][0]), []).append(node)
        self.write = Writer(theory, decimals)
        self._terms: dict[tuple[Number, int], Term] = {}
        self.ranking = Ranking(self.write.ops, order)

    def turned(self, ids: Sequence[int], found: Sequence[Term]) -> Iterator[list[Term]]:
        """Ways to write the same that may be shorter than what `terms` found: each difference that stands there both ways round written
        one way, and odd functions taking the sign of their product."""
        used = set(postorder(*found))
        both = [root for root, ways in self._ways.items() if len(ways) == 2 and used.issuperset(ways.values()) and self._turns_well(root)]
        if not both and not self.has_negated:
            return
        self._turns_odd = True
        for way in (1, -1) if both else (1,):
            self.facing, self._terms = dict.fromkeys(both, way), {}
            yield self._all(ids)

    def terms(self, ids: Sequence[int]) -> list[Term]:
        """The terms of some ids; a second time, where differences under even powers can be turned as they stand elsewhere."""
        found = self._all(ids)
        signs = {**self.signs, **{root: lean for root, lean in self.leaning.items() if lean}}
        if any(sign * self.signs.get(root, 1) < 0 for root, sign in signs.items()):
            self.signs, self._terms = signs, {}
            with suppress(LimitError):
                return min(found, self._all(ids), key=operations)
        return found

    def _all(self, ids: Sequence[int]) -> list[Term]:
        deep = len(self.choice) > SHALLOW
        for root in below(self.engine, self.choice, [self.engine.split(i)[1] for i in ids]):
            if is_over(self.deadline):
                raise LimitError("the time is over before the terms have been written")
            if root not in self.engine.fixed():
                self._find_natural(root)
                if deep:
                    self._multiple(1, root)
        return [self.term(i) for i in ids]

    def term(self, i: int) -> Term:
        """The term of an id whose parts have been written."""
        k, root = self.engine.split(i)
        self.leaning[root] = self.leaning.get(root, 0) + (1 if k > 0 else -1)
        return self._multiple(k, root)

    def _multiple(self, k: Number, root: int) -> Term:
        """k times a class, where the classes below have been written."""
        found = self._terms.get((k, root))
        if found is None:
            found = self._terms[(k, root)] = self._written(k, root)
            self.ranking.rank(found)
        return found

    def _written(self, k: Number, root: int) -> Term:
        if root in self.engine.fixed():
            return self.write.number(k if root == self.engine.one else 0)
        node = self.choice[root]
        k = divide(k, node.scale)
        if node.form == LINEAR:
            return self._sum_of(k, root, node)
        if node.form == POWERS:
            return self._product(k, node.items)
        term = self._plain(node)
        return term if k == 1 or self.engine.number_of(1, root) == 0 else self._product_of(k, [(term, 1)])  # zeros of a shape have no sign

    def _plain(self, node: ENode) -> Term:
        if node.form == LEAF:
            value = node.items[0]
            if isinstance(value, Term):
                return value
            return self.theory.boolean(value) if node.op.leaf == "boolean" else self.write.number(value)
        if node.form == BAG:
            members = sorted([self.term(i) for i, n in self._bag_parts(node) for _ in range(n)], key=self.ranking.factor_key)
            term = members[0]
            for member in members[1:]:
                term = make_term(node.op, (term, member))
            return term
        args = [self.term(i) for i in node.items]
        if len(args) == 2 and "commutative" in node.op.flags:
            args.sort(key=self.ranking.term_key)
        return make_term(node.op, tuple(args))

    def _bag_parts(self, node: ENode) -> list[tuple[int, int]]:
        """The members of a bag, those that are themselves a bag of the chosen DAG as one: max(a, b, c) uses max(a, b) where that is there."""
        parts: dict[int, int] = dict(node.items)
        for i, _ in node.items:
            inside = [other for other in self._bags.get((node.op, i), ()) if len(other.items) < len(parts)]
            for other in sorted(inside, key=lambda other: -len(other.items)):
                if all(parts.get(child, 0) >= n for child, n in other.items):
                    for child, n in other.items:
                        parts[child] -= n
                        if not parts[child]:
                            del parts[child]
                    parts[self.engine.value(other)] = 1
        return list(parts.items())

    # -- sums

    def _sum_of(self, k: Number, root: int, node: ENode) -> Term:
        """k times a sum: multiplied out, or as a number times what is written best where that is shorter or shared."""
        unit = divide(1, self._natural[root])
        factor = divide(k, times(unit, node.scale))
        terms = [(times(k, c), i) for i, c in node.items]
        if factor not in (1, -1):
            natural, way = [(divide(c, factor), i) for c, i in terms], 1
            if factor < 0:
                turned = [(-c, i) for c, i in natural]
                if self.facing.get(root, -1) < 0 and self._operations(turned) <= self._operations(natural):
                    natural, factor, way = turned, -factor, -1
            kept = self._operations(natural) + coefficient_operations(factor, self.decimals)
            spread = self._operations(terms)
            if kept < spread or (kept == spread and self._uses.get(root, 0) > 1):
                written = self._ways.setdefault(root, {})[way] = self._sum(natural)
                return self._product_of(factor, [(written, 1)])
        written = self._ways.setdefault(root, {})[1 if k > 0 else -1] = self._sum(terms)
        return written

    def _operations(self, terms: list[tuple[Number, int]]) -> int:
        one = self.engine.one
        bare = [k for k, i in terms if i == one]
        return sum_operations([*[times(k, self._natural.get(i, 1)) for k, i in terms if i != one], *bare], len(bare), self.decimals)

    def _sum(self, terms: list[tuple[Number, int]]) -> Term:
        common = content([k for k, _ in terms])
        if common != 1:
            inner = [(divide(k, common), i) for k, i in terms]
            if self._operations(inner) + coefficient_operations(common, self.decimals) < self._operations(terms):
                return self._product_of(common, [(self._sum(inner), 1)])
        written = [self._apart(k, i) for k, i in terms]
        written.sort(key=lambda t: self.ranking.term_key(t[1]))
        first = next((t for t in written if not t[0]), None) or self._negative_lead(written)
        result = self.write.negative(first[1]) if first[0] else first[1]
        for t in written:
            if t is not first:
                result = self.write.plus(result, t[1], minus=t[0])
        return result

    def _apart(self, k: Number, i: int) -> tuple[bool, Term]:
        """Whether k times a class is subtracted, and what is."""
        size = magnitude(k)
        turned = self._is_negated(i) or self.facing.get(i, 1) < 0
        return (k > 0, self._multiple(-size, i)) if turned else (k < 0, self._multiple(size, i))

    def _is_negated(self, root: int) -> bool:
        """Whether the class stands for the negative of what is written best."""
        node = self.choice.get(root)
        if node is None:
            return False
        if node.form == LINEAR:
            return all(k * node.scale < 0 for k in self._signed_items(node))
        negative = node.scale < 0
        if node.form == POWERS and self.facing:
            for i, e in node.items:
                k, inner = self.engine.split(i)
                if integral(e) and e % 2 and self.facing.get(inner, 0) * k < 0:
                    negative = not negative
        return negative

    def _signed_items(self, node: ENode) -> list[Number]:
        """The coefficients of a sum, with the sign that the terms will have."""
        return [-k if (child := self.choice.get(i)) is not None and child.form != LINEAR and child.scale < 0 else k for i, k in node.items]

    def _negative_lead(self, written: list[tuple[bool, Term]]) -> tuple[bool, Term]:
        """Of terms that are all subtracted, one that begins with a number takes the sign for nothing."""
        for i, (_, term) in enumerate(written):
            head = term
            while head.op in (self.write.ops.product, self.write.ops.quotient):
                head = head.args[0]
            if head.op.leaf == "number":
                written[i] = (False, self._signed(term))
                return written[i]
        return written[0]

    def _signed(self, term: Term) -> Term:
        """The negative of a product or quotient that begins with a number."""
        chain = []
        while not term.op.leaf:
            chain.append(term)
            term = term.args[0]
        result = self.write.negative(term)
        for outer in reversed(chain):
            result = make_term(outer.op, (result, outer.args[1]))
        return result

    # -- products

    def _product(self, k: Number, items: Sequence[tuple[int, Number]]) -> Term:
        parts: list[tuple[Number, int, Number]] = []
        waiting = list(reversed(items))
        while waiting:
            i, e = waiting.pop()
            w, root = self.engine.split(i)
            if e == 1 and (inner := self._inside(root)) is not None:
                k = times(k, divide(w, inner.scale))
                waiting.extend(reversed(inner.items))
                continue
            if integral(e) and self._is_negated(root):
                w, k = -w, -k if e % 2 else k
            parts.append((w, root, e))
        factors: list[tuple[Term, Number]] = []
        for w, root, e in parts:
            odd = not integral(e) or e % 2 == 1
            if odd and k < 0 and self._turns_odd and integral(e) and (opposite := self._opposite(root)) is not None and w == 1:
                factors.append((opposite, e))
                k = -k
                continue
            facing = self.facing.get(root, 0) or (0 if odd else self.signs.get(root, 0))
            turned = self._turns_well(root) and (facing * w < 0 or (odd and not facing and k < 0)) and integral(e)
            if turned and odd:
                k = -k
            if odd:
                self.leaning[root] = self.leaning.get(root, 0) + (-1 if turned else 1) * (1 if w > 0 else -1)
            divisor = self._divisor(root)
            taken = fold_power(divisor, e) if divisor != 1 else 1
            if taken is None:
                divisor = taken = 1
            k = times(k, taken)
            multiple = divide(-w if turned else w, divisor)
            if e == 1 and k not in (1, -1) and self._takes_in(k, multiple, root):
                multiple, k = times(multiple, k), 1
            factors.append((self._multiple(multiple, root), e))
        if len(factors) > 1 or k not in (1, -1):
            factors = [self._under(term, e) if self._uses[root] <= 1 else (term, e) for (term, e), (_, root, _) in zip(factors, parts, strict=True)]
        return self._product_of(k, factors)

    def _under(self, term: Term, e: Number) -> tuple[Term, Number]:
        """A factor x^(-a) as x^a below the fraction line, which saves the sign."""
        ops = self.write.ops
        if e == 1 and term.op is ops.power and term.args[1].op is ops.negative:
            return make_term(ops.power, (term.args[0], term.args[1].args[0])), -1
        return term, e

    def _inside(self, root: int) -> ENode | None:
        """The product that a factor is, if nothing else uses it: its factors are written among the others."""
        node = self.choice.get(root)
        return node if node is not None and node.form == POWERS and self._uses[root] == 1 else None

    def _opposite(self, root: int) -> Term | None:
        """The negative of an odd function of a difference, written as the function of the difference turned round."""
        node = self.choice.get(root)
        if node is None or node.form != PLAIN or "odd" not in node.op.flags or len(node.items) != 1 or node.scale != 1:
            return None
        k, inner = self.engine.split(node.items[0])
        return make_term(node.op, (self._multiple(-k, inner),)) if self._turns_well(inner) else None

    def _takes_in(self, k: Number, multiple: Number, root: int) -> bool:
        """Whether a sum of no other use is shorter with the coefficient multiplied into it: 2*(2*x + 1) is 4*x + 2."""
        node = self.choice.get(root)
        if node is None or node.form != LINEAR or self._uses[root] > 1:
            return False
        terms = [(times(divide(multiple, node.scale), c), i) for i, c in node.items]
        taken = [(times(k, c), i) for c, i in terms]
        return self._operations(taken) < self._operations(terms) + coefficient_operations(k, self.decimals)

    def _divisor(self, root: int) -> Number:
        """What a factor is divided by to be written shortest; 1 for products, which are written with their coefficients."""
        node = self.choice.get(root)
        return 1 if node is None or node.form == POWERS else self._natural.get(root, 1)

    def _find_natural(self, root: int) -> None:
        """How many times what is written best a class is: engines hold sums with coprime integers, people write 0.2*x + y."""
        node = self.choice[root]
        natural: Number = 1
        if node.form == LINEAR:
            one = self.engine.one
            bare = [k for i, k in node.items if i == one]
            others = [times(k, self._natural.get(i, 1)) for i, k in node.items if i != one]
            natural = best_divisor((*others, *bare), len(bare), self.decimals)[0]
            if bare and bare[0] * node.scale > 0 and all(k * node.scale < 0 for k in others):
                self.signs.setdefault(root, -1)  # x - 1 rather than 1 - x, where that is free
        elif node.form == POWERS:
            for i, e in node.items:
                k, child = self.engine.split(i)
                if k in (1, -1) and child in self._natural and (divisor := self._divisor(child)) != 1:
                    natural = times(natural, fold_power(divisor, e) or 1)
        self._natural[root] = divide(natural, magnitude(node.scale))

    def _turns_well(self, root: int) -> bool:
        """Whether a class is written as a difference, so that its negative costs nothing."""
        node = self.choice.get(root)
        if node is None or node.form != LINEAR:
            return False
        negative = sum(1 for k in self._signed_items(node) if k < 0)
        return 0 < negative < len(node.items) or any(k not in (1, -1) or i == self.engine.one for i, k in node.items)

    def _product_of(self, k: Number, factors: list[tuple[Term, Number]]) -> Term:
        factors = list(chosen(factors, self.theory))
        up, down = self.write.splits(k)
        if up == 1 and len(factors) == 1 and factors[0][1] < 0 and factors[0][1] not in (-1, Fraction(-1, 2)):
            inverse = make_term(self.write.ops.power, (factors[0][0], self.write.number(factors[0][1])))
            return inverse if down == 1 else self.write.quotient(inverse, self.write.number(down))
        above, under = self._sides(factors)
        minus = up == -1 and bool(above)
        if minus:
            self.has_negated = True
            up = 1
            if self.inner:
                above[0] = self.write.negative(above[0])
        if up != 1 or not above:
            above.insert(0, self.write.number(up))
        if down != 1:
            under.insert(0, self.write.number(down))
        result = self.write.times(above)
        if under:
            result = self.write.quotient(result, self.write.times(under))
        return self.write.negative(result) if minus and not self.inner else result

    def _sides(self, factors: list[tuple[Term, Number]]) -> tuple[list[Term], list[Term]]:
        """What stands above and below the fraction line, factors of one exponent gathered."""
        groups: dict[Number, tuple[list[Term], list[Term]]] = {}
        for term, e in factors:
            groups.setdefault(magnitude(e), ([], []))[e < 0].append(term)
        above: list[Term] = []
        under: list[Term] = []
        for e, (up, down) in groups.items():
            if e == 1 or not self.gather:
                above += [self.write.power(t, e) for t in up]
                under += [self.write.power(t, e) for t in down]
                continue
            self.has_gathered = self.has_gathered or len(up) + len(down) > 1
            if up and down:
                above.append(self.write.power(self.write.quotient(self._gathered(up), self._gathered(down)), e))
            else:
                (above if up else under).append(self.write.power(self._gathered(up or down), e))
        return sorted(above, key=self.ranking.factor_key), sorted(under, key=self.ranking.factor_key)

    def _gathered(self, members: list[Term]) -> Term:
        number: Number = 1
        rest = []
        for term in members:
            if term.op.leaf == "number":
                number = times(number, term.value)
            else:
                rest.append(term)
        rest.sort(key=self.ranking.factor_key)
        return self.write.times(([self.write.number(number)] if number != 1 or not rest else []) + rest)
