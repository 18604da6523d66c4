"""E-nodes, the table of those of one operator, and how an e-graph says that it cannot go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .rational import Number

LEAF, PLAIN, LINEAR, POWERS, BAG = range(5)
"""The forms of e-nodes."""


class Contradiction(Exception):
    """Two numbers were joined that differ, or an audit found two sides apart; `blame` is the law at work."""

    def __init__(self, message: str, blame: str = "") -> None:
        super().__init__(message)
        self.blame = blame


class RowLimit(Exception):
    """The limit on e-nodes was reached in the middle of an iteration."""


class ENode:
    """One e-node. `items` are argument ids (plain), (child, multiplicity) pairs (multisets) or (value,) (leaves); `data` is what
    the analysis knew of it when it was made."""

    __slots__ = ("alive", "cls", "data", "form", "items", "op", "scale")

    def __init__(self, op: Any, form: int, items: tuple[Any, ...], scale: Number, cls: int) -> None:
        self.op = op
        self.form = form
        self.items = items
        self.scale = scale
        self.cls = cls
        self.alive = True
        self.data: Any = None

    def __repr__(self) -> str:
        return f"<{self.scale}*c{self.cls} = {self.op} {self.items}>"

    def children(self) -> Sequence[int]:
        """The ids of the children; of a plain node once per occurrence."""
        if self.form == PLAIN:
            return self.items
        return () if self.form == LEAF else [child for child, _ in self.items]


class Table:
    """The nodes of one operator: by their items, by their class, and in the order in which they came or changed (dead ones too)."""

    __slots__ = ("by_class", "by_items", "log", "op")

    def __init__(self, op: Any) -> None:
        self.op = op
        self.by_items: dict[tuple[Any, ...], ENode] = {}
        self.by_class: dict[int, list[ENode]] = {}
        self.log: list[ENode] = []
