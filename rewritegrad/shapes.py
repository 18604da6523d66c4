"""Shapes: broadcasting with named dimensions, and the small notation in which an op block states its shape rule.

    (nothing)                                     elementwise: the arguments broadcast as in NumPy
    shape ()                                      a scalar
    shape like x                                  the shape of the argument x
    shape reduce X axis                           X without the axes in the attribute (None: all of them)
    shape reduce X axis keepdims                  the same, where a true `keepdims` leaves them as 1
    shape index X at                              X at the indices and slices in the attribute `at`
    shape undo reduce X axis keepdims             the shape of X, where the first argument has the shape that `reduce` gives
    shape undo index X at                         likewise
    shape (n, k), (k, m) -> (n, m) | (k), (k) -> ()     alternatives, chosen by the ranks of the array arguments

A named dimension never broadcasts: where two names meet they are taken for equal, and the compiled function
checks it. A name and an int meet in the same way; an int 1 broadcasts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from .errors import ShapeError
from .term import Dimension, Shape, Term

Meet = Callable[[Dimension, Dimension], None]


def show(shape: Shape) -> str:
    """A shape as people write it: scalar, vector[n], matrix[2, m], tensor[2, 3, 4]; matrix where nobody named the dimensions (X.0, X.1)."""
    kinds = ("scalar", "vector", "matrix")
    kind = kinds[len(shape)] if len(shape) < len(kinds) else "tensor"
    unnamed = all(isinstance(d, str) and "." in d for d in shape)
    return kind + ("" if unnamed else f"[{', '.join(str(d) for d in shape)}]")


def ignore(left: Dimension, right: Dimension) -> None:
    """The default of what is told about two dimensions that must be equal: nothing."""


class ShapeRule(Protocol):
    """The shape of an application from its arguments; `learn` hears of dimensions taken for equal on the way."""

    def __call__(self, args: tuple[Term, ...], learn: Meet = ignore) -> Shape: ...


def join(left: Dimension, right: Dimension, learn: Meet = ignore) -> Dimension | None:
    """The dimension of two that broadcast, or None where they cannot; `learn` hears of names taken for equal."""
    if left == right or right == 1:
        return left
    if left == 1:
        return right
    if isinstance(left, int) and isinstance(right, int):
        return None
    learn(left, right)
    return left if isinstance(left, int) or isinstance(right, str) else right


def broadcast(shapes: Sequence[Shape], learn: Meet = ignore) -> Shape:
    """NumPy's broadcast of several shapes; ShapeError names those that do not fit."""
    result: Shape = ()
    for shape in shapes:
        longer, shorter = (result, shape) if len(result) >= len(shape) else (shape, result)
        offset = len(longer) - len(shorter)
        dims: list[Dimension] = list(longer[:offset])
        for a, b in zip(longer[offset:], shorter, strict=True):
            dim = join(a, b, learn)
            if dim is None:
                raise ShapeError(f"shapes do not broadcast: {' with '.join(show(s) for s in shapes)}")
            dims.append(dim)
        result = tuple(dims)
    return result


@dataclass(frozen=True, slots=True)
class Signature:
    """`(n, k), (k, m) -> (n, m)`: the dimensions of each array argument and of the result."""

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]


_GROUP = re.compile(r"\(([^()]*)\)")


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(d.strip() for d in group.split(",") if d.strip()) for group in _GROUP.findall(text))


def array_arguments(args: tuple[Term, ...]) -> list[Term]:
    """The arguments that are arrays, attributes left out."""
    return [arg for arg in args if arg.op.leaf != "attribute"]


def elementwise(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
    """The shape rule of operators that state none."""
    return broadcast([arg.shape for arg in array_arguments(args)], learn)


def reduced_axes(axis: object, rank: int) -> tuple[int, ...]:
    """The axes, counted from 0 and sorted, that the value of an `axis` attribute means for this rank."""
    if axis is None:
        return tuple(range(rank))
    chosen = axis if isinstance(axis, tuple) else (axis,)
    axes: set[int] = set()
    for a in chosen:
        if not isinstance(a, int) or isinstance(a, bool):
            raise ShapeError(f"an axis is an integer, a tuple of them or None, not {a!r}")
        if not -rank <= a < rank:
            raise ShapeError(f"axis {a} is out of bounds for an array of {rank} dimension{'s' * (rank != 1)}")
        axes.add(a % rank)
    if len(axes) != len(chosen):
        raise ShapeError(f"an axis is named twice in {axis!r}")
    return tuple(sorted(axes))


def _unify(signature: Signature, shapes: Sequence[Shape], learn: Meet) -> Shape | None:
    if [len(i) for i in signature.inputs] != [len(s) for s in shapes]:
        return None
    bound: dict[str, Dimension] = {}
    for names, shape in zip(signature.inputs, shapes, strict=True):
        for name, dim in zip(names, shape, strict=True):
            known = bound.setdefault(name, int(name) if name.isdigit() else dim)
            if known == dim:
                continue
            if isinstance(known, int) and isinstance(dim, int):
                return None
            learn(known, dim)
            if isinstance(dim, int):
                bound[name] = dim
    return tuple(int(d) if d.isdigit() else bound[d] for d in signature.output)


def by_signature(signatures: Sequence[Signature], shapes: Sequence[Shape], learn: Meet = ignore) -> Shape:
    """The output of the first alternative that fits the shapes; ShapeError where none does."""
    for signature in signatures:
        found = _unify(signature, shapes, learn)
        if found is not None:
            return found
    wanted = " or ".join(", ".join(f"({', '.join(i)})" for i in s.inputs) for s in signatures)
    raise ShapeError(f"shapes {', '.join(show(s) for s in shapes)} do not fit {wanted}")


def parse_rule(text: str, parameters: Sequence[str], attributes: Collection[str] = ()) -> ShapeRule:
    """The shape rule that a `shape` field spells, of an operator with these parameters, some of them attributes.

    ValueError says what is wrong with it.
    """
    text = text.strip()
    if "->" in text:
        signatures = []
        for alternative in text.split("|"):
            left, arrow, right = alternative.partition("->")
            outputs = _groups(right)
            if not arrow or len(outputs) != 1:
                raise ValueError(f"a shape signature is (n, k), (k, m) -> (n, m), not {alternative.strip()!r}")
            signatures.append(Signature(_groups(left), outputs[0]))
            arrays = len(parameters) - len(attributes)
            if len(signatures[-1].inputs) != arrays:
                raise ValueError(f"{alternative.strip()!r} gives shapes to {len(signatures[-1].inputs)} arguments, not to {arrays}")
        for s in signatures:
            unbound = [d for d in s.output if not d.isdigit() and not any(d in i for i in s.inputs)]
            if unbound:
                raise ValueError(f"dimension {unbound[0]} of the result is bound by no argument")
        return lambda args, learn=ignore: by_signature(signatures, [a.shape for a in array_arguments(args)], learn)
    if text == "()":
        return lambda args, learn=ignore: ()
    words = text.split() or [""]
    if words[0] == "undo" and words[1:2] in (["reduce"], ["index"]):
        return _undone(parse_rule(" ".join(words[1:]), parameters, attributes), parameters.index(words[2]))
    for word in words[1:] if words[0] in ("like", "reduce", "index") else ():
        if word not in parameters:
            raise ValueError(f"the shape rule names {word}, which is no argument")
    if words[0] == "like" and len(words) == 2:
        index = parameters.index(words[1])
        return lambda args, learn=ignore: args[index].shape
    if words[0] == "reduce" and len(words) in (3, 4):
        places = [parameters.index(word) for word in words[1:]]
        return lambda args, learn=ignore: _reduce(args[places[0]], args[places[1]].value, len(places) > 2 and bool(args[places[2]].value))
    if words[0] == "index" and len(words) == 3:
        array, at = (parameters.index(word) for word in words[1:])
        return lambda args, learn=ignore: indexed(args[array].shape, args[at].value)
    raise ValueError(f"unknown shape rule {text!r}: write (), like x, reduce X axis, index X at, undo ..., or (n, k), (k, m) -> (n, m)")


def _undone(rule: ShapeRule, array: int) -> ShapeRule:
    def undo(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
        given, wanted = args[0].shape, rule(args, learn)
        if len(given) != len(wanted) or any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(given, wanted, strict=True)):
            raise ShapeError(f"the first argument should be {show(wanted)}, not {show(given)}")
        for a, b in zip(given, wanted, strict=True):
            if a != b:
                learn(a, b)
        return args[array].shape

    return undo


def _reduce(array: Term, axis: object, keepdims: bool) -> Shape:
    axes = reduced_axes(axis, len(array.shape))
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(array.shape))
    return tuple(d for i, d in enumerate(array.shape) if i not in axes)


def indexed(shape: Shape, at: object) -> Shape:
    """The shape of an array at indices (ints) and slices (("slice", start, stop, step)), one for each of its first axes.

    A part of a named dimension has a name made from it, since its size is not known.
    """
    places = at if isinstance(at, tuple) and at[:1] != ("slice",) else (at,)
    if len(places) > len(shape):
        raise ShapeError(f"{len(places)} {'index' if len(places) == 1 else 'indices'} for {show(shape)}")
    kept: list[Dimension] = []
    for place, dim in zip(places, shape, strict=False):
        if isinstance(place, tuple):
            part = slice(*place[1:])
            if isinstance(dim, int):
                kept.append(len(range(*part.indices(dim))))
            else:
                kept.append(dim if part == slice(None) else f"{dim}[{':'.join('' if p is None else str(p) for p in place[1:])}]")
        elif not isinstance(place, int):
            raise ShapeError(f"an index is an integer or a slice, not {place!r}")
        elif isinstance(dim, int) and not -dim <= place < dim:
            raise ShapeError(f"index {place} is out of bounds for a dimension of size {dim}")
    return (*kept, *shape[len(places) :])


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
        if isinstance(left, int):
            left, right = right, left
        self._parent[left] = right

    def same(self, left: Shape, right: Shape) -> bool:
        """Whether two shapes are known to be equal."""
        return len(left) == len(right) and all(self.find(a) == self.find(b) for a, b in zip(left, right, strict=True))

    def pairs(self) -> Iterator[tuple[Dimension, Dimension]]:
        """The equalities learnt, in the order they were."""
        yield from self._parent.items()
