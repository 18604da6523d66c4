"""The nodes of an engine as columns, and back: the ids stay, and no law forgets what it has not looked at."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from .bulkmatch import NEVER
from .columns import Columns
from .columntable import Ids
from .language import Language
from .looking import nodes_at
from .matcher import CompiledLaw
from .multiset import Engine
from .nodes import LEAF, PLAIN, ENode


def to_columns(engine: Engine, fresh: dict[ENode, None]) -> Columns:
    """The nodes of a plain engine, after a rebuild; those that some law has yet to look at get a newer stamp."""
    columns = Columns()
    parent = np.array(engine.parent, np.int64)
    while True:
        up = parent[parent]
        if (up == parent).all():
            break
        parent = up
    columns.parent, columns.class_count, columns.live, columns.now = parent, engine.class_count, engine.live, 1
    for op, table in engine.tables.items():
        by_arity: dict[int, list[ENode]] = {}
        for node in table.by_items.values():
            if node.form == PLAIN and node.items:
                by_arity.setdefault(len(node.items), []).append(node)
            else:
                columns.leaves[op, node.items] = node.cls
                columns.leaf_stamp[op, node.items] = int(node in fresh)
        for arity, nodes in by_arity.items():
            n = len(nodes)
            items = np.fromiter(chain.from_iterable([node.items for node in nodes]), np.int64, n * arity).reshape(n, arity)
            cls = np.fromiter([node.cls for node in nodes], np.int64, n)
            stamp = np.fromiter([node in fresh for node in nodes], np.int64, n)
            columns.table(op, arity).fill(tuple([np.ascontiguousarray(items[:, j]) for j in range(arity)]), cls, stamp)
    return columns


def to_nodes(columns: Columns, language: Language, seen: dict[CompiledLaw, int]) -> tuple[Engine, dict[CompiledLaw, tuple[int]]]:
    """An engine with the nodes of columns, after a rebuild; and for each law how far it has read the log of its operator.

    Nodes come into the logs as old as they are for a law: as the newest row at a node, or below it as deep as laws look.
    """
    engine = Engine(language)
    count = len(columns.parent)
    engine.parent = columns.parent.tolist()
    engine.weight, engine.data, engine.size = [1] * count, [None] * count, [1] * count
    engine.uses = [[] for _ in range(count)]
    engine.class_count = columns.class_count
    newest = _newest(columns, max([law.level for law in seen], default=1))
    marks: dict[CompiledLaw, tuple[int]] = {}
    since = NEVER
    for until in [*sorted(set(seen.values())), columns.now]:
        for (op, items), cls in columns.leaves.items():
            if since < columns.leaf_stamp[op, items] <= until:
                engine.attach(ENode(op, LEAF if items else PLAIN, items, 1, cls), engine.table(op))
        for (op, arity), table in columns.tables.items():
            rows = np.flatnonzero((newest[op, arity] > since) & (newest[op, arity] <= until))
            for node in nodes_at(table, rows):
                engine.attach(node, engine.table(op))
        marks.update({law: (len(engine.table(law.root).log),) for law, stamp in seen.items() if stamp == until})
        since = until
    return engine, marks


def _newest(columns: Columns, depth: int) -> dict[tuple[Any, int], Ids]:
    """For each row of each table the stamp of the newest row at it, or less than so many steps below it."""
    newest = {key: table.stamp for key, table in columns.tables.items()}
    for _ in range(depth - 1):
        below = np.full(len(columns.parent), NEVER)
        for leaf, cls in columns.leaves.items():
            below[cls] = max(below[cls], columns.leaf_stamp[leaf])
        for key, table in columns.tables.items():
            np.maximum.at(below, table.cls, newest[key])
        newest = {key: np.maximum.reduce([table.stamp, *[below[column] for column in table.args]]) for key, table in columns.tables.items()}
    return newest
