"""The stage expand: derivative lines whose conditions speak of values, and what users add to it."""

from __future__ import annotations

import pytest

import rewritegrad as rg
from rewritegrad import expansion


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


# --- rulesets of users in the stage expand --------------------------------------------------------------------------

GAUSS = """
op gauss(x)
op twice(f)
ruleset naming in expand
rule gauss-is:   gauss(x)        =>  exp(-x^2)
rule twice-is:   twice(f)        =>  f + f
rule derived:    D(gauss(x), x)  =>  -2*x*gauss(x)
"""


@pytest.fixture
def gauss() -> rg.Theory:
    return rg.Theory.parse(GAUSS, base=rg.Theory.builtin())


def test_laws_of_stage_expand_remove_operators_before_derivatives_are_taken(gauss: rg.Theory) -> None:
    found = rg.diff("twice(gauss(x))", "x", theory=gauss, simplify=False)
    assert "gauss" not in str(found)
    assert rg.evaluate(found, x=0.5) == pytest.approx(-2 * 0.7788007830714049)
    assert str(rg.grad("gauss(x)", "x", theory=gauss)) == str(rg.grad("exp(-x^2)", "x"))


def test_they_see_derivatives_inside_formulas(gauss: rg.Theory) -> None:
    found = rg.diff("y*D(gauss(x), x)", "y", theory=gauss, simplify=False)
    assert found in (rg.parse(text, theory=gauss) for text in ("-2*x*exp(-x^2)", "exp(-x^2)*-(2*x)"))


def test_every_function_knows_them(gauss: rg.Theory) -> None:
    assert rg.evaluate("gauss(0) + twice(3)", theory=gauss) == 7
    assert rg.function(["x"], "gauss(x)", theory=gauss, simplify=False)(0) == 1
    assert str(rg.simplify("gauss(x)*exp(x^2)", theory=gauss)) == "1"
    assert rg.equal("gauss(x)", "exp(-x^2)", theory=gauss)


BELL = """
op bell(x)   numpy scipy.special.erf
    d/dx  slope_of_bell(x)
op slope_of_bell(x)
ruleset slopes in expand
rule slope:  slope_of_bell(x)  =>  2/sqrt(pi)*exp(-x^2)
"""


def test_what_a_sweep_writes_is_expanded_too() -> None:
    theory = rg.Theory.parse(BELL, base=rg.Theory.builtin())
    assert "slope" not in str(rg.diff("bell(x)", "x", theory=theory, simplify=False))


def test_laws_without_an_end_are_reported() -> None:
    theory = rg.Theory.parse("op F(x)\nruleset more in expand\nrule again: F(x) => F(x + 1)", base=rg.Theory.builtin())
    with pytest.raises(rg.LimitError, match=r"laws of stage expand .* again"):
        rg.simplify("F(y)", theory=theory)


@pytest.mark.parametrize(
    ("text", "wrt", "types"),
    [
        ("where(x > 0, sqrt(x), 0)*sin(x)^2.5 + x^x + x^3 + 2^x - abs(x)/7", "x", {}),
        ("\n".join(["y0 = x", *(f"y{i + 1} = y{i}*sin(y{i}) + x" for i in range(40)), "y40"]), "x", {}),
        ("0^x + (2*0)^sin(x) + x^sin(x)", "x", {}),
        ("sum((X @ w - y)^2) + sum(abs(w))*logdet(X.T @ X)", "w", {"X": "matrix[n, k]", "w": "vector[k]", "y": "vector[n]"}),
        ("sum(exp(X)/sum(exp(X), axis=1, keepdims=True))", "X", {"X": "matrix"}),
    ],
)
def test_many_pulls_and_pushes_are_expanded_by_their_kinds(text: str, wrt: str, types: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    term = rg.parse(text, **types)
    derive = rg.grad if types else rg.diff
    by_laws = derive(term, wrt, simplify=False)
    monkeypatch.setattr(expansion, "MANY", 0)
    assert derive(term, wrt, simplify=False) is by_laws
    monkeypatch.setattr(expansion, "KINDS", 1)  # too many: the laws are asked as before
    assert derive(term, wrt, simplify=False) is by_laws
