"""Kernels applied to many points at once.

A batch is a float64 array with leading axes that count points, and after them the axes of the value. Booleans travel as
floats: 0, 1, and nan where the answer is not known. Elementwise kernels see a whole batch, values aligned as NumPy
aligns their shapes; so do reductions, their axes moved behind the leading ones; other kernels see one point at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .kernels import Array, branches, keywords, resolve
from .shapes import elementwise, reduced_axes
from .theory import Operator, Theory

ACCURACY = 2.0**-46
SPECIAL = 2.0**-36
"""How far, relatively, values of NumPy's kernels (but for linear algebra), and of all others, may be from the truth (generously)."""
FAILURES = (ArithmeticError, ValueError, TypeError, IndexError)
"""What kernels raise for arguments outside of their domain (a singular matrix), or that are unknown and so lack axes, and
batches for shapes that do not fit."""


_STACKS = re.compile(r"\(\.\.\.[^()]*\)(, \(\.\.\.[^()]*\))* -> \(\.\.\.[^()|]*\)")
"""A shape rule that is one signature, where every argument may have leading axes: the kernel counts them itself."""


class Call:
    """How the kernel of an operator that has one is called; EvaluationError where the name means nothing."""

    __slots__ = ("accuracy", "boolean", "branches", "elementwise", "kernel", "name", "reduced", "settings", "stacks")

    def __init__(self, op: Operator) -> None:
        self.name = op.numpy or ""
        self.kernel = resolve(self.name)
        self.accuracy = np.array(ACCURACY if self.name.startswith("np.") and not self.name.startswith("np.linalg.") else SPECIAL)
        self.boolean = op.is_boolean
        self.elementwise = op.shape_rule is elementwise
        self.branches = branches(self.kernel)
        named = keywords(self.kernel)
        self.settings = {i: p.name if p.name in named else "" for i, p in enumerate(op.parameters) if p.attribute}
        self.reduced = _reduced(op)
        self.stacks = _STACKS.fullmatch(op.shape_text) is not None

    def __call__(self, args: Sequence[Any], booleans: Sequence[bool], lead: int, clean: bool = False) -> Array:
        """The batch of results, from batches (and the values of settings); `clean` promises that nothing in them is nan.

        What is not known of an argument is not known of the result, except where the kernel does not take it (a branch
        of `where`). May raise FAILURES.
        """
        if not callable(self.kernel):
            return np.full((1,) * lead, float(self.kernel))
        given = [a != 0.0 if b else a for a, b in zip(args, booleans, strict=True)] if True in booleans else list(args)
        raw = np.asarray(self._raw(given, lead))
        result = raw if raw.dtype == np.float64 else raw.astype(np.float64) if raw.dtype.kind in "biuf" else np.full(raw.shape, np.nan)
        return result if clean else self._masked(result, raw.dtype.kind != "f" or True in booleans, args, lead)

    def _raw(self, args: list[Any], lead: int) -> Any:
        if self.elementwise:
            return self._aligned(args, lead)
        if self.reduced is not None:
            array, axis = self.reduced
            axes = reduced_axes(args[axis], args[array].ndim - lead)
            args[axis] = tuple([a + lead for a in axes])
            return self._called(args)
        arrays = [i for i in range(len(args)) if i not in self.settings]
        if isinstance(self.kernel, np.ufunc) and all(args[i].ndim == lead + 2 for i in arrays):
            return self.kernel(*args)  # a product of matrices: ufuncs with a signature count leading axes themselves
        if self.stacks and len({args[i].ndim for i in arrays}) == 1:
            try:
                return self._called(list(args))
            except FAILURES:
                pass  # at one of the points at least: which ones is found out one by one
        counts = np.broadcast_shapes((1,) * lead, *[args[i].shape[:lead] for i in arrays])
        for i in arrays:
            args[i] = np.broadcast_to(args[i], counts + args[i].shape[lead:])
        points = [[args[i][at] if i not in self.settings else args[i] for i in range(len(args))] for at in np.ndindex(*counts)]
        results = [self._attempted(point) for point in points]
        known = next((r for r in results if r is not None), None)
        if known is None:
            raise ValueError(f"{self.name} is defined at none of the points")
        return np.array([np.full(np.shape(known), np.nan) if r is None else r for r in results]).reshape(counts + np.shape(known))

    def _attempted(self, args: list[Any]) -> Any:
        """The result at one point; None where the kernel fails there, as for a singular matrix."""
        try:
            return self._called(args)
        except FAILURES:
            return None

    def _aligned(self, args: list[Any], lead: int) -> Any:
        ranks = [args[i].ndim for i in range(len(args)) if i not in self.settings]
        if min(ranks) != (rank := max(ranks)):
            args = [a if i in self.settings else align(a, rank, lead) for i, a in enumerate(args)]
        return self._called(args)

    def _called(self, args: list[Any]) -> Any:
        if not self.settings:
            return self.kernel(*args)
        positional = [a for i, a in enumerate(args) if not self.settings.get(i)]
        return self.kernel(*positional, **{name: args[i] for i, name in self.settings.items() if name})

    def _masked(self, result: Array, discrete: bool, args: Sequence[Any], lead: int) -> Array:
        """The result with nan where an argument is nan; most kernels that give floats have seen to it themselves."""
        if not self.elementwise and not discrete:
            return result
        for i, arg in enumerate(args):
            if i in self.settings or i in self.branches:
                continue
            missing = np.isnan(arg)
            if missing.any():
                if not self.elementwise:
                    missing = missing.any(axis=tuple(range(lead, missing.ndim)))
                result = np.where(align(missing, result.ndim, lead), np.nan, result)
        return result


class Calls:
    """The calls of a theory's operators, made when first asked for (SciPy is imported then); kept by `Theory.derived`."""

    def __init__(self, theory: Theory) -> None:
        self._calls: dict[Operator, Call | None] = {}

    def __getitem__(self, op: Operator) -> Call | None:
        """The call of an operator; None where it has no kernel."""
        try:
            return self._calls[op]
        except KeyError:
            return self._calls.setdefault(op, None if op.numpy is None else Call(op))


def align(batch: Array, rank: int, lead: int) -> Array:
    """The batch with axes of length 1 put in before those of the value, so that it has `rank` axes in all."""
    missing = rank - batch.ndim
    return batch if missing <= 0 else batch.reshape(batch.shape[:lead] + (1,) * missing + batch.shape[lead:])


def _reduced(op: Operator) -> tuple[int, int] | None:
    """The positions of the array and of the axis of a reduction."""
    words = op.shape_text.split()
    if not words or words[0] != "reduce":
        return None
    names = [p.name for p in op.parameters]
    arrays = sum(not p.attribute for p in op.parameters)
    return (names.index(words[1]), names.index(words[2])) if arrays == 1 else None
