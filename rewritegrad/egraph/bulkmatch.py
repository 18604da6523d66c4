"""Left sides matched against columns: joins of whole tables, of which at least one row is new in each match."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .bulkplans import Atom, Plan
from .columns import Columns
from .columntable import ColumnTable, Ids, sorted_order

NEVER = -1
"""What a law has seen that has not been run."""

_PIECE = 1 << 18
"""A join goes on in pieces of about so many rows, which bounds its memory and the time between two looks at the clock."""

_SPARSE = 8
"""Where so many rows meet one that they could be joined with, those that meet none are left out first."""

ALL, OLD, NEW = range(3)
"""Which rows of a table: all, those that a law has looked at, or the others."""


class Matches:
    """What a law matched: the class of the root and the values of the variables that its right side names, a row for each match."""

    __slots__ = ("plan", "root", "values")

    def __init__(self, plan: Plan, root: Ids, values: dict[int, Ids]) -> None:
        self.plan = plan
        self.root = root
        self.values = values

    def __len__(self) -> int:
        return len(self.root)

    def split(self, count: int) -> tuple[Matches, Matches]:
        """The first matches, and the rest."""
        head = Matches(self.plan, self.root[:count], {v: column[:count] for v, column in self.values.items()})
        return head, Matches(self.plan, self.root[count:], {v: column[count:] for v, column in self.values.items()})

    def renamed(self, parent: Ids) -> Matches:
        """The same matches after a rebuild."""
        return Matches(self.plan, parent[self.root], {v: parent[column] for v, column in self.values.items()})


class _Index(NamedTuple):
    """Rows by class: those of class c are `rows[start[c]:start[c] + count[c]]`."""

    rows: Ids
    start: Ids
    counts: Ids


class Snapshot:
    """The columns as they are during the matching of one iteration, and what the laws ask of them, computed once."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._span: dict[ColumnTable, tuple[int, int]] = {}
        self._rows: dict[tuple[ColumnTable, int, int], Ids] = {}
        self._indexes: dict[tuple[ColumnTable, int, int], _Index] = {}

    def matches(self, plan: Plan, seen: int, check: Callable[[], None]) -> Iterator[Matches]:
        """The matches in which a row or a leaf is newer than `seen`, in pieces; `check` is called between them."""
        leaves = {v: self.columns.leaves.get(plan.leaves[v], -1) for v in plan.asked}
        if -1 in leaves.values():
            return
        if any(self.columns.leaf_stamp[plan.leaves[v]] > seen for v in plan.asked):
            seen = NEVER
            if not plan.atoms:
                yield Matches(plan, np.full(1, leaves[plan.root]), {})
        for parts in self._parts(plan, seen):
            for rows in _Join(self, plan, parts, seen, leaves).run(check):
                yield self._values(plan, rows)

    def _parts(self, plan: Plan, seen: int) -> Iterator[list[int]]:
        """Ways to choose the rows: the first new one at each of the atoms, only old ones before it, any after it."""
        spans = [self._span_of(self.columns.table(atom.op, len(atom.args))) for atom in plan.atoms]
        for i, (oldest, newest) in enumerate(spans):
            if newest > seen:
                yield [OLD] * i + [NEW if oldest <= seen else ALL] + [ALL] * (len(spans) - i - 1)
            if oldest > seen:
                return

    def _span_of(self, table: ColumnTable) -> tuple[int, int]:
        """The oldest and the newest stamp of a table; of an empty one such that it has no row, old or new."""
        if table not in self._span:
            self._span[table] = (int(table.stamp.min()), int(table.stamp.max())) if len(table) else (self.columns.now, NEVER)
        return self._span[table]

    def _values(self, plan: Plan, rows: list[Ids]) -> Matches:
        tables = [self.columns.table(atom.op, len(atom.args)) for atom in plan.atoms]
        values = {}
        for i, atom in enumerate(plan.atoms):
            for v, column in zip(atom.args, tables[i].args, strict=True):
                if v in plan.used and v not in values:
                    values[v] = column[rows[i]]
        return Matches(plan, tables[0].cls[rows[0]], values)

    def rows(self, table: ColumnTable, part: int, seen: int) -> Ids:
        """The positions of some rows of a table."""
        key = (table, part, 0 if part == ALL else seen)
        found = self._rows.get(key)
        if found is None:
            wanted = np.ones(len(table), bool) if part == ALL else table.stamp > seen if part == NEW else table.stamp <= seen
            found = self._rows[key] = np.flatnonzero(wanted)
        return found

    def index(self, table: ColumnTable, part: int, seen: int) -> _Index:
        """Some rows of a table by their class."""
        key = (table, part, 0 if part == ALL else seen)
        found = self._indexes.get(key)
        if found is None:
            rows = self.rows(table, part, seen)
            cls = table.cls[rows]
            count = np.bincount(cls, minlength=len(self.columns.parent))
            found = self._indexes[key] = _Index(rows[sorted_order(cls)], np.cumsum(count) - count, count)
        return found


class _Join:
    """The rows of all atoms of a plan that fit together, from given parts of their tables."""

    def __init__(self, snapshot: Snapshot, plan: Plan, parts: list[int], seen: int, leaves: dict[int, int]) -> None:
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
        first = self.snapshot.rows(self.tables[0], self.parts[0], self.seen)
        stack: list[Iterator[list[Ids]]] = [(self._fitting(0, [first[i : i + _PIECE]]) for i in range(0, len(first), _PIECE))]
        while stack:
            check()
            rows = next(stack[-1], None)
            if rows is None:
                stack.pop()
            elif len(rows) < len(self.atoms):
                stack.append(self._joined(rows))
            elif len(rows[0]):
                yield rows

    def _value(self, v: int, rows: list[Ids]) -> Ids:
        i, j = self.place[v]
        return self.tables[i].args[j][rows[i]]

    def _joined(self, rows: list[Ids]) -> Iterator[list[Ids]]:
        """The rows together with those of the next atom."""
        i = len(rows)
        index = self.snapshot.index(self.tables[i], self.parts[i], self.seen)
        cls = self._value(self.atoms[i].cls, rows)
        if _SPARSE * len(index.rows) < len(cls):
            some = np.flatnonzero(index.counts[cls])
            cls, rows = cls[some], [column[some] for column in rows]
        count, start = index.counts[cls], index.start[cls]
        for a, b in pairwise(_bounds(count)):
            n = count[a:b]
            end = np.cumsum(n)
            left = np.repeat(np.arange(a, b), n)
            right = index.rows[np.repeat(start[a:b] - end + n, n) + np.arange(len(left))]
            if len(left):
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


def _bounds(count: Ids) -> list[int]:
    """Where to cut so many rows each into pieces of at most _PIECE in all, or of one."""
    total = np.cumsum(count)
    size = int(total[-1]) if len(total) else 0
    if size <= _PIECE:
        return [0, len(count)]
    cuts = np.searchsorted(total, np.arange(_PIECE, size, _PIECE), side="right")
    return [0, *np.unique(cuts[cuts > 0]).tolist(), len(count)]
