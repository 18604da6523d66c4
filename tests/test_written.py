"""Derivatives that laws write: integration by a user's dozen of rules, and what the engine makes of D on a right side."""

from __future__ import annotations

import pytest

import rewritegrad as rg

INTEGRALS = """
op Int(f, x)

ruleset integrals in reduce
rule int-constant:  Int(c, x)        =>  c*x                                           if free_of(c, x)
rule int-factor:    Int(c*f, x)      =>  c*Int(f, x)                                   if free_of(c, x)
rule int-multiple:  Int(n*f, x)      =>  n*Int(f, x)                                   if number(n), n != 1
rule int-sum:       Int(f + g, x)    =>  Int(f, x) + Int(g, x)
rule int-x:         Int(n*x, x)      =>  n*x^2/2                                       if number(n)
rule int-number:    Int(n*x^m, x)    =>  n*x^(m + 1)/(m + 1)                           if number(n), number(m), m != -1
rule int-power:     Int(x^n, x)      =>  x^(n + 1)/(n + 1)                             if symbolic(n), free_of(n, x), nonzero(n + 1)
rule int-sin:       Int(n*sin(x), x) =>  -n*cos(x)                                     if number(n)
rule int-cos:       Int(n*cos(x), x) =>  n*sin(x)                                      if number(n)
rule int-exp:       Int(n*exp(x), x) =>  n*exp(x)                                      if number(n)

ruleset by_parts in explore
rule int-parts:     Int(x^n*f, x)    =>  x^n*Int(f, x) - Int(D(x^n, x)*Int(f, x), x)   if integer(n), n > 0
rule int-log:       Int(log(f), x)   =>  x*log(f) - Int(x*D(log(f), x), x)
"""


@pytest.fixture(scope="module")
def integrals() -> rg.Theory:
    return rg.Theory.parse(INTEGRALS, base=rg.Theory.builtin())


@pytest.mark.parametrize(
    ("integral", "result"),
    [
        ("Int(x*cos(x), x)", "x*sin(x) + cos(x)"),
        ("Int(log(x), x)", "x*(log(x) - 1)"),
        ("Int(x^n, x)", "x^(n + 1)/(n + 1)"),
        ("Int(x^2*exp(x), x)", "exp(x)*(x^2 - 2*x + 2)"),
        ("Int(x^3*sin(x), x)", "x^2*(3*sin(x) - x*cos(x)) - 6*(sin(x) - x*cos(x))"),
        ("Int(x^4*exp(x), x)", "exp(x)*(24 - x*(24 - x*(12 - x*(4 - x))))"),
        ("Int(a*log(3*t) + t, t)", "a*t*(log(3*t) - 1) + t^2/2"),
        ("Int(a + t*sin(t), t)", "a*t + sin(t) - t*cos(t)"),
        ("y + Int(3*x^2 + cos(x), x)", "x^3 + sin(x) + y"),
    ],
)
def test_integrals_by_rules(integrals: rg.Theory, integral: str, result: str) -> None:
    found = rg.simplify(integral, theory=integrals)
    assert "Int" not in str(found)
    assert found.count_ops() <= rg.parse(result).count_ops()
    assert rg.equal(found, rg.parse(result, theory=integrals)) is True


def test_an_integral_is_differentiated_back(integrals: rg.Theory) -> None:
    for integrand in ("x*cos(x)", "log(x)", "x^2*exp(x)", "x^3*sin(x)"):
        found = rg.simplify(f"Int({integrand}, x)", theory=integrals)
        assert rg.equal(rg.diff(found, "x"), integrand, theory=integrals) is True


def test_what_no_law_integrates_stays(integrals: rg.Theory) -> None:
    assert str(rg.simplify("Int(exp(x^2), x) + 0*y", theory=integrals)) == "Int(exp(x^2), x)"


SLOPES = """
op slope(f, x)
op F(x)
ruleset slopes in reduce
rule slope-is:  slope(f, x)  =>  D(f, x)
"""


@pytest.mark.parametrize(
    ("formula", "by", "types"),
    [
        ("where(x > y, sin(x), x^2)", "x", {}),
        ("max(x, y)*x^y", "x", {}),
        ("atan2(t, 2)", "t", {}),
        ("v[0] + sum(v^2)*t^3", "t", {"v": "vector[3]"}),
    ],
)
def test_every_operator_of_the_theory_is_differentiated(formula: str, by: str, types: dict[str, str]) -> None:
    theory = rg.Theory.parse(SLOPES, base=rg.Theory.builtin())
    found = rg.simplify(f"slope({formula}, {by})", theory=theory, **types)
    assert "slope" not in str(found)
    assert rg.equal(found, rg.diff(rg.parse(formula, theory=theory, **types), by)) is True


def test_an_operator_without_derivative_leaves_the_derivative_as_it_is() -> None:
    theory = rg.Theory.parse(SLOPES, base=rg.Theory.builtin())
    assert str(rg.simplify("slope(F(x), x) + slope(x^2, x)", theory=theory)) in ("2*x + slope(F(x), x)", "2*x + D(F(x), x)")


def test_theories_whose_laws_write_none_have_no_such_law() -> None:
    assert "derivatives" not in rg.simplification("sin(x)^2 + cos(x)^2").matches()
    graph = rg.EGraph(rg.Theory.builtin())
    assert graph.always == []


def test_a_law_that_makes_two_things_of_one_is_caught() -> None:
    # antiderivatives are unique up to a constant only: by parts, the integral of 1/x would be 1 + itself
    wrong = "rule wrong-parts:   Int(f, x)  =>  x*f - Int(x*D(f, x), x)\n"
    theory = rg.Theory.parse(INTEGRALS + wrong + "rule int-inverse:  Int(1/x, x)  =>  log(x)\n", base=rg.Theory.builtin())
    with pytest.raises(rg.UnsoundRuleError):
        rg.simplify("Int(1/x, x)", theory=theory, x="scalar > 0")
