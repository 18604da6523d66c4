"""Points at which formulas and laws are tried: values inside declared types that meet conditions, some of them adversarial.

Everything comes from a seed made of text, so that the same problem is tried at the same points in every run.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..kernels import Array
from ..patterns import COMPARISONS, PVar
from ..term import Term, postorder, variable_terms
from ..theory import Type

SPECIAL = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0)
"""Where laws that hold almost everywhere like to fail."""

Point = dict[str, Array]


def seeded(text: str) -> random.Random:
    """A source of random numbers that depends on the text only."""
    return random.Random(zlib.crc32(text.encode()))


@dataclass(frozen=True, slots=True)
class Range:
    """Where the entries of a variable may lie; `symmetric` makes a matrix its own transpose; of one that is to be
    of full rank, or whose symmetric part is to be positive definite, the diagonal is raised."""

    lower: float = -math.inf
    upper: float = math.inf
    open_lower: bool = True
    open_upper: bool = True
    integer: bool = False
    nonzero: bool = False
    symmetric: bool = False
    full_rank: bool = False
    positive_definite: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number lies inside."""
        above = value > self.lower or (value == self.lower and not self.open_lower)
        below = value < self.upper or (value == self.upper and not self.open_upper)
        return above and below and not (self.nonzero and value == 0) and (not self.integer or value == math.floor(value))


def range_of(type: Type) -> Range:
    """The range that a declared type allows."""
    return Range(
        -math.inf if type.lower is None else float(type.lower),
        math.inf if type.upper is None else float(type.upper),
        type.open_lower or type.lower is None,
        type.open_upper or type.upper is None,
        type.integer,
        type.nonzero,
    )


def draw_number(allowed: Range, rng: random.Random, special: bool = True) -> float:
    """A number of the range: of moderate size mostly, sometimes tiny, large, near a bound, or (where `special`) 0, 1 and the like."""
    for _ in range(1000):
        value = _candidate(allowed, rng, rng.random() if special else rng.uniform(0.3, 1))
        if allowed.integer:
            value = float(round(value))
        if allowed.holds(value):
            return value
    raise ValueError(f"no number was found between {allowed.lower} and {allowed.upper}")


def _candidate(allowed: Range, rng: random.Random, kind: float) -> float:
    if kind < 0.15:
        return rng.choice(SPECIAL)
    if math.isfinite(allowed.lower) and math.isfinite(allowed.upper):
        width = allowed.upper - allowed.lower
        if kind < 0.3:
            edge = width * 10 ** rng.uniform(-6, -1)
            return rng.choice((allowed.lower, allowed.upper, allowed.lower + edge, allowed.upper - edge))
        return allowed.lower + width * rng.random()
    size = rng.uniform(0, 3) if kind < 0.8 else 10 ** rng.uniform(-4, 0) if kind < 0.92 else 10 ** rng.uniform(0, 2)
    if math.isfinite(allowed.lower):
        return allowed.lower + size
    if math.isfinite(allowed.upper):
        return allowed.upper - size
    return size if rng.random() < 0.5 else -size


def draw_array(allowed: Range, shape: tuple[int, ...], rng: random.Random, special: bool = True) -> Array:
    """An array of numbers of the range."""
    entries = np.array([draw_number(allowed, rng, special) for _ in range(math.prod(shape))], dtype=float).reshape(shape)
    if len(shape) < 2:
        return entries
    if allowed.symmetric:
        entries = (entries + np.matrix_transpose(entries)) / 2
    diagonal = np.eye(shape[-2], shape[-1])
    if allowed.positive_definite:
        square = entries @ np.matrix_transpose(entries)
        return np.asarray(square + (1 + np.trace(square, axis1=-2, axis2=-1)[..., None, None] / 8) * diagonal + np.tril(entries, -1) / 8)
    return entries + (1 + np.abs(entries).max()) * diagonal if allowed.full_rank and entries.size else entries


def draw_point(variables: Mapping[str, tuple[Range, tuple[int, ...]]], rng: random.Random, special: bool = True) -> Point:
    """A value for every variable; where `special`, two of them are the same now and then (ties are where laws fail, too)."""
    point = {name: draw_array(allowed, shape, rng, special) for name, (allowed, shape) in variables.items()}
    if special and len(point) > 1 and rng.random() < 0.1:
        a, b = rng.sample(list(point), 2)
        if point[a].shape == point[b].shape and all(variables[b][0].holds(v) for v in point[a].flat):
            point[b] = point[a]
    return point


# ---- conditions at a point ----

_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_SIGNS: dict[str, Callable[[Any], Any]] = {
    "positive": lambda a: a > 0,
    "nonnegative": lambda a: a >= 0,
    "negative": lambda a: a < 0,
    "nonzero": lambda a: a != 0,
    "integer": lambda a: a % 1 == 0,
    "not_integer": lambda a: a % 1 != 0,
}


def _has_full_rank(values: Any) -> bool:
    singular = np.linalg.svd(np.asarray(values, dtype=float), compute_uv=False)
    return bool(np.all(singular[..., -1:] > 1e-9 * singular[..., :1]))


def _is_positive_definite(values: Any) -> bool:
    matrices = np.asarray(values, dtype=float)
    return bool(np.all(np.linalg.eigvalsh(matrices + np.matrix_transpose(matrices)) > 0))


_OF_MATRICES: dict[str, Callable[[Any], bool]] = {"full_rank": _has_full_rank, "positive_definite": _is_positive_definite}


VALUED = frozenset({*COMPARISONS, *_SIGNS, *_OF_MATRICES, "powerable", "between"})
"""Words that speak of the values of terms; the others speak of the terms themselves."""


def powerable(base: Any, exponent: Any) -> Any:
    """Where a power is a real number: a positive base, 0 to no negative power, a negative base to an integer."""
    whole = exponent % 1 == 0
    return (base > 0) | ((base == 0) & (exponent >= 0)) | ((base < 0) & whole)


def condition_holds(word: str, values: Sequence[Any]) -> bool:
    """Whether a condition is true of the values of its arguments (entry by entry, all of them); nan makes it false.

    Values are floats, or arrays of floats or of mpmath's numbers.
    """
    if word == "symmetric":
        return bool(np.array_equal(values[0], np.transpose(values[0])))
    if word not in VALUED:
        return True
    if any(np.any(v != v) for v in values):
        return False
    if word in COMPARISONS:
        return bool(np.all(_RELATIONS[word](*values)))
    if word in _OF_MATRICES:
        return _OF_MATRICES[word](values[0])
    if word == "powerable":
        return bool(np.all(powerable(*values)))
    if word == "between":
        return bool(np.all((values[0] >= values[1]) & (values[0] <= values[2])))
    return bool(np.all(_SIGNS[word](values[0])))


def points(
    variables: Mapping[str, tuple[Range, tuple[int, ...]]],
    accept: Callable[[Point], bool],
    wanted: int,
    rng: random.Random,
    effort: int = 50,
    special: bool = True,
) -> Iterator[Point]:
    """Up to `wanted` accepted points, tried at most `effort` times as often."""
    found = 0
    for _ in range(wanted * effort):
        if found == wanted:
            return
        point = draw_point(variables, rng, special)
        if accept(point):
            found += 1
            yield point


def shown(point: Mapping[str, Any]) -> str:
    """A point in words: x = 0.5, A = [[1.0, 2.0]]."""
    return ", ".join(f"{name} = {np.asarray(value).tolist()}" for name, value in point.items()) or "no variables"


def variable_ranges(term: Term, sizes: Mapping[str, int]) -> dict[str, tuple[Range, tuple[int, ...]]]:
    """Range and shape of every variable: from its declared type, and from what operators need of a variable that is a matrix."""
    found = {v.value: range_of(v.detail) for v in variable_terms(term)}
    for t in postorder(term):
        given = dict(zip([p.name for p in t.op.parameters], t.args, strict=True))
        for need in t.op.needs:
            argument = given.get(need.args[0].name) if isinstance(need.args[0], PVar) else None
            if need.word in _OF_MATRICES and argument is not None and argument.op.leaf == "variable":
                found[argument.value] = replace(found[argument.value], **{need.word: True})
    return {v.value: (found[v.value], tuple(d if isinstance(d, int) else sizes[d] for d in v.shape)) for v in variable_terms(term)}
