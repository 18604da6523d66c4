"""The nodes of one operator as columns of NumPy arrays, sorted by their arguments, and the sorting that all columns share."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ids: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

_WIDTH = 31
_BITS = 63


def no_ids() -> Ids:
    """An empty column."""
    return np.empty(0, np.int64)


def bits_of(column: Ids) -> int:
    """How many bits the largest number of a column takes (none is negative)."""
    return int(column.max()).bit_length() if len(column) else 0


def sorted_order(key: Ids) -> Ids:
    """A stable order that sorts a column."""
    return np.argsort(key, kind="stable")


def starts_of(key: Ids) -> Ids:
    """Where each stretch of equal numbers of a sorted column begins."""
    if not len(key):
        return no_ids()
    return np.flatnonzero(np.concatenate((np.ones(1, bool), key[1:] != key[:-1])))


def packed(columns: tuple[Ids, ...]) -> Ids:
    """One number for each row, which orders the rows as their columns do, the first before the others.

    Columns that do not fit one integer are replaced by ranks on the way, so that such numbers compare only with one another.
    """
    key = columns[0]
    for column in columns[1:]:
        width = bits_of(column)
        if bits_of(key) + width > _BITS:
            key = np.unique(key, return_inverse=True)[1].reshape(-1)
        key = (key << width) | column
    return key


class ColumnTable:
    """The nodes of one operator with one number of arguments (not none): columns of canonical arguments, of classes, and of stamps.

    Rows are sorted by their arguments, and no two have the same. A stamp is the iteration in which a row came or changed.
    """

    __slots__ = ("_key", "args", "cls", "op", "stamp")

    def __init__(self, op: Any, arity: int) -> None:
        self.op = op
        self.args = tuple([no_ids() for _ in range(arity)])
        self.cls = no_ids()
        self.stamp = no_ids()
        self._key: Ids | None = None

    def __len__(self) -> int:
        return len(self.cls)

    def fill(self, args: tuple[Ids, ...], cls: Ids, stamp: Ids) -> None:
        """Take rows in any order in place of those that are here."""
        order = sorted_order(packed(args))
        self.args = tuple([arg[order] for arg in args])
        self.cls, self.stamp, self._key = cls[order], stamp[order], None

    def keys(self, args: tuple[Ids, ...]) -> tuple[Ids, Ids]:
        """One number for each row here (ascending), and one for each row of other arguments: equal where the arguments are."""
        if len(args) > 2:
            both = packed(tuple([np.concatenate(pair) for pair in zip(self.args, args, strict=True)]))
            return both[: len(self)], both[len(self) :]
        if self._key is None:
            self._key = self._short(self.args)
        return self._key, self._short(args)

    @staticmethod
    def _short(args: tuple[Ids, ...]) -> Ids:
        return args[0] if len(args) == 1 else (args[0] << _WIDTH) | args[1]

    def insert(self, at: Ids, args: tuple[Ids, ...], cls: Ids, stamp: int) -> None:
        """Insert new rows, in order, each before the row that is at its position now."""
        place = at + np.arange(len(at))
        kept = np.ones(len(self) + len(at), bool)
        kept[place] = False

        def merged(old: Ids, new: Ids | int) -> Ids:
            column = np.empty(len(kept), np.int64)
            column[place] = new
            column[kept] = old
            return column

        self.args = tuple([merged(old, new) for old, new in zip(self.args, args, strict=True)])
        self.cls, self.stamp, self._key = merged(self.cls, cls), merged(self.stamp, stamp), None

    def keep(self, kept: Mask) -> None:
        """Only the rows of a mask."""
        self.args = tuple([column[kept] for column in self.args])
        self.cls, self.stamp, self._key = self.cls[kept], self.stamp[kept], None
