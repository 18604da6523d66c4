"""For every operator with a kernel, generated from its op block: value, first and second derivatives, needs, facts and flags.

The references are SymPy's functions and derivatives at fifty digits, and differences at fifty digits; operators that SymPy
lacks are held against differences in float64.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.cases import Cases, known_condition, type_of
from rewritegrad.codegen import compile_terms
from rewritegrad.comparing import conditions_hold, precise_evaluator
from rewritegrad.errors import EvaluationError
from rewritegrad.instances import Bindings, instantiate
from rewritegrad.patterns import Condition, PApply, PVar, Rule
from rewritegrad.term import Term, variable_terms
from rewritegrad.testing import assert_agrees_with_sympy, assert_gradient
from rewritegrad.testing.differences import precise_slope
from rewritegrad.testing.lacking import mpmath_module
from rewritegrad.testing.precise import Precise, as_floats
from rewritegrad.testing.trials import Point, Range, condition_holds, draw_array, draw_point, points, range_of, seeded
from rewritegrad.theory import Operator, Type

THEORY = rg.Theory.builtin()
OPERATORS = [op for op in THEORY.operators if op.numpy is not None]
ELEMENTWISE = [op for op in OPERATORS if not op.shape_text and op.parameters]
ELSEWHERE = ("take_at", "untake_at", "take_along_axis", "untake_along", "solve_discrete_are")
"""Operators that few random arguments suit (how far indices may reach depends on sizes): test_parts.py has cases of them."""
ARRAYS = [op for op in OPERATORS if op.shape_text and op.name not in ELSEWHERE]
SHAPES = {
    "scalar": ((), ()),
    "vector": ((3,), (3,)),
    "matrix": ((2, 3), (2, 3)),
    "broadcast": ((2, 3), (3,)),
    "broadcast scalar": ((), (2,)),
    "length 1": ((2, 1), (1, 3)),
    "single": ((1,), (1,)),
}
"""Shapes of the arguments, repeated in turn where there are more than two."""


def name_of(op: Operator) -> str:
    return f"{op.name}/{op.arity}"


DEAR = 6000
"""An operator of this cost is an integral or an inverse, as are its values at fifty digits: tested in the slow run, and in test_parameters.py."""


def each(operators: list[Operator]) -> list[Any]:
    return [pytest.param(op, id=name_of(op), marks=[pytest.mark.slow] if op.cost >= DEAR else []) for op in operators]


def shaped(operators: list[Operator]) -> list[Any]:
    """Operators with shapes of their arguments: scalars and one more, in turn; all others in the slow tests."""
    others = [key for key in SHAPES if key != "scalar"]
    return [
        pytest.param(op, shapes, id=f"{key}-{name_of(op)}", marks=[] if quick and op.cost < DEAR else [pytest.mark.slow])
        for i, op in enumerate(operators)
        for key, shapes in SHAPES.items()
        for quick in [key in ("scalar", others[i % len(others)])]
    ]


def differentiable(op: Operator) -> list[str]:
    """The arguments by which the operator has the derivative of its value."""
    return [p.name for p in op.parameters if not (p.attribute or p.constant or p.refused or "surrogate" in op.flags)]


def ranges(op: Operator) -> dict[str, Range]:
    """Where the arguments may lie, as far as the needs of single arguments say."""
    return Cases(Rule(op.name, bare(op), bare(op), op.needs), THEORY).ranges


def moderate(allowed: Range) -> Range:
    """Integers are orders: small ones."""
    return replace(allowed, lower=max(allowed.lower, -4.0), upper=min(allowed.upper, 8.0)) if allowed.integer else allowed


def bare(op: Operator) -> PApply:
    return PApply(op, tuple(PVar(p.name) for p in op.parameters))


def application(op: Operator, shapes: tuple[tuple[int, ...], ...]) -> Term:
    """The operator applied to variables of the given shapes, with the domain that it needs declared."""
    found = ranges(op)
    shaped = zip(op.parameters, itertools.cycle(shapes), strict=False)
    return THEORY.make(op, [THEORY.variable(p.name, type_of(found.get(p.name, Range()), shape)) for p, shape in shaped])


def needed(op: Operator, term: Term) -> list[tuple[str, tuple[Term, ...]]]:
    bindings = Bindings({p.name: a for p, a in zip(op.parameters, term.args, strict=True)})
    return [(c.word, tuple(instantiate(a, THEORY, bindings) for a in c.args)) for c in op.needs]


def sampled(op: Operator, term: Term, wanted: int, special: bool = True) -> Iterator[Point]:
    """Points at which the needs of an application hold."""
    needs = needed(op, term)
    inputs = variable_terms(term)
    compiled = compile_terms(inputs, [t for _, args in needs for t in args], single=False)
    found = {name: moderate(allowed) for name, allowed in ranges(op).items()}
    variables = {v.value: (found.get(v.value, range_of(v.detail)), v.shape) for v in inputs}

    def accept(point: Point) -> bool:
        with np.errstate(all="ignore"):
            return conditions_hold(needs, compiled(**point))

    return points(variables, accept, wanted, seeded(op.name), special=special)


def evaluated(term: Term, inputs: list[Term], point: Point) -> Any:
    with np.errstate(all="ignore"):
        return compile_terms(inputs, [term], single=True)(**point)


# ---- values ----


@pytest.mark.parametrize(("op", "shapes"), shaped(ELEMENTWISE))
def test_value(op: Operator, shapes: tuple[tuple[int, ...], ...]) -> None:
    """The kernel gives what SymPy's function gives, wherever the needs hold, in the shape that the term says."""
    term = application(op, shapes)
    precise = precise_evaluator([term])
    count = compared = 0
    # where a law, not SymPy, says what the operator is, a quotient at a jump may be rounded to either side of it
    for point in sampled(op, term, 40 if shapes == SHAPES["scalar"] else 5, special=op.sympy is not None):
        count += 1
        found = evaluated(term, variable_terms(term), point)
        assert found.shape == term.shape
        assert np.isfinite(found).all(), f"{op.name} is undefined at {point}, where its needs hold"
        if precise is not None:
            compared += agrees(term, found, point, precise)
    assert count
    assert precise is None or compared > count / 2


def agrees(term: Term, found: Any, point: Point, precise: Precise) -> bool:
    """AssertionError where a value is not the precise one (False where there is none: SymPy's form has a gap there).

    What looks different is looked at again, with more digits; beside a zero a kernel may be as far off as its value moves
    where the arguments move by a few units of rounding.
    """
    (here,) = precise.values([term], point)
    wanted = as_floats(here)
    if np.isnan(wanted).any():
        return False
    found = found.astype(float)
    if not np.allclose(found, wanted, rtol=1e-12, atol=1e-300):
        precise = Precise(250)
        (here,) = precise.values([term], point)
        wanted, allowed = as_floats(here), np.zeros(term.shape)
        for name, value in point.items():
            (there,) = precise.values([term], {**point, name: np.asarray(value) * (1 + 2.0**-49)})
            moved = as_floats(there - here)  # nan where an order is no integer any more
            allowed += np.where(np.isnan(moved), 0.0, np.abs(moved))
        assert (np.abs(found - wanted) <= allowed + 1e-12 * np.abs(wanted) + 1e-300).all(), f"{found} is not {wanted} at {point}"
    return True


@pytest.mark.parametrize("op", each([op for op in ELEMENTWISE if op.needs]))
def test_needs(op: Operator) -> None:
    """Where a need does not hold, at most a limit does: the value or its derivatives are undefined, infinite, or jump."""
    term = application(op, ((), ()))
    needs = needed(op, term)
    inputs = variable_terms(term)
    compiled = compile_terms(inputs, [t for _, args in needs for t in args], single=False)
    rng = seeded(op.name)
    if any(c.word == "integer" for c in op.needs):
        return  # an integer variable takes nothing else
    drawn = (draw_point({v.value: (Range(), ()) for v in inputs}, rng, special=op.arity == 1) for _ in range(300))
    outside = [p for p in drawn if not holds(needs, compiled, p)]
    if all(c.word == "nonzero" for c in op.needs):
        return  # single points, at which NumPy gives a limit from one side
    outside = [p for p in outside if not at_gap(op, term, p)]
    assert outside
    assert not np.isfinite([evaluated(term, inputs, p) for p in outside]).any()


def at_gap(op: Operator, term: Term, point: Point) -> bool:
    """Whether a need that only single points do not meet is not met: there NumPy may give a limit."""
    single = [(word, args) for word, args in needed(op, term) if word == "nonzero"]
    compiled = compile_terms(variable_terms(term), [t for _, args in single for t in args], single=False)
    return bool(single) and not holds(single, compiled, point)


def holds(needs: list[tuple[str, tuple[Term, ...]]], compiled: Any, point: Point) -> bool:
    with np.errstate(all="ignore"):
        return conditions_hold(needs, compiled(**point))


@pytest.mark.parametrize("op", [op for op in OPERATORS if op.fixity == "constant"], ids=name_of)
def test_constant(op: Operator) -> None:
    term = THEORY.make(op, ())
    precise = precise_evaluator([term])
    assert precise is not None
    assert float(evaluated(term, [], {})) == float(precise.values([term], {})[0][()])


# ---- derivatives ----


@pytest.mark.parametrize(("op", "shapes"), shaped([op for op in ELEMENTWISE if differentiable(op)]))
@pytest.mark.parametrize("deep", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["quick", "deep"])
def test_derivatives_are_sympys(op: Operator, shapes: tuple[tuple[int, ...], ...], deep: bool) -> None:
    """First and second derivatives in every argument, as written and simplified; of arrays that are stretched, or larger, the
    second ones in the slow run only."""
    term = application(op, shapes)
    order = 2 if deep or shapes in (SHAPES["scalar"], SHAPES["single"]) else 1
    try:
        assert_agrees_with_sympy(term, differentiable(op), order=order, points=2 if deep else 8 if order == 2 else 4)
    except EvaluationError as lacking:  # SymPy has no such function, or no derivative of it
        assert "SymPy" in str(lacking)
        total = THEORY.apply("sum", term)
        gradients = rg.grad(total, differentiable(op))
        for point in sampled(op, term, 4, special=False):
            values = np.abs(evaluated(term, variable_terms(term), point))
            if values.max() > 1e6 * values.min():
                continue  # the greatest of the summands takes the digits of the others
            try:
                assert_gradient(total, differentiable(op), rtol=1e-4, **point)
            except EvaluationError:
                continue  # a jump close by
            assert [evaluated(g, variable_terms(term), point).shape for g in gradients] == [point[n].shape for n in differentiable(op)]


@pytest.mark.parametrize("op", each([op for op in ELEMENTWISE if differentiable(op)]))
def test_derivatives_are_limits_of_differences(op: Operator) -> None:
    """First and second derivatives against differences at fifty digits of the value and of the first derivative."""
    term = application(op, ((), ()))
    precise = precise_evaluator([term])
    if precise is None:
        for point in sampled(op, term, 20, special=False):
            try:
                assert_gradient(term, differentiable(op), rtol=1e-4, **point)
            except EvaluationError:
                continue  # a jump close by
        return
    mp = mpmath_module()
    for name in differentiable(op):
        variable = next(v for v in variable_terms(term) if v.value == name)
        first = rg.diff(term, variable, simplify=False)
        for function, derivative in ((term, first), (first, rg.diff(first, variable, simplify=False))):
            compared = 0
            for point in sampled(op, term, 12, special=False):
                with mp.workdps(precise.digits):
                    step = mp.mpf(10) ** -15

                    def along(t: Any, function: Term = function, point: Point = point, name: str = name) -> Any:
                        return precise.values([function], {**point, name: mp.mpf(float(point[name])) + t})[0]

                    slope = precise_slope(along, step)[()]
                    found = precise.values([derivative], point)[0][()]
                    lost = abs(along(0)[()]) * mp.mpf(10) ** (3 - precise.digits) / step  # to cancellation in the difference
                    if not mp.isnan(slope) and lost <= abs(slope) + mp.mpf(10) ** -12:
                        compared += 1
                        allowed = mp.mpf(10) ** -12 * (abs(slope) + 1) + lost
                        assert abs(found - slope) <= allowed, f"d/d{name} of {function} at {point}: {found}, not {slope}"
            assert compared >= 6


def array_cases(op: Operator) -> list[Term]:
    """Applications of an operator of whole arrays in the shapes that it takes, ints made named dimensions of no meaning."""
    cases = Cases(Rule(op.name, bare(op), bare(op), op.needs), THEORY)
    return [case.left for chosen in cases.classes() for case in cases.draw(chosen, 1)]


@pytest.mark.parametrize("op", ARRAYS, ids=name_of)
@pytest.mark.parametrize("deep", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["quick", "deep"])
def test_array_operator(op: Operator, deep: bool) -> None:
    """Values and derivatives of operators of whole arrays, entry by entry against explicit SymPy matrices of scalars, or
    against differences where SymPy has no such function; in all shape classes to order 2, or in a few to order 1."""
    terms = array_cases(op)
    assert terms
    if not deep:
        small = [t for t in terms if sum(math.prod(v.shape) for v in variable_terms(t)) <= 8] or terms[:1]
        terms = small[:: max(1, len(small) // 3)]
    for term in terms:
        names = [n for n in differentiable(op) if n in term.variables]
        for point in sampled(op, term, 1, special=False):
            assert evaluated(term, variable_terms(term), point).shape == term.shape
        order = (2 if deep else 1) if names else 0
        try:
            assert_agrees_with_sympy(term, names, order=order, points=2)
        except EvaluationError as lacking:
            assert "SymPy" in str(lacking)
            assert_differences(term, names, order)


def assert_differences(term: Term, names: list[str], order: int) -> None:
    """Fails unless the gradients of a sum of the entries, weighted, are what differences give, to an order."""
    weights = THEORY.variable("weights", Type(term.shape))
    cost = THEORY.apply("sum", THEORY.apply("*", term, weights))
    for point in sampled(term.op, term, order, special=False) if names else ():
        given = {**point, "weights": draw_array(Range(), weights.shape, seeded(term.op.name))}
        try:
            assert_gradient(cost, names, rtol=1e-4, **given)
            if order > 1:
                for gradient in rg.grad(cost, names):
                    again = THEORY.apply("sum", THEORY.apply("*", gradient, gradient))
                    assert_gradient(again, [n for n in names if n in again.variables], rtol=1e-4, **given)
        except EvaluationError:
            continue  # a jump close by


# ---- facts and flags ----


@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if op.gives], ids=name_of)
def test_facts_hold(op: Operator) -> None:
    """What a block says the operator gives is so wherever it is defined."""
    term = application(op, ((), ()))
    bindings = Bindings({p.name: a for p, a in zip(op.parameters, term.args, strict=True)})

    def made(c: Condition, *first: Term) -> tuple[str, tuple[Term, ...]]:
        return c.word, (*first, *(instantiate(a, THEORY, bindings) for a in c.args))

    for gives in op.gives:
        word, arguments = made(gives.fact, term)
        conditions = [made(c) for c in gives.conditions]
        if known_condition(word, arguments) is True or word == "hull":
            continue
        inputs = variable_terms(term)
        needed_terms = [*arguments, *(t for _, args in conditions for t in args)]
        precise = precise_evaluator(needed_terms)
        compiled = compile_terms(inputs, needed_terms, single=False)
        for point in sampled(op, term, 100):
            with np.errstate(all="ignore"):
                values: list[Any] = [v.astype(float) for v in compiled(**point)]
            if precise is not None:  # in float64, sigmoid(40) is 1
                values = precise.values(needed_terms, point)
            if conditions_hold(conditions, values[len(arguments) :]) and np.isfinite(values[0].astype(float)):
                at_bound = any(np.allclose(values[0].astype(float), v.astype(float), rtol=1e-12, atol=0) for v in values[1 : len(arguments)])
                assert at_bound or condition_holds(word, values[: len(arguments)]), f"{op.name} does not give {word} at {point}"


@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if op.flags & {"odd", "even", "increasing", "decreasing"}], ids=name_of)
def test_symmetry_and_monotony(op: Operator) -> None:
    term = application(op, ((),))
    (variable,) = variable_terms(term)
    compiled = compile_terms([variable], [term], single=True)
    found = sorted(float(p[variable.value]) for p in sampled(op, term, 100))
    with np.errstate(all="ignore"):
        values = np.array([float(compiled(x)) for x in found])
        mirrored = np.array([float(compiled(-x)) for x in found])
    values, mirrored = values[np.isfinite(values)], mirrored[np.isfinite(values)]  # the others overflow
    steps = np.diff(values)
    if "increasing" in op.flags:
        assert (steps >= -1e-12 * np.abs(values[1:])).all()
    if "decreasing" in op.flags:
        assert (steps <= 1e-12 * np.abs(values[1:])).all()
    if op.flags & {"odd", "even"}:
        np.testing.assert_allclose(mirrored, -values if "odd" in op.flags else values, rtol=1e-12)


@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if op.flags & {"commutative", "associative", "idempotent"}], ids=name_of)
def test_algebraic_flags(op: Operator) -> None:
    a, b, c = (THEORY.variable(n) for n in "abc")
    pairs = {
        "commutative": (THEORY.make(op, (a, b)), THEORY.make(op, (b, a))),
        "associative": (THEORY.make(op, (THEORY.make(op, (a, b)), c)), THEORY.make(op, (a, THEORY.make(op, (b, c))))),
        "idempotent": (THEORY.make(op, (THEORY.make(op, (a, a)), b)), THEORY.make(op, (a, b))),
    }
    compiled = {flag: compile_terms([a, b, c], pair, single=False) for flag, pair in pairs.items() if flag in op.flags}
    rng = seeded(op.name)
    for _ in range(50):
        point = draw_point({n: (Range(), ()) for n in "abc"}, rng, special=not op.needs)
        for flag, function in compiled.items():
            left, right = function(**point)
            np.testing.assert_allclose(left.astype(float), right.astype(float), rtol=1e-9, err_msg=f"{op.name} is not {flag}")
    for word, value in (("unit", op.unit), ("zero", op.zero)):
        if value is not None:
            term = THEORY.make(op, (a > 0 if isinstance(value, bool) else a, THEORY.lift(value)))
            for x in (-1.5, 0.0, 2.0):
                wanted = float(value) if word == "zero" else float(x > 0) if isinstance(value, bool) else x
                assert float(compile_terms([a], [term], single=True)(x)) == wanted
