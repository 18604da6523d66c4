"""Jacobians: one sweep whose cotangent (or tangent) stands for all unit arrays at once.

A reverse sweep from a variable g in the place of the output's cotangent gives a term that is linear in g; with the
identity for g, its unit arrays one behind the other along a new first axis (batching.py), that term is the Jacobian. Where
the input is known to be smaller than the output, the same is done forward, from its tangent.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from .batching import batched
from .errors import CostError, MissingDerivativeError
from .options import Gradient, Options, disconnected
from .products import pulled, pushed
from .shapes import show
from .term import Shape, Term, postorder
from .theory import Theory, Type

_ROLES = ("basis", "over", "index", "reshape", "reshape_like", "permute", "transpose", "fill", "sum_to", "sum_over")


def jacobians(output: Term, wrt: Sequence[Term], options: Options) -> list[Gradient]:
    """The derivative of an output by each of `wrt`, in the shape of the output followed by that of the input."""
    if not output.shape:
        return pulled([output], None, list(wrt), options)
    forward = [x for x in wrt if not x.shape or _size(x.shape, output.shape) < _size(output.shape, x.shape)]
    found = {x: _forward(output, x, options) for x in forward if not x.shape}
    for x in forward:
        if x.shape:
            try:
                found[x] = _forward(output, x, options)
            except MissingDerivativeError:  # the other way may know how
                continue
    backward = [x for x in wrt if x not in found]
    if backward:
        found.update(zip(backward, _reverse(output, backward, options), strict=True))
    return [found[x] for x in wrt]


def _size(shape: Shape, other: Shape) -> int:
    """The number of entries where it is known for both shapes, else 0."""
    known = [d for d in (*shape, *other) if isinstance(d, int)]
    return prod(known[: len(shape)]) if len(known) == len(shape) + len(other) else 0


def _reverse(output: Term, wrt: list[Term], options: Options) -> list[Gradient]:
    """By a reverse sweep: the unit cotangents are along the new axis, which becomes the axes of the output."""
    theory = _able(output)
    cotangent = theory.variable("the cotangent of the output", Type(output.shape))
    found = pulled([output], [cotangent], wrt, options)
    model = _model(output)
    terms = [term for term in found if isinstance(term, Term)]
    made = iter(_over_units(terms, cotangent, model))
    return [_unfolded(next(made), model, x) if isinstance(term, Term) else term for term, x in zip(found, wrt, strict=True)]


def _forward(output: Term, x: Term, options: Options) -> Gradient:
    """By a forward sweep: the unit tangents are along the new axis, which is moved behind the axes of the output."""
    theory: Theory = output.theory
    if not x.shape:
        (slope,) = pushed([output], [x], [theory.number(1)], options)
        return disconnected(output, options) if slope is None else slope
    _able(output)
    tangent = theory.variable("the tangent of the input", Type(x.shape))
    (found,) = pushed([output], [x], [tangent], options)
    if found is None:
        return disconnected(_joined(_model(output), x), options)
    (made,) = _over_units([found], tangent, x)
    axes = (*range(1, len(output.shape) + 1), 0)
    turned = len(axes) == 2
    moved = theory.make(theory.role("transpose"), (made,)) if turned else theory.make(theory.role("permute"), (made, theory.attribute(axes)))
    return moved if len(x.shape) == 1 else _reshaped(moved, _joined(_model(output), x))


def _over_units(terms: Sequence[Term], variable: Term, model: Term) -> list[Term]:
    """The terms with the unit arrays of the model's shape for the variable, one behind the other."""
    theory = variable.theory
    rows = model if len(model.shape) == 1 else theory.make(theory.role("reshape"), (model, theory.attribute(-1)))
    units = theory.make(theory.role("basis"), (rows,))
    if len(model.shape) > 1:
        units = _reshaped(units, theory.make(theory.role("over"), (model, rows)))
    return batched(terms, {variable: units}, {variable: model}, rows)


def _unfolded(rows: Term, model: Term, x: Term) -> Term:
    """Rows of entries, one for each of the model's, in its shape."""
    return rows if len(model.shape) == 1 else _reshaped(rows, _joined(model, x))


def _reshaped(term: Term, like: Term) -> Term:
    theory: Theory = term.theory
    return theory.make(theory.role("reshape_like"), (term, like))


def _joined(first: Term, second: Term) -> Term:
    """A term in the shape of one term followed by that of another."""
    theory: Theory = first.theory
    spread = theory.make(theory.role("index"), (first, theory.attribute(("...", *[None] * len(second.shape)))))
    return theory.make(theory.role("fill"), (spread, second))


def _model(term: Term) -> Term:
    """The simplest part of a term that has its shape."""
    return next(part for part in postorder(term) if part.shape == term.shape and part.op.leaf != "attribute")


def _able(output: Term) -> Theory:
    theory: Theory = output.theory
    lacking = [role for role in _ROLES if role not in theory.roles]
    if lacking:
        raise CostError(f"the Jacobian of a {show(output.shape)} needs operators for the roles {', '.join(lacking)}, which this theory does not name")
    return theory

