"""Laws that cancel what may be zero.

By the letter `x/x => 1` holds: where its left side is defined, the right side is 1. But x may stand for what is zero on half of
the line and yet is not zero, such as a = x + abs(x). With b = x - abs(x) the product a*b is 0, and a/a => 1 makes of b
b*(a/a), which is (a*b)/a, which is 0: not a value that is missing, but a wrong one.

What keeps laws with denominators from contradicting each other is that they are all true if division by zero gives zero, the
only value for 1/0 that leaves 1/(x*y) = 1/x * 1/y true. So a right side that is defined where a denominator of the
left side is zero has to be equal to the left side there, in that sense: x^2/x => x and abs(x)/x => sign(x) are, x/x => 1
is not. It holds `if nonzero(x)`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from . import definitions
from .cases import Case
from .codegen import compile_terms
from .comparing import conditions_hold
from .errors import EvaluationError
from .kernels import Array, resolve
from .term import Term, postorder, variable_terms
from .testing.trials import Point, condition_holds, draw_point, shown

_DRAWN = 3
"""How often the other variables are drawn for each way to make a denominator zero."""


def cancelled(case: Case, rng: random.Random) -> str | None:
    """A point at which the left side divides by zero, and the right side is neither undefined nor what 1/0 = 0 makes of the left; in words."""
    (meant,) = definitions.expand([case.left], lambda op: False)
    power = meant.theory.roles.get("power")
    if power is None or not any(term.op is power for term in postorder(meant)):
        return None
    terms = [case.left, case.right, *(t for _, args in case.conditions for t in args)]
    inputs = variable_terms(*terms)
    compiled = compile_terms(inputs, terms, single=False)
    for point in _with_zeros(case, rng):
        with np.errstate(all="ignore"):
            left, right, *arguments = compiled(**{v.value: point[v.value] for v in inputs})
            if np.isfinite(left).all() or not np.isfinite(right).all() or not conditions_hold(case.conditions, arguments):
                continue
            zeroed = _value(meant, point)
        if np.isfinite(zeroed).all() and not np.allclose(zeroed, right, rtol=1e-9, atol=1e-12):
            told = f"{case.left} = {case.right} at {shown(point)}"
            return f"{told}: the left side divides by zero, the right side is {np.asarray(right).tolist()}; cancelling needs nonzero(...)"
    return None


def _with_zeros(case: Case, rng: random.Random) -> Iterator[Point]:
    """Points at which one variable is 0, or two are equal or opposite (also where what the left side needs forbids that)."""
    names = list(case.variables)
    for _ in range(_DRAWN):
        drawn = draw_point(case.variables, rng, special=False)
        for i, name in enumerate(names):
            changes = [np.zeros_like(drawn[name])]
            for other in names[:i]:
                if drawn[other].shape == drawn[name].shape:
                    changes += [drawn[other], -drawn[other]]
            for value in changes:
                if not case.variables[name][0].integer or condition_holds("integer", [value]):
                    yield {**drawn, name: value}


def _value(term: Term, point: Mapping[str, Array]) -> Array:
    """The value of a term without definitions, if what is divided by zero gave zero."""
    power = term.theory.roles["power"]
    done: dict[Term, Any] = {}
    for part in postorder(term):
        op = part.op
        args = [done[arg] for arg in part.args]
        if op.leaf == "variable":
            done[part] = point[part.value]
        elif op.leaf == "number":
            done[part] = float(Fraction(part.value))
        elif op.leaf:
            done[part] = part.value
        elif op.numpy is None:
            raise EvaluationError(f"{op.name} has no value")
        elif op.fixity == "constant":
            done[part] = resolve(op.numpy)
        elif op is power:
            base, exponent = np.asarray(args[0], float), np.asarray(args[1], float)
            done[part] = np.where((base == 0) & (exponent < 0), 0.0, np.power(base, exponent))
        else:
            settings = {p.name: a for p, a in zip(op.parameters, args, strict=True) if p.attribute}
            done[part] = resolve(op.numpy)(*_arrays(args, op.parameters), **settings)
    return np.asarray(done[term])


def _arrays(args: Sequence[Any], parameters: Sequence[Any]) -> list[Any]:
    return [a for a, p in zip(args, parameters, strict=True) if not p.attribute]
