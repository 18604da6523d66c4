"""Names that calls are read away by: formulas of any number of arguments, of several results, of parts of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .patterns import Condition, PApply, Pattern, PEach, PVar
from .theory import Parameter

EACH = "each"
"""The name of the argument in the body of a Spelling."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name for formulas of any number of arguments (`def stack(X.., axis=0) = ...`), with the settings that a call may give.

    In `body` an operator of two arguments is applied to one `PEach` instead: what is made of each argument, combined two at a time.
    """

    settings: tuple[Parameter, ...]
    body: Pattern

    def written(self, arguments: Sequence[Pattern], settings: Mapping[str, Pattern]) -> Pattern:
        """The formula that a call with these arguments, one at least, means (bodies are as deep as a line of a rule file)."""

        def put(pattern: Pattern, own: Mapping[str, Pattern]) -> Pattern:
            if isinstance(pattern, PVar):
                return own.get(pattern.name, pattern)
            if not isinstance(pattern, PApply):
                return pattern
            first, *others = pattern.args or (None,)
            if not isinstance(first, PEach):
                return PApply(pattern.op, tuple(put(a, own) for a in pattern.args))
            total, *parts = [put(first.body, {**own, EACH: argument}) for argument in arguments]
            given = tuple(put(a, own) for a in others if a is not None)
            for part in parts:
                total = PApply(pattern.op, (total, part, *given))
            return total

        return put(self.body, settings)


@dataclass(frozen=True, slots=True)
class Results:
    """A name for several formulas (`def eigh(A) = (eigvalsh(A), eigenvectors(A))`), which a call has as its results.

    An argument that the signature writes X[at] must be a part of an array; `places` has the name of its index, at the argument's
    position. With `each` there is one formula, and a result for each value of the list of settings in it. `conditions` are about
    ranks and settings: it is for arguments of which they hold.
    """

    parameters: tuple[Parameter, ...]
    places: tuple[str, ...]
    parts: tuple[Pattern, ...]
    each: bool = False
    conditions: tuple[Condition, ...] = ()
