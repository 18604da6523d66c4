"""E-nodes and e-classes: hash-consing, a union-find whose edges carry rationals, and rebuilding.

Invariants, after `rebuild` (tests check them from scratch):
  every live node is in the table of its operator, under its own canonical items and under its class;
  a node's value is `scale` times the value of its class, and its class is a root of the union-find;
  no two live nodes have the same operator and items.
An id is a class or a multiple of one: `split(i)` is (k, root), and `ref(k, root)` the one canonical id of that value.
In a plain e-graph every k is 1.
"""

from __future__ import annotations

from math import inf
from typing import Any

from .changes import Changes
from .language import Analysis, Language
from .nodes import LEAF, PLAIN, Contradiction, ENode, RowLimit, Table
from .rational import Number, divide, times

HUGE = 1 << 40
WIDE = 64
"""Nodes of more children are rebuilt after all others."""


class Classes:
    """The e-graph without its laws: plain nodes, classes, unions and rebuilding. multiset.py adds sums and products."""

    def __init__(self, language: Language, analysis: Analysis | None = None) -> None:
        self.language = language
        self.analysis = analysis
        self.parent: list[int] = []
        self.weight: list[Number] = []
        self.data: list[Any] = []
        self.uses: list[list[ENode]] = []
        self.size: list[int] = []
        self.tables: dict[Any, Table] = {}
        self.aliases: dict[tuple[Number, int], int] = {}
        self.weights: dict[int, list[Number]] = {}
        self.live = 0
        self.class_count = 0
        self.row_limit: int | float = inf
        self.blame = ""
        self._repairs: list[ENode] = []
        self._stale: list[ENode] = []
        self.changes = Changes()
        self._joined: list[tuple[Any, Any, str]] = []
        self._scaled: dict[int, tuple[Any, Any]] = {}
        self._thin: dict[tuple[Any, int], None] = {}
        self.shaped = False
        self.zero = -1
        self.one = -1

    # -- the union-find

    def split(self, i: int) -> tuple[Number, int]:
        """(k, root): the value of the id is k times that of the root class."""
        parent = self.parent
        up = parent[i]
        if up == i:
            return 1, i
        root = parent[up]
        if root == up:
            return self.weight[i], up
        path = []
        while parent[i] != i:
            path.append(i)
            i = parent[i]
        k: Number = 1
        for j in reversed(path):
            k = times(k, self.weight[j])
            parent[j] = i
            self.weight[j] = k
        return k, i

    def ref(self, k: Number, root: int) -> int:
        """The canonical id of k times a root class (k is not 0, or the class is that of 0)."""
        if k == 1 or root == self.zero:
            return root
        found = self.aliases.get((k, root))
        if found is None:
            found = self._new_id(root, k, None)
            self.aliases[(k, root)] = found
            self.weights.setdefault(root, []).append(k)
        return found

    def find(self, i: int) -> int:
        """The canonical id of the same value."""
        if self.parent[i] == i:
            return i
        k, root = self.split(i)
        return self.ref(k, root)

    def _new_id(self, parent: int, weight: Number, data: Any) -> int:
        i = len(self.parent)
        self.parent.append(i if parent < 0 else parent)
        self.weight.append(weight)
        self.data.append(data)
        self.uses.append([])
        self.size.append(1)
        return i

    def fact(self, i: int) -> Any:
        """What the analysis knows of the value of an id."""
        k, root = self.split(i)
        return self.data[root] if k == 1 or self.analysis is None else self.analysis.scale(k, self.data[root])

    # -- making nodes

    def table(self, op: Any) -> Table:
        """The nodes of an operator."""
        found = self.tables.get(op)
        if found is None:
            found = self.tables[op] = Table(op)
        return found

    def found(self, op: Any, items: tuple[Any, ...]) -> ENode | None:
        """The node of an operator with these canonical items, if there is one."""
        table = self.tables.get(op)
        return None if table is None else table.by_items.get(items)

    def leaf(self, op: Any, value: Any) -> int:
        """The class of a leaf."""
        node = self.found(op, (value,))
        if node is not None:
            return self.ref(node.scale, node.cls)
        data = None if self.analysis is None else self.analysis.leaf(op, value)
        return self._enter(self.table(op), LEAF, (value,), data)

    def find_leaf(self, op: Any, value: Any) -> int:
        """The id of a leaf where the e-graph has it, else -1."""
        node = self.found(op, (value,))
        return -1 if node is None else self.ref(node.scale, node.cls)

    def weights_of(self, root: int) -> list[Number]:
        """The multiples of a class that something refers to, 1 included."""
        return [1, *self.weights.get(root, ())]

    def node(self, op: Any, args: tuple[int, ...]) -> int:
        """The class of a plain application."""
        table = self.tables.get(op) or self.table(op)
        found = table.by_items.get(args)
        if found is None and (canonical := self.canonical(args)) is not args:
            args, found = canonical, table.by_items.get(canonical)
        if found is not None:
            return found.cls if found.scale == 1 else self.ref(found.scale, found.cls)
        data = None if self.analysis is None else self.analysis.apply(op, [self.fact(a) for a in args])
        return self._enter(table, PLAIN, args, data)

    def equate(self, node: ENode, op: Any, args: tuple[int, ...]) -> bool:
        """Join a node with an application, which is entered into the node's class at once where it is new; like `union`.

        Only for operators that are entered verbatim (Language.verbatim), in whose e-graphs every scale is 1.
        """
        table = self.tables.get(op) or self.table(op)
        found = table.by_items.get(args)
        if found is None and (canonical := self.canonical(args)) is not args:
            args, found = canonical, table.by_items.get(canonical)
        if found is not None:
            return found.cls != node.cls and self.union(self.value(node), self.value(found))
        if self.live >= self.row_limit:
            raise RowLimit
        cls = self.split(node.cls)[1]
        if self.analysis is not None:
            self._learn(cls, self.analysis.apply(op, [self.fact(a) for a in args]))
        self.attach(ENode(op, PLAIN, args, 1, cls), table)
        self.changes.classes[cls] = None
        return True

    def canonical(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        """The ids, each as the canonical one of its value."""
        parent = self.parent
        for i in ids:
            if parent[i] != i:
                return tuple([self.find(i) for i in ids])
        return ids

    def _enter(self, table: Table, form: int, items: tuple[Any, ...], data: Any) -> int:
        if self.live >= self.row_limit:
            raise RowLimit
        cls = self._new_id(-1, 1, data)
        node = ENode(table.op, form, items, 1, cls)
        node.data = data
        if self.one >= 0:
            self.size[cls] = self.size_of(node)
        self.attach(node, table)
        self.class_count += 1
        return cls

    def size_of(self, node: ENode) -> int:
        """About the number of nodes of the node's smallest tree, as far as was known when its parts were made."""
        size, split = self.size, self.split
        return min(1 + sum([size[root] + (k != 1) for k, root in map(split, node.children())]), HUGE)

    def attach(self, node: ENode, table: Table) -> None:
        """Take in a new node, under its canonical items and class."""
        table.by_items[node.items] = node
        table.log.append(node)
        members = table.by_class.get(node.cls)
        if members is None:
            table.by_class[node.cls] = [node]
        else:
            members.append(node)
        self.live += 1
        parent, uses = self.parent, self.uses
        for child in node.items if node.form == PLAIN else node.children():
            uses[child if parent[child] == child else self.split(child)[1]].append(node)

    def _detach(self, node: ENode) -> None:
        node.alive = False
        self.live -= 1
        self._thin[(node.op, node.cls)] = None

    # -- unions

    def union(self, i: int, j: int) -> bool:
        """Say that two ids have the same value; rebuild must follow before the next match. True where it was news."""
        k1, a = self.split(i)
        k2, b = self.split(j)
        if a == b:
            if k1 == k2:
                return False
            return self._collapse(a)
        ratio = divide(k1, k2)
        if self._outranks(b, a, ratio != 1):
            a, b, ratio = b, a, divide(1, ratio)
        self._merge(a, b, ratio)
        return True

    def _outranks(self, a: int, b: int, multiple: bool) -> bool:
        """Whether the other class becomes a multiple of this one: the simpler one is written without a number, and more uses are less work."""
        if b in self.fixed():
            return False
        if multiple and a not in self.fixed():  # of equal ones the older, which the input is written with
            return (self.size[a], a) < (self.size[b], b)
        return a in self.fixed() or len(self.uses[a]) > len(self.uses[b])

    def fixed(self) -> tuple[int, ...]:
        """Classes that stay roots: those of the numbers 0 and 1 (multiset.py)."""
        return ()

    def _collapse(self, root: int) -> bool:
        raise Contradiction(f"{self.blame}: one class would have two different values", self.blame)

    def _merge(self, a: int, b: int, ratio: Number) -> None:
        """Hang root b under root a, where b = ratio * a."""
        self._join_data(a, b, ratio)
        self.class_count -= 1
        self.parent[b] = a
        self.weight[b] = ratio
        for op, table in self.tables.items():
            moved = table.by_class.pop(b, None)
            if moved is not None:
                for node in moved:
                    node.cls = a
                    node.scale = times(node.scale, ratio)
                table.by_class.setdefault(a, []).extend(moved)
                if (op, b) in self._thin:
                    self._thin[(op, a)] = None
        for k in self.weights.pop(b, ()):
            if a != self.zero:
                self.ref(times(k, ratio), a)
        self.size[a] = min(self.size[a], self.size[b])
        users = [node for node in self.uses[b] if node.alive]
        self.uses[b] = []
        self.uses[a] += users
        self._repairs += users
        self.changes.classes[a] = None

    def _join_data(self, a: int, b: int, ratio: Number) -> None:
        if self.analysis is None:
            return
        other = self.data[b] if ratio == 1 else self.analysis.scale(divide(1, ratio), self.data[b])
        if self._learn(a, other) is not other:
            self._stale.extend(self.uses[b])

    def _learn(self, root: int, other: Any) -> Any:
        """What is known of a class once it is known that `other` holds of it too."""
        assert self.analysis is not None
        mine = self.data[root]
        self._joined.append((mine, other, self.blame))
        merged = self.analysis.merge(mine, other)
        if merged is not mine:
            self.data[root] = merged
            self._stale.extend(self.uses[root])
        return merged

    def audit(self) -> None:
        """Hold all unions since the last audit against the data of both sides; Contradiction names the law of the first wrong one."""
        joined, self._joined = self._joined, []
        if self.analysis is None or not joined:
            return
        found = self.analysis.audit([(left, right) for left, right, _ in joined])
        if found is not None:
            blame = joined[found[0]][2]
            raise Contradiction(f"{blame}: {found[1]}", blame)

    # -- rebuilding

    def rebuild(self) -> None:
        """Restore congruence: re-canonicalise the users of merged classes until nothing changes; wide ones once for all that was joined."""
        later: dict[tuple[ENode, bool], None] = {}  # wide nodes, and whether their children have moved
        while self._repairs or self._stale or later:
            if self._repairs:
                node = self._repairs.pop()
                if len(node.items) > WIDE:
                    later[node, True] = None
                elif node.alive:
                    self._repair(node)
            elif self._stale:
                stale, self._stale = dict.fromkeys(self._stale), []
                for node in stale:
                    if len(node.items) > WIDE:
                        later[node, False] = None
                    elif node.alive:
                        self._reanalyse(node)
            else:
                now, later = later, {}
                for node, moved in now:
                    if node.alive:
                        (self._repair if moved else self._reanalyse)(node)
        for op, cls in self._thin:
            by_class = self.tables[op].by_class
            if cls in by_class:
                by_class[cls] = [node for node in by_class[cls] if node.alive]
                if not by_class[cls]:
                    del by_class[cls]
        self._thin = {}

    def _forget(self, node: ENode) -> None:
        known = self.tables[node.op].by_items
        if known.get(node.items) is node:
            del known[node.items]

    def _repair(self, node: ENode) -> None:
        items = self.canonical(node.items)
        if items is node.items:
            return
        self._forget(node)
        table = self.tables[node.op]
        twin = table.by_items.get(items)
        if twin is not None:
            self._detach(node)
            if twin.cls != node.cls or twin.scale != node.scale:
                self.union(self.ref(node.scale, node.cls), self.ref(twin.scale, twin.cls))
            return
        node.items = items
        table.by_items[items] = node
        table.log.append(node)
        self._reanalyse(node)

    def _reanalyse(self, node: ENode) -> None:
        if self.analysis is None:
            return
        made = self.data_of(node)
        scaled = made if node.scale == 1 else self.analysis.scale(divide(1, node.scale), made)
        old = self.data[node.cls]
        merged = self.analysis.merge(old, scaled)
        if merged is not old:
            self.data[node.cls] = merged
            self._stale.extend(self.uses[node.cls])
            self.changes.classes[node.cls] = None

    def data_of(self, node: ENode) -> Any:
        """What the analysis knows of one node, from its children."""
        assert self.analysis is not None
        if node.form == LEAF:
            return self.analysis.leaf(node.op, node.items[0])
        return self.analysis.apply(node.op, [self.fact(a) for a in node.items])

    # -- looking

    def nodes(self, i: int, op: Any) -> list[ENode]:
        """The nodes of an operator in a class (a root)."""
        table = self.tables.get(op)
        return [] if table is None else table.by_class.get(i, [])

    def classes_with(self, op: Any) -> dict[int, list[ENode]]:
        """The nodes of an operator by their class."""
        table = self.tables.get(op)
        return {} if table is None else table.by_class

    def value(self, node: ENode) -> int:
        """The id of a node's value (also of a node that has been merged into another)."""
        if node.alive:
            return self.ref(node.scale, node.cls)
        k, root = self.split(node.cls)
        return self.ref(times(k, node.scale), root)

    def members_by_class(self) -> dict[int, list[ENode]]:
        """The live nodes of every class."""
        classes: dict[int, list[ENode]] = {}
        for table in self.tables.values():
            for cls, nodes in table.by_class.items():
                classes.setdefault(cls, []).extend(nodes)
        return classes

    def rows(self) -> dict[Any, int]:
        """The number of live nodes of each operator."""
        return {op: len(table.by_items) for op, table in self.tables.items() if table.by_items}
