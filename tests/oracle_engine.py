"""Two e-graphs that are slow and obvious, as oracles of the engine; they share no code with it.

NaiveGraph has plain operators only: a table from nodes to classes, closed under congruence by going through all of it
again and again, and matched by trying everything. NaiveValues has sums, products and other multisets too: every term
has a value (k, label), and terms whose normal forms over the values of their parts agree are joined, until nothing changes.

Terms are nested tuples:
  ("x",) or ("f", a, b)                    a leaf or an application
  ("number", q)                            an exact number
  ("+", (c1, t1), (c2, t2), ...)           a sum of rational multiples
  ("*", (t1, e1), (t2, e2), ...)           a product of rational powers
  ("min", t1, t2, ...)                     an idempotent multiset: a set
  ("count", t1, t2, ...)                   a counted multiset
"""

from __future__ import annotations

from fractions import Fraction

SETS = ("min",)
BAGS = ("count",)


# --- plain operators ---------------------------------------------------------------------------------------------


class NaiveGraph:
    """Plain nodes. A pattern is a term in which a string stands for a variable."""

    def __init__(self):
        self.classes = {}  # node -> class, where a node is (operator, class, class, ...)
        self.joined = []  # pairs of classes that are equal
        self.count = 0

    def find(self, c):
        for gone, kept in self.joined:
            if c == gone:
                c = kept
        return c

    def node(self, op, *args):
        key = (op, *[self.find(a) for a in args])
        if key not in self.classes:
            self.classes[key] = self.count
            self.count += 1
        return self.find(self.classes[key])

    def add(self, term):
        return self.node(term[0], *[self.add(part) for part in term[1:]])

    def union(self, a, b):
        a, b = self.find(a), self.find(b)
        if a != b:
            self.joined.append((a, b))

    def rebuild(self):
        """Congruence: nodes that have become the same are joined, until there are none."""
        while True:
            table = {}
            for (op, *args), c in self.classes.items():
                key = (op, *[self.find(a) for a in args])
                if key in table:
                    self.union(c, table[key])
                table.setdefault(key, self.find(c))
            stable = table.keys() == self.classes.keys() and all(self.find(c) == c for c in table.values())
            self.classes = table
            if stable:
                return

    def matches(self, pattern, c, bound):
        """Every way in which a class matches, as dicts."""
        if isinstance(pattern, str):
            if bound.get(pattern, c) == c:
                yield {**bound, pattern: c}
            return
        for (op, *args), owner in self.classes.items():
            if op == pattern[0] and owner == c and len(args) == len(pattern) - 1:
                ways = [bound]
                for part, arg in zip(pattern[1:], args, strict=True):
                    ways = [wider for way in ways for wider in self.matches(part, arg, way)]
                yield from ways

    def build(self, pattern, bound):
        if isinstance(pattern, str):
            return bound[pattern]
        return self.node(pattern[0], *[self.build(part, bound) for part in pattern[1:]])

    def iterate(self, rules):
        """All matches of (left, right) on one snapshot, then all unions, then rebuild."""
        roots = set(self.classes.values())
        found = [(c, right, bound) for left, right in rules for c in roots for bound in self.matches(left, c, {})]
        for c, right, bound in found:
            self.union(c, self.build(right, bound))
        self.rebuild()

    def rows(self):
        """The number of nodes of each operator."""
        counts = {}
        for op, *_ in self.classes:
            counts[op] = counts.get(op, 0) + 1
        return counts


# --- sums, products and other multisets --------------------------------------------------------------------------

ZERO, ONE = "zero", "one"


class Impossible(Exception):
    """Two different numbers would be equal."""


class Unclear(Exception):
    """The terms have left the fragment on which this oracle is obviously right."""


def prime_powers(n):
    """A positive int as {prime: exponent}."""
    found, p = {}, 2
    while n > 1:
        while n % p == 0:
            found[p] = found.get(p, 0) + 1
            n //= p
        p += 1
    return found


class NaiveValues:
    """The value of every term: (k, label) is k times an unknown; numbers are multiples of ONE, and zero is (1, ZERO)."""

    def __init__(self, terms, equations):
        self.value = {}
        for term in terms:
            self._register(term)
        self.equations = list(equations)
        self._close()

    def _register(self, term):
        for part in parts(term):
            self._register(part)
        if term[0] == "number":
            self.value[term] = (Fraction(1), ZERO) if term[1] == 0 else (Fraction(term[1]), ONE)
        else:
            self.value.setdefault(term, (Fraction(1), term))

    def _close(self):
        before = None
        while before != self.value:
            before = dict(self.value)
            for a, b in self.equations:
                self._join(self.value[a], self.value[b])
            owner = {}
            for term in list(self.value):
                scale, key = self._normal(term)
                if key in (ZERO, ONE) or key in self.value:
                    self._join(self.value[term], (scale, key))
                elif key in owner:
                    other, factor = owner[key]
                    k, label = self.value[other]
                    self._join(self.value[term], (k * scale / factor, label))
                else:
                    owner[key] = (term, scale)

    def _join(self, left, right):
        """Make two values the same, by renaming one label everywhere."""
        (k, a), (m, b) = left, right
        if a == b:
            if k != m and a != ZERO:
                self._rename(a, (Fraction(1), ZERO))
        elif b in (ZERO, ONE):
            self._rename(a, (m / k, b))
        else:
            self._rename(b, (k / m, a))

    def _rename(self, gone, new):
        if gone in (ZERO, ONE):
            raise Impossible
        factor, label = new
        for term, (k, old) in self.value.items():
            if old == gone:
                self.value[term] = (Fraction(1) if label == ZERO else k * factor, label)

    def _normal(self, term):
        """(scale, key): the term is scale times what the key says; a key that is a label says just that."""
        op = term[0]
        if op == "number":
            return self.value[term]
        if op == "+":
            return self._sum(term[1:])
        if op == "*":
            return self._product(term[1:])
        args = [self.value[part] for part in term[1:]]
        if op in SETS:
            args = sorted(set(args), key=repr)
        elif op in BAGS:
            args = sorted(args, key=repr)
        if op in SETS + BAGS and len(args) == 1:
            return args[0]
        return Fraction(1), (op, "of", *args)

    def _sum(self, items):
        total = {}
        for c, part in items:
            k, label = self.value[part]
            if label != ZERO:
                total[label] = total.get(label, 0) + c * k
        total = {label: c for label, c in total.items() if c != 0}
        if not total:
            return Fraction(1), ZERO
        first = min(total, key=repr)
        scale = total[first]
        if len(total) == 1:
            return scale, first
        return scale, ("sum of", frozenset((label, c / scale) for label, c in total.items()))

    def _product(self, items):
        scale, above, below, primes = Fraction(1), {}, {}, {}
        for part, e in items:
            k, label = self.value[part]
            if label == ZERO:
                raise Unclear("zero among the factors")
            if Fraction(e).denominator == 1:
                scale *= k ** int(e)
            elif k < 0:
                raise Unclear("a root of a negative multiple")
            else:
                for n, sign in ((k.numerator, 1), (k.denominator, -1)):
                    for prime, count in prime_powers(n).items():
                        primes[prime] = primes.get(prime, 0) + sign * count * e
            if label != ONE:
                side = above if e > 0 else below  # kept apart: the child may be zero
                side[label] = side.get(label, 0) + e
        for prime, e in primes.items():
            scale *= Fraction(prime) ** (e.numerator // e.denominator)
        roots = {prime: e % 1 for prime, e in primes.items() if e % 1}
        if not below and not roots:
            if not above:
                return scale, ONE
            if len(above) == 1 and next(iter(above.values())) == 1:
                return scale, next(iter(above))
        return scale, ("product of", *[frozenset(side.items()) for side in (above, below, roots)])

    def same(self, a, b):
        """k where a is k times b, or None."""
        (k, x), (m, y) = self.value[a], self.value[b]
        return k / m if x == y else None


def parts(term):
    """The terms directly inside a term."""
    op, *rest = term
    if op == "number":
        return []
    if op == "+":
        return [part for _, part in rest]
    if op == "*":
        return [part for part, _ in rest]
    return rest


def subterms(*terms):
    """All subterms, parts first, each once."""
    found = {}
    for term in terms:
        for part in parts(term):
            found.update(dict.fromkeys(subterms(part)))
        found[term] = None
    return list(found)
