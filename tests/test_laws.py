"""One test for each law, each line of a derivative and each rejected law, generated from the rule files.

`pytest tests/test_laws.py --law-table` prints what was found: points tried, points at fifty digits, SymPy's opinion.
"""

from __future__ import annotations

import pytest

import rewritegrad as rg
from rewritegrad.check import POINTS, Verdict, check_derivative, check_reject, check_rule, check_theory
from rewritegrad.comparing import Opinion
from rewritegrad.derivativecheck import derivative_cases
from rewritegrad.patterns import Reject, Rule, names
from rewritegrad.theory import Derivative, Operator

THEORY = rg.Theory.builtin()
RULES = [rule for ruleset in THEORY.rulesets.values() for rule in ruleset.rules]
LINES = [(op, line) for op in THEORY.operators if "surrogate" not in op.flags for line in op.derivatives]


def line_name(case: tuple[Operator, Derivative]) -> str:
    op, line = case
    return f"{line.kind}/{op.parameters[line.parameter].name} {op.name}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_law(rule: Rule, verdicts: list[Verdict]) -> None:
    points = 20 if rule.name.startswith("linearity of") else POINTS  # one law for all operators that are linear
    verdict = check_rule(rule, THEORY, points)
    verdicts.append(verdict)
    assert verdict.holds is True, str(verdict)
    wanted = points if names(rule.left) else 1
    assert min(verdict.points_by_class) >= wanted, f"{verdict}: {dict(zip(verdict.classes, verdict.points_by_class, strict=True))}"
    assert verdict.opinion is Opinion.AGREES or verdict.precise >= wanted, str(verdict)


DEAR = 3000
"""The lines of operators that cost so much, which are compared at points for seconds, are tested in the slow run."""


@pytest.mark.parametrize(
    "case", [pytest.param(line, id=line_name(line), marks=[pytest.mark.slow] if line[0].cost >= DEAR else []) for line in LINES]
)
def test_derivative_line(case: tuple[Operator, Derivative], verdicts: list[Verdict]) -> None:
    op, line = case
    points = POINTS // 4 if op.numpy is None or op.numpy.startswith("np.") else POINTS // 16  # special functions take the oracle long
    verdict = check_derivative(op, line, points)
    verdicts.append(verdict)
    assert verdict.holds is True, str(verdict)
    assert min(verdict.points_by_class) >= 8, str(verdict)
    assert verdict.points >= points, str(verdict)


@pytest.mark.parametrize("reject", THEORY.rejects, ids=lambda reject: reject.name)
def test_rejected_law(reject: Reject, verdicts: list[Verdict]) -> None:
    verdict = check_reject(reject, THEORY)
    verdicts.append(verdict)
    assert verdict.holds is True, str(verdict)


# ---- the checker itself, on laws that are wrong ----


def verdict_on(law: str) -> Verdict:
    theory = rg.Theory.parse(f"ruleset mine in explore\nrule mine: {law}\n", base=THEORY)
    return check_rule(theory.rulesets["mine"].rules[0], theory)


@pytest.mark.parametrize(
    "law",
    [
        "sqrt(x^2) => x",
        "log(x*y) => log(x) + log(y)",
        "(x^a)^b => x^(a*b)",
        "abs(x + y) => abs(x) + abs(y)",
        "max(x, y) + max(y, x) => 2*x + 0*y",
        "sin(x)^2*c + cos(x)^2 => c^0",
        "n*x.. + ... => gcd(n..) * (n * x.. + ...)  if number(n), gcd(n..) != 1",
        "a^n * x.. + ... => a^max(n..) * (a^(n - max(n..)) * x.. + ...)  if number(n)",
        "transpose(a) @ b => transpose(b) @ a",
        "sum(x @ y) => sum(x) * sum(y)",
        "tan(x)^2 - cos(x)^(-2) => 1",
        "a @ b @ c => a @ (b @ c)",
    ],
)
def test_wrong_laws_are_refuted(law: str) -> None:
    verdict = verdict_on(law)
    assert verdict.holds is False, str(verdict)
    assert " at " in verdict.note


def test_the_counterexample_tells_the_point_and_both_values() -> None:
    assert verdict_on("sqrt(x^2) => x  if x < 0").note.startswith("sqrt(x^2) = x at x = -")


def test_a_law_of_isolated_exceptions_is_told_apart() -> None:
    verdict = verdict_on("x / x => 1 + 0*x^(-1)")
    assert verdict.holds is True
    assert "special values" in verdict_on("x * 0 => sign(x) - x/abs(x)").note


@pytest.mark.parametrize(
    "law",
    [
        "x / x => 1  if nonzero(x)",
        "(x^a)^b => x^(a*b)  if positive(x)",
        "a @ b @ c => a @ (b @ c)  if matrix(a), matrix(b), matrix(c)",
        "transpose(a @ b) => transpose(b) @ transpose(a)  if matrix(a), matrix(b)",
        "sum(x, axis) + sum(y, axis) => sum(x + y, axis)  if same_shape(x, y)",
        "n*sin(u)^2*c.. + m*cos(u)^2*c.. => n*c.. + (m - n)*cos(u)^2*c..  if number(n), number(m)",
        "a^n * x.. + ... => a^min(n..) * (a^(n - min(n..)) * x.. + ...)  if number(n), min(n..) != 0",
    ],
)
def test_right_laws_hold(law: str) -> None:
    verdict = verdict_on(law)
    assert verdict.holds is True, str(verdict)


def test_both_ways_of_an_equivalence_are_checked() -> None:
    theory = rg.Theory.parse("ruleset mine in explore\nrule roots: sqrt(x)*sqrt(y) <=> sqrt(x*y)\n", base=THEORY)
    found = {v.name: v.holds for v in check_theory(theory, files=["<rules>"], points=50).verdicts}
    assert found == {"roots": True, "roots~": False}


def test_a_law_that_is_built_in_is_reported() -> None:
    assert verdict_on("x + 0 => x").built_in
    assert not verdict_on("sin(x) + cos(x) => sqrt(2)*sin(x + pi/4)").built_in


def test_uninterpreted_operators_cannot_be_tried() -> None:
    theory = rg.Theory.parse("op F(x)\nruleset mine in explore\nrule drop: F(x) => x\n", base=THEORY)
    verdict = check_rule(theory.rulesets["mine"].rules[0], theory)
    assert verdict.holds is None
    assert "F has no value" in verdict.note


def test_a_wrong_derivative_is_refuted() -> None:
    theory = rg.Theory.parse("op third(x)   numpy np.tanh   sympy tanh\n    d/dx  1 + tanh(x)^2\n", base=THEORY)
    op = theory.find("third", 1)
    for oracle in (True, False):
        verdict = check_derivative(op, op.derivatives[0], oracle=oracle)
        assert verdict.holds is False
        assert "differences give" in verdict.note


@pytest.mark.parametrize("name", ["take_at", "untake_at", "take_along_axis", "untake_along"])
def test_indices_are_drawn_inside_of_the_array(name: str) -> None:
    op = next(op for op in THEORY.operators if op.name == name and op.derivatives)
    for chosen, case in derivative_cases(op, op.derivatives[0]):
        indices, _ = case.case.variables["I"]
        axis = chosen.settings["axis"]
        assert (indices.integer, indices.lower, indices.upper) == (True, 0, case.case.variables["X"][1][axis] - 1)


def test_without_sympy_the_checker_samples_and_says_so() -> None:
    verdict = check_rule(RULES[0], THEORY, oracle=False)
    assert verdict.holds is True
    assert verdict.opinion is Opinion.ABSENT
    assert "not installed" in str(verdict)
