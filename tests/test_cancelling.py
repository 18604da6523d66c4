"""The checker on laws that cancel: true by the letter, and wrong where a denominator is zero on more than a thin set."""

from __future__ import annotations

import pytest

import rewritegrad as rg
from rewritegrad.check import Verdict, check_rule

CANCELS = [
    "x/x => 1",
    "x*x^(-1) => 1",
    "x*y/x => y",
    "(x + y)/(x + y) => 1",
    "(x^2 - y^2)/(x - y) => x + y",
    "x^n*x^m => x^(n + m) if number(n), number(m)",
    "sin(x)/tan(x) => cos(x)",
    "abs(x)/abs(x) => 1",
    "x*z/(y*z) => x/y",
]
DOES_NOT = [
    "x/x => 1 if nonzero(x)",
    "(x + y)/(x + y) => 1 if nonzero(x + y)",
    "x*z/(y*z) => x/y if nonzero(z)",
    "x^2/x => x",
    "abs(x)/x => sign(x)",
    "x/y + z/y => (x + z)/y",
    "x/y + z => (x + y*z)/y",
    "1/(1/x) => x",
    "exp(log(x)) => x",
    "x^n*x^m => x^(n + m) if positive(x), number(n), number(m)",
]


def verdict(law: str) -> Verdict:
    """What the checker says of one law."""
    theory = rg.Theory.parse(f"ruleset mine in explore\nrule mine: {law}", base=rg.Theory.builtin())
    return check_rule(theory.rulesets["mine"].rules[0], theory, points=30)


@pytest.mark.parametrize("law", CANCELS)
def test_cancelling_without_nonzero_fails(law: str) -> None:
    found = verdict(law)
    assert found.holds is False
    assert "needs nonzero" in found.note


@pytest.mark.parametrize("law", DOES_NOT)
def test_what_keeps_its_zeros_holds(law: str) -> None:
    assert verdict(law).holds, verdict(law)
