"""Settings about windows over arrays that definitions compute: the places of pooling, halves of an axis (see settings.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .axes import integers, one_axis
from .errors import ShapeError
from .partsettings import known, split_places
from .term import Shape


def _each(setting: Any, count: int, what: str) -> tuple[int, ...]:
    """A number for each axis: one for all of them, or a list."""
    numbers = tuple(integers(setting, what))
    if len(numbers) not in (1, count):
        raise ShapeError(f"{what} of {count} axes: one number or {count}, not {setting!r}")
    return numbers * count if len(numbers) == 1 else numbers


def _windows(shape: Shape, ws: Any, ignore_border: Any, stride: Any, pad: Any, count: int) -> list[tuple[int, int, int, int, int]]:
    """For each of the last axes: its length, the size of a window, the step, the border, the number of windows."""
    if len(shape) < count:
        raise ShapeError(f"windows over {count} axes need an array of {count} axes at least")
    sizes = _each(ws, count, "sizes")
    steps = sizes if stride is None else _each(stride, count, "steps")
    borders = _each(pad, count, "borders")
    found = []
    for length, size, step, border in zip(shape[len(shape) - count :], sizes, steps, borders, strict=True):
        n = known(length, "an axis with windows")
        if size < 1 or step < 1 or not 0 <= border < size or (border and not ignore_border):
            raise ShapeError("sizes and steps of windows are positive; borders are smaller than they, and 0 unless ignore_border is True")
        whole = max(0, (n + 2 * border - size) // step + 1)
        many = whole if ignore_border else (n - 1) // step + 1 if step >= size else max(0, (n - 1 - size + step) // step) + 1
        found.append((n, size, step, border, many))
    return found


def window_widths(shape: Shape, ws: Any, ignore_border: Any, stride: Any, pad: Any, count: int) -> tuple[tuple[int, int], ...]:
    """The border of an array in which every window is whole.

    >>> window_widths((3, 5), 2, False, None, 0, 1)
    ((0, 0), (0, 1))
    """
    windows = _windows(shape, ws, ignore_border, stride, pad, count)
    widths = [(border, max(border, step * (many - 1) + size - border - n)) for n, size, step, border, many in windows]
    return (*((0, 0),) * (len(shape) - count), *widths)


def window_places(shape: Shape, ws: Any, ignore_border: Any, stride: Any, pad: Any, count: int, axis: int) -> tuple[tuple[int, ...], ...]:
    """The places of each window along one of the last axes, counted from the end, with that border.

    >>> window_places((5,), 2, False, None, 0, 1, -1)
    ((0, 1), (2, 3), (4, 5))
    """
    _, size, step, _, many = _windows(shape, ws, ignore_border, stride, pad, count)[axis]
    return tuple(tuple(range(i * step, i * step + size)) for i in range(many))


def half_along(shape: Shape, axis: Any, which: int) -> Any:
    """The index of one half of an axis.

    >>> half_along((4,), 0, 1)
    (('slice', 2, 4, None),)
    """
    return split_places(shape, 2, one_axis(axis, len(shape)))[which]


SETTINGS: tuple[Callable[..., Any], ...] = (window_widths, window_places, half_along)
