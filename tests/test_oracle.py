"""The oracle: terms as SymPy objects, terms at fifty digits, differences, and the assertions for people's own tests."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import rewritegrad as rg
from rewritegrad.cases import Cases
from rewritegrad.check import check_theory
from rewritegrad.differences import richardson
from rewritegrad.errors import CostError, EvaluationError, RewritegradError
from rewritegrad.term import postorder
from rewritegrad.testing import assert_agrees_with_sympy, assert_gradient, to_sympy
from rewritegrad.testing.precise import Precise
from rewritegrad.testing.trials import Range, condition_holds, draw_number, draw_point, range_of, seeded
from rewritegrad.theory import Type

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
import corpus as bench_corpus
import sympy_answers

x, y, t = (sympy.Symbol(n, real=True) for n in "xyt")


# ---- terms as SymPy objects ----


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x - y/2", x - y / 2),
        ("0.1*x", x / 10),
        ("1e-30*x", x / 10**30),
        ("sqrt(x^2)", sympy.Abs(x)),
        ("atan2(x, y)", sympy.atan2(x, y)),
        ("where(x > 0 and not y < 1, x, y)", sympy.Piecewise((x, (x > 0) & (y >= 1)), (y, True))),
        ("max(x, y, 3)", sympy.Max(x, y, 3)),
        ("(x > 0)*y", y * sympy.Piecewise((1, x > 0), (0, True))),
        ("x == y", sympy.Eq(x, y)),
        ("log10(x)", sympy.log(x) / sympy.log(10)),
        ("pi*euler_gamma", sympy.pi * sympy.EulerGamma),
        ("True", sympy.true),
    ],
)
def test_scalars(text: str, wanted: Any) -> None:
    assert to_sympy(rg.parse(text)) == wanted


def test_an_operator_that_sympy_lacks_is_what_a_law_says() -> None:
    assert sympy.simplify(to_sympy(rg.parse("sigmoid(x)")) - 1 / (1 + sympy.exp(-x))) == 0
    assert to_sympy(rg.parse("hypot(x, y)")) == sympy.sqrt(x**2 + y**2)


def test_symbols_have_the_declared_assumptions() -> None:
    found = to_sympy(rg.parse("a + b + c + d + n", a="scalar > 0", b="scalar >= 0", c="scalar < 0", d="scalar, d != 0", n="integer"))
    symbols = {s.name: s for s in found.free_symbols}
    assert symbols["a"].is_positive
    assert symbols["b"].is_nonnegative and symbols["b"].is_zero is None
    assert symbols["c"].is_negative
    assert symbols["d"].is_zero is False and symbols["d"].is_real
    assert symbols["n"].is_integer


def test_arrays_are_explicit_matrices_of_scalars() -> None:
    found = to_sympy(rg.parse("X @ w", X="matrix[n, m]", w="vector[m]"))
    assert found.shape == (2, 1)
    names = [f"X[{i}, {j}]" for i in range(2) for j in range(3)] + [f"w[{j}]" for j in range(3)]
    assert sorted(str(s) for s in found.free_symbols) == names
    assert to_sympy(rg.parse("transpose(X)", X="matrix[n, m]"), sizes={"n": 1, "m": 4}).shape == (4, 1)
    assert to_sympy(rg.parse("X + v", X="matrix[2, 3]", v="vector[3]"))[1, 2] == sympy.Symbol("X[1, 2]", real=True) + sympy.Symbol("v[2]", real=True)
    assert to_sympy(rg.parse("mean(X, axis=0)", X="matrix[2, 1]"))[0] == sum(sympy.Symbol(f"X[{i}, 0]", real=True) for i in range(2)) / 2
    assert to_sympy(rg.parse("sum(T)", T="tensor[1, 1, 2]")) == sum(sympy.Symbol(f"T[0, 0, {i}]", real=True) for i in range(2))


def test_dimensions_that_must_be_equal_get_one_size() -> None:
    assert to_sympy(rg.parse("A @ B", A="matrix[n, k]", B="matrix[m, l]")).shape == (2, 2)


def test_terms_do_not_pass_through_text() -> None:
    """A variable of the name of a constant or a function of SymPy is a variable."""
    found = to_sympy(rg.parse("E + I*S + gamma", E="scalar > 0"))
    assert {s.name for s in found.free_symbols} == {"E", "I", "S", "gamma"}


def test_what_sympy_lacks_is_an_error() -> None:
    theory = rg.Theory.parse("op F(x)\n", base=rg.Theory.builtin())
    with pytest.raises(EvaluationError, match=r"SymPy has no F: its op block names no SymPy function, and no law says what it is"):
        to_sympy(rg.parse("F(x) + 1", theory))
    wrong = rg.Theory.parse("op G(x)   numpy np.exp   sympy simplify   cost 1\n    d/dx  G(x)\n", base=rg.Theory.builtin())
    with pytest.raises(EvaluationError, match="names simplify, which is no function class or constant of SymPy"):
        to_sympy(rg.parse("G(x)", wrong))


def test_a_missing_sympy_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sympy", "mpmath"):
        monkeypatch.setitem(sys.modules, name, None)
    for action in (lambda: to_sympy(rg.parse("x")), lambda: Precise().values([rg.parse("x")], {"x": 1.0})):
        with pytest.raises(RewritegradError, match=r"pip install 'rewritegrad\[check\]'"):
            action()
    text = "ruleset r in explore\nrule right: sin(a)*cos(a) => sin(2*a)/2\nrule wrong: sqrt(a^2) => a\n"
    report = check_theory(rg.Theory.parse(text, base=rg.Theory.builtin()), files=["<rules>"], points=30)
    assert [v.holds for v in report.verdicts] == [True, False]
    assert "2 not installed" in report.summary()


# ---- fifty digits ----


def test_values_at_fifty_digits() -> None:
    (found,) = Precise().values([rg.parse("exp(x) - 1 - x")], {"x": 1e-10})
    with mpmath.workdps(60):
        exact = mpmath.mpf(1e-10)
        assert abs(found[()] - (mpmath.exp(exact) - 1 - exact)) < mpmath.mpf(10) ** -50


@pytest.mark.parametrize("text", ["log(x)", "x^(1/3)", "1/(x + 8)", "exp(exp(-1000*x))", "asin(x)", "log(x)*0", "where(log(x) > 0, 1, 2)"])
def test_undefined_values_are_nan(text: str) -> None:
    (found,) = Precise().values([rg.parse(text)], {"x": -8.0})
    assert mpmath.isnan(found[()])


def test_the_branch_that_is_not_taken_does_not_matter() -> None:
    (found,) = Precise().values([rg.parse("where(x > 0, log(x), x^2)")], {"x": -8.0})
    assert found[()] == 64


# ---- differences, points ----


def test_extrapolated_differences() -> None:
    value, error = richardson(lambda h: math.exp(1 + h), 0.05)
    assert abs(value - math.e) <= error + 1e-12
    assert math.isnan(richardson(abs, 0.05)[0])
    assert math.isnan(richardson(lambda h: math.sqrt(h) if h > 0 else math.nan, 0.05)[0])


def test_points_depend_on_the_text_only_and_stay_inside() -> None:
    allowed = range_of(Type(lower=-1, upper=2, open_upper=True))
    first, again = ([draw_number(allowed, seeded("a")) for _ in range(200)] for _ in range(2))
    rng, other = seeded("a"), seeded("b")
    numbers = [draw_number(allowed, rng) for _ in range(500)]
    assert first == again
    assert numbers != [draw_number(allowed, other) for _ in range(500)]
    assert min(numbers) >= -1 and max(numbers) < 2
    assert 0.0 in numbers and -1.0 in numbers
    assert 0.0 not in [draw_number(Range(), rng, special=False) for _ in range(500)]
    symmetric = draw_point({"A": (Range(symmetric=True), (3, 3))}, rng)["A"]
    assert np.array_equal(symmetric, symmetric.T)


@pytest.mark.parametrize(
    ("word", "values", "wanted"),
    [
        ("positive", [1.0], True),
        ("positive", [0.0], False),
        ("positive", [math.nan], False),
        ("nonzero", [np.array([1.0, 0.0])], False),
        ("integer", [3.0], True),
        ("not_integer", [0.5], True),
        ("powerable", [-8.0, 3.0], True),
        ("powerable", [-8.0, 0.5], False),
        ("powerable", [0.0, -1.0], False),
        ("between", [0.5, 0.0, 1.0], True),
        (">=", [1.0, 1.0], True),
        ("symmetric", [np.array([[1.0, 2.0], [3.0, 4.0]])], False),
        ("matrix", [1.0], True),
    ],
)
def test_conditions_at_points(word: str, values: list[Any], wanted: bool) -> None:
    assert condition_holds(word, [np.asarray(v) for v in values]) is wanted


def test_the_cases_of_a_law_meet_its_conditions() -> None:
    text = "ruleset r in explore\nrule law: n*a^2 + k*a*b.. + m*c => 0*a*b..*c*n*m  if number(n^(1/2)), m = -n, k > n, number(k)\n"
    theory = rg.Theory.parse(text, base=rg.Theory.builtin())
    cases = Cases(theory.rulesets["r"].rules[0], theory)
    found = [case for chosen in cases.classes() for case in cases.draw(chosen, 8)]
    assert len({case.left for case in found}) > 8
    for case in found:
        n, m, k = (case.bindings.values[name] for name in "nmk")
        assert m == -n and k > n
        assert math.isqrt(n.numerator) ** 2 == n.numerator
        assert case.left.shape == case.right.shape


# ---- assertions ----


def test_agreement() -> None:
    assert_agrees_with_sympy("x^3*exp(y)", order=2)
    assert_agrees_with_sympy("abs(x)*max(x, y)")
    assert_agrees_with_sympy("exp(1000*x)/exp(1000*x)")
    assert_agrees_with_sympy("sum(log(X)^2)/t", X="matrix[n, 2] > 0", order=2, points=4)
    assert_agrees_with_sympy("3")
    assert_agrees_with_sympy(rg.parse("x^2"), wrt=["x"])


def test_disagreement_tells_the_point_both_values_and_both_forms() -> None:
    theory = rg.Theory.parse("op bad(x)   numpy np.sin   sympy sin   cost 1\n    d/dx  sin(x)\n", base=rg.Theory.builtin())
    with pytest.raises(AssertionError) as failure:
        assert_agrees_with_sympy("bad(t)*2", theory=theory)
    first, ours, theirs = str(failure.value).splitlines()
    assert first.startswith("d/dt of the value (as written) differs from SymPy's at t = ")
    assert ours.startswith("  ours: ") and "sin(t)" in ours
    assert theirs.startswith("  SymPy's: ") and theirs.endswith("2*cos(t)")
    kernel = rg.Theory.parse("op bad(x)   numpy np.cosh   sympy sinh   cost 1\n    d/dx  cosh(x)\n", base=rg.Theory.builtin())
    with pytest.raises(AssertionError, match=r"the value .* differs"):
        assert_agrees_with_sympy("bad(t)", theory=kernel)


def test_misuse_is_told() -> None:
    with pytest.raises(CostError, match="no variable z"):
        assert_agrees_with_sympy("x", wrt="z")
    with pytest.raises(CostError, match="one result"):
        assert_agrees_with_sympy("x, y")
    with pytest.raises(EvaluationError, match="no point was found"):
        assert_agrees_with_sympy("log(-x^2 - 1)")


def test_gradients_against_differences() -> None:
    assert_gradient("sum(tanh(X @ w))*t", ["X", "w", "t"], X=np.eye(2), w=[0.5, -1.0], t=2.0)
    assert_gradient("fmod(x, y)", ["x", "y"], x=7.3, y=2.0)
    wrong = rg.Theory.parse("op bad(x)   numpy np.sin   cost 1\n    d/dx  sin(x)\n", base=rg.Theory.builtin())
    with pytest.raises(AssertionError, match=r"the gradient by v\[1\] at v = \[1.5, 1.0\]\n  ours:        0.84.*\n  differences: 0.54"):
        assert_gradient("bad(v[1]) + v[0]", "v", theory=wrong, v=[1.5, 1.0])
    with pytest.raises(EvaluationError, match="no derivative by x"):
        assert_gradient("abs(x)", "x", x=0.0)


# ---- bench/corpus.py reads SymPy's results back ----


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (sympy.Piecewise((x, x < 0), (sympy.Abs(y), (y > 1) | (x > y)), (sympy.Max(x, y, t), True)), None),
        (sympy.Min(x, sympy.E) ** sympy.Rational(3, 2), "min(exp(1), x)**(3/2)"),
        (sympy.sqrt(x**2 + 1) / 3 - sympy.Rational(1, 4), "sqrt(x**2 + 1)/3 - 1/4"),
        (sympy.Heaviside(x) * y, "y*Heaviside(x)"),
    ],
)
def test_sympys_results_are_read_back(expr: Any, text: str | None) -> None:
    shown = sympy_answers.show(expr)
    assert text is None or shown == text
    term = bench_corpus.read_sympy(shown, {})
    if "Heaviside" not in shown:
        assert to_sympy(term).subs({x: 0.5, y: -1.5, t: 2.0}) == pytest.approx(float(expr.subs({x: 0.5, y: -1.5, t: 2.0})))
    assert term.count_ops() > 0


def test_decimals_for_fractions() -> None:
    expr = sympy.Rational(1, 8) * x ** sympy.Rational(1, 2) + sympy.Rational(1, 3) - sympy.Rational(123457, 1000003) * y
    found = bench_corpus.read_sympy(sympy_answers.show(sympy_answers.with_decimals(expr)), {})
    assert {n.detail for n in postorder(found) if n.op.leaf == "number"} == {"0.125", "-0.12345662963011111", "1", "3"}
    assert sympy_answers.has_decimals("x + .5") and sympy_answers.has_decimals("1e-3*x") and not sympy_answers.has_decimals("x1 + 2*e3")
