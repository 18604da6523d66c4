"""The plain e-graph against the naive one, and what runs promise: limits, reports, determinism."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine_invariants import CheckedEngine
from oracle_engine import NaiveGraph, subterms
from rewritegrad.egraph.language import BLeaf, BNode, BVar, CLeaf, CNode, CVar, Language, Law
from rewritegrad.egraph.matcher import CompiledLaw
from rewritegrad.egraph.saturate import Saturation

LANGUAGE = Language(numbers="number")
ARITY = {"f": 2, "h": 2, "g": 1, "s": 3}
LEAVES = ("a", "b", "c")


def enter(engine, term):
    """The id of a term of the oracle."""
    op, *args = term
    return engine.add(op, tuple([enter(engine, a) for a in args])) if args else engine.leaf("symbol", op)


def core(pattern):
    """A pattern of the oracle, as the engine takes it."""
    if isinstance(pattern, str):
        return CVar(pattern)
    op, *args = pattern
    return CNode(op, tuple([core(a) for a in args])) if args else CLeaf("symbol", op)


def right_side(pattern):
    if isinstance(pattern, str):
        return BVar(pattern)
    op, *args = pattern
    return BNode(op, tuple([right_side(a) for a in args])) if args else BLeaf("symbol", op)


def law(name, left, right):
    return CompiledLaw(Law(name, core(left), right_side(right)), LANGUAGE)


def applications(inner):
    return st.sampled_from(sorted(ARITY)).flatmap(lambda op: st.tuples(st.just(op), *[inner] * ARITY[op]))


constants = st.sampled_from(LEAVES).map(lambda name: (name,))
terms = st.recursive(constants, applications, max_leaves=5)


@st.composite
def rules(draw):
    """A left side one or two levels deep, and a right side over its variables."""
    inside = st.sampled_from(["x", "y", "z"]) | constants
    left = draw(applications(inside | applications(inside)))
    names = sorted({part for part in flat(left) if isinstance(part, str)})
    known = (st.sampled_from(names) | constants) if names else constants
    return left, draw(known | applications(known) | applications(known | applications(known)))


pairs = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=3)
"""Which of the given terms' subterms are said to be equal before each iteration."""


def flat(pattern):
    if isinstance(pattern, str):
        return [pattern]
    return [part for arg in pattern[1:] for part in flat(arg)]


def partition(find, of):
    """Which of some things are equal, as a list of the first equal one's index."""
    roots = [find(i) for i in of]
    return [roots.index(root) for root in roots]


@settings(max_examples=300, deadline=None)
@given(st.lists(terms, min_size=1, max_size=4), st.lists(rules(), min_size=1, max_size=4), st.integers(1, 3), pairs)
def test_random_laws_give_what_the_naive_engine_gives(inputs, laws, iterations, joined):
    naive, engine = NaiveGraph(), CheckedEngine(LANGUAGE)
    parts = subterms(*inputs)
    theirs, ours = [naive.add(t) for t in parts], [enter(engine, t) for t in parts]
    run = Saturation(engine)
    compiled = [law(f"law-{i}", *rule) for i, rule in enumerate(laws)]
    for round_ in range(iterations):
        for i, j in joined[round_:round_ + 1]:
            naive.union(theirs[i % len(parts)], theirs[j % len(parts)])
            engine.union(ours[i % len(parts)], ours[j % len(parts)])
        naive.rebuild()
        naive.iterate(laws)
        assume(len(naive.classes) < 150)
        run.run(compiled, iterations=1)
        assert partition(engine.find, ours) == partition(naive.find, theirs)
        counts = engine.rows()
        assert counts.pop("symbol", 0) == sum(naive.rows().get(leaf, 0) for leaf in LEAVES)
        assert counts == {op: n for op, n in naive.rows().items() if op in ARITY}
