"""egglog's math-microbenchmark: exactly egglog's e-nodes, operator by operator."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import rewritegrad as rg
from rewritegrad.egraph.saturate import StopReason

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
import groups
import microbenchmark

AFTER = [69, 118, 208, 389, 784, 1_576, 3_160, 8_113, 28_303]
"""The e-nodes after each iteration."""


def graph_of(*terms):
    graph = rg.EGraph(rg.Theory.parse(microbenchmark.RULES))
    return graph, [graph.add(term) for term in terms]


def test_nine_iterations():
    graph, _ = graph_of(*microbenchmark.TERMS)
    report = graph.run(iterations=9)
    assert report.stop_reason is StopReason.ITERATION_LIMIT
    assert [iteration.rows for iteration in report.iterations] == AFTER
    assert {op: graph.rows()[op] for op in microbenchmark.COUNTED} == microbenchmark.EXPECTED[9]
    assert sum(graph.rows().values()) == AFTER[-1]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Diff(x, Sin(x))", "Cos(x)"),
        ("Integral(Sin(x), x)", "Mul(-1, Cos(x))"),
        ("Sub(y, y)", "0"),
        ("Integral(Add(Cos(x), 1), x)", "Add(x, Sin(x))"),
        ("Mul(Pow(x, 2), Pow(x, y))", "Pow(x, Add(y, 2))"),
    ],
)
def test_what_the_laws_say(left, right):
    graph, (i, j, other) = graph_of(left, right, "Diff(y, Sin(x))")
    assert not graph.equal(i, j)
    graph.run(iterations=3)
    assert graph.equal(i, j)
    assert not graph.equal(i, other)


def test_the_program_for_egglog_says_the_same():
    program = microbenchmark.PROBLEM.program()
    assert program.count("(rewrite ") == 24
    assert '(Integral (Mul (Cos (Var "x")) (Var "x")) (Var "x"))' in program
    assert "(rewrite (Sub a b) (Add a (Mul (Const -1) b)))" in program


@pytest.mark.parametrize("iterations", [4, 6])
def test_words_in_a_group(iterations):
    """egglog's `calc`: the word is found to be 1, and the e-nodes are egglog's."""
    graph = rg.EGraph(rg.Theory.parse(groups.RULES))
    _, word = [graph.add(term) for term in groups.TERMS]
    graph.run(iterations=iterations)
    assert graph.equal(word, graph.add("One()")) and str(graph.extract(word)) == "One()"
    assert graph.rows()["Times"] == {4: 212, **{n: counts["Times"] for n, counts in groups.EXPECTED.items()}}[iterations]
