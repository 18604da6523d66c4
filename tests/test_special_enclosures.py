"""Enclosures of special functions hold the true value: their kernels err more than those of NumPy, most of all beside
zeros and poles and for large arguments."""

from __future__ import annotations

import numpy as np
import pytest

from rewritegrad.batches import Calls
from rewritegrad.cells import evaluate, known
from rewritegrad.comparing import MORE_DIGITS, conditions_hold, precise_evaluator
from rewritegrad.enclosures import Application, exact_rows, kernel_cell
from rewritegrad.kernels import Array
from rewritegrad.patterns import PVar
from rewritegrad.term import Term, variable_terms
from rewritegrad.testing.lacking import mpmath_module
from rewritegrad.testing.precise import Precise
from rewritegrad.theory import Operator
from test_operators import ELEMENTWISE, THEORY, application, evaluated, name_of, needed, sampled

SPECIAL = [op for op in ELEMENTWISE if op.sympy is not None and not str(op.numpy).startswith("np.")]
FAR = (1e-300, 1e-12, 1e-4, 37.0, 123.4, 1e4, 1e8)


def enclosure(op: Operator, arguments: Array) -> tuple[Array, Array]:
    """Values and errors at points, of which `arguments` has a column each."""
    call = THEORY.derived(Calls)[op]
    assert call is not None
    kinds = "".join("i" if any(c.word == "integer" and c.args == (PVar(p.name),) for c in op.needs) else "f" for p in op.parameters)
    steady = op.arity == 1 and not op.flags.isdisjoint(("increasing", "decreasing"))
    cell = kernel_cell(Application(call, kinds, (), False, steady), [known(exact_rows(row)) for row in arguments])
    values, errors = evaluate(cell)
    return values, errors


def adversarial(op: Operator, term: Term) -> Array:
    """Arguments at which the needs hold: random ones, the same with one argument far out or tiny, and floats beside zeros."""
    names = [v.value for v in variable_terms(term)]
    found = [[float(point[name]) for name in names] for point in sampled(op, term, 25)]
    if op.arity == 1:
        found += [[sign * x] for x in FAR for sign in (1.0, -1.0)]
        grid = np.linspace(-20, 20, 161) + 1e-3
        with np.errstate(all="ignore"):
            signs = np.sign(np.array([float(evaluated(term, variable_terms(term), {names[0]: np.array(x)})) for x in grid]))
        found += [[x] for i in np.flatnonzero(signs[1:] * signs[:-1] < 0) for x in zero(op, term, grid[i], grid[i + 1])]
    needs = needed(op, term)
    kept = []
    for arguments in found:
        point = {name: np.array(x) for name, x in zip(names, arguments, strict=True)}
        conditions = [evaluated(t, variable_terms(term), point) for _, args in needs for t in args]
        if conditions_hold(needs, conditions):
            kept.append(arguments)
    return np.array(kept).T


def zero(op: Operator, term: Term, low: float, high: float) -> tuple[float, float]:
    """The two floats between which a unary operator changes its sign."""
    (variable,) = variable_terms(term)

    def sign(x: float) -> float:
        return float(np.sign(evaluated(term, [variable], {variable.value: np.array(x)})))

    first = sign(low)
    while np.nextafter(low, high) < high:
        middle = low + (high - low) / 2
        low, high = (middle, high) if sign(middle) == first else (low, middle)
    return low, high


@pytest.mark.parametrize("op", SPECIAL, ids=name_of)
def test_enclosure(op: Operator) -> None:
    term = application(op, ((), ()))
    arguments = adversarial(op, term)
    values, errors = enclosure(op, arguments)
    precise = precise_evaluator([term])
    assert precise is not None
    mp, known_values = mpmath_module(), 0
    for column, value, error in zip(arguments.T, values, errors, strict=True):
        if np.isnan(value):
            continue  # beyond the range of floats, or too uncertain
        point = {v.value: x for v, x in zip(variable_terms(term), column, strict=True)}
        for evaluator in (precise, Precise(MORE_DIGITS)):
            (truth,) = evaluator.values([term], point)
            if mp.isnan(truth[()]) or abs(mp.mpf(float(value)) - truth[()]) <= error:
                break
        else:
            raise AssertionError(f"{op.name} at {point}: {value} +- {error}, but it is {mp.nstr(truth[()], 20)}")
        known_values += 1
    assert known_values >= 15
