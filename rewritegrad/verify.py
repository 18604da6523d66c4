"""Derivatives of a formula, or of a Python function of terms, held against differences of its values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import api
from .calculus import pullback
from .codegen import compile_terms
from .differences import gradient
from .errors import CostError, EvaluationError, GradientError
from .kernels import Array
from .rulefile import builtin_theory
from .term import Term, variable_terms
from .theory import Theory, Type

RTOL = 1e-6


def verify_grad(
    fun: api.Formula | Callable[..., Any],
    pt: Sequence[Any] | Mapping[str, Any],
    *,
    wrt: str | Sequence[str] | None = None,
    rtol: float = RTOL,
    theory: Theory | None = None,
    types: Mapping[str, str | Type] | None = None,
) -> None:
    """Raises GradientError (an AssertionError) unless the derivatives of a formula are what differences of its values give.

    `fun` is a formula, or a function of Python that makes one from variables; `pt` has the values of its variables in the
    order of their first occurrence (of the function's arguments), or by name. Results that are arrays are weighted,
    entry by entry, and summed. `wrt` are the names to differentiate by (default: all). Differences are extrapolated, and what
    their own error estimate allows is accepted, beside `rtol`. EvaluationError where there is a kink at the point, or
    the formula is undefined near it.

    >>> import rewritegrad as rg
    >>> rg.verify_grad("A @ tanh(x)", {"A": [[1, 2], [3, 4]], "x": [0.5, -1]})
    >>> rg.verify_grad(lambda x, y: x * y**2, [3, 4])
    """
    home = builtin_theory() if theory is None else theory
    term, at = _formula(fun, pt, home, dict(types or {}))
    names = list(at) if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
    compare_gradient(term, names, at, rtol)


def compare_gradient(term: Term, names: Sequence[str], at: Mapping[str, Array], rtol: float) -> None:
    """The same for a term, the names to differentiate by, and the values of its variables."""
    variables = variable_terms(term)
    value = compile_terms(variables, [term], single=True)
    inputs = {v.value: at[v.value] for v in variables if v.value in at}
    weights = _weights(np.shape(value(**inputs)))
    seed = term.theory.variable("the weights of the outputs", Type(term.shape))
    known = {v.value: v for v in variables}
    wrt = [known[name] if name in known else term.theory.variable(name, Type(np.shape(at[name]))) for name in names]
    pulled = pullback(term, wrt, seed, disconnected_inputs="ignore", simplify=lambda terms: api.simplify(terms))
    for name, ours in zip(names, pulled if isinstance(pulled, list) else [pulled], strict=True):
        if not isinstance(ours, Term):
            continue
        inputs_of_ours = {v.value: {**at, seed.value: weights}[v.value] for v in variable_terms(ours)}
        with np.errstate(all="ignore"):
            found = np.broadcast_to(compile_terms(variable_terms(ours), [ours], single=True)(**inputs_of_ours), np.shape(at[name]))

        def along(x: Array, name: str = name) -> float:
            return float(np.sum(weights * value(**{**inputs, name: x}))) if name in inputs else 0.0

        slopes, errors = gradient(along, np.asarray(at[name], dtype=float))
        if np.isnan(slopes).any():
            raise EvaluationError(f"{term} has no derivative by {name} at {_shown(at)}, or too steep a one for differences")
        wrong = np.argwhere(~(np.abs(found - slopes) <= 10 * errors + rtol * (np.abs(slopes) + 1e-3)))
        if len(wrong):
            place = tuple(wrong[0])
            raise GradientError(
                f"the gradient by {name}{list(map(int, place)) or ''} at {_shown(at)}\n  ours:        {found[place]} from {ours}\n"
                f"  differences: {slopes[place]} (error about {errors[place]:.1g}) from {term}"
            )


def _formula(
    fun: api.Formula | Callable[..., Any], pt: Sequence[Any] | Mapping[str, Any], theory: Theory, types: dict[str, str | Type]
) -> tuple[Term, dict[str, Array]]:
    """The formula and the values of its variables, by name."""
    if callable(fun):
        arguments = list(inspect.signature(fun).parameters)
        at = _by_name(arguments, pt)
        made = fun(*[api.parse(name, theory, {name: Type(at[name].shape), **types}) for name in arguments])
        return theory.lift(made), at
    if isinstance(fun, Term):
        return fun, _by_name(list(fun.variables), pt)
    if isinstance(pt, Mapping):
        return api.parse(fun, theory, {**{name: Type(np.shape(value)) for name, value in pt.items()}, **types}), _by_name(list(pt), pt)
    names = list(api.parse(fun, theory, types).variables)
    at = _by_name(names, pt)
    return api.parse(fun, theory, {**{name: Type(value.shape) for name, value in at.items()}, **types}), at


def _by_name(names: Sequence[str], pt: Sequence[Any] | Mapping[str, Any]) -> dict[str, Array]:
    values = dict(pt) if isinstance(pt, Mapping) else dict(zip(names, pt, strict=False))
    if set(values) != set(names) or (not isinstance(pt, Mapping) and len(pt) != len(names)):
        raise CostError(f"values are needed for {', '.join(names) or 'no variable'}, not {len(pt)} for {', '.join(map(str, values)) or 'none'}")
    return {name: np.asarray(values[name], dtype=float) for name in names}


def _weights(shape: tuple[int, ...]) -> Array:
    """A weight for each entry of an output, all different: between 0.5 and 1.5, so that errors do not cancel."""
    count = int(np.prod(shape, dtype=int))
    return (0.5 + (np.arange(count) * 0.6180339887498949 + 0.5) % 1.0).reshape(shape)


def _shown(at: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} = {value.tolist()}" for name, value in at.items()) or "no variables"
