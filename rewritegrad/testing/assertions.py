"""Assertions for people's own tests: a formula and its derivatives against SymPy, and a gradient against differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import api
from ..codegen import compile_terms
from ..errors import CostError, EvaluationError, RewritegradError
from ..kernels import Array
from ..term import Term, postorder, variable_terms
from ..theory import Theory, Type
from ..verify import RTOL, compare_gradient
from .lacking import LACKING, mpmath_module
from .oracle import Objects, Sizes, choose_sizes, concrete, symbols_of, sympy_entries, sympy_module
from .precise import DIGITS, Precise, as_floats, guarded
from .trials import Point, Range, draw_array, points, seeded, shown, variable_ranges


@dataclass(frozen=True)
class _Level:
    """A formula or a derivative of it: what it is called, our forms of it (by how they were made), SymPy's entries, and the
    variables that weigh the entries of arrays in derivatives."""

    name: str
    forms: Mapping[str, Term]
    reference: Objects
    weights: tuple[Term, ...] = ()


def assert_agrees_with_sympy(
    expr: api.Formula,
    wrt: str | Sequence[str] | None = None,
    order: int = 1,
    points: int = 16,
    rtol: float = 1e-9,
    *,
    theory: Theory | None = None,
    types: Mapping[str, str | Type] | None = None,
    **declared: str | Type,
) -> None:
    """Fails unless a formula, its derivatives up to an order and the simplified forms of all of them are what SymPy says.

    They are compared at sampled points of the declared domain, where SymPy's forms are evaluated at fifty digits; arrays
    are compared entry by entry, with small sizes for named dimensions. `wrt` names the variables (default: all) to
    differentiate by; derivatives of arrays by arrays are compared as products with a sampled cotangent. Where float64
    alone is off, our form at fifty digits decides. AssertionError tells the point, both values and both forms;
    EvaluationError what SymPy lacks.

    >>> assert_agrees_with_sympy("exp(-t)*sin(w*t)", order=2, t="scalar > 0")
    """
    term = api.parse(expr, theory, types, **declared) if isinstance(expr, str) else expr
    if not isinstance(term, Term):
        raise CostError("assert_agrees_with_sympy takes a formula with one result")
    known = {v.value: v for v in variable_terms(term)}
    names = [wrt] if isinstance(wrt, str) else list(known if wrt is None else wrt)
    for name in names:
        if name not in known:
            raise CostError(f"the formula has no variable {name}")
    sizes = choose_sizes([term])
    (reference,) = sympy_entries([term], sizes)
    group = [_Level("the value", {"as written": term, "simplified": api.simplify(term)}, reference)]
    comparison = _Comparison(term, sizes, points, rtol)
    for degree in range(order + 1):
        for level in group:
            comparison.check(level)
        if degree < order:
            group = [_derivative(level, known[name], sizes) for level in group for name in names]


def _derivative(level: _Level, variable: Term, sizes: Sizes) -> _Level:
    """The derivative of a level: entry by entry by a scalar, of its product with a cotangent by an array."""
    sympy = sympy_module()
    name = f"d/d{variable.value} of {level.name}"
    targets = symbols_of(variable, sizes)
    if variable.shape == ():
        reference = np.asarray(np.frompyfunc(lambda e: sympy.diff(e, targets[()]), 1, 1)(level.reference), dtype=object)
        forms = {how: api.diff(form, variable, simplify=how == "simplified") for how, form in level.forms.items()}
        return _Level(name, forms, reference, level.weights)
    theory, shape = variable.theory, level.forms["as written"].shape
    weight = theory.variable(f"weight {len(level.weights) + 1}", Type(shape)) if shape else None
    weights = np.ones((), dtype=object) if weight is None else symbols_of(weight, sizes)
    total = np.sum(level.reference * weights)
    reference = np.asarray(np.frompyfunc(lambda x: sympy.diff(total, x), 1, 1)(targets), dtype=object)
    forms = {}
    for how, form in level.forms.items():
        cost = form if weight is None else theory.apply("sum", theory.apply("*", form, weight))
        forms[how] = api.grad(cost, variable, simplify=how == "simplified", disconnected_inputs="ignore")
    return _Level(name, forms, reference, level.weights if weight is None else (*level.weights, weight))


class _Comparison:
    """The points at which the levels of one formula are compared."""

    def __init__(self, term: Term, sizes: Sizes, wanted: int, rtol: float) -> None:
        self.sizes, self.rtol = sizes, rtol
        self.variables = variable_terms(term)
        self._rng = seeded(str(term))
        self._precise = Precise()
        compiled = compile_terms(self.variables, [term], single=True)

        def defined(point: Point) -> bool:
            with np.errstate(all="ignore"):
                try:
                    return bool(np.isfinite(compiled(**point)).all())
                except np.linalg.LinAlgError:
                    return False

        ranges = variable_ranges(term, sizes)
        # every other point is free of zeros, ones and ties, where derivatives may be lacking
        counts = ((wanted // 2, True), (wanted - wanted // 2, False)) if self.variables else ((1, True),)
        self.points = [p for count, special in counts for p in points(ranges, defined, count, self._rng, special=special)]
        if not self.points:
            raise EvaluationError(f"no point was found in the declared domain at which {term} is defined")

    def check(self, level: _Level) -> None:
        """AssertionError where one of our forms is not what SymPy's is."""
        variables = [*self.variables, *level.weights]
        compiled = {how: compile_terms(variables, [form], single=True) for how, form in level.forms.items()}
        reference = self._reference(level, variables)
        compared = 0
        for base in self.points:
            point = {**base, **{w.value: draw_array(Range(), concrete(w.shape, self.sizes), self._rng) for w in level.weights}}
            wanted = reference(point)
            if not np.isfinite(wanted).all():
                continue  # a kink, or the edge of the domain: the value exists, the derivative does not
            compared += 1
            for how, function in compiled.items():
                try:
                    with np.errstate(all="ignore"):
                        found = np.broadcast_to(function(**point), wanted.shape)
                except np.linalg.LinAlgError:
                    continue  # a determinant has a derivative at a singular matrix; ours is made of its inverse
                if not self._close(found, wanted):
                    found = self._precisely(level.forms[how], point, found)
                if not self._close(found, wanted):
                    raise AssertionError(
                        f"{level.name} ({how}) differs from SymPy's at {shown(point)}\n"
                        f"  ours:    {found.tolist()} from {level.forms[how]}\n"
                        f"  SymPy's: {wanted.tolist()} from {', '.join(map(str, level.reference.flat))}"
                    )
        if not compared:
            raise EvaluationError(f"{level.name} is defined at none of the points at which the formula is")

    def _reference(self, level: _Level, variables: Sequence[Term]) -> Any:
        """SymPy's entries as a function of a point, evaluated at fifty digits; nan where they are undefined."""
        sympy, mp = sympy_module(), mpmath_module()
        refused = [e for e in level.reference.flat if hasattr(e, "has") and e.has(sympy.Derivative, sympy.Subs)]
        if refused:
            raise EvaluationError(f"SymPy cannot differentiate: {refused[0]}")
        symbols = [s for v in variables for s in symbols_of(v, self.sizes).flat]
        functions = [guarded(sympy.lambdify(symbols, e, [LACKING, "mpmath"])) for e in level.reference.flat]

        def values(point: Point) -> Array:
            with mp.workdps(DIGITS):
                args = [mp.mpf(float(x)) for v in variables for x in np.asarray(point[v.value]).flat]
                return as_floats(np.array([f(*args) for f in functions], dtype=object)).reshape(level.reference.shape)

        return values

    def _close(self, found: Array, wanted: Array) -> bool:
        return bool(np.all(np.abs(found - wanted) <= self.rtol * np.abs(wanted) + 1e-3 * self.rtol))

    def _precisely(self, form: Term, point: Point, otherwise: Array) -> Array:
        """Our form at fifty digits, where that can be told, and where no kernel is to blame for what float64 gives."""
        try:
            if self._kernels_are_right(form, point):
                return np.broadcast_to(as_floats(self._precise.values([form], point)[0]), otherwise.shape)
        except RewritegradError:
            pass
        return otherwise

    def _kernels_are_right(self, form: Term, point: Point) -> bool:
        """Whether every application inside is, of what float64 gives for its arguments, what it is at fifty digits."""
        applications = [t for t in postorder(form) if t.args]
        arguments = list(dict.fromkeys(a for t in applications for a in t.args if a.op.leaf != "attribute"))
        inputs = variable_terms(form)
        with np.errstate(all="ignore"):
            found = compile_terms(inputs, [*applications, *arguments], single=False)(**{v.value: point[v.value] for v in inputs})
        values = dict(zip([*applications, *arguments], found, strict=True))
        for term in applications:
            theory = term.theory
            bare = [a if a.op.leaf == "attribute" else theory.variable(f"argument {i}", Type(values[a].shape)) for i, a in enumerate(term.args)]
            given = {v.value: values[a].astype(float) for v, a in zip(bare, term.args, strict=True) if v is not a}
            if all(np.isfinite(v).all() for v in given.values()):
                exact = as_floats(self._precise.values([theory.make(term.op, bare)], given)[0])
                counted = np.isfinite(exact)
                if not np.allclose(values[term].astype(float)[counted], exact[counted], rtol=1e-12, atol=1e-300):
                    return False
        return True


def assert_gradient(
    expr: api.Formula,
    wrt: str | Sequence[str],
    *,
    rtol: float = RTOL,
    theory: Theory | None = None,
    types: Mapping[str, str | Type] | None = None,
    **values: Any,
) -> None:
    """Fails unless the gradient of a scalar by the variables `wrt` is what differences of its values give at a point.

    Values are given by name, as in rg.evaluate, which also tells what shape a name has that the formula does not declare.
    Differences are extrapolated, and what their own error estimate allows is accepted. SymPy is not needed. EvaluationError
    where the formula has a kink at the point, or is undefined near it.

    >>> assert_gradient("sum(sin(X)^2)", "X", X=[[0.5, 1.0], [-2.0, 3.0]])
    """
    shapes = {name: Type(np.shape(value)) for name, value in values.items()}
    term = api.parse(expr, theory, {**shapes, **(types or {})}) if isinstance(expr, str) else expr
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    compare_gradient(term, names, {name: np.asarray(value, dtype=float) for name, value in values.items()}, rtol)
