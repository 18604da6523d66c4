"""Products with Jacobians: sweeps under the options of gradients, prepared before and expanded after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .derivative_rules import derivative_rules, shorten
from .errors import CostError, ShapeError
from .expansion import expand_sweep, prepare
from .options import Gradient, Options, disconnected, report, unmoved
from .shapes import show
from .sweeps import filled, forward, influences, mentions, reverse
from .term import Term
from .theory import Theory


def pulled(
    outputs: list[Term], cotangents: list[Term] | None, wrt: list[Term], options: Options, known: Mapping[Term, Term] | None = None
) -> list[Gradient]:
    """One reverse sweep from the outputs, seeded with ones unless cotangents are given, and expanded.

    Cotangents in `known` stand instead of what the sweep would find.
    """
    known = known or {}
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
    connected = set(found) if len(found) == len(sought) else mentions([*outputs, *known_terms], constant)
    report([x for x, y in zip(wrt, sought, strict=True) if y not in connected], options)
    expanded = dict(zip(found, expand_sweep(list(found.values())), strict=True))
    return [expanded[x] if x in expanded else unmoved(x, options) if x in connected else disconnected(x, options) for x in sought]


def pushed(outputs: list[Term], wrt: list[Term], tangents: list[Term], options: Options) -> list[Term | None]:
    """One forward sweep from tangents of `wrt`, expanded; None for outputs that depend on none of them."""
    theory = outputs[0].theory
    _check_pairs("tangent", wrt, tangents)
    constant = list(options.get("consider_constant") or ())
    outputs, wrt, tangents, constant = _prepared([outputs, wrt, tangents, constant], theory)
    reached = influences(outputs, constant)
    connected = reached if reached.issuperset(wrt) else mentions(outputs, constant)
    report([x for x in wrt if x not in connected], options)
    found = forward(derivative_rules(theory), outputs, dict(zip(wrt, tangents, strict=True)), constant)
    expanded = dict(zip(found, expand_sweep(list(found.values())), strict=True))
    return [expanded.get(term) for term in outputs]


def the_terms(results: Iterable[Gradient]) -> list[Term]:
    """The results that are terms."""
    return [result for result in results if isinstance(result, Term)]


def _prepared(groups: list[list[Term]], theory: Theory) -> list[list[Term]]:
    """The groups of terms prepared for a sweep together, so that a term and its occurrences stay one object."""
    flat = iter(prepare([term for group in groups for term in group], theory))
    return [[next(flat) for _ in group] for group in groups]


def _check_pairs(what: str, terms: list[Term], values: list[Term]) -> None:
    """Each value must have the shape of its term; ShapeError names the first that does not."""
    if len(terms) != len(values):
        raise CostError(f"{len(terms)} terms need as many {what}s, not {len(values)}")
    for term, value in zip(terms, values, strict=True):
        same_rank = len(term.shape) == len(value.shape)
        if not same_rank or any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(term.shape, value.shape, strict=True)):
            raise ShapeError(f"the {what} of {shorten(term)} must be a {show(term.shape)}, not a {show(value.shape)}")
