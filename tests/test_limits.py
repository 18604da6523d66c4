"""The limits of simplification as data: listed, set from texts, and kept; laws that match too often wait."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import rewritegrad as rg
from rewritegrad import cli
from rewritegrad.egraph.language import BNode, BVar, CNode, CVar, Language, Law
from rewritegrad.egraph.matcher import CompiledLaw
from rewritegrad.egraph.multiset import Engine
from rewritegrad.egraph.saturate import Backoff, Saturation, StopReason
from rewritegrad.limits import USUAL, Limits, limited, with_texts

LANGUAGE = Language()
COMMUTES = CompiledLaw(Law("commute", CNode("f", (CVar("x"), CVar("y"))), BNode("f", (BVar("y"), BVar("x")))), LANGUAGE)


def pairs(count: int) -> Engine:
    """f(a0, b0), f(a1, b1), ..."""
    engine = Engine(LANGUAGE)
    for i in range(count):
        engine.apply("f", (engine.leaf("symbol", f"a{i}"), engine.leaf("symbol", f"b{i}")))
    engine.rebuild()
    return engine


def test_a_law_that_matches_too_often_waits_and_comes_back() -> None:
    run = Saturation(pairs(30))
    report = run.run([COMMUTES], iterations=20, backoff=Backoff(matches=10, iterations=2))
    assert report.stop_reason is StopReason.SATURATED
    assert run.engine.rows()["f"] == 60
    waited = [iteration.waiting for iteration in report.iterations]
    # 30 matches are more than 10 and than 20, not than 40; nothing else changes, so that nobody waits for longer than needed
    assert waited[:2] == [("commute",), ("commute",)] and waited[-1] == ()


def test_without_backoff_nobody_waits() -> None:
    report = Saturation(pairs(30)).run([COMMUTES])
    assert all(not iteration.waiting for iteration in report.iterations)
    assert report.iterations[0].matches == {"commute": 30}


def test_what_has_waited_is_found_by_the_next_run() -> None:
    run = Saturation(pairs(30))
    report = run.run([COMMUTES], iterations=1, backoff=Backoff(matches=10, iterations=50))
    assert report.stop_reason is StopReason.ITERATION_LIMIT and run.engine.rows()["f"] == 30
    assert report.iterations[0].waiting == ("commute",) and not report.iterations[0].matches
    run.run([COMMUTES])
    assert run.engine.rows()["f"] == 60


def test_an_egraph_takes_a_backoff() -> None:
    theory = rg.Theory.parse("op f(x, y)\nruleset r in explore\nrule commute: f(x, y) => f(y, x)\n")
    graph = rg.EGraph(theory)
    graph.add_all([f"f(a{i}, b{i})" for i in range(5)])
    report = graph.run(iterations=1, backoff=rg.Backoff(3, 2))
    assert report.iterations[0].waiting == ("commute",)
    graph.run()
    assert graph.rows()["f"] == 10


def test_limits_from_texts() -> None:
    found = with_texts(USUAL, {"pulses": "2", "seconds": "0.5", "backoff": "100,3"})
    assert (found.pulses, found.seconds, found.backoff, found.rows) == (2, 0.5, Backoff(100, 3), USUAL.rows)
    assert with_texts(USUAL, {"backoff": " 7 "}).backoff == Backoff(7, 5)
    for name, text in (("emperor", "1"), ("pulses", "0"), ("pulses", "many"), ("seconds", "inf"), ("backoff", "1,0")):
        with pytest.raises(rg.InputError, match=name):
            with_texts(USUAL, {name: text})


def test_short_ways_to_set_limits() -> None:
    assert limited(None, None, None, None) is USUAL
    assert limited(Limits(pulses=1), 2.0, 100, 4) == Limits(
        pulses=1, seconds=2.0, rows=100, second_rows=100, joint=1, reduce_iterations=4, explore_iterations=4
    )


def test_every_limit_has_a_meaning() -> None:
    assert all(meaning for _, _, meaning in USUAL.described())


def test_limits_hold() -> None:
    found = rg.simplification("(x + y)*(x - y) + y^2", limits=rg.Limits(pulses=1, explore_iterations=0))
    assert found.pulses <= 2 and "explore" not in found.stages()


def test_the_report_names_laws_that_were_held_back() -> None:
    found = rg.simplification("(x + 1)^2 - x^2 + (y + 1)^2 - y^2", limits=rg.Limits(backoff=rg.Backoff(1, 1)))
    assert found.held_back() and found.stages()["explore"]["iterations"] > 0


def test_the_command_lists_and_takes_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "--stages"]) == 0
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name, _, _ in USUAL.described())
    assert cli.main(["rules", "--stages", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["limits"]["pulses"] == USUAL.pulses
    assert cli.main(["simplify", "x + x", "--limit", "pulses=1", "--limit", "backoff=5", "--report", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["report"]
    assert report["pulses"] == 1 and report["held_back"] == [] and "reduce" in report["stages"]
    assert cli.main(["simplify", "x + x", "--limit", "pulses"]) == 1
    assert "NAME=VALUE" in capsys.readouterr().err


def test_several_terms_together_have_more_rows() -> None:
    limits = Limits(rows=100, second_rows=250)
    assert limits.among(1) is limits
    assert (limits.among(2).rows, limits.among(2).second_rows) == (200, 500)
    assert limits.among(50) == replace(limits, rows=300, second_rows=750, joint=1)
