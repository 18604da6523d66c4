"""Numbers that float64 cannot hold: simplification makes none, so that what it returns can be evaluated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.term import Term, postorder

STEPS: dict[str, Callable[[Term], Term]] = {"squares": lambda t: t**2, "products": lambda t: t * t, "sums": lambda t: t + t}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("depth", [20, 1000, 1100])
def test_nested_powers_and_sums_can_be_evaluated_after_simplification(step: str, depth: int) -> None:
    term = rg.parse("x")
    for _ in range(depth):
        term = STEPS[step](term)
    simplified = rg.simplify(term)
    assert all(abs(t.value) < 2**1024 for t in postorder(simplified) if t.op.leaf == "number")
    assert simplified.count_ops() <= min(depth, 2 if depth < 1000 else depth)
    with np.errstate(over="ignore"):
        values = rg.function(["x"], [term, rg.diff(term, "x")])(1.0)
    wanted = [2.0**depth if step == "sums" else 1.0, 2.0**depth] if depth < 1024 else [np.inf if step == "sums" else 1.0, np.inf]
    np.testing.assert_allclose(values, wanted, rtol=1e-12)


@pytest.mark.parametrize("text", ["2^900*2^900", "x*2^3000 + x*2^3000", "(x^(2^900))^(2^900)", "(2^3000)^(1/2)", "10^200*10^200*x"])
def test_what_is_too_long_stays_apart(text: str) -> None:
    found = rg.simplify(text, x="scalar > 0")
    assert all(abs(t.value) < 2**1024 for t in postorder(found) if t.op.leaf == "number")
    assert found.count_ops() <= rg.parse(text).count_ops()
