"""Sums, products and other multisets against the naive oracle, and patterns over them against brute force."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine_invariants import CheckedEngine
from oracle_engine import Impossible, NaiveValues, Unclear, parts, subterms
from rewritegrad.egraph.core import WIDE
from rewritegrad.egraph.language import Kind, Language
from rewritegrad.egraph.nodes import Contradiction
from rewritegrad.rationals import bounded, fold_power

LANGUAGE = Language(
    kinds={"+": Kind.LINEAR, "*": Kind.POWERS, "min": Kind.IDEMPOTENT, "count": Kind.COUNTED},
    linear="+",
    powers="*",
    raised="^",
    numbers="number",
)


class Constants:
    """The least analysis that the engine can work with: which classes are exact numbers."""

    def leaf(self, op, value):
        return value if op == "number" else None

    def apply(self, op, args):
        return None

    def scale(self, factor, data):
        return None if data is None else factor * data

    def sum(self, op, items):
        return None

    def product(self, op, factor, items):
        return None

    def fold(self, op, members):
        return None

    def merge(self, left, right):
        return right if left is None else left

    def constant(self, data):
        return data

    def nonzero(self, data):
        return data is not None and data != 0

    def positive(self, data):
        return data is not None and data > 0

    def shape(self, data):
        return ()

    def covers(self, data, parts):
        return True

    def power(self, base, exponent):
        return fold_power(base, exponent)

    def bounded(self, value):
        return bounded(value)

    def audit(self, pairs):
        wrong = [i for i, (left, right) in enumerate(pairs) if None not in (left, right) and left != right]
        return (wrong[0], "{} is not {}".format(*pairs[wrong[0]])) if wrong else None


def new_engine():
    return CheckedEngine(LANGUAGE, Constants())


def enter(engine, term):
    """The id of a term of the oracle."""
    op, *rest = term
    if op == "number":
        return engine.number(rest[0])
    if op == "+":
        return engine.sum([(enter(engine, part), exact(c)) for c, part in rest])
    if op == "*":
        return engine.product(1, [(enter(engine, part), exact(e)) for part, e in rest])
    return engine.add(op, tuple([enter(engine, part) for part in rest])) if rest else engine.leaf("symbol", op)


def exact(q):
    return q.numerator if Fraction(q).denominator == 1 else q


# --- equalities ---------------------------------------------------------------------------------------------------

atoms = st.sampled_from(["x", "y", "z"]).map(lambda name: (name,))
rationals = st.sampled_from([Fraction(n, d) for n in range(-3, 4) for d in (1, 2, 3) if n])
numbers = rationals.map(lambda q: ("number", q)) | st.just(("number", Fraction(0)))
whole = st.sampled_from([Fraction(n) for n in (-3, -2, -1, 1, 2, 3)])
roots = st.sampled_from([Fraction(n, 2) for n in (-3, -1, 1, 2, 3)] + [Fraction(1, 3), Fraction(-4, 3)])
positive = st.sampled_from([Fraction(2), Fraction(1, 2), Fraction(4), Fraction(6), Fraction(9, 2)]).map(lambda q: ("number", q))


def grown(draw, kinds, size):
    """A list of terms, each made of earlier ones, so that they share."""
    made = [("x",), ("y",), ("z",)]
    for _ in range(size):
        made.append(draw(kinds(st.sampled_from(made))))
    return made


def functions(inner):
    return st.tuples(st.just("f"), inner, inner) | st.tuples(st.just("g"), inner)


def sums(inner):
    return st.lists(st.tuples(rationals, inner), min_size=1, max_size=4).map(lambda items: ("+", *items))


def products(bases, exponents=whole):
    return st.lists(st.tuples(bases, exponents), min_size=1, max_size=4).map(lambda items: ("*", *items))


def compare(made, joined, between):
    """The engine, told of the joined pairs one at a time, decides what the oracle decides at once."""
    terms = subterms(*made)
    try:
        oracle = NaiveValues(terms, joined)
    except Unclear:
        assume(False)
    except Impossible:
        oracle = None
    engine = new_engine()
    try:
        if not between:
            for term in terms:
                enter(engine, term)
        for a, b in joined:
            engine.union(enter(engine, a), enter(engine, b))
            engine.rebuild()
        ids = [enter(engine, term) for term in terms]
        engine.rebuild()
    except Contradiction:
        assert oracle is None
        return
    assert oracle is not None, "0 = 1 went unnoticed"
    for i, a in enumerate(terms):
        for j, b in enumerate(terms[:i]):
            (k, x), (m, y) = engine.split(ids[i]), engine.split(ids[j])
            assert oracle.same(a, b) == (Fraction(k) / m if x == y else None), f"{a} and {b}"


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans())
def test_sums_of_multiples(data, between):
    made = grown(data.draw, lambda inner: sums(inner) | functions(inner) | numbers, data.draw(st.integers(1, 7)))
    joined = data.draw(st.lists(st.tuples(st.sampled_from(made), st.sampled_from(made)), max_size=4))
    compare(made, joined, between)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans())
def test_products_of_powers_of_atoms_and_functions(data, between):
    opaque = grown(data.draw, functions, data.draw(st.integers(0, 4)))
    kinds = products(st.sampled_from(opaque) | numbers.filter(lambda n: n[1] != 0)) | products(st.sampled_from(opaque) | positive, roots)
    made = [data.draw(kinds) for _ in range(data.draw(st.integers(1, 4)))]
    made += [("g", p) for p in made]
    two = ("number", Fraction(2))
    pairs = st.tuples(st.sampled_from(opaque), st.sampled_from([*opaque, two]))
    compare([*opaque, two, *made], data.draw(st.lists(pairs, max_size=4)), between)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans())
def test_sums_and_products_of_each_other(data, between):
    made = grown(data.draw, lambda inner: sums(inner) | products(inner) | functions(inner) | numbers, data.draw(st.integers(1, 7)))
    # A class that gains a power x^a is read as one from then on; that (x^a)^b is x^(a*b) in what was there before is for flattening to find.
    opaque = [term for term in made if "*" not in (term[0], *[part[0] for part in parts(term) if term[0] == "+"])]
    joined = data.draw(st.lists(st.tuples(st.sampled_from(opaque), st.sampled_from(opaque)), max_size=3))
    compare(made, joined, between)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans())
def test_idempotent_and_counted_multisets(data, between):
    def bags(inner):
        return st.tuples(st.sampled_from(["min", "count"]), st.lists(inner, min_size=1, max_size=4)).map(lambda made: (made[0], *made[1]))
    opaque = grown(data.draw, functions, data.draw(st.integers(0, 4)))
    made = [data.draw(bags(st.sampled_from(opaque) | numbers)) for _ in range(data.draw(st.integers(1, 4)))]
    made += [("g", p) for p in made]
    pairs = st.tuples(st.sampled_from(opaque), st.sampled_from(opaque))
    compare([*opaque, *made], data.draw(st.lists(pairs, max_size=3)), between)


def test_a_node_that_is_found_as_a_multiple_of_one_is_not_folded_again():
    z = ("z",)
    three = ("+", (Fraction(-3), ("g", z)))
    number = ("number", Fraction(-3, 2))
    compare([z, ("g", z), number, three], [(number, three)], between=False)


def test_a_wide_sum_is_made_anew_once_for_all_terms_that_are_joined():
    engine = CheckedEngine(LANGUAGE, Constants())
    sides = [[engine.add("f", (engine.leaf("name", f"{letter}{i}"),)) for i in range(WIDE + 6)] for letter in "xy"]
    terms, others = [[engine.add("g", (i,)) for i in side] for side in sides]
    wide = engine.add("+", tuple(terms))
    users = [engine.leaf("name", f"z{i}") for i in range(WIDE + 20)]
    for other in others:  # of more uses, so that the terms of the sum hang under these
        for user in users:
            engine.add("h", (other, user))
    before = len(engine.parent)
    for i, j in zip(*sides, strict=True):
        engine.union(i, j)
    engine.rebuild()
    (node,) = engine.nodes(engine.find(wide), "+")
    assert sorted(child for child, _ in node.items) == sorted(engine.find(i) for i in others)
    assert len(engine.parent) == before + 1
