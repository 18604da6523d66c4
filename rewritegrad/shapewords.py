"""The words of shape rules: what each makes of the shapes of arrays and the values of settings, as NumPy's function of the kind does.

Every function takes shapes, then settings, then `learn`, which hears of dimensions taken for equal; ShapeError says what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .axes import agree, all_entries, integers, one_axis, several_axes, whole
from .dimensions import Meet, add, multiply, quotient
from .errors import ShapeError
from .places import along, diagonal, diff, entries, gather, index, take
from .shapes import broadcast, join, reduced_axes, show
from .term import Dimension, Shape

PADDINGS = ("constant", "edge", "reflect", "symmetric", "wrap")
"""The modes of np.pad that copy entries; a constant is the only thing that comes from elsewhere."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with how many arrays (-1: one or more) and settings it takes; of the latter the last `optional` may be left out."""

    make: Callable[..., Shape]
    usage: str
    arrays: int = 1
    settings: int = 1
    optional: int = 0


# ---- reductions and signatures of settings ----


def like(*operands: Any, learn: Meet) -> Shape:
    shape = same_shape(operands[:-1], learn)
    reduced_axes(operands[-1], len(shape))
    return shape


def reduce(shape: Shape, axis: Any, keepdims: Any = False, *, learn: Meet) -> Shape:
    axes = reduced_axes(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def same_shape(shapes: Sequence[Shape], learn: Meet) -> Shape:
    """The shape that all of them have."""
    first = shapes[0]
    for other in shapes[1:]:
        if len(other) != len(first) or not all(agree(a, b, learn) for a, b in zip(first, other, strict=True)):
            raise ShapeError(f"arrays of one shape are expected, not {show(first)} and {show(other)}")
    return first


def flat(*operands: Any, learn: Meet) -> Shape:
    shape, axis = same_shape(operands[:-1], learn), operands[-1]
    if axis is None:
        return (all_entries(shape),)
    one_axis(axis, len(shape))
    return shape


def trace(shape: Shape, offset: Any, axis1: Any, axis2: Any, learn: Meet) -> Shape:
    return diagonal(shape, offset, axis1, axis2, learn)[:-1]


# ---- the same entries in another shape ----


def reshape(shape: Shape, target: Any, learn: Meet) -> Shape:
    wanted = integers(target, "a shape")
    entries = all_entries(shape)
    known = multiply(*(d for d in wanted if d != -1))
    if wanted.count(-1) > 1 or any(d < -1 for d in wanted):
        raise ShapeError(f"a shape has sizes, and -1 once at most, not {target!r}")
    fits = -1 in wanted and (not isinstance(entries, int) or (known != 0 and isinstance(known, int) and entries % known == 0))
    if -1 not in wanted and (entries == known or not isinstance(entries, int)):
        if entries != known:
            learn(entries, known)
        fits = True
    if not fits:
        raise ShapeError(f"{show(shape)} cannot take the shape {wanted}")
    return tuple(quotient(entries, known) if d == -1 else d for d in wanted)


def permute(shape: Shape, axes: Any, learn: Meet) -> Shape:
    if axes is None:
        return shape[::-1]
    order = several_axes(axes, len(shape), "axes")
    if len(order) != len(shape):
        raise ShapeError(f"axes names {len(order)} of the {len(shape)} axes of {show(shape)}")
    return tuple(shape[a] for a in order)


def move(shape: Shape, source: Any, destination: Any, learn: Meet) -> Shape:
    rank = len(shape)
    everywhere = tuple(range(rank))
    origins = everywhere if source is None else several_axes(source, rank, "source")
    targets = everywhere if destination is None else several_axes(destination, rank, "destination")
    if len(origins) != len(targets):
        raise ShapeError(f"{len(origins)} axes cannot be moved to {len(targets)} places")
    order = [i for i in everywhere if i not in origins]
    for target, origin in sorted(zip(targets, origins, strict=True)):
        order.insert(target, origin)
    return tuple(shape[i] for i in order)


def roll_axis(shape: Shape, axis: Any, start: Any, learn: Meet) -> Shape:
    rank = len(shape)
    moved, before = one_axis(axis, rank), whole(start, "start")
    if not -rank <= before <= rank:
        raise ShapeError(f"start {before} is out of bounds for {rank} axes")
    before += rank * (before < 0)
    return move(shape, moved, before - (moved < before), learn)


def swap(shape: Shape, axis1: Any, axis2: Any, learn: Meet) -> Shape:
    a, b = one_axis(axis1, len(shape)), one_axis(axis2, len(shape))
    swapped = list(shape)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    return tuple(swapped)


def rotate(shape: Shape, k: Any, axes: Any, learn: Meet) -> Shape:
    plane = several_axes(axes, len(shape), "axes")
    if len(plane) != 2:
        raise ShapeError(f"axes names two axes, not {axes!r}")
    return swap(shape, *plane, learn=learn) if whole(k, "k") % 2 else shape


def expand(shape: Shape, axis: Any, learn: Meet) -> Shape:
    added = integers(axis, "an axis")
    rank = len(shape) + len(added)
    places = several_axes(added, rank, "an axis")
    others = iter(shape)
    return tuple(1 if i in places else next(others) for i in range(rank))


def squeeze(shape: Shape, axis: Any, learn: Meet) -> Shape:
    if axis is None:
        return tuple(d for d in shape if d != 1)
    axes = reduced_axes(axis, len(shape))
    for a in axes:
        if isinstance(shape[a], int) and shape[a] != 1:
            raise ShapeError(f"axis {a} of {show(shape)} has more than one entry")
        if shape[a] != 1:
            learn(shape[a], 1)
    return tuple(d for i, d in enumerate(shape) if i not in axes)


# ---- larger arrays ----


def join_along(*operands: Any, learn: Meet) -> Shape:
    *shapes, axis = operands
    if not all(len(s) == len(shapes[0]) for s in shapes) or not shapes[0]:
        raise ShapeError(f"arrays of one rank, 1 or more, are joined, not {', '.join(map(show, shapes))}")
    a = one_axis(axis, len(shapes[0]))
    result = list(shapes[0])
    for shape in shapes[1:]:
        for i, dim in enumerate(shape):
            if i == a:
                result[i] = add(result[i], dim)
            elif not agree(result[i], dim, learn):
                raise ShapeError(f"{', '.join(map(show, shapes))} do not fit together along axis {axis}")
            elif isinstance(dim, int):
                result[i] = dim
    return tuple(result)


def leading(whole: Shape, first: Shape, axis: Any, learn: Meet) -> Shape:
    a = _beside(whole, first, axis)
    return (*whole[:a], first[a], *whole[a + 1 :])


def trailing(whole: Shape, first: Shape, axis: Any, learn: Meet) -> Shape:
    a = _beside(whole, first, axis)
    return (*whole[:a], add(whole[a], multiply(first[a], -1)), *whole[a + 1 :])


def _beside(whole: Shape, first: Shape, axis: Any) -> int:
    """The axis along which the one array is the beginning of the other."""
    a = one_axis(axis, len(whole))
    sizes = whole[a], first[a] if len(first) == len(whole) else 0
    if len(first) != len(whole) or (isinstance(sizes[0], int) and isinstance(sizes[1], int) and sizes[1] > sizes[0]):
        raise ShapeError(f"{show(first)} is not the beginning of {show(whole)} along axis {axis}")
    return a


def broadcast_to(shape: Shape, target: Any, learn: Meet) -> Shape:
    wanted = integers(target, "a shape")
    fits = len(wanted) >= len(shape) and all(
        join(d, w, learn) == w for d, w in zip(shape, wanted[len(wanted) - len(shape) :], strict=True)
    )
    if not fits or any(d < 0 for d in wanted):
        raise ShapeError(f"{show(shape)} does not broadcast to the shape {wanted}")
    return wanted


def tile(shape: Shape, reps: Any, learn: Meet) -> Shape:
    times = integers(reps, "reps")
    rank = max(len(times), len(shape))
    times, full = (1,) * (rank - len(times)) + times, (1,) * (rank - len(shape)) + shape
    if any(t < 0 for t in times):
        raise ShapeError(f"reps are not negative, as in {reps!r}")
    return tuple(multiply(d, t) for d, t in zip(full, times, strict=True))


def repeat(shape: Shape, repeats: Any, axis: Any, learn: Meet) -> Shape:
    times = integers(repeats, "repeats")
    if any(t < 0 for t in times):
        raise ShapeError(f"repeats are not negative, as in {repeats!r}")
    flattened: Shape = (all_entries(shape),) if axis is None else shape
    a = 0 if axis is None else one_axis(axis, len(shape))
    if len(times) == 1:
        longer = multiply(flattened[a], times[0])
    else:
        if flattened[a] != len(times):
            if isinstance(flattened[a], int):
                raise ShapeError(f"{len(times)} repeats for {flattened[a]} entries")
            learn(flattened[a], len(times))
        longer = sum(times)
    return (*flattened[:a], longer, *flattened[a + 1 :])


def pad(shape: Shape, width: Any, mode: Any = "constant", *, learn: Meet) -> Shape:
    if mode not in PADDINGS:
        raise ShapeError(f"the modes are {', '.join(PADDINGS)}, not {mode}")
    try:
        pairs = np.broadcast_to(np.asarray(width), (len(shape), 2))
    except ValueError:
        raise ShapeError(f"widths are a number, (before, after) or one such pair for each of the {len(shape)} axes, not {width!r}") from None
    if pairs.size and (pairs.dtype.kind != "i" or (pairs < 0).any()):
        raise ShapeError(f"widths are integers, not negative, not {width!r}")
    return tuple(add(d, int(before), int(after)) for d, (before, after) in zip(shape, pairs, strict=True))


# ---- products ----


def einsum(*operands: Any, learn: Meet) -> Shape:
    *shapes, subscripts = operands
    inputs, output = einsum_labels(subscripts, len(shapes))
    bound: dict[str, Dimension] = {}
    spread: list[Shape] = []
    for labels, shape in zip(inputs, shapes, strict=True):
        before, dots, after = labels.partition("...")
        if len(shape) < len(before + after) or (not dots and len(shape) != len(before)):
            raise ShapeError(f"{labels} names the axes of {show(shape)}")
        end = len(shape) - len(after)
        spread.append(shape[len(before) : end])
        for label, dim in zip(before + after, (*shape[: len(before)], *shape[end:]), strict=True):
            known = bound.setdefault(label, dim)  # NumPy stretches an axis of length 1, which is more often a mistake than meant
            if known != dim:
                if isinstance(known, int) and isinstance(dim, int):
                    raise ShapeError(f"axis {label} of {subscripts} is both {known} and {dim} long")
                learn(known, dim)
                bound[label] = dim if isinstance(dim, int) else known
    before, dots, after = output.partition("...")
    if not dots and any(spread):
        raise ShapeError(f"{subscripts} has no ... in its result for the axes that it has no letters for")
    try:
        return (*(bound[i] for i in before), *(broadcast(spread, learn) if dots else ()), *(bound[i] for i in after))
    except KeyError as missing:
        raise ShapeError(f"{subscripts} has {missing.args[0]} in its result only") from None


def labels(shape: Shape, subscripts: Any, learn: Meet) -> Shape:
    (named,), _ = einsum_labels(subscripts, 1)
    before, dots, after = named.partition("...")
    if len(shape) < len(before + after) or (not dots and len(shape) != len(before)):
        raise ShapeError(f"{named} names the axes of {show(shape)}")
    return shape


def einsum_labels(subscripts: Any, operands: int) -> tuple[list[str], str]:
    """The axes of each operand and of the result; without `->` the result has what occurs once, in alphabetical order."""
    if not isinstance(subscripts, str):
        raise ShapeError(f"subscripts are a text such as 'ij,jk->ik', not {subscripts!r}")
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != operands or not all(c.isalpha() for text in (*inputs, right) for c in text.replace("...", "", 1)):
        raise ShapeError(f"{subscripts!r} does not name the axes of {operands} operand{'s' * (operands != 1)}")
    if not arrow:
        letters = left.replace("...", "").replace(",", "")
        right = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return inputs, right


def contract(first: Shape, second: Shape, axes: Any, learn: Meet) -> Shape:
    a, b = contracted_axes(axes, len(first), len(second))
    for i, j in zip(a, b, strict=True):
        if not agree(first[i], second[j], learn):
            raise ShapeError(f"axis {i} of {show(first)} and axis {j} of {show(second)} differ")
    return (*(d for i, d in enumerate(first) if i not in a), *(d for j, d in enumerate(second) if j not in b))


def contracted_axes(axes: Any, first: int, second: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that a product sums over, of each array of these ranks: so many of the last and first, or a pair of axes (or tuples of them)."""
    if type(axes) is int:
        if not 0 <= axes <= min(first, second):
            raise ShapeError(f"arrays of {first} and {second} axes have no {axes} to sum over")
        return tuple(range(first - axes, first)), tuple(range(axes))
    if not isinstance(axes, tuple) or len(axes) != 2:
        raise ShapeError(f"axes is an integer or a pair, not {axes!r}")
    found: Sequence[tuple[int, ...]] = [several_axes(x, rank, "axes") for x, rank in zip(axes, (first, second), strict=True)]
    if len(found[0]) != len(found[1]):
        raise ShapeError(f"axes names {len(found[0])} axes of one array and {len(found[1])} of the other")
    return found[0], found[1]


def inner_axes(first: Shape, second: Shape) -> Any:
    """The axes that inner sums over: the last ones; with a number nothing is summed."""
    return ((-1,), (-1,)) if first and second else 0


def dot_axes(first: Shape, second: Shape) -> Any:
    """The axes that dot sums over: the last of the first array, and the last but one of the second (of a vector its only one)."""
    return ((-1,), (-2 if len(second) > 1 else -1,)) if first and second else 0


def dot(first: Shape, second: Shape, learn: Meet) -> Shape:
    return contract(first, second, dot_axes(first, second), learn)


WORDS: dict[str, Word] = {
    "like": Word(like, "like X axis", arrays=-1, optional=1),
    "reduce": Word(reduce, "reduce X axis keepdims", settings=2, optional=1),
    "flat": Word(flat, "flat X axis", arrays=-1),
    "index": Word(index, "index X at"),
    "take": Word(take, "take X indices axis", settings=2),
    "gather": Word(gather, "gather X I axis", arrays=2),
    "along": Word(along, "along X I axis", arrays=2),
    "entries": Word(entries, "entries values", arrays=0),
    "diff": Word(diff, "diff X n axis", settings=2),
    "diagonal": Word(diagonal, "diagonal X offset axis1 axis2", settings=3),
    "trace": Word(trace, "trace X offset axis1 axis2", settings=3),
    "reshape": Word(reshape, "reshape X shape"),
    "permute": Word(permute, "permute X axes"),
    "move": Word(move, "move X source destination", settings=2),
    "rollaxis": Word(roll_axis, "rollaxis X axis start", settings=2),
    "swap": Word(swap, "swap X axis1 axis2", settings=2),
    "rotate": Word(rotate, "rotate X k axes", settings=2),
    "expand": Word(expand, "expand X axis"),
    "squeeze": Word(squeeze, "squeeze X axis"),
    "join": Word(join_along, "join X Y axis", arrays=-1),
    "leading": Word(leading, "leading G X axis", arrays=2),
    "trailing": Word(trailing, "trailing G X axis", arrays=2),
    "broadcast": Word(broadcast_to, "broadcast X shape"),
    "tile": Word(tile, "tile X reps"),
    "repeat": Word(repeat, "repeat X repeats axis", settings=2),
    "pad": Word(pad, "pad X width mode", settings=2, optional=1),
    "einsum": Word(einsum, "einsum X Y subscripts", arrays=-1),
    "labels": Word(labels, "labels X subscripts"),
    "contract": Word(contract, "contract X Y axes", arrays=2),
    "dot": Word(dot, "dot X Y", arrays=2, settings=0),
}
