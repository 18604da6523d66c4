"""Derivatives of terms: sweeps write the chain rule, the laws of the op blocks expand it in a plain e-graph.

Everything here takes and gives Terms. `simplify` is what is done with the finished derivatives, all at once; with None
they stay as the rules wrote them. `wrt` is a term, or a list or tuple of terms, and the answer has the same form.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Literal, TypeAlias, TypedDict, TypeVar, Unpack

from .derivative_rules import derivative_rules, shorten
from .errors import CostError, DisconnectedInputError, ShapeError
from .expansion import expand_sweep, prepare, tangent
from .shapes import show
from .sweeps import filled, forward, influences, reverse, zero
from .term import Term
from .theory import Theory


class Disconnected(Enum):
    """What `return_disconnected="disconnected"` answers for an input that the cost does not depend on."""

    DISCONNECTED = "disconnected"


_Item = TypeVar("_Item")
_Other = TypeVar("_Other")
Form: TypeAlias = _Item | list[_Item] | tuple[_Item, ...]
Gradient: TypeAlias = Term | Disconnected | None
Simplify: TypeAlias = Callable[[list[Term]], list[Term]]


class Options(TypedDict, total=False):
    """What `grad` and its kin take by keyword.

    consider_constant: terms through which nothing flows. disconnected_inputs: what an input that the cost does not
    depend on leads to: DisconnectedInputError, a warning, or nothing. return_disconnected: what its gradient then is:
    zeros in its shape, None or `Disconnected.DISCONNECTED`. simplify: applied to all results at once; None leaves them
    as the rules wrote them.
    """

    consider_constant: Iterable[Term] | None
    disconnected_inputs: Literal["raise", "warn", "ignore"]
    return_disconnected: Literal["zero", "none", "disconnected"]
    simplify: Simplify | None


def diff(term: Term, *wrt: Term, simplify: Simplify | None = None) -> Term:
    """The derivative of a term with respect to scalar variables, one after the other; 0 where it does not depend on one.

    A scalar term may also be differentiated by an array: that is its gradient. CostError where `wrt` is no variable
    or an array meets an array; MissingDerivativeError where an op block lacks what is needed.
    """
    if not wrt:
        raise CostError("diff needs a variable to differentiate by")
    for x in wrt:
        if x.shape and not term.shape:
            found = _gradients([term], None, [x], {}, {"disconnected_inputs": "ignore", "simplify": simplify})
        else:
            found = list(expand_sweep([tangent(*prepare([term, x], term.theory))]))
        (term,) = _terms(_simplified(found, simplify))
    return term


def grad(
    cost: Term | None, wrt: Form[Term], *, known_grads: Mapping[Term, Term] | None = None, **options: Unpack[Options]
) -> Form[Gradient]:
    """The gradient of a scalar with respect to one or several of its subterms, by one reverse sweep.

    `known_grads` are the cotangents of intermediate terms: they stand instead of what the sweep would find there, and
    `cost` may then be None. A cost that is not a scalar is a CostError, which is a TypeError.
    """
    known = dict(known_grads or {})
    if cost is None and not known:
        raise CostError("a gradient needs a cost, or known_grads to start from")
    gradients = _gradients([] if cost is None else [_scalar(cost)], None, _items(wrt), known, options)
    return _like(wrt, _simplified(gradients, options.get("simplify")))


def value_and_grad(
    cost: Term, wrt: Form[Term], *, known_grads: Mapping[Term, Term] | None = None, **options: Unpack[Options]
) -> tuple[Term, Form[Gradient]]:
    """A scalar and its gradient, simplified together, so that what they share is paid once."""
    gradients = _gradients([_scalar(cost)], None, _items(wrt), dict(known_grads or {}), options)
    value, *gradients = _simplified([cost, *gradients], options.get("simplify"))
    return _terms([value])[0], _like(wrt, gradients)


def pullback(outputs: Form[Term], wrt: Form[Term], cotangents: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The vector-Jacobian product (Theano's Lop): cotangents of the outputs carried back to `wrt`, in the form of `wrt`."""
    found = _gradients(_items(outputs), _items(cotangents), _items(wrt), {}, options)
    return _like(wrt, _simplified(found, options.get("simplify")))


def pushforward(outputs: Form[Term], wrt: Form[Term], tangents: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The Jacobian-vector product (Theano's Rop): tangents of `wrt` carried forward to the outputs, in their form.

    The tangent of an output that depends on none of them is zero.
    """
    found = _tangents(_items(outputs), _items(wrt), _items(tangents), options)
    return _like(outputs, _simplified(found, options.get("simplify")))


def hvp(cost: Term, wrt: Form[Term], vectors: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The Hessian of a scalar times vectors, a pushforward of its gradient: no Hessian is formed."""
    found = _tangents(_first_order(cost, wrt, options), _items(wrt), _items(vectors), {**options, "disconnected_inputs": "ignore"})
    return _like(wrt, _simplified(found, options.get("simplify")))


def jacobian(output: Term, wrt: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The derivative of an array by a scalar, or of a scalar by an array: shape of the output, then shape of `wrt`.

    CostError where both are arrays: their Jacobians in closed form are not built yet.
    """
    found = [_jacobian(output, x, options) for x in _items(wrt)]
    return _like(wrt, _simplified(found, options.get("simplify")))


def hessian(cost: Term, wrt: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The second derivative of a scalar by each of `wrt`, which must be scalars so far (for arrays: hvp)."""
    second: Options = {**options, "disconnected_inputs": "ignore", "return_disconnected": "zero"}
    pairs = zip(_first_order(cost, wrt, options), _items(wrt), strict=True)
    found = [_jacobian(gradient, x, second) for gradient, x in pairs]
    return _like(wrt, _simplified(found, options.get("simplify")))


def _first_order(cost: Term, wrt: Form[Term], options: Options) -> list[Term]:
    return _terms(_gradients([_scalar(cost)], None, _items(wrt), {}, {**options, "return_disconnected": "zero"}))


def _jacobian(output: Term, x: Term, options: Options) -> Gradient:
    if not output.shape:
        return _gradients([output], None, [x], {}, options)[0]
    if x.shape:
        raise CostError(
            f"the Jacobian of a {show(output.shape)} by a {show(x.shape)} is not available in closed form yet; "
            "pullback, pushforward and hvp give its products with vectors"
        )
    return _tangents([output], [x], [x.theory.number(1)], options)[0]


def _gradients(
    outputs: list[Term], cotangents: list[Term] | None, wrt: list[Term], known: dict[Term, Term], options: Options
) -> list[Gradient]:
    """One reverse sweep from the outputs, seeded with ones unless cotangents are given, and expanded."""
    theory = (outputs or list(known))[0].theory
    # A decimal in its input makes the simplifier answer in decimals: what it gets is seeded with the integer.
    one = "1.0" if options.get("simplify") is None else "1"
    seeds = [filled(theory, output, one) for output in outputs] if cotangents is None else cotangents
    _check_pairs("cotangent", [*outputs, *known], [*seeds, *known.values()])
    constant = list(options.get("consider_constant") or ())
    groups = [outputs, seeds, wrt, list(known), list(known.values()), constant]
    outputs, seeds, sought, known_terms, known_values, constant = _prepared(groups, theory)
    pairs = list(zip(outputs, seeds, strict=True))
    found = reverse(derivative_rules(theory), pairs, sought, dict(zip(known_terms, known_values, strict=True)), constant)
    _report([x for x, y in zip(wrt, sought, strict=True) if y not in found], options)
    expanded = dict(zip(found, expand_sweep(list(found.values())), strict=True))
    return [expanded[x] if x in expanded else _disconnected(x, options) for x in sought]


def _tangents(outputs: list[Term], wrt: list[Term], tangents: list[Term], options: Options) -> list[Gradient]:
    """One forward sweep from tangents of `wrt`, expanded; zeros for outputs that depend on none of them."""
    theory = outputs[0].theory
    _check_pairs("tangent", wrt, tangents)
    constant = list(options.get("consider_constant") or ())
    outputs, wrt, tangents, constant = _prepared([outputs, wrt, tangents, constant], theory)
    reached = influences(outputs, constant)
    _report([x for x in wrt if x not in reached], options)
    found = forward(derivative_rules(theory), outputs, dict(zip(wrt, tangents, strict=True)), constant)
    return list(expand_sweep([found[term] if term in found else zero(term) for term in outputs]))


def _prepared(groups: list[list[Term]], theory: Theory) -> list[list[Term]]:
    """The groups of terms prepared for a sweep together, so that a term and its occurrences stay one object."""
    flat = iter(prepare([term for group in groups for term in group], theory))
    return [[next(flat) for _ in group] for group in groups]


def _simplified(results: Sequence[Gradient], simplify: Simplify | None) -> list[Gradient]:
    """The results, the terms among them simplified all at once."""
    terms = [result for result in results if isinstance(result, Term)]
    if simplify is None or not terms:
        return list(results)
    better = iter(simplify(terms))
    return [next(better) if isinstance(result, Term) else result for result in results]


def _disconnected(x: Term, options: Options) -> Gradient:
    answer = options.get("return_disconnected", "zero")
    match answer:
        case "zero":
            return zero(x, "0.0" if options.get("simplify") is None else "0")
        case "none":
            return None
        case "disconnected":
            return Disconnected.DISCONNECTED
    raise ValueError(f"return_disconnected is zero, none or disconnected, not {answer!r}")


def _report(inputs: list[Term], options: Options) -> None:
    """Do what the caller wants done about inputs that nothing depends on."""
    wanted = options.get("disconnected_inputs", "raise")
    if wanted not in ("raise", "warn", "ignore"):
        raise ValueError(f"disconnected_inputs is raise, warn or ignore, not {wanted!r}")
    if not inputs or wanted == "ignore":
        return
    message = f"the derivative with respect to {', '.join(shorten(x) for x in inputs)} was asked for, on which nothing that is differentiated depends"
    if wanted == "raise":
        raise DisconnectedInputError(message)
    warnings.warn(message, stacklevel=4)


def _check_pairs(what: str, terms: list[Term], values: list[Term]) -> None:
    """Each value must have the shape of its term; ShapeError names the first that does not."""
    if len(terms) != len(values):
        raise CostError(f"{len(terms)} terms need as many {what}s, not {len(values)}")
    for term, value in zip(terms, values, strict=True):
        same_rank = len(term.shape) == len(value.shape)
        if not same_rank or any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(term.shape, value.shape, strict=True)):
            raise ShapeError(f"the {what} of {shorten(term)} must be a {show(term.shape)}, not a {show(value.shape)}")


def _scalar(cost: Term) -> Term:
    if cost.shape:
        raise CostError(f"the cost of a gradient must be a scalar, not a {show(cost.shape)}: sum it, or use pullback or jacobian")
    return cost


def _items(form: Form[Term]) -> list[Term]:
    """One term or several, as a list."""
    return list(form) if isinstance(form, list | tuple) else [form]


def _like(form: Form[Term], results: Sequence[_Other]) -> Form[_Other]:
    """The results in the form of what was asked: single, list or tuple."""
    if isinstance(form, list):
        return list(results)
    return tuple(results) if isinstance(form, tuple) else results[0]


def _terms(results: Iterable[Gradient]) -> list[Term]:
    return [result for result in results if isinstance(result, Term)]
