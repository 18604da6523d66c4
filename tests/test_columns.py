"""E-graphs in columns against nodes and against the naive engine; limits, and the way from nodes to columns and back."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rewritegrad as rg
from column_invariants import CheckedColumns, check_columns
from engine_invariants import check_invariants
from oracle_engine import NaiveGraph, subterms
from rewritegrad.egraph import bulk, bulkmatch, columntable, extract, looking, moving, saturate, store
from rewritegrad.egraph.columntable import packed, sorted_order
from rewritegrad.egraph.extract import NothingToExtract, dag_cost
from rewritegrad.egraph.language import BLeaf, BNode, CNode, CVar, Law
from rewritegrad.egraph.matcher import CompiledLaw
from rewritegrad.egraph.multiset import Engine
from rewritegrad.egraph.program import Program
from rewritegrad.egraph.saturate import Saturation, StopReason
from rewritegrad.egraph.store import Store
from test_engine import ARITY, LANGUAGE, LEAVES, enter, law, partition, rules, terms
from test_extraction import COST, cost, random_graph
from test_saturation import ASSOCIATES, COMMUTES, GROWING, INTERRUPTED, Clock, chain, saturated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
import microbenchmark


@pytest.fixture(autouse=True)
def checked(monkeypatch):
    monkeypatch.setattr(moving, "Columns", CheckedColumns)


def started(*inputs, large=0):
    """A store that moves to columns from so many e-nodes on."""
    found = Store(LANGUAGE, large=large)
    ids = [enter(found.engine, term) for term in inputs]
    found.engine.rebuild()
    return found, ids


def in_columns(found):
    """The columns of a store that has moved to them."""
    assert found._bulk is not None
    return found._bulk.columns


# --- the same e-graphs --------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(
    st.lists(terms, min_size=1, max_size=4),
    st.lists(rules(), min_size=1, max_size=4),
    st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=4),
    st.sampled_from([0, 0, 10, 30]),
)
def test_random_laws_give_what_the_naive_engine_and_nodes_give(inputs, laws, rounds, large):
    """Now and then two terms are joined between two iterations: then the e-graph moves back to nodes, and to columns again."""
    naive = NaiveGraph()
    parts = subterms(*inputs)
    theirs = [naive.add(t) for t in parts]
    (ours, ids), (plain, _) = started(*parts, large=large), started(*parts, large=10**9)
    program = Program.of([law(f"law-{i}", *rule) for i, rule in enumerate(laws)])
    for joining, i, j in rounds:
        if joining:
            i, j = i % len(parts), j % len(parts)
            naive.union(theirs[i], theirs[j])
            naive.rebuild()
            for found in (ours, plain):
                found.engine.union(ids[i], ids[j])
                found.engine.rebuild()
            check_invariants(ours.engine)
        naive.iterate(laws)
        assume(len(naive.classes) < 150)
        reports = [found.run(program, iterations=1) for found in (ours, plain)]
        assert reports[0].stop_reason is reports[1].stop_reason
        assert [r.iterations[0].classes for r in reports] == [len(set(map(naive.find, naive.classes.values())))] * 2
        assert partition(ours.find, ids) == partition(plain.find, ids) == partition(naive.find, theirs)
        counts = ours.rows()
        assert counts == plain.rows() and sum(counts.values()) == ours.live == plain.live
        assert counts.pop("symbol", 0) == sum(naive.rows().get(leaf, 0) for leaf in LEAVES)
        assert counts == {op: n for op, n in naive.rows().items() if op in ARITY}


def test_operators_of_any_number_of_arguments():
    """Four arguments of a wide e-graph do not fit one number: rows are then told apart by ranks."""
    rotate = law("rotate", ("r", "x", "y", "z", "w"), ("r", "y", "z", "w", "x"))
    inside = law("inside", ("g", ("r", "x", "x", ("n",), "y")), ("n",))
    leaves = [(f"leaf {i}",) for i in range(40_000)]
    found, _ = started(*leaves, ("g", ("r", leaves[7], leaves[7], ("n",), leaves[9])), ("r", *leaves[-4:]))
    program = Program.of([rotate, inside])
    assert found.run(program, rows=None).stop_reason is StopReason.SATURATED
    assert in_columns(found).rows()["r"] == 8
    assert found.find(enter(found.engine, ("g", ("r", leaves[7], leaves[7], ("n",), leaves[9])))) == found.find(enter(found.engine, ("n",)))


def test_applications_without_arguments_are_leaves():
    """As part of what a law looks at, as what it makes, and as its whole left side."""
    inside = CompiledLaw(Law("inside", CNode("g", (CNode("k", ()),)), BLeaf("symbol", "b")), LANGUAGE)
    makes = CompiledLaw(Law("makes", CNode("h", (CVar("x"), CVar("x"))), BNode("k", ())), LANGUAGE)
    whole = CompiledLaw(Law("whole", CNode("k", ()), BLeaf("symbol", "c")), LANGUAGE)
    found, (i, j) = started(("g", ("a",)), ("h", ("b",), ("b",)))
    found.run(Program.of([inside, makes]), iterations=1)
    assert in_columns(found).leaves.keys() == {("symbol", ("a",)), ("symbol", ("b",)), ("k", ())}
    report = found.run(Program.of([inside, makes, whole]))
    assert report.stop_reason is StopReason.SATURATED and report.matches() == {"whole": 1}
    assert found.find(j) == found.find(enter(found.engine, ("c",))) == found.find(found.engine.add("k", ()))
    found.engine.union(found.engine.add("k", ()), enter(found.engine, ("a",)))
    found.run(Program.of([inside, makes, whole]))
    assert found.find(i) == found.find(enter(found.engine, ("b",)))


# --- limits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", range(3, 40, 4))
def test_no_run_makes_more_e_nodes_than_it_may(rows):
    found, _ = started(chain("a", "b"))
    report = found.run(Program.of([GROWING, COMMUTES]), rows=rows)
    assert report.stop_reason is StopReason.NODE_LIMIT
    assert found.live == report.iterations[-1].rows == sum(found.rows().values()) == rows
    check_columns(in_columns(found))


def test_a_limit_of_e_nodes_that_is_met_exactly_is_no_reason_to_stop():
    program = Program.of([COMMUTES, ASSOCIATES])
    assert started(chain("a", "b", "c"))[0].run(program, rows=15).stop_reason is StopReason.SATURATED
    assert started(chain("a", "b", "c"))[0].run(program, rows=14).stop_reason is StopReason.NODE_LIMIT


def test_matches_beyond_what_a_limit_of_rows_can_use_are_cut_and_found_again():
    pairs = law("pairs", ("f", ("g", "x"), ("g", "y")), ("s", "x", "y", "x"))
    found, (first,) = started(("g", ("a",)))
    engine = found.engine
    engine.add("f", (first, first))
    for n in range(120):
        engine.union(first, enter(engine, ("g", (f"leaf {n}",))))
    engine.rebuild()
    report = found.run(Program.of([pairs]), rows=600, iterations=1)
    assert report.iterations[0].capped == ("pairs",)
    assert report.stop_reason is StopReason.NODE_LIMIT and found.live == 600
    report = found.run(Program.of([pairs]))
    assert report.stop_reason is StopReason.SATURATED
    assert found.rows()["s"] == 121 * 121


@settings(max_examples=150, deadline=None)
@given(*INTERRUPTED)
def test_an_interrupted_run_loses_nothing(inputs, laws, interruptions):
    parts = subterms(*inputs)
    naive, theirs = saturated(parts, laws)
    found, ours = started(*parts)
    program = Program.of([law(f"law-{i}", *rule) for i, rule in enumerate(laws)])
    clocks = [(module, module.perf_counter) for module in (saturate, bulk, store)]
    clock = Clock()
    try:
        for module, _ in clocks:
            module.perf_counter = clock
        for by_rows, amount in interruptions:
            found.run(program, **({"rows": found.live + amount} if by_rows else {"seconds": amount}))
    finally:
        for module, real in clocks:
            module.perf_counter = real
    assert found.run(program).stop_reason is StopReason.SATURATED
    assert partition(found.find, ours) == partition(naive.find, theirs)


# --- from nodes to columns and back -------------------------------------------------------------------------------


def test_a_run_moves_to_columns_where_the_graph_is_large_and_nobody_needs_to_know():
    theory = rg.Theory.parse(microbenchmark.RULES)
    graph = rg.EGraph(theory)
    ids = [graph.add(term) for term in microbenchmark.TERMS]
    report = graph.run(iterations=8)
    assert in_columns(graph._store).live == graph.size() == report.iterations[-1].rows == 8_113 > store.LARGE
    counts = graph.rows()
    assert graph.equal(ids[1], graph.add("Add(Sin(x), Integral(x, x))"))
    assert str(graph.extract(ids[4])).replace("Mul(7, Mul(x, x))", "Mul(x, Mul(x, 7))") == "Diff(x, Sub(Pow(x, 3), Mul(x, Mul(x, 7))))"
    assert graph._store._bulk is not None
    check_invariants(graph.engine)
    assert graph._store._bulk is None and graph.rows() == counts
    assert [i.rows for i in graph.run(iterations=1).iterations] == [28_303]
    assert graph._store._bulk is not None and graph.equal(ids[1], ids[1]) and not graph.equal(ids[1], ids[0])


def test_what_a_law_has_seen_is_not_matched_again_after_moving():
    found, _ = started(chain("a", "b", "c"))
    program = Program.of([COMMUTES, ASSOCIATES])
    assert found.run(program).stop_reason is StopReason.SATURATED
    for _ in range(2):
        assert found.engine.live == 15
        assert found.run(program).matches() == {}
        assert in_columns(found).live == 15
    enter(found.engine, ("f", ("d",), ("a",)))
    found.engine.rebuild()
    assert found.run(Program.of([COMMUTES]), iterations=1).matches() == {"commute": 1}
    assert found.run(Program.of([ASSOCIATES])).matches() == {}
    assert found.run(Program.of([COMMUTES]), iterations=1).matches() == {"commute": 1}


def test_a_law_without_a_plan_runs_on_nodes():
    odd = law("odd", ("f", "x", "y"), ("g", "x"))
    found, (i,) = started(chain("a", "b"))
    assert odd.plan is not None
    odd.plan = None
    assert found.run(Program.of([COMMUTES]), iterations=1).stop_reason is StopReason.ITERATION_LIMIT
    assert found._bulk is not None
    assert found.run(Program.of([COMMUTES, odd])).stop_reason is StopReason.SATURATED
    assert found._bulk is None and found.find(i) == found.find(enter(found.engine, ("g", ("a",))))


def test_joins_go_on_in_pieces(monkeypatch):
    """However small the pieces, and in whatever way rows are sorted."""
    monkeypatch.setattr(bulkmatch, "_PIECE", 3)
    monkeypatch.setattr(bulk, "_LEAST", 1)
    monkeypatch.setattr(columntable, "_BITS", 8)
    graphs = [Store(LANGUAGE, large=0), Store(LANGUAGE, large=10**9)]
    program = Program.of([COMMUTES, ASSOCIATES, GROWING])
    for graph in graphs:
        enter(graph.engine, chain("a", "b", "c", "d"))
        graph.run(program, iterations=3, rows=3000)
    assert graphs[0].rows() == graphs[1].rows()


# --- looking and adding -------------------------------------------------------------------------------------------


def random_columns(seed):
    engine, roots = random_graph(seed)
    found = Store(LANGUAGE, large=0)
    found._saturation = Saturation(engine)
    found._to_columns()
    return engine, found, roots


@pytest.mark.parametrize("improvable", [0, 5000])
def test_extraction_from_columns_costs_what_it_costs_from_nodes(monkeypatch, improvable):
    """The cheapest DAGs where classes are few, the cheapest trees where they are many."""
    monkeypatch.setattr(looking, "IMPROVABLE", improvable)
    monkeypatch.setattr(extract, "IMPROVABLE", improvable)
    for seed in range(200):
        engine, found, roots = random_columns(seed)
        graph = found.view(roots, COST.__getitem__)
        assert not isinstance(graph, Engine)
        costs = []
        for source in (engine, graph):
            choice = extract.extract(source, [source.split(i)[1] for i in roots], cost)
            costs.append(dag_cost(source, choice, roots, cost) if improvable else sum(tree_cost(choice, i) for i in roots))
        assert costs[0] == costs[1]


def test_the_cheapest_trees_without_some_operators(monkeypatch):
    monkeypatch.setattr(looking, "IMPROVABLE", 0)
    found, (i, j) = started(("g", ("a",)), ("f", ("a",), ("b",)))
    found.engine.union(i, j)
    k = enter(found.engine, ("g", ("h", ("a",), ("a",))))
    found.run(Program.of([COMMUTES]), iterations=1)
    graph = found.view([i, k], COST.__getitem__, ("g", "c"))
    assert extract.extract(graph, [graph.find(i)], cost)[graph.find(i)].op == "f"
    with pytest.raises(NothingToExtract):
        extract.extract(graph, [graph.find(k)], cost)


def tree_cost(choice, root):
    return cost(choice[root]) + sum(tree_cost(choice, child) for child in choice[root].children())


def test_terms_too_deep_for_columns_are_extracted_from_nodes():
    found, _ = started(("a",))
    engine = found.engine
    i = engine.leaf("symbol", "a")
    for _ in range(5100):
        i = engine.add("g", (i,))
    found.run(Program.of([COMMUTES]))
    assert found._bulk is not None
    graph = found.view([i], lambda op: 1)
    assert isinstance(graph, Engine) and len(extract.extract(graph, [i], lambda node: 1)) == 5101


def test_terms_are_added_to_columns():
    found, ids = started(*[chain(*"abcd"[:n]) for n in (2, 3, 4)])
    program = Program.of([COMMUTES, ASSOCIATES])
    found.run(program, iterations=2)
    entry, before = found.entry, found.live
    assert [enter(entry, chain(*"abcd"[:n])) for n in (2, 3, 4)] == [found.find(i) for i in ids]
    new = [enter(entry, ("s", ("e",), ("g", chain("b", "a")), ("g", chain("a", "b")))) for _ in range(2)]
    other = entry.add("k", ())
    entry.rebuild()
    columns = in_columns(found)
    check_columns(columns)
    assert new[0] == new[1] == found.find(new[0]) and entry.add("k", ()) == other
    assert found.live == before + 4  # e, g(ab), s(e, gab, gab), k
    assert found.run(program).stop_reason is StopReason.SATURATED
    assert found.find(enter(found.entry, chain("d", "c", "b", "a"))) == found.find(ids[2])
    check_invariants(found.engine)
    assert found.find(new[0]) == enter(found.engine, ("s", ("e",), ("g", chain("a", "b")), ("g", chain("b", "a"))))


# --- sorting ------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(*[st.integers(0, 2**40)] * 3), max_size=30), st.sampled_from([1, 2, 3]))
def test_packed_columns_are_ordered_as_their_rows(rows, arity):
    rows = [row[:arity] for row in rows]
    columns = tuple([np.array(column, np.int64) for column in zip(*rows, strict=True)]) or (np.empty(0, np.int64),)
    order = sorted_order(packed(columns)).tolist()
    assert order == sorted(range(len(rows)), key=lambda i: rows[i])
