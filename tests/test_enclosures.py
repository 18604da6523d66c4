"""Enclosures hold the true value: against mpmath at 60 digits for random scalar formulas, and exactly for arrays."""

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad import definitions
from rewritegrad.cells import Cell, apart, evaluate
from rewritegrad.enclosures import ACCURACY, TINY, constant, multiple, product_cell, sum_cell
from rewritegrad.fact import Fact
from rewritegrad.facts import Facts
from rewritegrad.term import postorder

THEORY = rg.Theory.builtin()
UNARY = ["exp", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "sigmoid", "abs", "sign", "log", "asin", "acos"]
UNARY += ["acosh", "atanh", "sqrt"]
TYPES: list[dict[str, str]] = [
    {},
    {"x": "scalar > 0"},
    {"x": "scalar >= 0", "y": "scalar < 0"},
    {"k": "integer"},
    {"x": "scalar, -1 < x < 1", "y": "scalar, 0 < y < 5"},
    {"k": "integer > 0"},
]


class UndefinedError(ArithmeticError):
    """The true value does not exist."""


def where_defined(function: Callable[[Any], Any], domain: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def checked(x: Any) -> Any:
        if not domain(x):
            raise UndefinedError
        return function(x)

    return checked


def power(a: Any, b: Any) -> Any:
    if a == 0 and b < 0:
        raise UndefinedError
    if b == mpmath.floor(b):
        return a ** int(b)
    if a < 0:
        raise UndefinedError
    return a**b


TRUTH: dict[str, Callable[..., Any]] = {
    **{name: getattr(mpmath, name) for name in ("exp", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "sign")},
    "+": lambda a, b: a + b,
    "*": lambda a, b: a * b,
    "^": power,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "abs": abs,
    "max": max,
    "min": min,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "pi": lambda: +mpmath.pi,
    "log": where_defined(mpmath.log, lambda x: x > 0),
    "asin": where_defined(mpmath.asin, lambda x: abs(x) <= 1),
    "acos": where_defined(mpmath.acos, lambda x: abs(x) <= 1),
    "acosh": where_defined(mpmath.acosh, lambda x: x >= 1),
    "atanh": where_defined(mpmath.atanh, lambda x: abs(x) < 1),
}


def formula(rng: random.Random, variables: list[str], depth: int) -> str:
    def part() -> str:
        return formula(rng, variables, depth - 1)

    if depth == 0 or rng.random() < 0.15:
        return rng.choice([*variables, *variables, str(rng.randint(-3, 9)), f"{rng.randint(1, 9)}/{rng.randint(2, 9)}", "pi", "1e-160", "3e80"])
    kind = rng.random()
    if kind < 0.3:
        return f"({part()} {rng.choice('+-')} {part()})"
    if kind < 0.5:
        return f"({part()} * {part()})"
    if kind < 0.58:
        return f"({part()} / {part()})"
    if kind < 0.7:
        return f"({part()})^({rng.choice(['2', '3', '-1', '-2', '1/2', '-1/2', '1/3', '3/2'])})"
    if kind < 0.73:
        return f"(({part()})^({part()}))"
    if kind < 0.93:
        return f"{rng.choice(UNARY)}({part()})"
    if kind < 0.96:
        return f"{rng.choice(['max', 'min'])}({part()}, {part()})"
    return f"where({part()} {rng.choice(['<', '<='])} {part()}, {part()}, {part()})"


def facts_of(term: rg.Term) -> tuple[Facts, dict[rg.Term, Fact]]:
    (expanded,) = definitions.expand([term], keep=lambda op: False)
    facts = Facts(THEORY, [term])
    found: dict[rg.Term, Fact] = {}
    for t in postorder(expanded):
        if t.op.leaf:
            found[t] = facts.variable(t.value, t.detail) if t.op.leaf == "variable" else getattr(facts, t.op.leaf)(t.value)
        else:
            found[t] = facts.application(t.op, [found[a] for a in t.args])
    return facts, found


def exact(value: Fraction | int | float) -> Any:
    return mpmath.mpf(value) if isinstance(value, float) else mpmath.mpf(value.numerator) / value.denominator


def true_value(term: rg.Term, values: dict[rg.Term, Any], point: dict[str, Any]) -> Any:
    """The value at a point; None where it is undefined."""
    if term.op.leaf:
        return mpmath.mpf(point[term.value]) if term.op.leaf == "variable" else exact(term.value)
    given = [values[a] for a in term.args]
    if term.op.name == "where":
        return None if given[0] is None else given[1 if given[0] else 2]
    if None in given:
        return None
    try:
        return TRUTH[term.op.name](*given)
    except (ArithmeticError, ValueError):
        return None


@pytest.mark.parametrize("seed", range(60))
def test_random_formulas(seed: int) -> None:
    rng = random.Random(seed)
    types = rng.choice(TYPES)
    text = formula(rng, ["x", "y", *(["k"] if "k" in types else [])], rng.choice([2, 3, 4]))
    facts, found = facts_of(rg.parse(text, **types))
    with mpmath.workdps(60):
        for i in range(facts.points.count):
            point = facts.points.at(i)
            values: dict[rg.Term, Any] = {}
            for term, fact in found.items():
                value = values[term] = true_value(term, values, point)
                enclosed, error = [row[i if len(row) > 1 else 0] for row in facts.samples(fact)]
                if not np.isnan(enclosed):
                    assert value is not None, (text, term, point)
                    assert abs(mpmath.mpf(float(enclosed)) - value) <= error, (text, term, point)
                if fact.total and value is not None and not isinstance(value, bool):
                    slack = abs(value) * mpmath.mpf(10) ** -50 + mpmath.mpf(10) ** -90
                    assert exact(fact.lower) - slack <= value <= exact(fact.upper) + slack, (text, term, point)


def test_most_values_are_known_and_errors_stay_small() -> None:
    facts, found = facts_of(rg.parse("exp(-x^2/2) * sin(x*y) / (1 + x^2)^(3/2) + log(1 + y^2) * tanh(x - y)"))
    for fact in found.values():
        values, errors = [row[: facts.points.regular] for row in facts.samples(fact)]
        assert np.isfinite(values).all()
        assert (errors <= 1e-9 * np.abs(values) + 1e-80).all()


def test_cancellation_is_known_to_be_uncertain() -> None:
    facts, found = facts_of(rg.parse("(x + 1)^2 - x^2 - 2*x - 1"))
    values, errors = facts.samples(list(found.values())[-1])
    assert (np.abs(values) <= errors).all()
    facts, found = facts_of(rg.parse("1 / ((x + 1)^2 - x^2 - 2*x - 1)"))
    assert np.isnan(facts.samples(list(found.values())[-1])[0]).all()


def test_what_leaves_the_range_of_floats_on_the_way() -> None:
    tiny, huge = constant(Fraction(1, 10**200)), constant(10**200)
    values, errors = evaluate(product_cell(1, [1, 1, 1, 1], [tiny, tiny, huge, huge]))
    assert not np.abs(values - 1) > errors  # rather unknown than 0
    assert np.isnan(evaluate(product_cell(1, [2], [huge]))[0]).all()
    values, errors = evaluate(product_cell(10**300, [2], [tiny]))
    assert not np.abs(values - 1e-100) > errors


def test_long_chains_of_sums_keep_their_errors() -> None:
    cell: Cell = constant(Fraction(1, 3))
    one = constant(1)
    for _ in range(500):
        cell = sum_cell([None, multiple(-1)], [sum_cell([None, None], [cell, one]), one])
    values, errors = evaluate(cell)
    assert abs(values[0] - 1 / 3) <= errors[0] < 1e-6


def test_apart() -> None:
    one, other = constant(1), constant(1 + Fraction(1, 10**9))
    assert apart(evaluate(one), evaluate(other)) == 0
    assert apart(evaluate(one), evaluate(constant(1 + Fraction(1, 10**16)))) == -1
    assert apart(evaluate(one), np.full((2, 1), np.nan)) == -1


@pytest.mark.parametrize(
    "text",
    [
        "A @ B",
        "A @ u",
        "B @ (A @ u)",
        "u @ u",
        "sum(A)",
        "sum(A, axis=0)",
        "sum(A, axis=1, keepdims=True)",
        "transpose(A) * B",
        "outer(u, u) + x",
        "exp(A) @ B",
    ],
)
def test_arrays(text: str) -> None:
    term = rg.parse(text, A="matrix[n, m]", B="matrix[m, n]", u="vector[m]")
    facts, found = facts_of(term)
    fact = list(found.values())[-1]
    values, errors = facts.samples(fact)
    assert np.isfinite(values).all()
    assert (errors >= ACCURACY * np.abs(values)).all()
    assert (errors <= 1e-9 * np.abs(values) + 1e-11 * np.abs(values).max()).all()
    for i in range(facts.points.count):
        assert np.abs(rg.evaluate(term, **facts.points.at(i)) - values[i]).max() <= errors[i].max() + TINY
