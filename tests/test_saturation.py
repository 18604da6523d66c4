"""What a run promises: limits that hold within an iteration, reports, determinism, and a graph that survives an exception."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rewritegrad as rg
from engine_invariants import CheckedEngine, check_invariants
from oracle_engine import NaiveGraph, subterms
from rewritegrad.egraph import saturate
from rewritegrad.egraph.saturate import Report, Saturation, StopReason
from test_engine import LANGUAGE, enter, law, partition, rules, terms

ROOT = Path(__file__).resolve().parent.parent
GROWING = law("grow", ("f", "x", "y"), ("f", ("g", "x"), ("g", ("g", "y"))))
COMMUTES = law("commute", ("f", "x", "y"), ("f", "y", "x"))
ASSOCIATES = law("associate", ("f", "x", ("f", "y", "z")), ("f", ("f", "x", "y"), "z"))


def chain(*leaves):
    """f(a, f(b, f(c, ...)))."""
    term = (leaves[-1],)
    for leaf in leaves[-2::-1]:
        term = ("f", (leaf,), term)
    return term


def started(*inputs):
    engine = CheckedEngine(LANGUAGE)
    ids = [enter(engine, term) for term in inputs]
    return engine, ids, Saturation(engine)


class Clock:
    """A clock that goes on by one second each time somebody looks."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        self.now += 1
        return self.now


# --- why a run stops ----------------------------------------------------------------------------------------------


def test_a_run_that_finds_nothing_new_is_saturated():
    engine, (i,), run = started(chain("a", "b", "c"))
    report = run.run([COMMUTES, ASSOCIATES])
    assert report.stop_reason is StopReason.SATURATED
    assert engine.rows()["f"] == 12  # two ordered pairs for each set of two, six for the set of three
    assert engine.find(enter(engine, ("f", ("f", ("c",), ("a",)), ("b",)))) == engine.find(i)
    again = run.run([COMMUTES, ASSOCIATES])
    assert again.stop_reason is StopReason.SATURATED and again.matches() == {}


def test_the_iteration_limit():
    _, _, run = started(chain("a", "b"))
    report = run.run([GROWING], iterations=3)
    assert report.stop_reason is StopReason.ITERATION_LIMIT
    assert len(report.iterations) == 3
    assert run.run([GROWING], iterations=0).iterations == []


@pytest.mark.parametrize("rows", range(3, 40, 4))
def test_no_run_makes_more_e_nodes_than_it_may(rows):
    engine, _, run = started(chain("a", "b"))
    report = run.run([GROWING, COMMUTES], rows=rows)
    assert report.stop_reason is StopReason.NODE_LIMIT
    assert engine.live == report.iterations[-1].rows == sum(engine.rows().values()) == rows


def test_a_limit_of_e_nodes_that_is_met_exactly_is_no_reason_to_stop():
    _, _, run = started(chain("a", "b", "c"))
    assert run.run([COMMUTES, ASSOCIATES], rows=15).stop_reason is StopReason.SATURATED
    _, _, run = started(chain("a", "b", "c"))
    assert run.run([COMMUTES, ASSOCIATES], rows=14).stop_reason is StopReason.NODE_LIMIT


@pytest.mark.parametrize(("seconds", "made"), [(0, 0), (4, 0), (5, 128), (6, 256), (7, 384)])
def test_a_deadline_holds_within_an_iteration(monkeypatch, seconds, made):
    """400 nodes are matched, and their matches applied, in stretches of 128, after each of which the clock is asked."""
    monkeypatch.setattr(saturate, "perf_counter", Clock())
    engine, _, run = started(*[("f", (f"leaf {n}",), ("a",)) for n in range(400)])
    before = engine.live
    report = run.run([COMMUTES], seconds=seconds)
    assert report.stop_reason is StopReason.TIME_LIMIT
    assert len(report.iterations) == 1 and engine.live == before + made


def test_matches_beyond_what_a_limit_of_rows_can_use_are_cut_and_found_again():
    pairs = law("pairs", ("f", ("g", "x"), ("g", "y")), ("s", "x", "y", "x"))
    engine, _, run = started(("f", ("g", ("a",)), ("g", ("a",))))
    first = enter(engine, ("g", ("a",)))
    for n in range(120):
        engine.union(first, enter(engine, ("g", (f"leaf {n}",))))
    engine.rebuild()
    report = run.run([pairs], rows=600, iterations=1)
    assert report.iterations[0].capped == ("pairs",)
    assert report.stop_reason is StopReason.NODE_LIMIT
    report = run.run([pairs])
    assert report.stop_reason is StopReason.SATURATED
    assert engine.rows()["s"] == 121 * 121


# --- reports ------------------------------------------------------------------------------------------------------


def test_the_report_of_each_iteration():
    _, _, run = started(chain("a", "b", "c"))
    report = run.run([COMMUTES, ASSOCIATES])
    first, second = report.iterations[:2]
    assert first.matches == {"commute": 2, "associate": 1}
    assert (first.rows, first.classes) == (5 + 4, 6)  # f(f(a, b), c), its f(a, b), and two swapped ones; only f(a, b) is a new class
    assert list(second.matches) == ["commute", "associate"]
    assert [i.rows for i in report.iterations] == sorted(i.rows for i in report.iterations)
    assert report.seconds == sum(i.seconds for i in report.iterations)
    totals = report.matches()
    assert totals["commute"] == sum(i.matches.get("commute", 0) for i in report.iterations)
    assert list(totals.values()) == sorted(totals.values(), reverse=True)
    assert Report().iterations == []


def test_laws_look_only_at_what_is_new():
    engine, _, run = started(chain("a", "b"))
    assert run.run([COMMUTES]).stop_reason is StopReason.SATURATED
    enter(engine, ("f", ("c",), ("a",)))
    report = run.run([COMMUTES], iterations=1)
    assert report.iterations[0].matches == {"commute": 1}


def test_a_law_sees_what_changes_far_below_it():
    """f(f(f(x, a), b), c) matches once the class of the innermost argument is that of an f."""
    deep = law("deep", ("f", ("f", ("f", "x", ("a",)), ("b",)), ("c",)), ("g", "x"))
    engine, (top, inner), run = started(("f", ("f", ("g", ("c",)), ("b",)), ("c",)), ("f", ("b",), ("a",)))
    assert run.run([deep]).matches() == {}
    engine.union(enter(engine, ("g", ("c",))), inner)
    assert run.run([deep]).matches() == {"deep": 1}
    assert engine.find(top) == engine.find(enter(engine, ("g", ("b",))))


# --- what was stopped goes on -------------------------------------------------------------------------------------


INTERRUPTED = (
    st.lists(terms, min_size=1, max_size=3),
    st.lists(rules(), min_size=1, max_size=3),
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=4),
)
"""Terms, laws, and where a run is stopped: by rows or by seconds, after so many."""


def saturated(parts, laws):
    """A naive graph of terms in which the laws find nothing new, and the ids of the terms."""
    naive = NaiveGraph()
    ids = [naive.add(t) for t in parts]
    before = None
    while before != naive.classes:
        before = dict(naive.classes)
        naive.iterate(laws)
        assume(len(naive.classes) < 100)
    return naive, ids


@settings(max_examples=150, deadline=None)
@given(*INTERRUPTED)
def test_an_interrupted_run_loses_nothing(inputs, laws, interruptions):
    parts = subterms(*inputs)
    naive, theirs = saturated(parts, laws)
    engine, ours, run = started(*parts)
    compiled = [law(f"law-{i}", *rule) for i, rule in enumerate(laws)]
    clock, saturate.perf_counter = saturate.perf_counter, Clock()
    try:
        for by_rows, amount in interruptions:
            run.run(compiled, **({"rows": engine.live + amount} if by_rows else {"seconds": amount}))
    finally:
        saturate.perf_counter = clock
    assert run.run(compiled).stop_reason is StopReason.SATURATED
    assert partition(engine.find, ours) == partition(naive.find, theirs)


def test_what_comes_in_after_a_stop_in_the_middle_of_matching_is_seen(monkeypatch):
    engine, _, run = started(chain("a", "b"))
    monkeypatch.setattr(saturate, "perf_counter", Clock())
    assert run.run([COMMUTES], seconds=0).stop_reason is StopReason.TIME_LIMIT
    i, j = enter(engine, ("f", ("a",), ("c",))), enter(engine, ("f", ("c",), ("a",)))
    assert run.run([COMMUTES]).stop_reason is StopReason.SATURATED
    assert engine.find(i) == engine.find(j)


class Broken(Exception):
    pass


def test_an_exception_leaves_a_graph_that_can_be_used():
    engine, (i,), run = started(chain("a", "b", "c", "d"))
    broken = law("broken", ("f", "x", "y"), ("f", "y", "x"))
    whole = broken.apply

    def fails_late(graph, matches):
        whole(graph, matches[:2])
        raise Broken

    broken.apply = fails_late
    with pytest.raises(Broken):
        run.run([broken, ASSOCIATES])
    check_invariants(engine)
    assert gc.isenabled()
    broken.apply = whole
    assert run.run([broken, ASSOCIATES]).stop_reason is StopReason.SATURATED
    assert engine.find(enter(engine, chain("d", "c", "b", "a"))) == engine.find(i)


@pytest.mark.parametrize("on", [True, False])
def test_the_garbage_collector_is_as_it_was(on):
    _, _, run = started(chain("a", "b"))
    seen = []
    watching = law("watching", ("f", "x", "y"), ("f", "y", "x"))
    matcher = watching.match
    watching.match = lambda *arguments: (seen.append(gc.isenabled()), matcher(*arguments))
    try:
        gc.enable() if on else gc.disable()
        run.run([watching])
        assert gc.isenabled() is on
    finally:
        gc.enable()
    assert seen and not any(seen)


# --- the public interface -----------------------------------------------------------------------------------------

BARE = """
op F(a, b)
op G(a)
ruleset swap in explore
rule commute: F(a, b) => F(b, a)
ruleset grow in explore
rule grow:    F(a, b) => F(G(a), G(b))
"""


def test_rulesets_are_chosen_by_name():
    graph = rg.EGraph(rg.Theory.parse(BARE))
    i, j = graph.add("F(x, G(y))"), graph.add("F(G(y), x)")
    assert graph.run(["swap"]).stop_reason is StopReason.SATURATED
    assert graph.equal(i, j)
    assert graph.rows() == {"variable": 2, "G": 1, "F": 2}
    assert str(graph.extract(j)) == "F(x, G(y))"
    assert graph.run(["grow"], rows=20).stop_reason is StopReason.NODE_LIMIT
    with pytest.raises(rg.RewritegradError, match="no ruleset shrink; it has swap, grow"):
        graph.run(["shrink"])
    with pytest.raises(rg.RewritegradError, match="empty"):
        rg.EGraph(rg.Theory.parse(BARE)).run()


DETERMINISM = """
import rewritegrad as rg
import microbenchmark
graph = rg.EGraph(rg.Theory.parse(microbenchmark.RULES))
for term in microbenchmark.TERMS:
    graph.add(term)
report = graph.run(iterations=8)
print([(i.matches, i.rows, i.classes) for i in report.iterations], graph.rows())
graph = rg.EGraph(rg.Theory.builtin())
i = graph.add("(sin(x)^2*y + y*cos(x)^2)/exp(-x*y) + max(a*b, b*a) - log(1 + exp(a))")
report = graph.run(iterations=4, rows=300)
print([(i.matches, i.rows, i.classes) for i in report.iterations], graph.rows(), graph.extract(i))
"""


def test_nothing_depends_on_the_seed_of_hashing():
    said = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'bench'}"}
        done = subprocess.run([sys.executable, "-c", DETERMINISM], capture_output=True, text=True, cwd=ROOT, env=environment)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and "Integral" in said[0]
