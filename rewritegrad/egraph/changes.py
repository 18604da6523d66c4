"""What is new in an e-graph: for each operator the nodes that came, and those with a change not far below, in the order of the changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .nodes import ENode

if TYPE_CHECKING:
    from .core import Classes


class Changes:
    """`classes` are the roots that changed and were not yet looked at; `above` logs their users, the users of those, and so on."""

    def __init__(self) -> None:
        self.classes: dict[int, None] = {}
        self.above: list[dict[Any, list[ENode]]] = []

    def since(self, graph: Classes, op: Any, level: int, mark: tuple[int, ...]) -> tuple[list[ENode], tuple[int, ...]]:
        """The nodes of an operator that are new, or less than `level` steps above a class that changed, since a mark; and the next mark."""
        while len(self.above) < level - 1:
            self.above.append({})
        if self.classes:
            self._spread(graph)
        logs = [graph.table(op).log, *[log.get(op, []) for log in self.above[: level - 1]]]
        mark += (0,) * (level - len(mark))
        found = [node for log, start in zip(logs, mark, strict=True) for node in log[start:] if node.alive]
        return list(dict.fromkeys(found)), tuple([len(log) for log in logs])

    def _spread(self, graph: Classes) -> None:
        """Log the users of changed classes, and their users, as many steps up as any law has looked."""
        changed: Iterable[int] = self.classes
        for log in self.above:
            roots = dict.fromkeys([graph.split(cls)[1] for cls in changed])
            users = dict.fromkeys([node for root in roots for node in graph.uses[root] if node.alive])
            for node in users:
                log.setdefault(node.op, []).append(node)
            changed = dict.fromkeys([node.cls for node in users])
        self.classes = {}
