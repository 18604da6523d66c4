"""Sizes of axes: integers, names, and what is computed from them.

A size that is computed from named ones is a name itself, which says how: `n + m` for two arrays joined, `max(n - 1, 0)`
for a slice. Equal computations have equal names, so that everything that compares names works for them too; a compiled
function computes them from the sizes that it is called with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

from .errors import ShapeError
from .term import Dimension, Shape

Terms: TypeAlias = tuple[tuple[tuple[str, ...], int], ...]
Meet: TypeAlias = Callable[[Dimension, Dimension], None]


def ignore(left: Dimension, right: Dimension) -> None:
    """The default of what is told about two dimensions that must be equal: nothing."""


class Derived(str):
    """A size computed from others: `function` (min, max, //) of `operands`, or where there is none the polynomial `terms`,
    ((factors, coefficient), ...). `natural` says that it cannot come out negative."""

    __slots__ = ("function", "natural", "operands", "terms")

    function: str
    operands: tuple[Dimension, ...]
    terms: Terms
    natural: bool

    def __new__(cls, text: str, function: str, operands: tuple[Dimension, ...], terms: Terms, natural: bool) -> Derived:
        made = super().__new__(cls, text)
        made.function, made.operands, made.terms, made.natural = function, operands, terms, natural
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str(self), self.function, self.operands, self.terms, self.natural


# ---- making them ----


def add(*sizes: Dimension) -> Dimension:
    """The sum.

    >>> add("n", "m", 1), add("n", "n"), add(2, 3)
    ('m + n + 1', '2*n', 5)
    """
    total: dict[tuple[str, ...], int] = {}
    for size in sizes:
        for factors, coefficient in _terms(size):
            total[factors] = total.get(factors, 0) + coefficient
    return _polynomial(total)


def multiply(*sizes: Dimension) -> Dimension:
    """The product.

    >>> multiply("n", 2), multiply("n", add("n", 1))
    ('2*n', 'n + n*n')
    """
    total: dict[tuple[str, ...], int] = {(): 1}
    for size in sizes:
        grown: dict[tuple[str, ...], int] = {}
        for factors, coefficient in _terms(size):
            for others, other in total.items():
                both = tuple(sorted((*factors, *others)))
                grown[both] = grown.get(both, 0) + coefficient * other
        total = grown
    return _polynomial(total)


def least(*sizes: Dimension) -> Dimension:
    """The least of several."""
    return _extreme("min", min, sizes)


def greatest(*sizes: Dimension) -> Dimension:
    """The greatest of several.

    >>> greatest(add("n", -1), 0), greatest("n", 0), least("n", "n")
    ('max(n - 1, 0)', 'n', 'n')
    """
    return _extreme("max", max, sizes)


def quotient(size: Dimension, divisor: Dimension) -> Dimension:
    """The quotient, rounded down; ShapeError for a division by zero.

    >>> quotient("n", 2), quotient(multiply("n", 6), 3), quotient(7, 2)
    ('n//2', '2*n', 3)
    """
    if divisor == 0:
        raise ShapeError(f"a size is divided by zero: {size}//0")
    if isinstance(size, int) and isinstance(divisor, int):
        return size // divisor
    if size == divisor:
        return 1
    terms = _terms(size)
    if isinstance(divisor, int):
        if all(c % divisor == 0 for _, c in terms):
            return _polynomial({f: c // divisor for f, c in terms})
    elif not isinstance(divisor, Derived) and all(divisor in f for f, _ in terms):
        return _polynomial({_without(f, divisor): c for f, c in terms})
    natural = _is_natural(size) and _is_natural(divisor)
    return Derived(f"{_bracketed(size)}//{_bracketed(divisor)}", "//", (size, divisor), (), natural)


def _without(factors: tuple[str, ...], one: str) -> tuple[str, ...]:
    at = factors.index(one)
    return factors[:at] + factors[at + 1 :]


def _extreme(name: str, function: Callable[[Iterable[int]], int], sizes: tuple[Dimension, ...]) -> Dimension:
    numbers = [s for s in sizes if isinstance(s, int)]
    others = list(dict.fromkeys(s for s in sizes if not isinstance(s, int)))
    if not others:
        return function(numbers)
    bound = function(numbers) if numbers else None
    if bound is not None and bound <= 0 and all(map(_is_natural, others)):  # no size is below zero
        if name == "min":
            return bound
        bound = None
    operands: tuple[Dimension, ...] = (*others, *([] if bound is None else [bound]))
    if len(operands) == 1:
        return operands[0]
    natural = (any if name == "max" else all)(map(_is_natural, operands))
    return Derived(f"{name}({', '.join(map(str, operands))})", name, operands, (), natural)


def _is_natural(size: Dimension) -> bool:
    """Whether a size cannot come out negative: names stand for sizes of axes."""
    return size.natural if isinstance(size, Derived) else isinstance(size, str) or size >= 0


def _terms(size: Dimension) -> Terms:
    if isinstance(size, int):
        return (((), size),) if size else ()
    return size.terms if isinstance(size, Derived) and not size.function else (((size,), 1),)


def _polynomial(total: Mapping[tuple[str, ...], int]) -> Dimension:
    """The size that a polynomial is: a number or a name where it is nothing more; constants stand last in its text."""
    terms = tuple(sorted(((f, c) for f, c in total.items() if c), key=lambda term: (not term[0], term[1] < 0, term[0])))
    if not terms or not terms[0][0]:
        return terms[0][1] if terms else 0
    if len(terms) == 1 and terms[0][1] == 1 and len(terms[0][0]) == 1:
        return terms[0][0][0]
    text = ""
    for factors, coefficient in terms:
        size = abs(coefficient)
        shown = "*".join([*([str(size)] if size != 1 or not factors else []), *map(_bracketed, factors)])
        text += (" - " if text else "-") + shown if coefficient < 0 else (" + " if text else "") + shown
    natural = all(coefficient > 0 and all(map(_is_natural, factors)) for factors, coefficient in terms)
    return Derived(text, "", (), terms, natural)


def _bracketed(size: Dimension) -> str:
    return f"({size})" if isinstance(size, Derived) and size.function not in ("min", "max") else str(size)


# ---- slices ----


def part(size: Dimension, start: int | None, stop: int | None, step: int | None) -> Dimension:
    """How many entries a slice takes of an axis.

    >>> part(5, None, None, -2), part("n", 1, None, None), part("n", None, -1, None), part("n", None, None, 2)
    (3, 'max(n - 1, 0)', 'max(n - 1, 0)', '(n + 1)//2')
    """
    pace = 1 if step is None else step
    if pace == 0:
        raise ShapeError("the step of a slice is not 0")
    if isinstance(size, int):
        return len(range(*slice(start, stop, pace).indices(size)))
    if pace > 0:
        first, last = _end(size, start, 0, 0), _end(size, stop, size, 0)
        if (start or 0) >= 0 and (stop is None or stop < 0):
            length = _between(size, start or 0, stop)
        else:
            length = least(size, -start) if start is not None and start < 0 and stop is None else _gap(first, last)
    else:
        first, last = _end(size, start, add(size, -1), -1), _end(size, stop, -1, -1)
        length = size if start is None and stop is None else _gap(last, first)
    pace = abs(pace)
    return length if pace == 1 else quotient(add(length, pace - 1), pace)


def _end(size: Dimension, given: int | None, default: Dimension, lowest: int) -> Dimension:
    """The place that an end of a slice means; `lowest` is -1 where the slice goes down."""
    if given is None:
        return default
    return least(add(size, lowest), given) if given >= 0 else greatest(add(size, given), lowest)


def _between(size: Dimension, start: int, stop: int | None) -> Dimension:
    """The length of a slice from the `start`-th entry to the end, or to an entry that is counted from there."""
    fewer = start - (stop or 0)
    if isinstance(size, Derived) and size.function == "max" and size.operands[-1] == 0 and len(size.operands) == 2:
        size = size.operands[0]  # slices of slices: max(max(n - 1, 0) - 2, 0) is max(n - 3, 0)
    return greatest(add(size, -fewer), 0)


def _gap(first: Dimension, last: Dimension) -> Dimension:
    return greatest(add(last, multiply(first, -1)), 0)


# ---- evaluating them ----


def value_of(size: Dimension, known: Callable[[str], int | None]) -> int | None:
    """The size as a number, from those of the plain names in it; None where one of these is not known."""
    values: dict[Dimension, int | None] = {}
    stack: list[Dimension] = [size]
    while stack:
        top = stack.pop()
        if top in values:
            continue
        if not isinstance(top, Derived):
            values[top] = top if isinstance(top, int) else known(top)
            continue
        missing = [o for o in _parts(top) if o not in values]
        if missing:
            stack += [top, *missing]
        else:
            values[top] = None if any(values[o] is None for o in _parts(top)) else _computed(top, values)
    return values[size]


def _parts(size: Derived) -> Sequence[Dimension]:
    """What a size is directly computed from."""
    return size.operands if size.function else [f for factors, _ in size.terms for f in factors]


def _computed(size: Derived, values: Mapping[Dimension, Any]) -> int:
    if not size.function:
        return int(sum(c * prod(values[f] for f in factors) for factors, c in size.terms))
    operands = [int(values[o]) for o in size.operands]
    if size.function == "//":
        return operands[0] // operands[1] if operands[1] else 0
    return min(operands) if size.function == "min" else max(operands)


# ---- what is learnt about them ----


class Dimensions:
    """What a problem has learnt about its dimensions: a union-find over names and ints."""

    def __init__(self) -> None:
        self._parent: dict[Dimension, Dimension] = {}

    def find(self, dim: Dimension) -> Dimension:
        """The representative: an int where one is known."""
        while dim in self._parent:
            dim = self._parent[dim]
        return dim

    def learn(self, left: Dimension, right: Dimension) -> None:
        """Record that two dimensions are equal; ShapeError where two different ints would be."""
        left, right = self.find(left), self.find(right)
        if left == right:
            return
        if isinstance(left, int) and isinstance(right, int):
            raise ShapeError(f"a dimension would have to be {left} and {right} at once")
        if isinstance(left, int) or (isinstance(left, Derived) and not isinstance(right, int | Derived)):
            left, right = right, left
        self._parent[left] = right

    def same(self, left: Shape, right: Shape) -> bool:
        """Whether two shapes are known to be equal."""
        return len(left) == len(right) and all(self.find(a) == self.find(b) for a, b in zip(left, right, strict=True))
