"""Sample points: values of a problem's variables inside their declared domain.

Points are drawn from a seed and from the structure of the problem (the order in which variables occur, their types, its
literals, its kinks), never from names. COUNT of them, spread over magnitudes and signs, at which the inputs of the problem
are defined as far as a bounded search finds such points; and two more for each kink, a little to both of its sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, count, pairwise
from math import isfinite, prod
from typing import Any

import numpy as np

from .batches import FAILURES, Calls
from .definitions import expand
from .dimensions import Derived, Dimensions, value_of
from .edges import edge_rows
from .kernels import Array
from .spreads import first_spread, inside, kept_inside, spread_values
from .term import Dimension, Shape, Term, postorder, variable_terms
from .theory import Operator, Type

COUNT = 16
KINKS = 4
"""Kinks beyond the first ones get no points of their own."""
MAX_ENTRIES = 1 << 18
"""A value with more entries than this, over all points, is not sampled: it counts as unknown at every point."""
LARGE = 5000  # the search for points looks at so many terms of a problem: in a larger one, at the first ones, arguments before users
_FIRST, _MORE, _ROUNDS = 48, 256, 5  # candidates at first, and in each of some further rounds
_LITERALS = 4
_GRID = 33



class Sizes:
    """Concrete sizes for dimensions: small and distinct for named ones, equal where the terms' shapes make them equal."""

    def __init__(self, dimensions: Dimensions, terms: Sequence[Term]) -> None:
        self.dimensions = dimensions
        self._given: dict[Dimension, int] = {}
        self._used: set[int] = set()
        self.points = COUNT
        shapes = [v.shape for v in variable_terms(*terms)]
        if any(shapes):
            self._used.update(d for shape in shapes for d in shape if isinstance(d, int))
            if any(isinstance(d, str) for shape in shapes for d in shape):
                _learn(terms, dimensions)
            largest = max(prod(self.concrete(shape)) for shape in shapes)
            self.points = max(2, min(COUNT, MAX_ENTRIES // (4 * max(largest, 1))))

    def concrete(self, shape: Shape) -> tuple[int, ...]:
        """A shape in ints."""
        return tuple([self._size(d) for d in shape])

    def entries(self, shape: Shape) -> int:
        """The number of entries of a value over all points."""
        return self.points * prod(self.concrete(shape))

    def _size(self, dimension: Dimension) -> int:
        found = self.dimensions.find(dimension)
        if isinstance(found, int):
            return found
        if found not in self._given:
            size = next(n for n in count(2) if n not in self._used)
            self._given[found] = size  # also where a size is learnt to be one that is computed from itself, which no array has
            if isinstance(found, Derived):
                self._given[found] = max(0, value_of(found, self._size) or 0)
            else:
                self._used.add(size)
        return self._given[found]


def _learn(terms: Sequence[Term], dimensions: Dimensions) -> None:
    for term in postorder(*terms):
        if not term.op.leaf and any(arg.shape for arg in term.args):
            term.op.shape_rule(term.args, learn=dimensions.learn)


class Points:
    """The sample points of a problem, drawn when first asked for."""

    def __init__(self, terms: Sequence[Term], sizes: Sizes, seed: int = 0) -> None:
        self._terms = tuple(terms)
        self._sizes = sizes
        self._seed = seed
        self._values: dict[tuple[str, Type], Array] = {}
        self._regular = self._count = 0

    @property
    def count(self) -> int:
        """The number of points."""
        if not self._count:
            self._draw()
        return self._count

    @property
    def regular(self) -> int:
        """The number of points that tell something about equality: all but the last ones, which are edge points (edges.py)."""
        if not self._count:
            self._draw()
        return self._regular

    def _draw(self) -> None:
        variables = variable_terms(*self._terms)
        search = _Search(self._terms, variables, self._sizes, self._seed)
        with np.errstate(all="ignore"):
            rows, edges = search.points()
        self._regular, self._count = len(rows), len(rows) + len(edges)
        for variable, values in zip(variables, search.split(np.concatenate([rows, edges])), strict=True):
            self._values[variable.value, variable.detail] = values

    def values(self, name: str, type: Type) -> Array:
        """The values of a variable (of the problem, or another), of shape (points, *shape)."""
        count = self.count
        found = self._values.get((name, type))
        if found is None:
            shape = self._sizes.concrete(type.shape)
            generator = np.random.Generator(np.random.PCG64([self._seed, 1 + len(self._values)]))
            drawn = inside(spread_values(generator, count, prod(shape), ()), type)
            found = self._values[name, type] = drawn.reshape(count, *shape)
        return found

    def at(self, index: int) -> dict[str, Any]:
        """A point: the value of each variable, as a float or nested lists of them."""
        if not 0 <= index < self.count:
            raise IndexError(f"there are {self.count} points")
        return {name: values[index].tolist() for (name, _), values in self._values.items()}


class _Search:
    """The search for points at which terms are defined. A candidate is one row: the entries of all variables, one after the other."""

    def __init__(self, terms: Sequence[Term], variables: Sequence[Term], sizes: Sizes, seed: int) -> None:
        self.variables = variables
        self.sizes = sizes
        self.seed = seed
        self.widths = [prod(sizes.concrete(v.shape)) for v in variables]
        self.spans = list(pairwise(accumulate(self.widths, initial=0)))
        expanded = expand(_first(terms), keep=_has_kernel)
        self.calls: Calls | None = terms[0].theory.derived(Calls) if terms else None
        self.order = postorder(*expanded)
        self.required = _with_values(expanded, self.order)
        self.partial = [*self.required, *[t for t in self.order if t.op.needs]]
        self.literals = _literals(self.order)

    def points(self) -> tuple[Array, Array]:
        """The rows of the points, and of the edge points (edges.py) at which the required terms are defined."""
        width = sum(self.widths)
        wanted = self.sizes.points
        if not width:
            return np.zeros((wanted, 0)), np.zeros((0, 0))
        room = max(wanted, MAX_ENTRIES // width)
        first = min(_FIRST, room)
        rows = self.rows_inside(first_spread(self.seed, first, width, self.literals))
        edges = edge_rows(rows[0], self.variables, self.spans)
        scores = self.scores(np.concatenate([rows, edges]))
        scores, at_edges = scores[:first], scores[first:]
        generator = None
        for i in range(1, _ROUNDS + 1):
            if np.count_nonzero(scores == len(self.required)) >= wanted or room < _FIRST:
                break
            generator = generator or np.random.Generator(np.random.PCG64([self.seed, 1]))
            count = min(_MORE, room)
            more = self.candidates(generator, count) if i == 1 else self.crossed(generator, rows, count)
            rows, scores = np.concatenate([rows, more]), np.concatenate([scores, self.scores(more)])
        highest = scores.max()
        chosen = rows[np.argsort(-scores, kind="stable")[:wanted]]
        if scores[0] < highest:
            edges = edge_rows(chosen[0], self.variables, self.spans)
            at_edges = self.scores(edges)
        return np.concatenate([chosen, *self.beside_kinks(rows[scores == highest])]), edges[at_edges == len(self.required)]

    def candidates(self, generator: np.random.Generator, count: int, literal_rows: bool = False) -> Array:
        """Rows inside the declared domain."""
        return self.rows_inside(spread_values(generator, count, sum(self.widths), self.literals, literal_rows))

    def rows_inside(self, spread: Array) -> Array:
        """The rows moved inside the declared domain."""
        return np.concatenate([inside(z, v.detail) for z, v in zip(self.columns(spread), self.variables, strict=True)], axis=1)

    def crossed(self, generator: np.random.Generator, rows: Array, count: int) -> Array:
        """New rows from the most promising ones: a little moved, and with another value for one variable."""
        parts = self.scores(rows, self.partial)
        best = rows[np.argsort(-parts, kind="stable")[:COUNT]]
        old = np.resize(best, (count, rows.shape[1]))
        new = old * (0.85 + 0.3 * generator.random(old.shape))
        crossed = [kept_inside(n, o, v.detail) for n, o, v in zip(self.columns(new), self.columns(old), self.variables, strict=True)]
        others = self.columns(self.candidates(generator, count, literal_rows=True))
        which = (generator.random(count) * len(self.variables)).astype(int)
        for i, (column, other) in enumerate(zip(crossed, others, strict=True)):
            column[which == i] = other[which == i]
        return np.concatenate(crossed, axis=1)

    def columns(self, rows: Array) -> list[Array]:
        return [rows[:, first:last] for first, last in self.spans]

    def split(self, rows: Array) -> list[Array]:
        """The values of each variable, in its shape."""
        return [c.reshape(len(rows), *self.sizes.concrete(v.shape)) for c, v in zip(self.columns(rows), self.variables, strict=True)]

    def scores(self, rows: Array, terms: Sequence[Term] | None = None) -> Array:
        """For each row, how many of the terms (the required ones) are defined."""
        scores = np.zeros(len(rows), dtype=int)
        for values in self.evaluate(self.required if terms is None else terms, rows):
            scores += np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
        return scores

    def evaluate(self, terms: Sequence[Term], rows: Array) -> list[Array]:
        """The values of terms at each row; nan where there is none."""
        if self.calls is None:
            return []
        leaves = dict(zip(self.variables, self.split(rows), strict=True))
        return values_of(terms, leaves, self.calls, MAX_ENTRIES // max(1, len(rows)), self.sizes)

    # -- kinks

    def beside_kinks(self, rows: Array) -> list[Array]:
        """For each kink of which the rows see both sides, two rows close to it, where the required terms are defined."""
        found = [pair for sides in _kinks(self.order)[:KINKS] if (pair := self.bracket(sides, rows)) is not None]
        if not found:
            return []
        defined = self.scores(np.concatenate(found)) == len(self.required)
        return [pair for pair, both in zip(found, defined.reshape(-1, 2).all(axis=1), strict=True) if both]

    def bracket(self, sides: tuple[Term, ...], rows: Array) -> Array | None:
        signs = self.signs(sides, rows)
        if not ((signs < 0).any() and (signs > 0).any()):
            return None
        pair = rows[[int(np.argmax(signs < 0)), int(np.argmax(signs > 0))]]
        fixed = np.repeat([v.detail.integer for v in self.variables], self.widths)
        pair[1, fixed] = pair[0, fixed]
        steps = np.linspace(0.0, 1.0, _GRID)[:, np.newaxis]
        for _ in range(3):
            line = pair[0] + steps * (pair[1] - pair[0])
            positive = int(np.argmax(self.signs(sides, line) > 0))
            if not positive:
                return None
            pair = line[[positive - 1, positive]]
        return pair

    def signs(self, sides: tuple[Term, ...], rows: Array) -> Array:
        """The sign of the difference of two terms (or of one term) at each row, for the first entry of tensors."""
        firsts = [v.reshape(len(v), -1)[:, 0] if v.size else np.zeros(len(v)) for v in self.evaluate(sides, rows)]
        values = [np.broadcast_to(first, len(rows)) for first in firsts]
        signs: Array = np.sign(values[0] if len(values) == 1 else values[0] - values[1])
        return signs


def _first(terms: Sequence[Term]) -> Sequence[Term]:
    """The terms themselves, or the greatest of the first LARGE terms below them."""
    if len(order := postorder(*terms)) <= LARGE:
        return terms
    used = {arg for term in order[:LARGE] for arg in term.args}
    return [term for term in order[:LARGE] if term not in used]


def values_of(terms: Iterable[Term], leaves: Mapping[Term, Array], calls: Calls, largest: int, sizes: Sizes) -> list[Array]:
    """The values of terms as batches, from those of their variables; nan where there is none, or more than `largest` entries."""
    terms = list(terms)
    nothing = np.full((1,), np.nan)
    order = postorder(*terms)
    uses = Counter([*terms, *[arg for term in order for arg in term.args]])
    found: dict[Term, Any] = {}
    partial: set[Term] = set()  # those whose values have nan in them
    for term in order:
        if term.op.leaf:
            found[term] = leaves[term] if term.op.leaf == "variable" else _leaf(term)
            if term.op.leaf == "number" and not isfinite(found[term][0]):
                partial.add(term)
            continue
        call = calls[term.op]
        value = nothing
        if call is not None and (not term.shape or prod(sizes.concrete(term.shape)) <= largest):
            with suppress(*FAILURES):
                value = call([found[a] for a in term.args], [_is_boolean(a, calls) for a in term.args], 1, partial.isdisjoint(term.args))
        if not isfinite(np.vdot(value, value)):
            value = np.where(np.isfinite(value), value, np.nan)
            partial.add(term)
        found[term] = value
        for arg in term.args:
            uses[arg] -= 1
            if not uses[arg]:
                found.pop(arg, None)
    return [found[term] for term in terms]


def _leaf(term: Term) -> Any:
    if term.op.leaf == "attribute":
        return term.value
    try:
        return np.array([float(term.value)])
    except OverflowError:
        return np.full((1,), np.nan)


def _is_boolean(term: Term, calls: Calls) -> bool:
    call = None if term.op.leaf else calls[term.op]
    return bool(term.op.leaf == "boolean") if call is None else call.boolean


def _has_kernel(op: Operator) -> bool:
    return op.numpy is not None


def _with_values(roots: Sequence[Term], order: Sequence[Term]) -> list[Term]:
    """The roots, and in place of those in which an operator without a kernel occurs their largest parts without one."""
    lost: set[Term] = set()
    for term in order:
        if not term.op.leaf and (term.op.numpy is None or any(arg in lost for arg in term.args)):
            lost.add(term)
    below = [arg for term in order if term in lost for arg in term.args]
    return [t for t in dict.fromkeys([*roots, *below]) if t not in lost and t.op.leaf != "attribute"]


def _literals(order: Sequence[Term]) -> tuple[float, ...]:
    """The first literals of a size that the usual spread does not cover."""
    sizes = dict.fromkeys(abs(t.value) for t in order if t.op.leaf == "number" and 5 < abs(t.value) < 10**8)
    return tuple([float(n) for n in sizes][:_LITERALS])


def _kinks(order: Sequence[Term]) -> list[tuple[Term, ...]]:
    """What changes its sign where an elementwise operator that is not analytic has a kink: its argument, or the difference of two."""
    found: dict[tuple[Term, ...], None] = {}
    for term in order:
        op = term.op
        if op.leaf or op.numpy is None or op.definition is not None or not op.flags.isdisjoint(("analytic", "linear")):
            continue
        known = op.theory.derived(Calls)
        sides = tuple([a for a in term.args if a.op.leaf != "attribute"])
        if op is op.theory.roles.get("power") or not 1 <= len(sides) <= 2 or not known[op].elementwise:
            continue
        if not any(_is_boolean(side, known) for side in sides) and any(side.op.leaf != "number" for side in sides):
            found[sides] = None
    return list(found)
