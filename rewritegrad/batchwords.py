"""What the settings of the words of shape rules become where arrays have a new first axis, which is to be left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .axes import EVERYTHING, border_widths, one_axis, several_axes
from .places import is_array, spelled_out
from .shapes import reduced_axes
from .term import Shape


class NoRule(Exception):
    """Nothing is known that would tell how an operator works on several arrays at once."""


def _all_or_some(axis: Any, shape: Shape) -> Any:
    """The setting `axis` of a reduction."""
    if isinstance(axis, int):
        return one_axis(axis, len(shape)) + 1
    return tuple(a + 1 for a in reduced_axes(axis, len(shape)))


def _along(axis: Any, shape: Shape) -> Any:
    """The setting `axis` of what works along axes; None is all of one."""
    if axis is None:
        return 1
    return one_axis(axis, len(shape)) + 1 if isinstance(axis, int) else tuple(a + 1 for a in several_axes(axis, len(shape), "an axis"))


def _index_at(at: Any, shape: Shape) -> Any:
    places = spelled_out(at, len(shape))
    moved = [i for i, place in enumerate(p for p in places) if isinstance(place, int) or is_array(place)]
    if any(map(is_array, places)) and moved[-1] - moved[0] != len(moved) - 1:
        raise NoRule  # NumPy puts the axes of separated lists first
    return (EVERYTHING, *places)


def order(axes: Any, shape: Shape) -> tuple[int, ...]:
    order = range(len(shape))[::-1] if axes is None else several_axes(axes, len(shape), "axes")
    return (0, *(a + 1 for a in order))


def _moved(axes: Any, shape: Shape) -> tuple[int, ...]:
    return tuple(a + 1 for a in (range(len(shape)) if axes is None else several_axes(axes, len(shape), "axes")))


def _inserted(axis: Any, shape: Shape) -> tuple[int, ...]:
    count = len(axis) if isinstance(axis, tuple) else 1
    return tuple(a + 1 for a in several_axes(axis, len(shape) + count, "an axis"))


def _squeezed(axis: Any, shape: Shape) -> Any:
    return tuple(i + 1 for i, d in enumerate(shape) if d == 1) if axis is None else _along(axis, shape)


SETTINGS: dict[str, Callable[[list[Any], Shape], list[Any]]] = {
    "like": lambda s, shape: [_along(a, shape) for a in s],
    "flat": lambda s, shape: [_along(a, shape) for a in s],
    "reduce": lambda s, shape: [_all_or_some(s[0], shape), *s[1:]],
    "index": lambda s, shape: [_index_at(s[0], shape)],
    "take": lambda s, shape: [s[0], _along(s[1], shape)],
    "along": lambda s, shape: [_along(s[0], shape)],
    "diff": lambda s, shape: [s[0], _along(s[1], shape)],
    "diagonal": lambda s, shape: [s[0], _along(s[1], shape), _along(s[2], shape)],
    "trace": lambda s, shape: [s[0], _along(s[1], shape), _along(s[2], shape)],
    "permute": lambda s, shape: [order(s[0], shape)],
    "move": lambda s, shape: [_moved(s[0], shape), _moved(s[1], shape)],
    "rollaxis": lambda s, shape: [_along(s[0], shape), s[1] + 1 + len(shape) * (s[1] < 0)],
    "swap": lambda s, shape: [_along(s[0], shape), _along(s[1], shape)],
    "rotate": lambda s, shape: [s[0], _moved(s[1], shape)],
    "expand": lambda s, shape: [_inserted(s[0], shape)],
    "squeeze": lambda s, shape: [_squeezed(s[0], shape)],
    "join": lambda s, shape: [_along(s[0], shape)],
    "leading": lambda s, shape: [_along(s[0], shape)],
    "trailing": lambda s, shape: [_along(s[0], shape)],
    "repeat": lambda s, shape: [s[0], _along(s[1], shape)],
    "pad": lambda s, shape: [((0, 0), *border_widths(s[0], len(shape))), *s[1:]],
}
"""What the settings of each word of shape rules become."""
