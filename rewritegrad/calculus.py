"""Derivatives of terms: sweeps write the chain rule, the laws of the op blocks expand it in a plain e-graph.

Everything here takes and gives Terms. `simplify` is what is done with the finished derivatives, all at once; with None
they stay as the rules wrote them. `wrt` is a term, or a list or tuple of terms, and the answer has the same form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Unpack

from .errors import CostError
from .expansion import expand_sweep, prepare, tangent
from .jacobians import jacobians
from .options import Form, Gradient, Options, Simplify, in_form, items, simplified
from .products import pulled, pushed, the_terms
from .shapes import show
from .sweeps import zero
from .term import Term


def diff(term: Term, *wrt: Term, simplify: Simplify | None = None) -> Term:
    """The derivative of a term with respect to scalar variables, one after the other; 0 where it does not depend on one.

    By an array it is the Jacobian (of a scalar the gradient), whose shape is that of the term followed by the array's.
    CostError where `wrt` is no variable; MissingDerivativeError where an op block lacks what is needed.
    """
    if not wrt:
        raise CostError("diff needs a variable to differentiate by")
    for x in wrt:
        if x.shape:
            found = jacobians(term, [x], {"disconnected_inputs": "ignore", "simplify": simplify})
        else:
            found = list(expand_sweep([tangent(*prepare([term, x], term.theory))]))
        (term,) = the_terms(simplified(found, simplify))
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
    gradients = pulled([] if cost is None else [_scalar(cost)], None, items(wrt), options, known)
    return in_form(wrt, simplified(gradients, options.get("simplify")))


def value_and_grad(
    cost: Term, wrt: Form[Term], *, known_grads: Mapping[Term, Term] | None = None, **options: Unpack[Options]
) -> tuple[Term, Form[Gradient]]:
    """A scalar and its gradient, simplified together, so that what they share is paid once."""
    gradients = pulled([_scalar(cost)], None, items(wrt), options, known_grads)
    value, *gradients = simplified([cost, *gradients], options.get("simplify"))
    return the_terms([value])[0], in_form(wrt, gradients)


def pullback(outputs: Form[Term], wrt: Form[Term], cotangents: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The vector-Jacobian product (Theano's Lop): cotangents of the outputs carried back to `wrt`, in the form of `wrt`."""
    found = pulled(items(outputs), items(cotangents), items(wrt), options)
    return in_form(wrt, simplified(found, options.get("simplify")))


def pushforward(outputs: Form[Term], wrt: Form[Term], tangents: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The Jacobian-vector product (Theano's Rop): tangents of `wrt` carried forward to the outputs, in their form.

    The tangent of an output that depends on none of them is zero.
    """
    found = _or_zero(pushed(items(outputs), items(wrt), items(tangents), options), items(outputs))
    return in_form(outputs, simplified(found, options.get("simplify")))


def hvp(cost: Term, wrt: Form[Term], vectors: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The Hessian of a scalar times vectors, a pushforward of its gradient: no Hessian is formed."""
    gradients = _first_order(cost, wrt, options)
    found = _or_zero(pushed(gradients, items(wrt), items(vectors), {**options, "disconnected_inputs": "ignore"}), gradients)
    return in_form(wrt, simplified(found, options.get("simplify")))


def jacobian(output: Term, wrt: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The derivative of an output by each of `wrt`, in the shape of the output followed by that of the input.

    One sweep for all unit cotangents together (or for all unit tangents, where the input is known to be the smaller side).
    """
    return in_form(wrt, simplified(jacobians(output, items(wrt), options), options.get("simplify")))


def hessian(cost: Term, wrt: Form[Term], **options: Unpack[Options]) -> Form[Gradient]:
    """The second derivative of a scalar by each of `wrt`, in the shape of the input twice.

    Mixed derivatives by two of several inputs are the Jacobian of the gradient by one with respect to the other.
    """
    second: Options = {**options, "disconnected_inputs": "ignore", "return_disconnected": "zero"}
    found = [jacobians(gradient, [x], second)[0] for gradient, x in zip(_first_order(cost, wrt, options), items(wrt), strict=True)]
    return in_form(wrt, simplified(found, options.get("simplify")))


def _first_order(cost: Term, wrt: Form[Term], options: Options) -> list[Term]:
    """The gradients that second derivatives are taken of: simplified, which makes these shorter, and sooner found.

    Not where terms are to be considered constant: simplified gradients may be without them.
    """
    found = pulled([_scalar(cost)], None, items(wrt), {**options, "return_disconnected": "zero"})
    return the_terms(found if options.get("consider_constant") else simplified(found, options.get("simplify")))


def _scalar(cost: Term) -> Term:
    if cost.shape:
        raise CostError(f"the cost of a gradient must be a scalar, not a {show(cost.shape)}: sum it, or use pullback or jacobian")
    return cost


def _or_zero(found: Iterable[Term | None], terms: Iterable[Term]) -> list[Gradient]:
    return [zero(term) if tangent is None else tangent for tangent, term in zip(found, terms, strict=True)]
