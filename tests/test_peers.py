"""Values, gradients and second derivatives against JAX and autograd, where these are installed (pip install '.[peers]').

Which functions there are, and what they are called here, is read from the lists in docs/coverage/: a test for every name of a part
whose title begins with a module (`= jax.scipy.special`), and for every operator of that name. Where the other system has no
number and there is one here, nothing is compared; the reverse is a failure. DIFFERENT says what differs on purpose.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import os
import runpy
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.comparing import precise_evaluator
from rewritegrad.term import Term, variable_terms
from rewritegrad.testing.lacking import mpmath_module
from rewritegrad.testing.trials import Range, draw_array, seeded
from rewritegrad.theory import Operator, Type
from test_adversarial import LOST, limit, places
from test_operators import DEAR, SHAPES, THEORY, application, array_cases, differentiable, ranges, sampled

COVERAGE = Path(__file__).resolve().parent.parent / "docs"
POINTS = 16
"""Random and adversarial points of scalars are compared as one array of so many, repeated to fill it: one shape to compile."""

QUICK_TO_COMPILE = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true --xla_cpu_multi_thread_eigen=false"
"""Nearly all of the time is JAX compiling functions that are called once."""
MOST = 6
"""Operators of more arguments are the longer forms of what is tested with fewer (piecewise)."""

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(("jax.numpy.select", "jax.numpy.piecewise", "autograd.numpy.select"), "its arguments are lists there"),
    **dict.fromkeys(("jax.numpy.nan_to_num", "autograd.numpy.nan_to_num"), "what stands in the place of nan is no array there"),
    **dict.fromkeys(("jax.numpy.max", "jax.numpy.min", "autograd.numpy.max", "autograd.numpy.min"), "the second argument is an axis there"),
    **dict.fromkeys([f"jax.numpy.{name}_like" for name in ("full", "ones", "zeros")], "fill broadcasts the value"),
    **dict.fromkeys(("autograd.numpy.where", "autograd.scipy.special.polygamma"), "arguments stay stretched there"),
    **dict.fromkeys(("autograd.scipy.special.iv", "autograd.scipy.special.ive", "autograd.scipy.special.jv"), "the derivative by v is 0 there"),
    "autograd.scipy.special.yn": "of integer orders only there",
    "jax.scipy.special.polygamma": "is wrong for negative x there",
    **dict.fromkeys(("jax.numpy.quantile", "jax.numpy.percentile"), "one number or a vector of them, which is another definition here"),
    "jax.numpy.ldexp": "takes integers there",
    **dict.fromkeys(("jax.numpy.cumulative_sum", "jax.numpy.cumulative_prod"), "take no scalars there; cumsum and cumprod do"),
    "jax.scipy.special.exp1": "does not come to an end there far out",
}
"""Functions that are not compared."""

DIFFERENT: dict[str, str] = {
    **dict.fromkeys(("jax.numpy.pow", "jax.numpy.power", "jax.numpy.float_power", "autograd.numpy.power"), "0^b is a step at b = 0"),
    **dict.fromkeys(("jax.scipy.special.spence", "jax.scipy.special.kl_div"), "an infinite derivative at 0 is 0 or -1 there"),
    **dict.fromkeys(("jax.scipy.stats.norm.isf", "jax.scipy.stats.norm.ppf"), "infinite derivatives at 0 and 1 are 0 there"),
    "jax.scipy.special.poch": "has values at poles of gamma there",
    **dict.fromkeys(("jax.nn.leaky_relu", "jax.nn.celu"), "of a kink the slope from the left is taken, there that from the right"),
    **dict.fromkeys(("jax.scipy.special.beta", "autograd.scipy.special.beta"), "digits are lost near 0, there too"),
}
"""Functions that are compared at random points only, since something differs at zeros, ties or far out."""


def listed(system: str) -> Iterator[tuple[str, str, str, str]]:
    """Part of the list, module, name there and name here of the functions in the list of a system."""
    read = runpy.run_path(str(COVERAGE / "generate.py"))["read"]
    _, parts = read((COVERAGE / "coverage" / f"{system}.txt").read_text(encoding="utf-8"))
    for part in parts:
        module = part.title.partition(",")[0]
        if module.startswith(system):
            for name in part.names:
                if name not in part.left_out():
                    yield part.title, module, name, part.called.get(name, name)


def whole(op: Operator) -> bool:
    """Whether it is an operator of arrays, not of their entries."""
    return bool(op.shape_text) or any(p.attribute or not p.elementwise for p in op.parameters)


def cases(chosen: Callable[[str, Operator], bool]) -> list[Any]:
    """A test for every function and operator; one in twelve in the normal run."""
    found = []
    for system in ("jax", "autograd"):
        for part, module, name, here in listed(system):
            for op in THEORY.named(here) if not here.startswith("rg.") else ():
                if 0 < op.arity <= MOST and chosen(part, op) and (op.numpy or op.definition):
                    if f"{module}.{name}" in LEFT_OUT:
                        continue
                    quick = len(found) % 12 == 0 and op.cost < DEAR
                    marks = [] if quick else [pytest.mark.slow]
                    found.append(pytest.param(module, name, op, id=f"{module}.{name}/{op.arity}", marks=marks))
    return found


class Peer:
    """A function of another system, and how it differentiates."""

    def __init__(self, module: str, name: str) -> None:
        system = module.partition(".")[0]
        os.environ.setdefault("XLA_FLAGS", QUICK_TO_COMPILE)  # read when JAX is imported
        root = pytest.importorskip(system)
        if system == "jax":
            root.config.update("jax_enable_x64", True)
            self.numpy: Any = importlib.import_module("jax.numpy")
        else:
            self.numpy = importlib.import_module("autograd.numpy")
        self.grad = root.grad
        *path, last = name.split(".")
        self.called = f"{module}.{name}"
        owner: Any = importlib.import_module(module)
        for step in path:
            owner = getattr(owner, step, None) or importlib.import_module(f"{owner.__name__}.{step}")
        self.function = getattr(owner, last, None)
        if self.function is None:
            pytest.skip(f"{self.called} is not in this version")

    def applied(self, op: Operator, arrays: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
        """The function of arrays, and of those settings that are not at their defaults or that it has a name for."""
        known = known_names(self.function)
        given = {k: v for k, v in settings.items() if (known is not None and k in known) or v != default(op, k)}
        return self.function(*[arrays[p.name] for p in op.parameters if not p.attribute], **given)


def known_names(function: Any) -> set[str] | None:
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def default(op: Operator, name: str) -> Any:
    return next(p.default for p in op.parameters if p.name == name)


def slopes(function: Callable[..., Any], argument: int) -> Callable[..., Any]:
    """The derivative there; None where there is none."""

    def at(*args: Any) -> Any:
        try:
            return function(argument)(*args)
        except NotImplementedError:
            return None
        except (ValueError, TypeError) as error:
            if "not supported" not in str(error) and "positional argument" not in str(error):
                raise
            return None

    return at


class Judge:
    """What is right where two systems differ: the value, or the difference of values, at fifty digits.

    Of a kink it is the mean of both sides, at the end of a domain what holds inside.
    """

    def __init__(self, op: Operator, point: Mapping[str, Any], shape: tuple[int, ...]) -> None:
        self.able = not whole(op) and all(np.shape(v) == shape for v in point.values())
        self.term = application(op, ((),)) if self.able else None
        self.point = point
        self.defined: Any = None  # of what is infinite, or no number, no derivative is compared

    def right(self, entry: tuple[int, ...], by: Sequence[str]) -> float:
        """The derivative by some arguments, one after the other, at an entry of the arrays."""
        mp, point = mpmath_module(), {n: float(np.asarray(v)[entry]) for n, v in self.point.items()}
        *before, last = by or [""]
        assert self.term is not None
        base = self.term if not before else rg.diff(self.term, *before, simplify=False)
        precise = precise_evaluator([base])
        if precise is None:
            return float("nan")
        with mp.workdps(precise.digits):
            if not by:
                return float(precise.values([base], point)[0][()])

            def along(x: Any) -> Any:
                return precise.values([base], {**point, last: x})[0][()]

            x = mp.mpf(point[last])
            step = mp.mpf(10) ** -15 * max(abs(x), mp.mpf(10) ** -6)
            slope = (along(x + step) - along(x - step)) / (2 * step)
            inside = limit(along, x, 1) if mp.isnan(slope) else slope
            return float("nan") if inside is None else float(inside)


def close(found: Any, wanted: Any, what: str, judge: Judge, by: Sequence[str] = (), factor: Any = 1.0) -> int:
    """Fails where there is a number there and another one, or none, here, unless fifty digits say that this is right."""
    if wanted is None:
        return 0
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    assert found.shape == wanted.shape, f"{what} has the shape {found.shape}, not {wanted.shape}"
    known = np.isfinite(wanted)
    if judge.defined is not None and judge.defined.shape == known.shape:
        known &= judge.defined
    size = np.abs(wanted[known]).max() if known.any() else 0.0
    rtol = (1e-9, 1e-8, 1e-6)[len(by)]
    with np.errstate(all="ignore"):
        bad = known & ~(np.abs(found - wanted) <= rtol * np.abs(wanted) + 1e-12 * min(size, 1e3) + 1e-14)
    able = judge.able and np.shape(factor) in ((), found.shape)
    for entry in map(tuple, np.argwhere(bad)):
        point = ", ".join(f"{n}={np.asarray(v)[entry] if np.shape(v) == bad.shape else v}" for n, v in judge.point.items())
        right = judge.right(entry, by) * (factor[entry] if np.shape(factor) else factor) if able else float("nan")
        if not (np.isinf(right) and found[entry] == right) and not abs(found[entry] - right) <= 1e-6 * abs(right) + 1e-12:
            pytest.fail(f"{what} is {found[entry]}, not {wanted[entry]} (by fifty digits {right}), at {point}", pytrace=False)
    return int(known.sum())


def compare(peer: Peer, op: Operator, term: Term, point: Mapping[str, Any], order: int) -> int:
    """Value, gradient of a weighted sum of the entries, and gradients of weighted sums of that; how many numbers were compared."""
    arrays = {p.name: a for p, a in zip(op.parameters, term.args, strict=True) if not p.attribute}
    settings = {p.name: a.value for p, a in zip(op.parameters, term.args, strict=True) if p.attribute}
    integers = {n for n, allowed in ranges(op).items() if allowed.integer} | {p.name for p in op.parameters if p.index}
    values = {n: np.asarray(point[n]).astype(int) if n in integers else np.asarray(point[n], dtype=float) for n in arrays}
    order_of = {n: i for i, n in enumerate(values)}

    def function(*args: Any) -> Any:
        return peer.applied(op, dict(zip(values, args, strict=True)), settings)

    judge = Judge(op, {n: point[n] for n in arrays}, term.shape)
    rng, weights, inputs = seeded(str(term)), [], [*variable_terms(term)]

    def weight(shape: tuple[int, ...]) -> Any:
        weights.append(THEORY.variable(f"weight{len(weights)}", Type(shape)))
        inputs.append(weights[-1])
        numbers = draw_array(Range(0.5, 1.5), shape, rng, special=False)
        given[weights[-1].value] = numbers
        return numbers

    given: dict[str, Any] = {v.value: point[v.value] for v in variable_terms(term)}
    with np.errstate(all="ignore"):
        try:
            wanted = np.asarray(function(*values.values()))
        except TypeError as error:
            if "positional argument" not in str(error):
                raise
            pytest.skip(f"{peer.called} takes other arguments")
        compared = close(rg.function(inputs, term)(**given), wanted, str(term), judge)
        judge.defined = np.isfinite(wanted)
        if order < 2 and not judge.defined.all():
            return compared
        names = [n for n in differentiable(op) if n in values and n not in integers and values[n].size and np.size(wanted)] if order else []
        if not names:
            return compared
        w = weight(term.shape)
        cost = THEORY.apply("sum", THEORY.apply("*", term, weights[-1]))

        def total(*args: Any) -> Any:
            return peer.numpy.sum(function(*args) * w)

        variables = [arrays[n] for n in names]
        for name, first in zip(names, rg.grad(cost, variables), strict=True):
            slope = functools.partial(peer.grad, total)
            there = slopes(slope, order_of[name])(*values.values())
            compared += close(rg.function(inputs, first)(**given), there, f"the derivative of {term} by {name}", judge, [name], w)
            if order < 2 or there is None:
                continue
            v = weight(first.shape)
            second_cost = THEORY.apply("sum", THEORY.apply("*", first, weights[-1]))

            def second_total(*args: Any, slope: Any = slope, at: int = order_of[name], v: Any = v) -> Any:
                return peer.numpy.sum(slope(at)(*args) * v)

            options: dict[str, Any] = {"disconnected_inputs": "ignore"}
            for other, second in zip(names, rg.grad(second_cost, variables, **options), strict=True):
                there = slopes(functools.partial(peer.grad, second_total), order_of[other])(*values.values())
                what = f"the derivative of {term} by {name} and {other}"
                factor = w * v if np.shape(w) == np.shape(v) else float("nan")
                compared += close(rg.function(inputs, second)(**given), there, what, judge, [name, other], factor)
    return compared


@functools.cache
def scalar_points(op: Operator, adversarial: bool) -> dict[str, Any] | None:
    """Numbers for every argument, as arrays of one size; None where there are none."""
    term = application(op, ((),))
    found = places(op, variable_terms(term), term) if adversarial else []
    found += [{n: float(x) for n, x in p.items()} for p in itertools.islice(sampled(op, term, 6, special=False), 6)]
    if not found:
        return None
    chosen = list(itertools.islice(itertools.cycle(found), max(POINTS, len(found))))[:POINTS]
    return {p.name: np.array([c[p.name] for c in chosen]) for p in op.parameters}


def inside(module: str, op: Operator, point: Mapping[str, Any]) -> dict[str, Any]:
    """A point at which the parameters of a distribution are positive, as all scales are."""
    parameters = {p.name for p in op.parameters[1:]} if ".stats" in module else set()
    return {n: np.abs(v) if n in parameters else v for n, v in point.items()}


@pytest.mark.parametrize(("module", "name", "op"), cases(lambda part, op: not whole(op)))
def test_entry_by_entry(module: str, name: str, op: Operator) -> None:
    """At random and adversarial points to order 2, and in all shapes to order 1.

    Of three arguments random points only: there both sides lose digits, where a scale is tiny or bounds coincide.
    """
    peer = Peer(module, name)
    found = scalar_points(op, op.arity < 3 and op.name not in LOST and peer.called not in DIFFERENT)
    if found is not None:
        compare(peer, op, application(op, ((POINTS,),)), inside(module, op, found), 2)
    for shapes in [*SHAPES.values(), ((0,), (0,))]:
        term = application(op, shapes)
        for found in sampled(op, term, 1, special=False):
            compare(peer, op, term, inside(module, op, found), 1)


@pytest.mark.parametrize(("module", "name", "op"), cases(lambda part, op: whole(op) and part.endswith(("reductions", "nn"))))
def test_of_arrays(module: str, name: str, op: Operator) -> None:
    """Reductions and what works along axes, in some shapes and settings of the operator's own tests, to order 2."""
    peer = Peer(module, name)
    terms = array_cases(op)
    for term in terms[:: max(1, len(terms) // 4)]:
        for point in sampled(op, term, 1, special=False):
            compare(peer, op, term, point, 2)
