"""The lines of op blocks that state derivatives, held against SymPy's derivative and against differences."""

from __future__ import annotations

import functools
import math
import random
from dataclasses import dataclass

import numpy as np

from .cases import Case, Cases, ShapeClass, known_condition
from .codegen import compile_terms
from .comparing import MORE_DIGITS, Comparison, Opinion, conditions_hold, differing_entry, found_equal
from .differences import gradient
from .errors import RewritegradError, ShapeError
from .instances import Bindings, instantiate
from .kernels import Array
from .patterns import Condition, PApply, PVar, Rule, names
from .term import Term, variable_terms
from .testing.differences import precise_slope
from .testing.lacking import mpmath_module
from .testing.oracle import Objects, sympy_entries, sympy_module
from .testing.precise import Precise
from .testing.trials import Point, Range, draw_point, shown
from .theory import Derivative, Operator, Type

PRECISE_RTOL = 1e-12
FLOAT_RTOL = 1e-6
FLOAT_NOISE = 4e-10
"""What rounding, of 1e-12 of a value, may do to a slope over the shorter steps of `gradient`, which are 1/400 of an entry.

Algorithms of linear algebra round every entry by what the largest of a matrix is rounded by."""
_EFFORT = 40
_MOST_ENTRIES = 16
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
    application = PApply(op, tuple(PVar(p.name) for p in op.parameters))
    arrays = [(PVar(p.name),) for p in op.parameters if not p.elementwise]  # whose entries are integers: no number of a law
    needs = [c for c in op.needs if c.word != "integer" or c.args not in arrays]
    conditions = (*needs, *(c for c in line.conditions if _OUTER[line.kind] not in _names(c)))
    cases = Cases(Rule(f"{line.kind}/{op.parameters[line.parameter].name} {op.name}", application, application, conditions), op.theory)
    classes = cases.classes()
    found = [(chosen, _case(case, line)) for chosen in (classes if op.shape_text else classes[:2]) for case in cases.draw(chosen, 1)]
    return [(chosen, case) for chosen, case in found if case is not None]


def _names(condition: Condition) -> set[str]:
    return {name for arg in condition.args for name in names(arg)}


def _case(case: Case, line: Derivative) -> DerivativeCase | None:
    """What a line states of an application; None where it does not apply to these shapes."""
    application = case.left
    op, theory, target = application.op, application.theory, application.args[line.parameter]
    if target.op.leaf != "variable":
        return None
    forward = line.kind == "push"
    name = _OUTER[line.kind]
    outer = theory.variable(name, Type(target.shape if forward else application.shape))
    bindings = Bindings({**case.bindings.values, name: outer})
    for c in line.conditions:
        if name in _names(c) and known_condition(c.word, [instantiate(a, theory, bindings) for a in c.args]) is False:
            return None
    try:
        stated = instantiate(line.body, theory, bindings)
    except ShapeError:
        return None  # shapes that the operator's shape rule lets pass and its kernel does not
    if op.shape_text.startswith("like") and stated.shape != (application if forward else target).shape:
        return None
    if line.kind == "d":
        stated = theory.make(theory.role("product"), [outer, stated])
    size = tuple(d for d in outer.shape if isinstance(d, int))
    made = Case(application, stated, {**case.variables, name: (Range(), size)}, case.conditions, bindings)
    return DerivativeCase(made, application, stated, target, outer, forward)


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
        wrong = differing_entry(slopes, stated, PRECISE_RTOL)
    if wrong is not None and precise.digits < MORE_DIGITS:
        return _precise_difference(case, point, Precise(MORE_DIGITS))  # the values may have cancelled
    return wrong


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
        slopes, errors = np.empty(np.shape(value(at))), np.empty(np.shape(value(at)))
        moved = functools.cache(lambda t: value(at + t * outer))  # every entry is asked for at the same few places
        for index in np.ndindex(*slopes.shape):

            def along(t: Array, index: tuple[int, ...] = index) -> float:
                return float(moved(float(t))[index])

            slopes[index], errors[index] = (found[()] for found in gradient(along, np.zeros(())))
        size, entries = np.abs(value(at)).max(initial=0), np.zeros(())
    else:
        slopes, errors = gradient(lambda x: float(np.sum(value(x) * outer)), at)
        size, entries = np.abs(value(at)).max(initial=0) * np.abs(outer).sum(), at
    errors = errors + FLOAT_NOISE * size / np.maximum(np.abs(entries), 1e-3)
    if np.isnan(slopes).any():
        return ""
    wrong = np.argwhere(~(np.abs(stated - slopes) <= 10 * errors + FLOAT_RTOL * (np.abs(slopes) + 1)))
    return None if not len(wrong) else f"{np.broadcast_to(stated, slopes.shape)[tuple(wrong[0])]} is not {slopes[tuple(wrong[0])]}"


def is_small(case: DerivativeCase) -> bool:
    """Whether SymPy can be asked about a case: the inverse of a matrix of nine entries, by each of them, takes it a minute."""
    return sum(math.prod(size) for _, size in case.case.variables.values()) <= _MOST_ENTRIES


def derivative_opinion(case: DerivativeCase) -> Opinion:
    """Whether SymPy's derivative of the application, entry by entry, is what the line states."""
    try:
        sympy = sympy_module()
    except RewritegradError:
        return Opinion.ABSENT
    try:
        values, stated, outer, target = sympy_entries([case.application, case.stated, case.outer, case.target])
    except RewritegradError:
        return Opinion.CANNOT
    if case.forward:
        found = [sum((sympy.diff(v, x) * t for x, t in zip(target.flat, outer.flat, strict=True)), sympy.Integer(0)) for v in values.flat]
    else:
        found = [sum((sympy.diff(v, x) * g for v, g in zip(values.flat, outer.flat, strict=True)), sympy.Integer(0)) for x in target.flat]
    wanted = np.broadcast_to(stated, values.shape if case.forward else target.shape)
    if any(f.has(sympy.Derivative, sympy.Subs) for f in found):
        return Opinion.CANNOT
    return Opinion.AGREES if all(found_equal(sympy, f, s) for f, s in zip(found, wanted.flat, strict=True)) else Opinion.CANNOT
