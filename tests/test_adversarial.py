"""Every elementwise operator at points where floating point goes wrong: 0, 1, -1, tiny, far out, and the kinks and branch points among them.

The value, the first and the second derivative, simplified and compiled, are held against limits at ninety digits. Where the limits from
both sides differ (a kink) or there is none, the op block says which value is taken, and CHOICES below holds it; where the arguments
are at the edge of the domain the limit from inside counts.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.codegen import compile_terms
from rewritegrad.comparing import conditions_hold, precise_evaluator
from rewritegrad.term import variable_terms
from rewritegrad.testing.lacking import mpmath_module
from rewritegrad.testing.precise import Precise
from rewritegrad.testing.trials import Range
from rewritegrad.theory import Operator
from test_operators import DEAR, THEORY, application, differentiable, name_of, needed, ranges

DIGITS = 90
ALONE = (0.0, 1.0, -1.0, 0.5, -2.0, 1e-8, -1e-8, 30.0, -30.0, 1000.0, -1000.0)
TOGETHER = (0.0, 1.0, -1.0, 0.5, 1e-8, 1000.0, -1000.0)
MOST = 12
SLOW = ("ellipd", "y1", "dirichlet_eta", "riemann_xi")
"""Operators whose values at ninety digits take several seconds together: in the slow run."""

LOST: dict[str, str] = {
    "erfcx": "the second derivative at 1000 is a difference of what is nearly equal",
    "dawsn": "the second derivative at 1000 is a difference of what is nearly equal",
    "pseudo_huber": "its derivative by delta, where delta is tiny beside r, is a quotient of small numbers",
    "ellipf": "derivatives by m have a gap at m = 0 and m = 1",
    "ellipe": "derivatives by m have a gap at m = 0 and m = 1",
    "ellipd": "derivatives by m have a gap at m = 0 and m = 1",
    "airyai": "SciPy has no value far out",
    "airyaiprime": "SciPy has no value far out",
    "airybi": "SciPy has no value far out",
    "airybiprime": "SciPy has no value far out",
    "ive": "beside order 0 and x = 0 the orders v - 1 and v + 1 are rounded",
    "jv": "beside order 0 and x = 0 the orders v - 1 and v + 1 are rounded",
    "iv": "beside order 0 and x = 0 the orders v - 1 and v + 1 are rounded",
    "hyp2f1": "SciPy's kernel has no value for some large parameters",
    **dict.fromkeys(("laplace_logcdf", "laplace_logsf"), "the second derivative is a quotient of infinities beyond 700"),
    "csch": "the second derivative is a quotient of infinities beyond 700",
    **dict.fromkeys(("gammainc", "gammaincc", "gamma_lower", "gamma_upper"), "the second derivative at x = 0 is a product of 0 and infinity"),
    "t_cdf": "the second derivative by k at x = 0 is a product of 0 and infinity",
    "norm_hazard": "the second derivative at 1000 is a difference of what is nearly equal",
    "cauchy_ppf": "at the end of its domain, where pi*q is rounded",
    "cauchy_isf": "at the end of its domain, where pi*q is rounded",
    "huber": "delta is 0, where there is no loss",
}
"""Where digits are lost, and why: there values and first derivatives are compared where they are finite, to three digits."""

CHOICES: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "abs(x)": ({"x": 0.0}, {"x": 0.0}),
    "sign(x)": ({"x": 0.0}, {"x": 0.0}),
    "sqrt(x^2)": ({"x": 0.0}, {"x": 0.0}),
    "max(x, y)": ({"x": 2.0, "y": 2.0}, {"x": 0.5, "y": 0.5}),
    "min(x, y)": ({"x": 2.0, "y": 2.0}, {"x": 0.5, "y": 0.5}),
    "hypot(x, y)": ({"x": 0.0, "y": 0.0}, {"x": 0.0, "y": 0.0}),
    "sqrt(x^2 + y^2)": ({"x": 0.0, "y": 0.0}, {"x": 0.0, "y": 0.0}),
    "relu(x)": ({"x": 0.0}, {"x": 0.5}),
    "relu6(x)": ({"x": 6.0}, {"x": 0.5}),
    "hard_tanh(x)": ({"x": 1.0}, {"x": 1.0}),
    "sparse_sigmoid(x)": ({"x": -1.0}, {"x": 0.25}),
    "leaky_relu(x, s)": ({"x": 0.0, "s": 0.1}, {"x": 0.1, "s": 0.0}),
    "heaviside(x, h)": ({"x": 0.0, "h": 0.5}, {"x": 0.0, "h": 1.0}),
    "floor(x)": ({"x": 2.0}, {"x": 0.0}),
    "frac(x)": ({"x": 2.0}, {"x": 1.0}),
    "laplace_pdf(x)": ({"x": 0.0}, {"x": 0.0}),
    "i0e(x)": ({"x": 0.0}, {"x": 0.0}),
}
"""Formulas at kinks, with the derivatives that are taken there."""

POWERS: list[tuple[str, dict[str, float], float, float]] = [
    ("x^p", {"x": 0.0, "p": 0.0}, 0.0, 0.0),
    ("x^p", {"x": 0.0, "p": 1.0}, 1.0, 0.0),
    ("x^p", {"x": 0.0, "p": 2.0}, 0.0, 2.0),
    ("x^p", {"x": 0.0, "p": 3.0}, 0.0, 0.0),
    ("abs(x)^p", {"x": 0.0, "p": 2.0}, 0.0, 2.0),
    ("abs(x)^p", {"x": 0.0, "p": 3.0}, 0.0, 0.0),
    ("x^(5/2) + 0*p", {"x": 0.0, "p": 0.0}, 0.0, 0.0),
    ("sinc(x) + p", {"x": 0.0, "p": 0.0}, 0.0, -(np.pi**2) / 3),
]
"""Powers and their like at 0: the first and the second derivative by x."""


def elementwise() -> list[Any]:
    found = []
    for op in THEORY.operators:
        whole = op.shape_text or not op.parameters or any(p.attribute or not p.elementwise for p in op.parameters)
        if not whole and (op.numpy or op.definition) and differentiable(op):
            if op.numpy is None and op.arity > 1:
                continue  # what is only a name for a formula does not say for which parameters
            slow = op.name in SLOW or op.cost >= DEAR or op.arity > 2 or (op.cost > 1000 and op.arity > 1)
            found.append(pytest.param(op, id=name_of(op), marks=[pytest.mark.slow] if slow else []))
    return found


def places(op: Operator, inputs: list[rg.Term], term: rg.Term) -> list[dict[str, float]]:
    """Points at which the needs of an application hold."""
    names = [p.name for p in op.parameters]
    found = [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*([ALONE] if len(names) == 1 else [TOGETHER] * len(names)))]
    needs = needed(op, term)
    compiled = compile_terms(inputs, [t for _, args in needs for t in args], single=False)
    allowed = ranges(op)

    def inside(point: dict[str, float]) -> bool:
        if any(allowed[n].integer and (x != int(x) or abs(x) > 8) for n, x in point.items() if n in allowed):
            return False
        with np.errstate(all="ignore"):
            return conditions_hold(needs, compiled(**{n: np.asarray(x) for n, x in point.items()}))

    found = [point for point in found if inside(point)]
    return found if len(found) <= MOST else random.Random(op.name).sample(found, MOST)


def limit(function: Callable[[Any], Any], x: Any, order: int) -> Any:
    """The derivative from one side or both, by differences; None where there is none, or where both sides differ."""
    mp = mpmath_module()
    sides = []
    for sign in (1, -1):
        found = []
        for digits in (12, 14):
            h = sign * mp.mpf(10) ** -digits * (abs(x) if x else 1)
            v = [function(x + h * i) for i in range(5)]
            if any(mp.isnan(value) for value in v):
                break
            first = (-25 * v[0] + 48 * v[1] - 36 * v[2] + 16 * v[3] - 3 * v[4]) / (12 * h)
            found.append(first if order == 1 else (35 * v[0] - 104 * v[1] + 114 * v[2] - 56 * v[3] + 11 * v[4]) / (12 * h * h))
        if len(found) == 2:
            if abs(found[0] - found[1]) > mp.mpf(10) ** -8 * abs(found[1]) + mp.mpf(10) ** -30:
                return None
            sides.append(found[1])
    if not sides or (len(sides) == 2 and abs(sides[0] - sides[1]) > mp.mpf(10) ** -6 * (abs(sides[0]) + abs(sides[1])) + mp.mpf(10) ** -12):
        return None
    return sides[0]


@pytest.mark.parametrize("op", elementwise())
def test_limits(op: Operator) -> None:
    """What is found is finite wherever the limit is, and right to seven digits, or to what a rounding of the arguments makes of it."""
    term = application(op, ((),))
    if precise_evaluator([term]) is None:
        pytest.skip("no values at fifty digits")
    mp, inputs, precise = mpmath_module(), variable_terms(term), Precise(DIGITS)
    points, domains = places(op, inputs, term), ranges(op)
    for name in differentiable(op):
        variable = next(v for v in inputs if v.value == name)
        first = rg.diff(term, variable)
        compiled = [rg.function(inputs, t) for t in (term, first, rg.diff(first, variable))]
        for point, (order, function) in itertools.product(points, enumerate(compiled)):
            with mp.workdps(DIGITS), np.errstate(all="ignore"):

                def along(x: Any, point: dict[str, float] = point, name: str = name) -> Any:
                    if not domains.get(name, Range()).holds(x):
                        return mp.nan  # mpmath may go on beyond the domain, or take minutes there
                    return precise.values([term], {**point, name: x})[0][()]

                x = mp.mpf(point[name])
                value = along(x)
                wanted = None if mp.isnan(value) else value if order == 0 else limit(along, x, order)
                if wanted is None or abs(wanted) > 1e300:
                    continue
                found = float(function(*[point[str(v.value)] for v in inputs]))
                size = max(abs(value), abs(wanted), 1)
                allowed = 1e-7 * abs(wanted) + 1e-13 * size
                if op.name in LOST and (order == 2 or not np.isfinite(found) or abs(wanted) > 1e15):
                    continue
                if op.name in LOST:
                    allowed = 1e-3 * size
                assert abs(found - wanted) <= allowed, f"derivative {order} of {term} by {name} at {point}: {found}, not {mp.nstr(wanted, 15)}"


@pytest.mark.parametrize("formula", CHOICES)
def test_choices_at_kinks(formula: str) -> None:
    point, slopes = CHOICES[formula]
    for name, wanted in slopes.items():
        derivative = rg.function(list(point), rg.diff(formula, name))
        with np.errstate(all="ignore"):
            assert float(derivative(**point)) == pytest.approx(wanted), f"d/d{name}"


@pytest.mark.parametrize(("formula", "point", "first", "second"), POWERS)
def test_powers_at_zero(formula: str, point: dict[str, float], first: float, second: float) -> None:
    slope = rg.diff(formula, "x")
    with np.errstate(all="ignore"):
        assert float(rg.function(["x", "p"], slope)(**point)) == pytest.approx(first)
        assert float(rg.evaluate(slope, **point)) == pytest.approx(first)
        assert float(rg.function(["x", "p"], rg.diff(slope, "x"))(**point)) == pytest.approx(second)
        assert float(rg.evaluate(rg.diff(slope, "x"), **point)) == pytest.approx(second)


def test_a_derivative_without_value_is_infinite_or_an_error_and_no_zero() -> None:
    with np.errstate(all="ignore"):
        assert float(rg.function("x", rg.diff("sqrt(x)", "x"))(0.0)) == np.inf
        assert float(rg.function("x", rg.diff("x*log(x)", "x"))(0.0)) == -np.inf
        assert float(rg.function("x", rg.diff("cbrt(x)", "x"))(0.0)) == np.inf


@pytest.mark.parametrize(
    ("formula", "value", "slope"), [("poch(x, 2)", 40200.0, 401.0), ("ff(x, 2)", 39800.0, 399.0), ("gamma(x)/gamma(x - 1)", 199.0, 1.0)]
)
def test_quotients_of_gamma_functions_that_overflow(formula: str, value: float, slope: float) -> None:
    assert float(rg.function("x", formula)(200.0)) == pytest.approx(value, rel=1e-12)
    assert float(rg.function("x", rg.diff(formula, "x"))(200.0)) == pytest.approx(slope, rel=1e-11)
