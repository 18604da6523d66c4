"""The stage expand: derivative lines whose conditions speak of values, and what users add to it."""

from __future__ import annotations

import pytest

import rewritegrad as rg


@pytest.mark.parametrize("base", ["0", "0.0", "(1 - 1)", "(2*0)"])
def test_the_exponent_of_zero_changes_nothing(base: str) -> None:
    assert rg.diff(f"{base}^u", "u", simplify=False) is rg.parse("0")
    assert rg.evaluate(rg.grad(f"{base}^(u^2 + 1)", "u", simplify=False), u=1.5) == 0
    assert rg.diff(f"{base}^(u^2 + 1)", "u") is rg.parse("0")


def test_other_bases_have_their_logarithm() -> None:
    assert rg.diff("x^y", "y", simplify=False) is rg.parse("x^y * log(x)")
    assert rg.diff("2^y", "y", simplify=False) is rg.parse("2^y * log(2)")


@pytest.mark.parametrize("formula", ["x^y", "x^y*z", "3*x^(2*y) + y"])
def test_a_compiled_derivative_by_the_exponent_is_right_where_the_base_is_zero(formula: str) -> None:
    f = rg.function(["x", "y", "z"], rg.diff(formula, "y"))
    assert f(0, 2, 5) == f(1e-300, 2, 5)
    assert f(2, 3, 5) == pytest.approx(float(rg.evaluate(rg.diff(formula, "y", simplify=False), x=2, y=3, z=5)))


def test_lines_may_ask_for_facts_of_declared_variables() -> None:
    theory = rg.Theory.parse(
        """
        op root(x)   numpy np.sqrt   needs nonnegative(x)
            d/dx  7         if positive(x)
            d/dx  8         if x = 1 - 1
            d/dx  9
        """,
        base=rg.Theory.builtin(),
    )
    assert str(rg.diff("root(x)", "x", theory=theory, x="scalar > 0", simplify=False)) == "7"
    assert str(rg.diff("root(exp(x))", "x", theory=theory, simplify=False)) == "7*exp(x)"
    assert rg.diff("root(x)", "x", theory=theory, simplify=False).value == 9
