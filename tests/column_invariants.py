"""The invariants of an e-graph in columns, checked from scratch after a rebuild."""

from __future__ import annotations

from rewritegrad.egraph.columns import Columns


def rows_of(columns):
    """Every row as (operator, arguments, class), leaves by their items."""
    found = [(op, ("leaf", *items), cls) for (op, items), cls in columns.leaves.items()]
    for (op, _), table in columns.tables.items():
        args = [column.tolist() for column in table.args]
        found += [(op, tuple(row), cls) for row, cls in zip(zip(*args, strict=True), table.cls.tolist(), strict=True)]
    return found


def check_columns(columns):
    """Everything that the columns promise after a rebuild."""
    parent = columns.parent
    assert (parent[parent] == parent).all(), "an id that does not point to its root"
    rows = rows_of(columns)
    assert len({(op, args) for op, args, _ in rows}) == len(rows) == columns.live, "two rows that are the same, or a wrong count"
    assert all(parent[cls] == cls for _, _, cls in rows), "a row outside the root of its class"
    assert len({cls for _, _, cls in rows}) == columns.class_count
    for (_, arity), table in columns.tables.items():
        assert len(table.args) == arity and all(len(column) == len(table) for column in (*table.args, table.stamp))
        assert all((parent[column] == column).all() for column in table.args), "an argument that is not canonical"
        sorted_rows = list(zip(*[column.tolist() for column in table.args], strict=True))
        assert sorted_rows == sorted(sorted_rows), "rows that are not sorted by their arguments"
        assert (table.stamp <= columns.now).all()
    assert not columns._pairs, "rebuilding is not finished"


class CheckedColumns(Columns):
    """Columns that check their invariants after each rebuild."""

    def rebuild(self):
        changed = super().rebuild()
        check_columns(self)
        return changed
