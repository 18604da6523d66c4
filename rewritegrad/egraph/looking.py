"""Columns looked at and added to a node at a time, without moving back: the cheapest trees below a few classes, and new terms."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

import numpy as np

from .columns import Columns
from .columntable import ColumnTable, Ids
from .extract import IMPROVABLE
from .language import Language
from .nodes import LEAF, PLAIN, ENode

_ROUNDS = 64
"""After so many rounds over all rows, deeper terms are left to extraction from nodes."""

_DEAR = 1 << 60
"""What the trees of a class cost of which none is known yet."""


class View:
    """Some classes of columns with some of their nodes, as extraction asks for them."""

    def __init__(self, parent: Ids, members: dict[int, list[ENode]]) -> None:
        self._parent = parent
        self._members = members

    def split(self, i: int) -> tuple[int, int]:
        """(1, root)."""
        return 1, int(self._parent[i])

    def find(self, i: int) -> int:
        """The root."""
        return int(self._parent[i])

    def members_by_class(self) -> dict[int, list[ENode]]:
        """The nodes of every class."""
        return self._members


def view(columns: Columns, roots: Sequence[int], cost: Callable[[Any], int], avoid: Container[Any]) -> View | None:
    """What extraction may choose from below some classes: all nodes where they are few, else those of the cheapest trees.

    A node costs what its operator does. None where trees are so deep that nodes are the better place to look for them.
    """
    few = _few_below(columns, roots)
    if few is not None:
        members: dict[int, list[ENode]] = {}
        for node in _nodes_of(columns, few):
            members.setdefault(node.cls, []).append(node)
        return View(columns.parent, members)
    trees = _Trees(columns, cost, avoid)
    return View(columns.parent, trees.below(roots)) if trees.settle() else None


def _few_below(columns: Columns, roots: Sequence[int]) -> Ids | None:
    """The classes below some classes; None where they are more than extraction improves on."""
    reached = np.zeros(len(columns.parent), bool)
    reached[list(roots)] = True
    count = 0
    while count < (now := int(reached.sum())) <= IMPROVABLE:
        count = now
        for table in columns.tables.values():
            rows = reached[table.cls]
            for column in table.args:
                reached[column[rows]] = True
    return np.flatnonzero(reached) if count == now else None


def _nodes_of(columns: Columns, classes: Ids) -> Iterator[ENode]:
    wanted = np.zeros(len(columns.parent), bool)
    wanted[classes] = True
    for (op, items), cls in columns.leaves.items():
        if wanted[cls]:
            yield ENode(op, LEAF if items else PLAIN, items, 1, cls)
    for table in columns.tables.values():
        yield from nodes_at(table, np.flatnonzero(wanted[table.cls]))


def nodes_at(table: ColumnTable, rows: Ids) -> Iterator[ENode]:
    """Some rows of a table as nodes."""
    for cls, *args in zip(table.cls[rows].tolist(), *[column[rows].tolist() for column in table.args], strict=True):
        yield ENode(table.op, PLAIN, tuple(args), 1, cls)


class _Trees:
    """The cheapest tree of each class."""

    def __init__(self, columns: Columns, cost: Callable[[Any], int], avoid: Container[Any]) -> None:
        self._leaves = [(cls, op, items) for (op, items), cls in columns.leaves.items() if op not in avoid]
        self._tables = [table for (op, _), table in columns.tables.items() if op not in avoid]
        self._cost = cost
        self._total = np.full(len(columns.parent), _DEAR)

    def settle(self) -> bool:
        """Find what they cost, from the leaves up; False where that takes too many rounds."""
        for cls, op, _ in self._leaves:
            self._total[cls] = min(self._total[cls], self._cost(op))
        for _ in range(_ROUNDS):
            before = self._total.copy()
            for table in self._tables:
                np.minimum.at(self._total, table.cls, self._of_rows(table))
            if (self._total == before).all():
                return True
        return False

    def _of_rows(self, table: ColumnTable) -> Ids:
        total = np.full(len(table), self._cost(table.op))
        for column in table.args:
            total = np.minimum(total + self._total[column], _DEAR)
        return total

    def below(self, roots: Sequence[int]) -> dict[int, list[ENode]]:
        """The nodes of the cheapest trees of some classes, one for each class in them."""
        chosen: dict[int, list[ENode]] = {}
        for cls, op, items in self._leaves:
            if self._total[cls] == self._cost(op):
                chosen.setdefault(cls, [ENode(op, LEAF if items else PLAIN, items, 1, cls)])
        place, row = np.full((2, len(self._total)), -1)
        for i in range(len(self._tables) - 1, -1, -1):
            table, total = self._tables[i], self._of_rows(self._tables[i])
            best = np.flatnonzero((total == self._total[table.cls]) & (total < _DEAR))[::-1]
            place[table.cls[best]], row[table.cls[best]] = i, best  # of several the first, which is written last
        stack = list(roots)
        while stack:
            cls = stack.pop()
            if cls not in chosen and place[cls] >= 0:
                chosen[cls] = list(nodes_at(self._tables[place[cls]], row[cls : cls + 1]))
                stack += chosen[cls][0].items
        return chosen


class Additions:
    """Columns as an engine to which terms are added: nodes that are new wait until `rebuild`."""

    one = -1

    def __init__(self, columns: Columns, language: Language) -> None:
        self.language = language
        self._columns = columns
        self._leaves: dict[tuple[Any, tuple[Any, ...]], int] = {}
        self._nodes: dict[tuple[Any, tuple[int, ...]], int] = {}

    def _next(self) -> int:
        return len(self._columns.parent) + len(self._leaves) + len(self._nodes)

    def leaf(self, op: Any, value: Any) -> int:
        """The class of a leaf."""
        return self._leaf(op, (value,))

    def _leaf(self, op: Any, items: tuple[Any, ...]) -> int:
        found = self._columns.leaves.get((op, items))
        return self._leaves.setdefault((op, items), self._next()) if found is None else found

    def number(self, value: Any) -> int:
        """Never asked: in a language without sums a number is a leaf."""
        raise AssertionError(f"{value} is a leaf")

    def add(self, op: Any, args: tuple[int, ...]) -> int:
        """The class of an application."""
        if not args:
            return self._leaf(op, ())
        args = tuple([self.find(a) for a in args])
        found = self._columns.class_of(op, args)
        return self._nodes.setdefault((op, args), self._next()) if found < 0 else found

    def find(self, i: int) -> int:
        """The root of an id."""
        return self._columns.find(i) if i < len(self._columns.parent) else i

    def rebuild(self) -> None:
        """Enter what is new."""
        leaves, nodes = self._leaves, self._nodes
        self._leaves, self._nodes = {}, {}
        self._columns.take(leaves, nodes)
