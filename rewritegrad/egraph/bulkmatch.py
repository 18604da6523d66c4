"""Left sides matched against columns: joins of whole tables, of which at least one row is new in each match."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from .bulkplans import Atom, Plan
from .columns import Columns
from .columntable import ColumnTable, Ids, no_ids

NEVER = -1
"""What a law has seen that has not been run."""

_PIECE = 1 << 20
"""A join goes on in pieces of about so many rows, which bounds its memory and the time between two looks at the clock."""


class Part(Enum):
    """Which rows of a table: all, those that a law has looked at, or the others."""

    ALL = "every row"
    OLD = "old"
    NEW = "new"


@dataclass(slots=True)
class Matches:
    """What a law matched: the class of the root and the values of the variables that its right side names, a row for each match."""

    plan: Plan
    root: Ids
    values: dict[int, Ids]

    def __len__(self) -> int:
        return len(self.root)

    def split(self, count: int) -> tuple[Matches, Matches]:
        """The first matches, and the rest."""
        head = Matches(self.plan, self.root[:count], {v: column[:count] for v, column in self.values.items()})
        return head, Matches(self.plan, self.root[count:], {v: column[count:] for v, column in self.values.items()})


@dataclass(slots=True)
class _Index:
    """Rows by class: those of class c are `rows[start[c]:start[c] + count[c]]`."""

    rows: Ids
    start: Ids
    count: Ids


class Snapshot:
    """The columns as they are during the matching of one iteration, and the indexes that the laws share."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._indexes: dict[tuple[ColumnTable, Part, int], _Index] = {}

    def matches(self, plan: Plan, seen: int, cap: int | float, check: Callable[[], None]) -> Matches:
        """The matches in which a row or a leaf is newer than `seen`, `cap` of them at most; `check` is called now and then."""
        leaves = self._leaves(plan)
        found: list[Matches] = []
        if leaves is not None:
            if any(self.columns.leaf_stamp[plan.leaves[v]] > seen for v in plan.asked):
                if not plan.atoms:
                    return Matches(plan, np.full(1, leaves[plan.root]), {})
                seen = NEVER
            count = 0
            for parts in self._parts(plan, seen):
                for rows in _Join(self, plan, parts, seen, leaves).run(check):
                    found.append(self._values(plan, rows))
                    count += len(found[-1])
                    if count >= cap:
                        found[-1] = found[-1].split(len(found[-1]) - int(count - cap))[0]
                        return _concatenated(plan, found)
        return _concatenated(plan, found)

    def _leaves(self, plan: Plan) -> dict[int, int] | None:
        leaves = {v: self.columns.leaves.get(plan.leaves[v], -1) for v in plan.asked}
        return None if -1 in leaves.values() else leaves

    def _parts(self, plan: Plan, seen: int) -> Iterator[list[Part]]:
        """Ways to choose the rows: the first new one at each of the atoms, only old ones before it, any after it."""
        tables = [self.columns.table(atom.op, len(atom.args)) for atom in plan.atoms]
        for i, table in enumerate(tables):
            if bool((table.stamp > seen).any()):
                yield [Part.OLD] * i + [Part.NEW] + [Part.ALL] * (len(tables) - i - 1)
            if not bool((table.stamp <= seen).any()):
                return

    def _values(self, plan: Plan, rows: list[Ids]) -> Matches:
        tables = [self.columns.table(atom.op, len(atom.args)) for atom in plan.atoms]
        values = {}
        for i, atom in enumerate(plan.atoms):
            for v, column in zip(atom.args, tables[i].args, strict=True):
                if v in plan.used and v not in values:
                    values[v] = column[rows[i]]
        return Matches(plan, tables[0].cls[rows[0]], values)

    def index(self, table: ColumnTable, part: Part, seen: int) -> _Index:
        """Some rows of a table by their class."""
        key = (table, part, seen)
        found = self._indexes.get(key)
        if found is None:
            rows = part_of(table, part, seen)
            cls = table.cls[rows]
            low = len(cls).bit_length()
            order = np.sort((cls << low) | np.arange(len(cls))) & ((1 << low) - 1)
            count = np.bincount(cls, minlength=len(self.columns.parent))
            found = self._indexes[key] = _Index(rows[order], np.cumsum(count) - count, count)
        return found


def part_of(table: ColumnTable, part: Part, seen: int) -> Ids:
    """The positions of some rows of a table."""
    if part is Part.ALL:
        return np.arange(len(table))
    return np.flatnonzero(table.stamp > seen if part is Part.NEW else table.stamp <= seen)


def _concatenated(plan: Plan, found: list[Matches]) -> Matches:
    if len(found) == 1:
        return found[0]
    values = {v: np.concatenate([no_ids(), *[m.values[v] for m in found]]) for v in plan.used}
    return Matches(plan, np.concatenate([no_ids(), *[m.root for m in found]]), values)


class _Join:
    """The rows of all atoms of a plan that fit together, from given parts of their tables."""

    def __init__(self, snapshot: Snapshot, plan: Plan, parts: list[Part], seen: int, leaves: dict[int, int]) -> None:
        self.snapshot = snapshot
        self.atoms = plan.atoms
        self.parts = parts
        self.seen = seen
        self.leaves = leaves
        self.tables = [snapshot.columns.table(atom.op, len(atom.args)) for atom in plan.atoms]
        self.place: dict[int, tuple[int, int]] = {}
        for i, atom in enumerate(plan.atoms):
            for j, v in enumerate(atom.args):
                self.place.setdefault(v, (i, j))

    def run(self, check: Callable[[], None]) -> Iterator[list[Ids]]:
        """The positions of fitting rows, an array for each atom, in pieces."""
        first = part_of(self.tables[0], self.parts[0], self.seen)
        pieces = [[first[i : i + _PIECE]] for i in range(0, len(first), _PIECE)]
        waiting = [self._fitting(0, piece) for piece in reversed(pieces)]
        while waiting:
            check()
            rows = waiting.pop()
            if len(rows) == len(self.atoms):
                if len(rows[0]):
                    yield rows
            else:
                waiting += reversed(list(self._joined(rows)))

    def _value(self, v: int, rows: list[Ids]) -> Ids:
        i, j = self.place[v]
        return self.tables[i].args[j][rows[i]]

    def _joined(self, rows: list[Ids]) -> Iterator[list[Ids]]:
        """The rows together with those of the next atom."""
        i = len(rows)
        index = self.snapshot.index(self.tables[i], self.parts[i], self.seen)
        cls = self._value(self.atoms[i].cls, rows)
        count, start = index.count[cls], index.start[cls]
        total = np.cumsum(count)
        cuts = np.searchsorted(total, np.arange(_PIECE, int(total[-1]) if len(total) else 0, _PIECE), side="right")
        bounds = [0, *np.unique(cuts[cuts > 0]).tolist(), len(cls)]
        for a, b in pairwise(bounds):
            n = count[a:b]
            end = np.cumsum(n)
            size = int(end[-1]) if len(end) else 0
            if size:
                left = np.repeat(np.arange(a, b), n)
                right = index.rows[np.repeat(start[a:b] - end + n, n) + np.arange(size)]
                yield self._fitting(i, [*[column[left] for column in rows], right])

    def _fitting(self, i: int, rows: list[Ids]) -> list[Ids]:
        """The rows in which the arguments of an atom are what they are elsewhere."""
        atom: Atom = self.atoms[i]
        fits = None
        for j, v in enumerate(atom.args):
            if v in self.leaves or self.place[v] != (i, j):
                same = self.tables[i].args[j][rows[i]] == (self.leaves[v] if v in self.leaves else self._value(v, rows))
                fits = same if fits is None else fits & same
        return rows if fits is None else [column[fits] for column in rows]
