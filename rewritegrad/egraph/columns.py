"""An e-graph of plain nodes in columns: many nodes entered at once, unions gathered, congruence closed by sorting.

Invariants, after `rebuild`: every argument and class of a row is a root of the union-find, `parent` names the root of each id,
and no two rows of an operator have the same arguments. There is no analysis, and ids are those of the engine that the
columns came from.
"""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import Any

import numpy as np

from .columntable import ColumnTable, Ids, Mask, no_ids, sorted_order, starts_of
from .nodes import RowLimit

_NOBODY = np.iinfo(np.int64).max


class Columns:
    """Classes and nodes in columns."""

    def __init__(self) -> None:
        self.parent = no_ids()
        self.tables: dict[tuple[Any, int], ColumnTable] = {}
        self.leaves: dict[tuple[Any, tuple[Any, ...]], int] = {}
        self.leaf_stamp: dict[tuple[Any, tuple[Any, ...]], int] = {}
        self.class_count = 0
        self.live = 0
        self.row_limit: int | float = inf
        self.now = 0
        self._pairs: list[tuple[Ids, Ids]] = []

    def table(self, op: Any, arity: int) -> ColumnTable:
        """The rows of an operator with so many arguments."""
        found = self.tables.get((op, arity))
        if found is None:
            found = self.tables[op, arity] = ColumnTable(op, arity)
        return found

    # -- making nodes

    def _new_ids(self, count: int) -> Ids:
        start = len(self.parent)
        made = np.arange(start, start + count)
        self.parent = np.concatenate((self.parent, made))
        self.class_count += count
        return made

    def leaf(self, op: Any, items: tuple[Any, ...]) -> int:
        """The class of a leaf, or of an application without arguments; RowLimit where it would be one node too many."""
        found = self.leaves.get((op, items))
        if found is None:
            if self.live >= self.row_limit:
                raise RowLimit
            found = self.leaves[op, items] = int(self._new_ids(1)[0])
            self.leaf_stamp[op, items] = self.now
            self.live += 1
        return found

    def enter(self, op: Any, args: tuple[Ids, ...], claims: Ids) -> Ids:
        """Enter applications of canonical arguments; the last ones are claimed, each by a class that it is to be joined with.

        Answers the classes of the first ones, which nobody claims. RowLimit where there are more than may be: the rest is
        not entered.
        """
        table = self.table(op, len(args))
        unclaimed = len(args[0]) - len(claims)
        own, key = table.keys(args)
        order = sorted_order(key)
        key = key[order]
        first = starts_of(key)
        key = key[first]
        at = np.searchsorted(own, key)
        there = np.zeros(len(key), bool) if not len(own) else own[np.minimum(at, len(own) - 1)] == key
        cls = np.full(len(key), _NOBODY)
        claimants = no_ids()
        if len(claims):
            claimants = np.concatenate((np.full(unclaimed, _NOBODY), claims))[order]
            cls = np.minimum.reduceat(claimants, first)
        cls[there] = table.cls[at[there]]
        missing = np.flatnonzero(~there)
        room = self.row_limit - self.live
        full = len(missing) > room
        if full:
            missing = missing[: int(room)]
        nobody = missing[cls[missing] == _NOBODY]
        cls[nobody] = self._new_ids(len(nobody))
        rows = order[first[missing]]
        table.insert(at[missing], tuple([column[rows] for column in args]), cls[missing], self.now)
        self.live += len(missing)
        if full:
            raise RowLimit
        cls = np.repeat(cls, np.diff(np.append(first, len(order))))
        if len(claims):
            self.join(claimants, cls, claimants != _NOBODY)
        found = np.empty_like(cls)
        found[order] = cls
        return found[:unclaimed]

    def take(self, leaves: dict[tuple[Any, tuple[Any, ...]], int], nodes: dict[tuple[Any, tuple[int, ...]], int]) -> None:
        """Enter leaves and applications that are not there yet, whose classes are all the next ids."""
        self._new_ids(len(leaves) + len(nodes))
        self.live += len(leaves)
        self.leaves.update(leaves)
        self.leaf_stamp.update(dict.fromkeys(leaves, self.now))
        by_table: dict[tuple[Any, int], list[tuple[tuple[int, ...], int]]] = {}
        for (op, args), cls in nodes.items():
            by_table.setdefault((op, len(args)), []).append((args, cls))
        for (op, _), rows in by_table.items():
            columns = zip(*[row for row, _ in rows], strict=True)
            self.enter(op, tuple([np.array(column, np.int64) for column in columns]), np.array([cls for _, cls in rows], np.int64))

    # -- unions

    def join(self, left: Ids, right: Ids, where: Mask | None = None) -> None:
        """Say that classes are equal, row by row; it counts from the next `rebuild` on."""
        apart = left != right
        if where is not None:
            apart &= where
        if apart.any():
            self._pairs.append((left[apart], right[apart]))

    def rebuild(self) -> bool:
        """Join what is to be joined, and close under congruence; whether there was anything to join. No limit holds here."""
        changed = False
        limit, self.row_limit = self.row_limit, inf
        while self._pairs:
            left, right = (np.concatenate(side) for side in zip(*self._pairs, strict=True))
            self._pairs = []
            gone = self._unite(left, right)
            changed = changed or bool(gone.any())
            for key, leaf in self.leaves.items():
                if gone[leaf]:
                    self.leaves[key] = int(self.parent[leaf])
                    self.leaf_stamp[key] = self.now
            for table in self.tables.values():
                self._renew(table, gone)
        self.row_limit = limit
        return changed

    def _unite(self, left: Ids, right: Ids) -> Mask:
        """Join classes; the older id stays the root. Answers which roots are none any more."""
        parent = self.parent
        gone = np.zeros(len(parent), bool)
        while True:
            left, right = parent[left], parent[right]
            apart = left != right
            if not apart.any():
                break
            left, right = left[apart], right[apart]
            older, younger = np.minimum(left, right), np.maximum(left, right)
            parent[younger] = older  # of several, one: the others are left for the next round
            gone[younger] = True
            left, right = older, younger
            while True:  # only roots are named here, so their chains are all that must be shortened
                up = parent[parent[right]]
                if (up == parent[right]).all():
                    break
                parent[right] = up
            parent[left] = parent[parent[left]]
        self.class_count -= int(gone.sum())
        while True:
            up = parent[parent]
            if (up == parent).all():
                return gone
            self.parent = parent = up

    def _renew(self, table: ColumnTable, gone: Mask) -> None:
        """The rows of a table with canonical classes and arguments; rows that become the same are one, and their classes to be joined."""
        moved = gone[table.cls]
        if moved.any():
            table.cls[moved] = self.parent[table.cls[moved]]
            table.stamp[moved] = self.now
        stale = gone[table.args[0]]
        for column in table.args[1:]:
            stale |= gone[column]
        if stale.any():
            args, cls = tuple([self.parent[column[stale]] for column in table.args]), table.cls[stale]
            table.keep(~stale)
            self.live -= len(cls)
            self.enter(table.op, args, cls)

    # -- looking

    def find(self, i: int) -> int:
        """The root of an id, after a rebuild."""
        return int(self.parent[i])

    def class_of(self, op: Any, args: tuple[int, ...]) -> int:
        """The class of an application of roots, -1 where it is not there."""
        table = self.tables.get((op, len(args)))
        if table is None:
            return -1
        start, end = 0, len(table)
        for column, arg in zip(table.args, args, strict=True):
            start, end = start + int(np.searchsorted(column[start:end], arg)), start + int(np.searchsorted(column[start:end], arg, side="right"))
        return int(table.cls[start]) if start < end else -1

    def rows(self) -> dict[Any, int]:
        """The number of nodes of each operator."""
        counts = Counter([op for op, _ in self.leaves])
        for (op, _), table in self.tables.items():
            counts[op] += len(table)
        return {op: n for op, n in counts.items() if n}

    def operators(self) -> dict[Any, None]:
        """The operators that have nodes, or had."""
        return dict.fromkeys([op for op, _ in (*self.leaves, *self.tables)])
