"""Two terms compared: at points, in float64 and where that leaves doubt at fifty digits; and by SymPy."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from .batches import FAILURES
from .cases import Case
from .codegen import Function, compile_terms
from .errors import RewritegradError
from .kernels import Array
from .term import Term, variable_terms
from .testing.lacking import LACKING, mpmath_module
from .testing.oracle import Objects, spelled_out, symbols_of, sympy_entries, sympy_module
from .testing.precise import DIGITS, Precise, as_floats, guarded
from .testing.trials import Point, condition_holds, draw_point, points, shown

RTOL, ATOL = 1e-9, 1e-12
"""How far apart two float64 values may be before they are looked at again."""
PRECISE_RTOL = 1e-20
MORE_DIGITS = 250
_EFFORT = 40
_ASKED_POINTS = 5


class Opinion(Enum):
    """What SymPy says of an equation."""

    AGREES = "agrees"
    REFUSES = "refuses"
    CANNOT = "cannot compare"
    ABSENT = "not installed"


@dataclass(frozen=True)
class Comparison:
    """How many points two terms were compared at (`precise` of them at fifty digits), and where they differ, in words."""

    points: int = 0
    precise: int = 0
    counterexample: str | None = None

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(self.points + other.points, self.precise + other.precise, self.counterexample or other.counterexample)


def precise_evaluator(terms: Sequence[Term]) -> Precise | None:
    """An evaluator at fifty digits for these terms; None without SymPy and mpmath, or for operators that SymPy lacks."""
    try:
        mpmath_module()
        sympy_module()
        spelled_out(terms)
    except RewritegradError:
        return None
    return Precise()


def compare_at_points(
    case: Case, wanted: int, rng: random.Random, precise: Precise | None, always: bool = False, special: bool = True
) -> Comparison:
    """Compares both sides of a case at up to `wanted` points where its conditions hold and the left side is defined.

    The right side has to be defined there, and equal. What float64 finds different is looked at again at fifty digits;
    with `always` every point is. Without an evaluator for that, float64 decides, and overflows are passed over. Points with
    zeros, ones and ties are among them unless `special` is false.
    """
    terms = [case.left, case.right, *(t for _, args in case.conditions for t in args)]
    inputs = variable_terms(*terms)
    compiled = compile_terms(inputs, terms, single=False)
    compared = precisely = 0
    for _ in range(wanted * _EFFORT if inputs else 1):
        if compared == wanted:
            break
        drawn = draw_point(case.variables, rng, special)
        point = {v.value: drawn[v.value] for v in inputs}
        try:
            with np.errstate(all="ignore"):
                left, right, *arguments = compiled(**point)
        except FAILURES:  # of a kernel, which is not defined there
            continue
        if not conditions_hold(case.conditions, arguments) or not np.isfinite(left).any():
            continue
        compared += 1
        wrong = _difference(left, right)
        if precise is not None and (always or wrong is not None):
            precisely += 1
            wrong = _precise_difference(case, terms, point, precise)
        if wrong is not None:
            return Comparison(compared, precisely, f"{case.left} = {case.right} at {shown(point)}: {wrong}")
    return Comparison(compared, precisely)


def conditions_hold(conditions: Sequence[tuple[str, tuple[Term, ...]]], arguments: Sequence[Array]) -> bool:
    """Whether conditions are true of the values of all their arguments, given one after the other."""
    position = 0
    for word, args in conditions:
        if not condition_holds(word, arguments[position : position + len(args)]):
            return False
        position += len(args)
    return True


def _difference(left: Array, right: Array) -> str | None:
    """Where two float64 values differ, in words."""
    left, right = np.broadcast_arrays(np.asarray(left, float), np.asarray(right, float))
    counted = np.isfinite(left) & ~np.isinf(right)
    with np.errstate(all="ignore"):
        near = np.abs(left - right) <= ATOL + RTOL * np.maximum(np.abs(left), np.abs(right))
    wrong = np.argwhere(counted & ~near)
    return None if not len(wrong) else f"{left[tuple(wrong[0])]} is not {_number(right[tuple(wrong[0])])}"


def _precise_difference(case: Case, terms: Sequence[Term], point: Point, precise: Precise) -> str | None:
    """Where the two sides differ at fifty digits, and also at many more, in words."""
    wrong = None
    for evaluator in (precise, Precise(MORE_DIGITS)):
        left, right, *arguments = evaluator.values(terms, point)
        if not conditions_hold(case.conditions, [as_floats(a) for a in arguments]):
            return None
        wrong = differing_entry(left, right, PRECISE_RTOL)
        if wrong is None:
            return None
    return wrong


def differing_entry(left: Objects, right: Objects, rtol: float) -> str | None:
    """The first entry at which two arrays of mpmath numbers differ where the left one is defined, in words."""
    mp = mpmath_module()
    for a, b in zip(*(x.flat for x in np.broadcast_arrays(left, right)), strict=True):
        a, b = (mp.mpf(int(v)) if isinstance(v, bool) else v for v in (a, b))
        if not mp.isnan(a) and not abs(a - b) <= rtol * max(abs(a), abs(b)) + mp.mpf(10) ** -30:
            return f"{_number(a)} is not {_number(b)}"
    return None


def _number(value: Any) -> str:
    text = mpmath_module().nstr(value, 17) if not isinstance(value, float) else repr(float(value))
    return "undefined" if text == "nan" else text


def sympy_opinion(case: Case, rng: random.Random) -> Opinion:
    """Whether SymPy finds that both sides of a case are equal, entry by entry.

    It refuses where its own values of the two sides differ at a point of the domain (by another branch of a root, say); where
    they do not, and it does not find that they are equal, it cannot compare.
    """
    try:
        sympy = sympy_module()
    except RewritegradError:
        return Opinion.ABSENT
    try:
        left, right = np.broadcast_arrays(*sympy_entries([case.left, case.right]))
    except RewritegradError:
        return Opinion.CANNOT
    if all(found_equal(sympy, a, b) for a, b in zip(left.flat, right.flat, strict=True)):
        return Opinion.AGREES
    return Opinion.REFUSES if _values_differ(sympy, case, left, right, rng) else Opinion.CANNOT


ASKED_OPERATIONS = 150
"""SymPy is not asked about more: its simplify has no limit, and the derivative of a Cholesky factor would take it hours."""


def found_equal(sympy: Any, left: Any, right: Any) -> bool:
    """Whether SymPy finds two of its objects equal: by expanding their difference, also with exponentials for all else, or simplifying it."""
    if left == right:
        return True
    try:
        if not isinstance(left, sympy.Expr) or not isinstance(right, sympy.Expr):
            return bool(sympy.simplify(sympy.Equivalent(left, right)) == True)  # noqa: E712 - SymPy's truth value
        difference = left - right
        if difference.count_ops() > ASKED_OPERATIONS:
            return False
        return any(form(difference) == 0 for form in (sympy.expand, lambda d: sympy.expand(d.rewrite(sympy.exp)), sympy.simplify))
    except (TypeError, ValueError, NotImplementedError, AttributeError, RecursionError):
        return False


def _values_differ(sympy: Any, case: Case, left: Objects, right: Objects, rng: random.Random) -> bool:
    """Whether SymPy's forms have different values at one of a few points where the conditions hold and the left term is defined."""
    terms = [case.left, *(t for _, args in case.conditions for t in args)]
    inputs = variable_terms(*terms, case.right)
    compiled = compile_terms(inputs, terms, single=False)
    symbols = [s for v in inputs for s in symbols_of(v, {}).flat]
    functions = [[guarded(sympy.lambdify(symbols, e, [LACKING, "mpmath"])) for e in side.flat] for side in (left, right)]
    mp = mpmath_module()
    for point in points(case.variables, lambda p: _applies(case, compiled, inputs, p), _ASKED_POINTS, rng):
        with mp.workdps(DIGITS):
            args = [mp.mpf(float(x)) for v in inputs for x in point[v.value].flat]
            one, other = (np.array([f(*args) for f in side], dtype=object) for side in functions)
            if differing_entry(one, other, PRECISE_RTOL) is not None or differing_entry(other, one, PRECISE_RTOL) is not None:
                return True
    return False


def _applies(case: Case, compiled: Function, inputs: Sequence[Term], point: Point) -> bool:
    with np.errstate(all="ignore"):
        left, *arguments = compiled(**{v.value: point[v.value] for v in inputs})
    return conditions_hold(case.conditions, arguments) and bool(np.isfinite(left).all())
