"""What egg's own tests of mathematics prove (egg/tests/math.rs; its integrals stand in test_written.py), and what nobody may prove."""

from __future__ import annotations

import itertools
import random

import pytest

import rewritegrad as rg

PROVED = {
    "associate adds": ("1 + (2 + (3 + (4 + (5 + (6 + 7)))))", "7 + (6 + (5 + (4 + (3 + (2 + 1)))))"),
    "simplify add": ("x + (x + (x + x))", "4*x"),
    "powers": ("2^x * 2^y", "2^(x + y)"),
    "simplify const": ("1 + (a - (2 - 1)*a)", "1"),
    "simplify root": ("1/((1 + sqrt(five))/2 - (1 - sqrt(five))/2)", "1/sqrt(five)"),
    "simplify factor": ("(x + 3)*(x + 1)", "x^2 + 4*x + 3"),
    "diff same": ("D(x, x)", "1"),
    "diff different": ("D(y, x)", "0"),
    "diff simple 1": ("D(1 + 2*x, x)", "2"),
    "diff simple 2": ("D(1 + y*x, x)", "y"),
    "diff ln": ("D(log(x), x)", "1/x"),
    "diff power simple": ("D(x^3, x)", "3*x^2"),
    "diff power harder": ("D(x^3 - 7*x^2, x)", "x*(3*x - 14)"),
}


@pytest.mark.parametrize("name", PROVED)
def test_proved(name: str) -> None:
    one, other = PROVED[name]
    assert rg.equal(one, other) is True
    assert rg.simplify(one).count_ops() <= rg.parse(other).count_ops()


def test_a_sum_of_seven_in_any_order_and_grouping() -> None:
    source = random.Random(0)
    graph = rg.EGraph(rg.Theory.builtin())
    orders = [source.sample("abcdefg", 7) for _ in range(20)]

    def grouped(names: list[str]) -> str:
        if len(names) == 1:
            return names[0]
        at = source.randint(1, len(names) - 1)
        return f"({grouped(names[:at])} + {grouped(names[at:])})"

    ids = graph.add_all([grouped(names) for names in orders])
    graph.run([])  # no law at all: flattening is the engine's own
    assert all(graph.equal(ids[0], i) for i in ids)


@pytest.mark.parametrize(("one", "other"), [("x + y", "x/y"), ("sqrt(x^2)", "x"), ("asin(sin(x))", "x"), ("(x + abs(x))/2", "x"), ("0", "1")])
def test_told_apart(one: str, other: str) -> None:
    assert rg.equal(one, other) is False


P, N = "(x + abs(x))", "(x - abs(x))"
"""Zero on the negative and on the positive half line: both differ from 0, and their product does not."""


def test_zero_divisors_prove_nothing() -> None:
    assert rg.equal(f"{P}*{N}", "0") is True
    for one, other in [(f"{P}/{P}", "1"), (f"{N}/{N}", "1"), (f"{P}/{P}", f"{N}/{N}"), (f"y*{P}/{P}", "y"), (f"{P}^2/{P}", P), (f"{P}*{N}/{P}", N)]:
        assert rg.equal(one, other) is None
    assert [str(t) for t in rg.simplify([f"{P}/{P}", f"{N}/{N}", f"{P}*{N}"])] == [f"{P}/{P}", f"{N}/{N}", "0"]


def test_what_is_defined_nowhere_is_left_alone() -> None:
    # one half is defined where x > 0, the other where x < 0
    formula = f"{P}/{P} + {N}/{N}"
    assert str(rg.simplify(formula)) == formula
    assert rg.equal(formula, "2") is not True


def test_no_two_of_these_are_proved_equal() -> None:
    # an array of things that careless laws make equal; those that are equal somewhere are not in it together
    different = ["x", "abs(x)", "sign(x)", "x^2", "sin(x)", "x + 1", "1", "0", "2", "log(x^2)", "max(x, 0)", "floor(x)", f"{P}/2", f"{N}/2"]
    for one, other in itertools.combinations(different, 2):
        assert rg.equal(one, other) is not True
