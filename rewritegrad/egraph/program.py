"""The laws of a run, found by the operators that must be there before one of them can match.

So an iteration costs what the laws about its own operators cost, however many other laws there are, and a law about
operators that never occur is neither put into core form nor compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from typing import Any

from .matcher import CompiledLaw


class Program:
    """Laws in their order: `needs` has the operators of each without whose nodes it cannot match, `make` answers the law at a place."""

    def __init__(self, needs: Iterable[Collection[Any]], make: Callable[[int], CompiledLaw]) -> None:
        self._make = make
        self._beside: tuple[CompiledLaw, ...] = ()
        self._needs = list(needs)
        self._always = [i for i, needed in enumerate(self._needs) if not needed]
        counts: dict[Any, int] = {}
        for needed in self._needs:
            for op in needed:
                counts[op] = counts.get(op, 0) + 1
        self._under: dict[Any, list[int]] = {}
        for i, needed in enumerate(self._needs):
            if needed:
                rarest = min(needed, key=lambda op: counts[op])
                self._under.setdefault(rarest, []).append(i)

    @classmethod
    def of(cls, laws: Sequence[CompiledLaw]) -> Program:
        """A program of laws that are always looked at."""
        return cls([()] * len(laws), laws.__getitem__)

    def beside(self, laws: Sequence[CompiledLaw]) -> Program:
        """The same laws, and after them some that are always looked at."""
        both = copy(self)
        both._beside = (*self._beside, *laws)
        return both

    def possible(self, present: Collection[Any]) -> list[CompiledLaw]:
        """The laws that can match where only these operators have nodes, in the program's order."""
        found = list(self._always)
        for op in present:
            found += [i for i in self._under.get(op, ()) if all(needed in present for needed in self._needs[i])]
        return [*[self._make(i) for i in sorted(found)], *self._beside]
