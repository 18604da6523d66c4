"""The lines of op blocks that state derivatives, held against SymPy's derivative and against differences."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cases import Case, Cases, ShapeClass, known_condition
from .codegen import compile_terms
from .comparing import Comparison, Opinion, conditions_hold, differing_entry
from .errors import EvaluationError, RewritegradError, ShapeError
from .instances import Bindings, instantiate
from .kernels import Array
from .patterns import PApply, PVar, Rule, names
from .term import Term, variable_terms
from .testing.differences import gradient, precise_slope
from .testing.oracle import Objects, sympy_entries, sympy_module
from .testing.precise import Precise, mpmath_module
from .testing.trials import Point, Range, draw_point, shown
from .theory import Derivative, Operator, Type

PRECISE_RTOL = 1e-12
FLOAT_RTOL = 1e-6
_EFFORT = 40
_OUTER = {"d": "g", "pull": "g", "push": "d"}
"""What the body of a line calls the cotangent of the result, or the tangent of the argument."""


@dataclass(frozen=True)
class DerivativeCase:
    """An application, what a line states of it, and the variable that it is differentiated by.

    `stated` is the pull of the variable `outer` (the cotangent of the application), or for `forward` the push of it
    (the tangent of the argument). `case` has the conditions and the ranges of all variables.
    """

    case: Case
    application: Term
    stated: Term
    target: Term
    outer: Term
    forward: bool


def derivative_cases(op: Operator, line: Derivative) -> list[tuple[ShapeClass, DerivativeCase]]:
    """The shape classes that a line of an op block applies to, with a case of each; elementwise operators get scalars and vectors."""
    theory = op.theory
    application = PApply(op, tuple(PVar(p.name) for p in op.parameters))
    outer_name = _OUTER[line.kind]
    inner = tuple(c for c in line.conditions if outer_name not in {n for a in c.args for n in names(a)})
    rule = Rule(f"{line.kind}/{op.parameters[line.parameter].name} {op.name}", application, application, (*op.needs, *inner), line.position)
    cases = Cases(rule, theory)
    elementwise = not op.shape_text
    found = []
    for chosen in cases.classes()[: 2 if elementwise else None]:
        for case in cases.draw(chosen, 1):
            target = case.left.args[line.parameter]
            outer = theory.variable(outer_name, Type(target.shape if line.kind == "push" else case.left.shape))
            bindings = Bindings({**case.bindings.values, outer_name: outer})
            others = [(c.word, tuple(instantiate(a, theory, bindings) for a in c.args)) for c in line.conditions if c not in inner]
            if target.op.leaf == "variable" and all(known_condition(*c) is not False for c in others):
                try:
                    stated = instantiate(line.body, theory, bindings)
                except ShapeError:
                    continue  # shapes that the operator's rule lets pass and its kernel does not
                if op.shape_text.startswith("like") and stated.shape != (case.left if line.kind == "push" else target).shape:
                    continue
                if line.kind == "d":
                    stated = theory.make(theory.role("product"), [outer, stated])
                variables = {**case.variables, outer_name: (Range(), tuple(d for d in outer.shape if isinstance(d, int)))}
                found.append((chosen, DerivativeCase(Case(case.left, stated, variables, case.conditions, bindings), case.left, stated, target, outer, line.kind == "push")))
    return found


def compare_derivative(case: DerivativeCase, wanted: int, rng: random.Random, precise: Precise | None) -> Comparison:
    """Compares what a line states with differences at up to `wanted` points; kinks, where there is no derivative, are passed over."""
    terms = [case.application, case.stated, *(t for _, args in case.case.conditions for t in args)]
    inputs = variable_terms(*terms, case.outer)
    compiled = compile_terms(inputs, terms, single=False)
    compared = 0
    for _ in range(wanted * _EFFORT):
        if compared == wanted:
            break
        drawn = draw_point(case.case.variables, rng, special=False)  # derivatives may be lacking at isolated points
        point = {v.value: drawn[v.value] for v in inputs}
        with np.errstate(all="ignore"):
            value, stated, *arguments = compiled(**point)
        if not conditions_hold(case.case.conditions, arguments) or not np.isfinite(value).all():
            continue
        wrong = _float_difference(case, point, stated) if precise is None else _precise_difference(case, point, precise)
        if wrong == "":
            continue
        compared += 1
        if wrong is not None:
            text = f"{case.application} by {case.target} gives {case.stated} at {shown(point)}: {wrong}, which differences give"
            return Comparison(compared, 0 if precise is None else compared, text)
    return Comparison(compared, 0 if precise is None else compared)


def _precise_difference(case: DerivativeCase, point: Point, precise: Precise) -> str | None:
    """None where they agree, "" where there is no derivative, else what differs."""
    mp = mpmath_module()
    name = case.target.value
    at = np.asarray(np.frompyfunc(mp.mpf, 1, 1)(point[name]), dtype=object)
    outer = np.asarray(np.frompyfunc(mp.mpf, 1, 1)(point[case.outer.value]), dtype=object)
    (stated,) = precise.values([case.stated], point)

    def moved(direction: Objects) -> Objects:
        with mp.workdps(precise.digits):
            step = mp.mpf(10) ** -15 * max(1, *(abs(v) for v in at.flat))
            return precise_slope(lambda t: precise.values([case.application], {**point, name: at + t * direction})[0], step)

    with mp.workdps(precise.digits):
        if case.forward:
            slopes = moved(outer)
        else:
            slopes = np.empty(at.shape, dtype=object)
            for index in np.ndindex(*at.shape):
                direction = np.full(at.shape, mp.mpf(0), dtype=object)
                direction[index] = mp.mpf(1)
                slopes[index] = np.sum(np.asarray(moved(direction) * outer, dtype=object))
        if any(mp.isnan(s) for s in slopes.flat):
            return ""
        return differing_entry(slopes, stated, PRECISE_RTOL)


def _float_difference(case: DerivativeCase, point: Point, stated: Array) -> str | None:
    """The same in float64."""
    compiled = compile_terms(variable_terms(case.application), [case.application], single=True)
    inputs = {v.value: point[v.value] for v in compiled.inputs}
    outer = point[case.outer.value]

    def value(at: Array) -> Array:
        result: Array = compiled(**{**inputs, case.target.value: at})
        return result

    at = point[case.target.value]
    if case.forward:
        shape = case.application.shape
        slopes, errors = np.empty(shape), np.empty(shape)
        for index in np.ndindex(*slopes.shape):
            slope, error = gradient(lambda t, index=index: float(value(at + t * outer)[index]), np.zeros(()))
            slopes[index], errors[index] = slope[()], error[()]
    else:
        slopes, errors = gradient(lambda x: float(np.sum(value(x) * outer)), at)
    if np.isnan(slopes).any():
        return ""
    wrong = np.argwhere(~(np.abs(stated - slopes) <= 10 * errors + FLOAT_RTOL * (np.abs(slopes) + 1)))
    return None if not len(wrong) else f"{np.broadcast_to(stated, slopes.shape)[tuple(wrong[0])]} is not {slopes[tuple(wrong[0])]}"


def derivative_opinion(case: DerivativeCase) -> Opinion:
    """Whether SymPy's derivative of the application, entry by entry, is what the line states."""
    try:
        sympy = sympy_module()
        values, stated, outer, target = sympy_entries([case.application, case.stated, case.outer, case.target])
    except EvaluationError:
        return Opinion.CANNOT
    except RewritegradError:
        return Opinion.ABSENT
    if case.forward:
        found = [sum((_slope(sympy, v, x) * t for x, t in zip(target.flat, outer.flat, strict=True)), sympy.Integer(0)) for v in values.flat]
    else:
        found = [sum((_slope(sympy, v, x) * g for v, g in zip(values.flat, outer.flat, strict=True)), sympy.Integer(0)) for x in target.flat]
    opinions = {_entry_opinion(sympy, f, s) for f, s in zip(found, np.broadcast_to(stated, values.shape if case.forward else target.shape).flat, strict=True)}
    return next((o for o in (Opinion.REFUSES, Opinion.CANNOT) if o in opinions), Opinion.AGREES)


def _slope(sympy: Any, value: Any, variable: Any) -> Any:
    return sympy.diff(value, variable)


def _entry_opinion(sympy: Any, found: Any, stated: Any) -> Opinion:
    if found.has(sympy.Derivative, sympy.Subs, sympy.DiracDelta):
        return Opinion.CANNOT
    difference = sympy.simplify(found - stated)
    if difference == 0:
        return Opinion.AGREES
    return Opinion.REFUSES if difference.equals(0) is False else Opinion.CANNOT
