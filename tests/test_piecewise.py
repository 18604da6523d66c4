"""piecewise(value, condition, value, condition, ..., otherwise): the first value whose condition holds."""

from __future__ import annotations

import numpy as np
import pytest

import rewritegrad as rg

FORMULA = "piecewise(x^2, x < 0, sqrt(x), x < 1, log(x), x < 3, y)"


def test_the_first_condition_that_holds() -> None:
    with np.errstate(all="ignore"):
        found = rg.evaluate(FORMULA, x=np.array([-2.0, 0.25, 2.0, 5.0]), y=7.0)
    np.testing.assert_allclose(found, [4.0, 0.5, np.log(2), 7.0])


def test_derivatives_of_branches_that_are_not_taken_have_no_part() -> None:
    with np.errstate(all="ignore"):
        slope = rg.function(["x"], rg.diff("piecewise(x^2, x < 0, sqrt(x), x > 0, 0)", "x"))
        found = [float(slope(x)) for x in (-2.0, 0.0, 0.25)]
    np.testing.assert_allclose(found, [-4.0, 0.0, 1.0])
    assert str(rg.diff("piecewise(x^2, x < 0, sin(x), x < 1, 3*x)", "x")) == "where(x < 0, 2*x, where(x < 1, cos(x), 3))"


def test_up_to_eight_conditions() -> None:
    for count in range(1, 9):
        branches = ", ".join(f"{i}*x, x < {i}" for i in range(1, count + 1))
        assert float(rg.evaluate(f"piecewise({branches}, -1)", x=count - 0.5)) == count * (count - 0.5)
        assert float(rg.evaluate(f"piecewise({branches}, -1)", x=count + 0.5)) == -1
    with pytest.raises(rg.RewritegradError, match="piecewise"):
        rg.parse("piecewise(x, x < 1)")
