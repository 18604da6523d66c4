"""Where the variables of a law are drawn from: what its conditions, and the needs of the operators applied to them, say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from .codegen import compile_terms
from .instances import Bindings, Law, instantiate
from .kernels import branches, resolve
from .patterns import Condition, PApply, Pattern, PNumber, PVar, walk
from .term import Term, postorder, variable_terms
from .testing.trials import Range

Variables: TypeAlias = Mapping[str, tuple[Range, tuple[int, ...]]]
"""Ranges and shapes of variables."""


def ranges_of(law: Law) -> dict[str, Range]:
    """What the conditions on single variables, and the needs of operators applied to them on the left, say of where they lie."""
    found: dict[str, Range] = {}
    for c in (*law.conditions, *_needs(law.left)):
        match c.args:
            case (PVar(name),):
                found[name] = _narrowed(found.get(name, Range()), c.word, 0.0)
            case (PVar(name), PNumber(bound, _)):
                found[name] = _narrowed(found.get(name, Range()), c.word, float(bound))
    return found


def _needs(pattern: Pattern) -> Iterator[Condition]:
    """What the operators of a left side need of variables (nothing, where there is a branch that may not be taken)."""
    applications = [p for p in walk(pattern) if isinstance(p, PApply)]
    if any(p.op.numpy is not None and branches(resolve(p.op.numpy)) for p in applications):
        return
    for p in applications:
        given = dict(zip([q.name for q in p.op.parameters], p.args, strict=False))
        for need in p.op.needs:
            yield Condition(need.word, tuple(given.get(a.name, a) if isinstance(a, PVar) else a for a in need.args))


def bounded(term: Term, variables: Variables) -> Variables:
    """The variables, within the bounds that operators applied to them need and that shapes tell: an index is less than a size."""
    found = dict(variables)
    for t in postorder(term):
        given = dict(zip([p.name for p in t.op.parameters], t.args, strict=False))
        for need in t.op.needs:
            match need.args:
                case (PVar(name), PApply() as pattern) if (to := given[name]).op.leaf == "variable" and to.value in found:
                    bound = _known(instantiate(pattern, t.op.theory, Bindings(given)))
                    if bound is not None:
                        allowed, shape = found[to.value]
                        found[to.value] = _narrowed(allowed, need.word, bound), shape
    return found


def _known(term: Term) -> float | None:
    """The number that a term has where variables matter to it by their shapes only, as in size(X); None where they do not."""
    pending = [term]
    while pending:
        t = pending.pop()
        if t.op.leaf == "variable":
            return None
        pending += [a for p, a in zip(t.op.parameters, t.args, strict=False) if not p.constant] if t.op.parameters else t.args
    inputs = variable_terms(term)
    zeros = {v.value: np.zeros([d for d in v.shape if isinstance(d, int)]) for v in inputs}
    return float(compile_terms(inputs, [term], single=True)(**zeros))


def _narrowed(old: Range, word: str, bound: float) -> Range:
    """A range with one more condition on its numbers (words that say nothing of where a number lies leave it as it is)."""
    match word:
        case "positive" | "nonnegative" | ">" | ">=" if bound >= old.lower:
            is_open = word in ("positive", ">") or (old.open_lower and bound == old.lower)
            return replace(old, lower=bound, open_lower=is_open)
        case "negative" | "<" | "<=" if bound <= old.upper:
            is_open = word in ("negative", "<") or (old.open_upper and bound == old.upper)
            return replace(old, upper=bound, open_upper=is_open)
        case "=":
            return replace(old, lower=bound, upper=bound, open_lower=False, open_upper=False)
        case "nonzero":
            return replace(old, nonzero=True)
        case "!=" if bound == 0:
            return replace(old, nonzero=True)
        case "integer":
            return replace(old, integer=True)
        case "symmetric":
            return replace(old, symmetric=True)
        case "full_rank":
            return replace(old, full_rank=True)
        case "positive_definite":
            return replace(old, positive_definite=True)
    return old
