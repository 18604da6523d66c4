"""The nodes of an engine as columns, and back: the ids stay, and no law forgets what it has not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from .bulk import BulkSaturation
from .columns import Columns
from .columntable import Ids
from .language import Kind
from .matcher import CompiledLaw
from .multiset import Engine
from .nodes import LEAF, PLAIN, ENode
from .saturate import Saturation


def is_plain(engine: Engine) -> bool:
    """Whether an e-graph is nothing but plain nodes, of which nothing is known but what is equal."""
    language = engine.language
    stored = all(kind is Kind.PLAIN for kind in language.kinds.values())
    return stored and engine.analysis is None and language.linear is None and language.raised is None and language.fill is None


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


def to_nodes(columns: Columns, language: Language) -> Engine:
    """An engine with the nodes of columns, after a rebuild; each operator's log begins with what has been there longest.

    What counts is the newest row at the node or as far below it as patterns look, so that a law that has seen the first
    ones needs to look at the others only (`logged`).
    """
    engine = Engine(language)
    count = len(columns.parent)
    engine.parent = columns.parent.tolist()
    engine.weight, engine.data, engine.size = [1] * count, [None] * count, [1] * count
    engine.uses = [[] for _ in range(count)]
    engine.class_count = columns.class_count
    attach = engine.attach
    for (op, items), cls in columns.leaves.items():
        attach(ENode(op, LEAF if items else PLAIN, items, 1, cls), engine.table(op))
    for (op, _), table in columns.tables.items():
        order = np.argsort(table.stamp, kind="stable")
        into = engine.table(op)
        for cls, *args in zip(table.cls[order].tolist(), *[column[order].tolist() for column in table.args], strict=True):
            attach(ENode(op, PLAIN, tuple(args), 1, cls), into)
    return engine
