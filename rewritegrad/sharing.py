"""Products written so that what they have in common is one part: s*R*C beside R*C becomes R*C*s, with R*C once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from .egraph.extract import is_over
from .printer import operations
from .spelling import Spellings, spellings
from .term import Term, make_term, postorder
from .theory import Theory

MOST_FACTORS = 12
"""Products of more factors are left as they are: pairs are quadratic in them."""


def with_shared_products(terms: Sequence[Term], deadline: float | None = None) -> list[Term]:
    """The terms with pairs of factors that several products have written first in these, where that saves operations; none after a deadline.

    >>> import rewritegrad as rg
    >>> str(with_shared_products([rg.parse("sin(s*R*C) + R*C")])[0])
    'sin(R*C*s) + R*C'
    """
    if is_over(deadline):
        return list(terms)
    order = postorder(*terms)
    theory: Theory = order[-1].theory
    if not {"sum", "product", "power"} <= theory.roles.keys():
        return list(terms)
    ops = theory.derived(spellings)
    product = ops.product
    chains = _chains(order, terms, ops)
    pairs = _pairs(chains)
    if not any(count > 1 for count in pairs.values()):
        return list(terms)
    joined: dict[Term, tuple[Term, Term]] = {}
    while pairs and not is_over(deadline) and pairs[best := max(pairs, key=lambda pair: pairs[pair])] > 1:
        made = make_term(product, best)
        joined[made] = best
        for factors in chains.values():
            if best[0] in factors and best[1] in factors:
                for factor in best:
                    factors.remove(factor)
                factors.insert(0, made)
        pairs = _pairs(chains)
    found = _written(order, terms, chains, joined, ops)
    return found if operations(found) < operations(terms) else list(terms)


def _chains(order: Sequence[Term], terms: Sequence[Term], ops: Spellings) -> dict[Term, list[Term]]:
    """The factors of each product that is no factor itself, the first without its sign; of products that begin with a number none."""
    product = ops.product
    wanted = {arg for term in order if term.op is not product for arg in term.args if arg.op is product}
    wanted.update(term for term in terms if term.op is product)
    found: dict[Term, list[Term]] = {}
    for term in order:
        if term in wanted:
            factors: list[Term] = []
            stack = [term]
            while stack and len(factors) <= MOST_FACTORS:
                part = stack.pop()
                if part.op is product:
                    stack += reversed(part.args)
                else:
                    factors.append(part)
            if factors[0].op is ops.negative:
                factors[0] = factors[0].args[0]
            if not stack and len(factors) <= MOST_FACTORS and factors[0].op.leaf != "number":
                found[term] = factors
    return found


def _first(term: Term) -> Term:
    """The first factor of a product."""
    first = term
    while first.op is term.op:
        first = first.args[0]
    return first


def _pairs(chains: dict[Term, list[Term]]) -> Counter[tuple[Term, Term]]:
    """How many products have both of two factors; in the order in which the first of them has them."""
    found: Counter[tuple[Term, Term]] = Counter()
    places: dict[Term, int] = {}
    for factors in chains.values():
        for factor in factors:
            places.setdefault(factor, len(places))
        distinct = sorted(dict.fromkeys(factors), key=places.__getitem__)
        found.update(combinations(distinct, 2))
    return found


def _written(
    order: Sequence[Term], terms: Sequence[Term], chains: dict[Term, list[Term]], joined: dict[Term, tuple[Term, Term]], ops: Spellings
) -> list[Term]:
    """The terms with each product as its factors stand now, of which some are pairs."""
    done: dict[Term, Term] = {}

    def factor(term: Term) -> Term:
        pair = joined.get(term)
        return done[term] if pair is None else make_term(term.op, (factor(pair[0]), factor(pair[1])))  # pairs of pairs: as deep as factors are many

    for term in order:
        factors = chains.get(term)
        if factors is None:
            args = tuple([done[arg] for arg in term.args])
            done[term] = term if args == term.args else make_term(term.op, args)
        else:
            first = _first(term)
            negative = ops.negative if first.op is ops.negative else None
            outside = negative is not None and factors[0] in joined
            whole = factor(factors[0]) if negative is None or outside else done[first]
            for other in factors[1:]:
                whole = make_term(term.op, (whole, factor(other)))
            done[term] = whole if negative is None or not outside else make_term(negative, (whole,))
    return [done[term] for term in terms]
