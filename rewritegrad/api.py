"""The public functions: wherever a Term is taken, a string is taken too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from . import anysize, calculus, codegen, equality, stages
from .arranging import arranged
from .errors import CostError
from .expansion import resolve
from .limits import Limits, limited
from .options import Simplify, items
from .reader import declared_names, read, read_one
from .rulefile import builtin_theory
from .stages import Simplification
from .term import Term, postorder
from .theory import Theory, Type

Types: TypeAlias = Mapping[str, "str | Type"]
Formula: TypeAlias = Term | str


def parse(text: str, theory: Theory | None = None, types: Types | None = None, **declared: str | Type) -> Any:
    """The term that a formula means; a program with several results gives a tuple of terms.

    `types` (or keywords) declare variables: X="matrix[n, m]", t="scalar > 0", k="integer". FormulaError says what is wrong
    and where; UnknownNameError suggests a name; ShapeError where shapes do not fit.

    >>> import rewritegrad as rg
    >>> str(rg.parse("x*sin(x)^2"))
    'x*sin(x)^2'
    """
    return read(text, builtin_theory() if theory is None else theory, {**(types or {}), **declared})


def _term(expr: Any, theory: Theory | None, types: Types) -> Term:
    if isinstance(expr, Term):
        return expr if theory is None else theory.lift(expr)
    base = builtin_theory() if theory is None else theory
    return read_one(expr, base, types) if isinstance(expr, str) else base.lift(expr)


def _variable(name: Any, within: Sequence[Term], theory: Theory, types: Types) -> Term:
    """What a `wrt` or an input means: a term, or the variable of that name in the formula, or a new one."""
    if isinstance(name, Term):
        return theory.lift(name)
    if not isinstance(name, str):
        raise CostError(f"what is differentiated by is a name or a term, not {name!r}")
    for term in postorder(*within):
        if term.op.leaf == "variable" and term.value == name.strip():
            return term
    return read_one(name, theory, types)


def _form(wrt: Any, one: Callable[[Any], Term]) -> Any:
    """A single thing, a list or a tuple, each member turned into a term."""
    if isinstance(wrt, list):
        return [one(x) for x in wrt]
    return tuple(one(x) for x in wrt) if isinstance(wrt, tuple) else one(wrt)


def _simplifier(wanted: bool | Simplify) -> Simplify | None:
    """What is done with all derivatives at once: the simplifier, nothing, or a function of the caller's."""
    if callable(wanted):
        return wanted
    return (lambda terms: anysize.simplify_all(terms).terms) if wanted else None


def diff(
    expr: Formula, *wrt: Formula, simplify: bool | Simplify = True, theory: Theory | None = None, types: Types | None = None, **declared: str | Type
) -> Term:
    """The derivative of a formula, with respect to one variable after the other.

    CostError where a `wrt` is no variable or the shapes ask for a Jacobian; MissingDerivativeError names the operator,
    the argument and the place.

    >>> import rewritegrad as rg
    >>> str(rg.diff("x^3 - 7*x^2", "x"))
    'x*(3*x - 14)'
    >>> str(rg.diff("x^5", "x", "x", simplify=False))
    '5*((5 - 1)*x^(5 - 1 - 1))'
    """
    kinds = {**(types or {}), **declared}
    term = _term(expr, theory, kinds)
    variables = [_variable(x, [term], term.theory, kinds) for x in wrt]
    return calculus.diff(term, *variables, simplify=_simplifier(simplify))


def _options(options: dict[str, Any], within: Sequence[Term], theory: Theory, types: Types) -> dict[str, Any]:
    """grad's options with their strings turned into terms."""
    found = dict(options)
    if found.get("consider_constant") is not None:
        constant = items(found["consider_constant"])
        found["consider_constant"] = [_variable(x, within, theory, types) for x in constant]
    if found.get("known_grads") is not None:
        found["known_grads"] = {_variable(k, within, theory, types): _term(v, theory, types) for k, v in dict(found["known_grads"]).items()}
    found["simplify"] = _simplifier(found.get("simplify", True))
    return found


_GRAD_OPTIONS = ("consider_constant", "disconnected_inputs", "known_grads", "return_disconnected", "simplify")


def _split_options(keywords: dict[str, Any], types: Types | None) -> tuple[dict[str, Any], dict[str, Any]]:
    options = {k: v for k, v in keywords.items() if k in _GRAD_OPTIONS}
    return options, {**(types or {}), **{k: v for k, v in keywords.items() if k not in _GRAD_OPTIONS}}


def grad(cost: Formula | None, wrt: Any, *, theory: Theory | None = None, types: Types | None = None, **keywords: Any) -> Any:
    """The gradient of a scalar with respect to a name, a Term, or a list or tuple of them (the answer has the same form).

    Options, with Theano's meanings: consider_constant, disconnected_inputs ("raise", "warn", "ignore"), known_grads,
    return_disconnected ("zero", "none", "disconnected"), simplify. Other keywords declare types. CostError (a TypeError)
    where the cost is not a scalar, DisconnectedInputError where it does not depend on an input.

    >>> import rewritegrad as rg
    >>> [str(g) for g in rg.grad("x*y^2", ["x", "y"])]
    ['y^2', '2*x*y']
    """
    options, kinds = _split_options(keywords, types)
    known = [t for t in (options.get("known_grads") or {}) if isinstance(t, Term)]
    term = None if cost is None else _term(cost, theory, kinds)
    within = known if term is None else [term, *known]
    home = within[0].theory if within else builtin_theory() if theory is None else theory
    return calculus.grad(term, _form(wrt, lambda x: _variable(x, within, home, kinds)), **_options(options, within, home, kinds))


def value_and_grad(cost: Formula, wrt: Any, *, theory: Theory | None = None, types: Types | None = None, **keywords: Any) -> Any:
    """A scalar and its gradient, simplified together."""
    options, kinds = _split_options(keywords, types)
    term = _term(cost, theory, kinds)
    found = _form(wrt, lambda x: _variable(x, [term], term.theory, kinds))
    return calculus.value_and_grad(term, found, **_options(options, [term], term.theory, kinds))


def _product(name: str) -> Callable[..., Any]:
    function = getattr(calculus, name)

    def product(outputs: Any, wrt: Any, *vectors: Any, theory: Theory | None = None, types: Types | None = None, **keywords: Any) -> Any:
        options, kinds = _split_options(keywords, types)
        if "known_grads" in options:
            raise CostError(f"{name} takes no known_grads: grad and value_and_grad do")
        terms = _form(outputs, lambda x: _term(x, theory, kinds))
        within = list(terms) if isinstance(terms, list | tuple) else [terms]
        home = within[0].theory
        given = [_form(v, lambda x: _term(x, home, kinds)) for v in vectors]
        return function(terms, _form(wrt, lambda x: _variable(x, within, home, kinds)), *given, **_options(options, within, home, kinds))

    product.__name__ = name
    product.__doc__ = function.__doc__
    return product


pullback = vjp = Lop = _product("pullback")
pushforward = jvp = Rop = _product("pushforward")
hvp = hessian_vector_product = _product("hvp")
jacobian = _product("jacobian")
hessian = _product("hessian")


def _operator(name: str, meaning: str) -> Callable[..., Term]:
    def apply(*args: Any, theory: Theory | None = None, types: Types | None = None, **declared: str | Type) -> Term:
        kinds = {**(types or {}), **declared}
        terms = [_term(arg, theory, kinds) for arg in args]
        home: Theory = next((t.theory for t in terms if t.variables), builtin_theory() if theory is None else theory)
        return home.apply(name, *terms)

    apply.__name__ = name
    apply.__doc__ = meaning
    return apply


stop_gradient = _operator("stop_gradient", "The value of a formula, taken for a constant by derivatives: what depends on it only is disconnected.")
disconnected_grad = stop_gradient
zero_grad = _operator("zero_grad", "The value of a formula, with the derivative 0; unlike stop_gradient it stays connected.")
consider_constant = zero_grad
grad_clip = _operator("grad_clip", "grad_clip(x, low, high): the value of x; a cotangent that passes is clipped to low ... high.")
grad_scale = _operator("grad_scale", "grad_scale(x, factor): the value of x; a derivative that passes is multiplied by the factor.")


def simplification(
    expr: Any,
    seconds: float | None = None,
    rows: int | None = None,
    iterations: int | None = None,
    theory: Theory | None = None,
    types: Types | None = None,
    limits: Limits | None = None,
    exact: bool = False,
    **declared: str | Type,
) -> Simplification:
    """Simplify, and tell what was done: terms, reports of every run, matches of every law, why it stopped."""
    kinds = {**(types or {}), **declared}
    terms = [_term(e, theory, kinds) for e in (expr if isinstance(expr, list | tuple) else [expr])]
    chosen = limited(limits, seconds, rows, iterations)
    return anysize.simplify_all(terms, replace(chosen, exact=True) if exact else chosen)


def simplify(
    expr: Any,
    seconds: float | None = None,
    rows: int | None = None,
    iterations: int | None = None,
    theory: Theory | None = None,
    types: Types | None = None,
    limits: Limits | None = None,
    exact: bool = False,
    **declared: str | Type,
) -> Any:
    """A shorter formula that is equal wherever the given one is defined; never one with more operations.

    `seconds` is a deadline, `rows` the limit of e-nodes in a pulse, `iterations` those of each stage of a pulse; `limits` has
    all the others; `exact` takes the cheapest terms of each e-graph by integer programming (SciPy's), which takes longer.
    A list is simplified in one e-graph, so that shared parts are paid once, and gives a list.

    >>> import rewritegrad as rg
    >>> str(rg.simplify("sin(x)^2 + cos(x)^2"))
    '1'
    >>> str(rg.simplify("sqrt(x^2)")), str(rg.simplify("sqrt(x^2)", x="scalar > 0"))
    ('abs(x)', 'x')
    """
    found = simplification(expr, seconds, rows, iterations, theory, types, limits, exact, **declared).terms
    return found if isinstance(expr, list) else tuple(found) if isinstance(expr, tuple) else found[0]


def equal(a: Formula, b: Formula, theory: Theory | None = None, types: Types | None = None, **declared: str | Type) -> bool | None:
    """True where two formulas are proved equal, False where a sample point tells them apart, None where neither is known.

    >>> import rewritegrad as rg
    >>> rg.equal("(x + 1)^2", "x^2 + 2*x + 1"), rg.equal("sqrt(x^2)", "x")
    (True, False)
    """
    kinds = {**(types or {}), **declared}
    one = _term(a, theory, kinds)
    known = {v.value: v.detail for v in postorder(one) if v.op.leaf == "variable"}
    return equality.equal(one, _term(b, one.theory if theory is None else theory, {**known, **kinds}))


def function(
    inputs: Any, outputs: Any, simplify: bool = True, theory: Theory | None = None, types: Types | None = None, **declared: str | Type
) -> codegen.Function:
    """A NumPy function of the inputs (names or variables) for one output, or a list of them.

    The outputs are simplified together, given numerically stable forms, and compiled to straight-line code, which
    `f.source` shows; `f.outputs` are the terms that are computed. Results are float64 arrays, 0-d ones for scalars.

    >>> import rewritegrad as rg
    >>> f = rg.function(["x", "y"], "x*y + 1")
    >>> f(2, 3)
    array(7.)
    """
    kinds = {**(types or {}), **declared}
    single = not isinstance(outputs, list | tuple)
    terms = [_term(o, theory, kinds) for o in ([outputs] if single else outputs)]
    home = terms[0].theory if terms else builtin_theory()
    arguments = inputs if isinstance(inputs, list | tuple) else [inputs]
    if not all(isinstance(x, Term | str) for x in arguments):
        raise CostError("the inputs of a function are names or variables")
    variables = [_variable(x, terms, home, kinds) for x in arguments]
    shorter = _stable(terms) if simplify and terms else resolve(terms)
    return codegen.compile_terms(variables, shorter, single, terms)


def _stable(terms: list[Term]) -> list[Term]:
    """The terms in the form in which they are computed best."""
    return stages.stabilised(arranged(anysize.simplify_all(terms).terms))


def evaluate(expr: Formula, theory: Theory | None = None, types: Types | None = None, **values: Any) -> Any:
    """The value of a formula; a value for a variable that does not occur is ignored.

    A name that the formula does not declare takes the rank of the value given for it. Where something comes out that is not a
    number, the numerically stable form is computed, as `function` does at once (p*x^p/x has a value at x = 0).

    >>> import rewritegrad as rg
    >>> rg.evaluate("sum(X)", X=[[0, 1], [-1, -2]])
    array(-2.)
    """
    kinds = dict(types or {})
    if isinstance(expr, str):
        known = declared_names(expr)
        for name, value in values.items():
            if name not in known:
                kinds.setdefault(name, _type_of_value(value))
    (term,) = resolve([_term(expr, theory, kinds)])
    value = codegen.evaluate(term, values)
    return codegen.evaluate(_stable([term])[0], values) if np.isnan(value).any() else value


def _type_of_value(value: Any) -> Type:
    shape = _nested_shape(value)
    return Type(shape=shape)


def _nested_shape(value: Any) -> tuple[int, ...]:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return tuple(int(d) for d in shape)
    found: list[int] = []
    while isinstance(value, list | tuple):
        found.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(found)
