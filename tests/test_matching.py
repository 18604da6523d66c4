"""Patterns over sums, products and other multisets: every match that the rules of the language promise, and no other.

Each law is held against a few lines that enumerate what it should match in one node, straight from the rules of
docs/rule-language.md. Its right side is an uninterpreted operator over the variables, so that what was bound can be seen.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rewritegrad as rg
from engine_invariants import CheckedEngine
from oracle_engine import subterms
from rewritegrad import lowering
from rewritegrad.egraph.rational import divide, times
from rewritegrad.graph import law_table
from rewritegrad.lowering import language_of
from rewritegrad.patterns import PNumber, PRest, PVar
from test_engine_multisets import Constants, exact

OPERATORS = """
roles sum +   product *   power ^
op a + b   prec 40 left    is associative, commutative   unit 0   multiple n * a
op a * b   prec 50 left    is associative, commutative   unit 1   zero 0   multiple a ^ n
op a ^ b   prec 70 right
op least(a, b)   is associative, commutative, idempotent
op f(a, b)
op g(a)
op One(a)
op Two(a, b)
op Three(a, b, c)
op Four(a, b, c, d)
"""
LAWS = {
    "two-terms": "a + b  =>  Two(a, b)",
    "two-terms-with-coefficients": "n*a + m*b  =>  Four(n, a, m, b)  if number(n), number(m)",
    "application-and-term": "g(x) + b  =>  Two(x, b)",
    "twice-and-thrice": "2*g(x) + 3*g(y)  =>  Two(x, y)",
    "same-argument": "g(x) + f(x, y)  =>  Two(x, y)",
    "all-the-rest-of-a-sum": "g(x) + r..  =>  Two(x, r..)",
    "products-in-a-sum": "n*g(x)*c.. + m*f(x, y)*c..  =>  Four(n, m, y, c..)  if number(n), number(m)",
    "two-factors": "a * b  =>  Two(a, b)",
    "power-and-factor": "a^n * b  =>  Three(a, n, b)  if number(n)",
    "two-applications": "g(x) * g(y)  =>  One(x + y)",
    "factor-inside-a-factor": "a * g(a)  =>  One(a)",
    "all-the-rest-of-a-product": "g(x)^n * r..  =>  Three(x, n, r..)  if number(n)",
    "sum-inside": "g(a + b)  =>  Two(a, b)",
    "product-inside": "g(a * b)  =>  Two(a, b)",
    "exactly-two-applications-inside": "g(g(x) + f(y, z))  =>  Three(x, y, z)",
    "multiple-inside": "g(n * g(x))  =>  Two(n, x)  if number(n)",
    "members": "least(g(x), b)  =>  Two(x, b)",
}

THEORY = rg.Theory.parse(OPERATORS + "ruleset tested in explore\n" + "".join(f"rule {name}: {text}\n" for name, text in LAWS.items()))
LANGUAGE = language_of(THEORY)
OPS = {op.name: op for op in THEORY.operators}
SUM, PRODUCT, BAG, F, G = (OPS[name] for name in ("+", "*", "least", "f", "g"))


class Numbers(Constants):
    """Which classes are numbers, for the operators of the theory above."""

    def leaf(self, op, value):
        return value if op.leaf == "number" else None


class Unions:
    """An engine that notes which unions a law asks for instead of making them."""

    def __init__(self, engine):
        self.engine = engine
        self.asked = set()

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def union(self, i, j):
        self.asked.add((i, j))
        return True


def enter(engine, term):
    """The id of a term of the naive oracle."""
    op, *rest = term
    if op == "number":
        return engine.number(exact(rest[0]))
    if op == "+":
        return engine.sum([(enter(engine, part), exact(c)) for c, part in rest])
    if op == "*":
        return engine.product(1, [(enter(engine, part), exact(e)) for part, e in rest])
    return engine.add(OPS[op], tuple([enter(engine, part) for part in rest])) if rest else engine.leaf(THEORY.leaf("variable"), op)


# --- what the engine is asked, in a few obvious lines ---------------------------------------------------------------


class View:
    """An engine as the enumerations below see it."""

    def __init__(self, engine):
        self.engine = engine

    def applications(self, i, op):
        """(s, arguments) wherever an id is s times an application."""
        k, root = self.engine.split(i)
        return [(divide(k, node.scale), node.items) for node in self.engine.nodes(root, op)]

    def products(self, i):
        """(k, factors) wherever an id is k times a product node."""
        return self.applications(i, PRODUCT)

    def readings(self, i):
        """(k, factors) wherever an id is k times a product node; or times itself, the only factor."""
        k, root = self.engine.split(i)
        return [*self.products(i), *([(k, ((root, 1),))] if root != self.engine.one else [])]

    def sums(self, i):
        """The terms of every sum node of an id's class, so that they add up to the id."""
        return [tuple([(c, times(k, s)) for c, k in terms]) for s, terms in self.applications(i, SUM)]

    def of(self, name, *ids):
        return self.engine.add(OPS[name], tuple(ids))

    def number(self, n):
        return self.engine.number(n)

    def multiple(self, k, i):
        return self.engine.sum([(i, k)])

    def power(self, i, e):
        return self.engine.product(1, [(i, e)])

    def sum(self, terms):
        return self.engine.sum(terms)

    def product(self, factors, k=1):
        return self.engine.product(k, factors)


def without(items, *indices):
    return tuple([item for i, item in enumerate(items) if i not in indices])


def pairs(items):
    """Two distinct children in every order, and what is left."""
    for (i, one), (j, other) in permutations(enumerate(items), 2):
        yield one, other, without(items, i, j)


def two_terms(see, items):
    for (a, k), (b, m), rest in pairs(items):
        yield see.sum([(see.of("Two", see.multiple(k, a), see.multiple(m, b)), 1), *rest])


def two_terms_with_coefficients(see, items):
    for (a, k), (b, m), rest in pairs(items):
        yield see.sum([(see.of("Four", see.number(k), a, see.number(m), b), 1), *rest])


def application_and_term(see, items):
    """Literal coefficients at the root are matched up to a factor s."""
    for (a, k), (b, m), rest in pairs(items):
        for s, (x,) in see.applications(see.multiple(k, a), G):
            yield see.sum([(see.of("Two", x, see.multiple(divide(m, s), b)), s), *rest])


def twice_and_thrice(see, items):
    for (a, k), (b, m), rest in pairs(items):
        for s, (x,) in see.applications(see.multiple(divide(k, 2), a), G):
            for t, (y,) in see.applications(see.multiple(divide(m, 3), b), G):
                if s == t:
                    yield see.sum([(see.of("Two", x, y), s), *rest])


def same_argument(see, items):
    for (a, k), (b, m), rest in pairs(items):
        for s, (x,) in see.applications(see.multiple(k, a), G):
            for t, (y, z) in see.applications(see.multiple(m, b), F):
                if s == t and x == y:
                    yield see.sum([(see.of("Two", x, z), s), *rest])


def all_the_rest_of_a_sum(see, items):
    for i, (a, k) in enumerate(items):
        for s, (x,) in see.applications(see.multiple(k, a), G):
            if s == 1:
                yield see.of("Two", x, see.sum(without(items, i)))


def two_factors(see, items):
    for a, b, rest in pairs(items):
        yield see.product([(see.of("Two", see.power(*a), see.power(*b)), 1), *rest])


def power_and_factor(see, items):
    for (a, n), b, rest in pairs(items):
        yield see.product([(see.of("Three", a, see.number(n), see.power(*b)), 1), *rest])


def two_applications(see, items):
    """Only the first power of a child is the child; the order of the two means nothing to the right side."""
    for (a, n), (b, m), rest in pairs(items):
        for s, (x,) in see.applications(a, G):
            for t, (y,) in see.applications(b, G):
                if n == m == s == t == 1:
                    yield see.product([(see.of("One", see.sum([(x, 1), (y, 1)])), 1), *rest])


def factor_inside_a_factor(see, items):
    for (a, n), (b, m), rest in pairs(items):
        for s, (x,) in see.applications(b, G):
            if m == s == 1 and x == see.power(a, n):
                yield see.product([(see.of("One", x), 1), *rest])


def all_the_rest_of_a_product(see, items):
    for i, (a, n) in enumerate(items):
        for s, (x,) in see.applications(a, G):
            if s == 1:
                yield see.of("Three", x, see.number(n), see.product(without(items, i)))


def sum_inside(see, items):
    """Inside, the whole node is matched: the last variable stands for all that is left."""
    for terms in see.sums(items[0]):
        for i, (a, k) in enumerate(terms):
            yield see.of("Two", see.multiple(k, a), see.sum(without(terms, i)))


def product_inside(see, items):
    for k, factors in see.products(items[0]):
        for i, a in enumerate(factors):
            if len(factors) > 1:
                yield see.of("Two", see.power(*a), see.product(without(factors, i), k))


def exactly_two_applications_inside(see, items):
    for terms in see.sums(items[0]):
        for (a, k), (b, m), rest in pairs(terms):
            for s, (x,) in see.applications(see.multiple(k, a), G):
                for t, (y, z) in see.applications(see.multiple(m, b), F):
                    if s == t == 1 and not rest:
                        yield see.of("Three", x, y, z)


def multiple_inside(see, items):
    for s, (x,) in see.applications(items[0], G):
        yield see.of("Two", see.number(s), x)


def products_in_a_sum(see, items):
    """n*g(x)*c.. + m*f(x, y)*c..: the factors that nothing else binds are the same multiset in both."""
    for (a, k), (b, m), rest in pairs(items):
        for n, ours in see.readings(see.multiple(k, a)):
            for p, theirs in see.readings(see.multiple(m, b)):
                for i, (g, e) in enumerate(ours):
                    for j, (f, d) in enumerate(theirs):
                        for s, (x,) in see.applications(g, G):
                            for t, (z, y) in see.applications(f, F):
                                left, right = without(ours, i), without(theirs, j)
                                if e == d == s == t == 1 and x == z and left == right:
                                    made = see.of("Four", see.number(n), see.number(p), y, see.product(left))
                                    yield see.sum([(made, 1), *rest])


def members(see, items):
    for (a, _), (b, _), rest in pairs(items):
        for s, (x,) in see.applications(a, G):
            if s == 1:
                yield see.engine.bag(BAG, [(see.of("Two", x, b), 1), *rest])


few = st.sampled_from([Fraction(n) for n in (1, 1, 1, 2, 3, -1)])
variables = st.sampled_from([("x",), ("y",)])
applied = st.tuples(st.just("g"), variables) | st.tuples(st.just("f"), variables, variables)
simple = applied | applied | variables


def multiset(op, children, multiplicities):
    pairs = st.tuples(multiplicities, children) if op == "+" else st.tuples(children, multiplicities)
    return st.lists(pairs, min_size=1, max_size=4).map(lambda items: (op, *items))


texts = ["x", "y", "g(x)", "g(y)", "f(x, y)", "x*g(y)", "x^2", "2*g(x)", "x + g(x)", "-3*x*y", "x^-1", "2"]
parsed = st.sampled_from([rg.parse(text, theory=THEORY) for text in texts])
flat = multiset("+", simple | st.just(("number", Fraction(1))), few) | multiset("*", simple, few)
nested = multiset("+", flat, few) | multiset("*", simple | flat, few) | st.tuples(st.just("g"), flat)
bags = st.lists(simple, min_size=2, max_size=4).map(lambda members: ("least", *members))


def instance(draw, pattern, bound):
    """A term that a pattern matches, its variables drawn where they are not bound yet."""
    if isinstance(pattern, PNumber):
        return THEORY.number(pattern.value)
    if isinstance(pattern, PVar | PRest):
        if pattern.name not in bound:
            kind = few.map(THEORY.number) if pattern.name in "nm" else parsed if isinstance(pattern, PVar) else st.just(None) | parsed
            bound[pattern.name] = draw(kind)
        return bound[pattern.name]
    args = [instance(draw, part, bound) for part in pattern.args]
    return THEORY.make(pattern.op, args) if None not in args else next(arg for arg in args if arg is not None)


@st.composite
def engines(draw, pattern):
    """An e-graph over random terms from a small stock of names and numbers, some that match a pattern, and some said to be equal."""
    made = draw(st.lists(flat | nested | bags | st.tuples(st.just("g"), multiset("*", nested, few)), max_size=5))
    matching = []
    for _ in range(draw(st.integers(1, 3))):
        term = instance(draw, pattern, {})
        for op in draw(st.lists(st.sampled_from(["+", "*"]), max_size=2)):
            term = THEORY.apply(op, term, draw(parsed))
        matching.append(term)
    engine = CheckedEngine(LANGUAGE, Numbers())
    lowering.enter(engine, matching)
    for term in made:
        enter(engine, term)
    opaque = [enter(engine, term) for term in subterms(*made) if term[0] in "xyfg"]
    for _ in range(draw(st.integers(0, 2)) if opaque else 0):
        engine.union(draw(st.sampled_from(opaque)), draw(st.sampled_from(opaque)))
    engine.rebuild()
    return engine


@pytest.mark.parametrize("name", LAWS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_match_and_no_other(name, data):
    (rule,) = [rule for rule in THEORY.rulesets["tested"].rules if rule.name == name]
    engine = data.draw(engines(rule.left))
    law = law_table(THEORY)(rule)
    nodes = list(engine.table(law.root).by_items.values())
    matches = []
    law.match(engine, nodes, matches, 1 << 30)
    unions = Unions(engine)
    law.apply(unions, matches)
    see, expected = View(engine), globals()[name.replace("-", "_")]
    assert unions.asked == {(engine.value(node), made) for node in nodes for made in expected(see, node.items)}
