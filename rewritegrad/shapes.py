"""Shapes: broadcasting with named dimensions. What the `shape` fields of op blocks spell is in shaperules.py.

A named dimension never broadcasts: where two names meet they are taken for equal, and the compiled function
checks it. A name and an int meet in the same way; an int 1 broadcasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .dimensions import Meet, ignore
from .errors import ShapeError
from .term import Dimension, Shape, Term


def show(shape: Shape) -> str:
    """A shape as people write it: scalar, vector[n], matrix[2, m], tensor[2, 3, 4]; matrix where nobody named the dimensions (X.0, X.1)."""
    kinds = ("scalar", "vector", "matrix")
    kind = kinds[len(shape)] if len(shape) < len(kinds) else "tensor"
    unnamed = all(isinstance(d, str) and "." in d for d in shape)
    return kind + ("" if unnamed else f"[{', '.join(str(d) for d in shape)}]")


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


def array_arguments(args: tuple[Term, ...]) -> list[Term]:
    """The arguments that are arrays, attributes left out."""
    return [arg for arg in args if arg.op.leaf != "attribute"]


def elementwise(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
    """The shape rule of operators that state none."""
    for arg in args:
        if arg.shape:
            break
    else:
        return ()
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
