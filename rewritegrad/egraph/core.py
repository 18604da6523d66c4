"""E-nodes and e-classes: hash-consing, a union-find whose edges carry rationals, and rebuilding.

Invariants, after `rebuild` (tests check them from scratch):
  every live node is in the memo of its operator under its own canonical items, and in the index under its operator and class;
  a node's value is `scale` times the value of its class, and its class is a root of the union-find;
  no two live nodes have the same operator and items.
An id is a class or a multiple of one: `split(i)` is (k, root), and `ref(k, root)` the one canonical id of that value.
In a plain e-graph every k is 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from math import inf
from typing import Any

from .language import Analysis, Kind, Language
from .rational import Number, divide, times


class Contradiction(Exception):
    """Two numbers were joined that differ, or an audit found two sides apart; `blame` is the law at work."""

    def __init__(self, message: str, blame: str = "") -> None:
        super().__init__(message)
        self.blame = blame


class RowLimit(Exception):
    """The limit on e-nodes was reached in the middle of an iteration."""


HUGE = 1 << 40
LEAF, PLAIN, LINEAR, POWERS, BAG = range(5)
_FORM = {Kind.PLAIN: PLAIN, Kind.LINEAR: LINEAR, Kind.POWERS: POWERS, Kind.IDEMPOTENT: BAG, Kind.COUNTED: BAG}


class ENode:
    """One e-node. `items` are argument ids (plain), (child, multiplicity) pairs (multisets) or (value,) (leaves)."""

    __slots__ = ("alive", "cls", "form", "items", "op", "scale")

    def __init__(self, op: Any, form: int, items: tuple[Any, ...], scale: Number, cls: int) -> None:
        self.op = op
        self.form = form
        self.items = items
        self.scale = scale
        self.cls = cls
        self.alive = True

    def __repr__(self) -> str:
        return f"<{self.scale}*c{self.cls} = {self.op} {self.items}>"

    def children(self) -> Sequence[int]:
        """The ids of the children; of a plain node once per occurrence."""
        if self.form == PLAIN:
            return self.items
        return () if self.form == LEAF else [child for child, _ in self.items]


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
        self.memo: dict[Any, dict[tuple[Any, ...], ENode]] = {}
        self.index: dict[Any, dict[int, list[ENode]]] = {}
        self.aliases: dict[tuple[Number, int], int] = {}
        self.weights: dict[int, list[Number]] = {}
        self.live = 0
        self.row_limit: int | float = inf
        self.blame = ""
        self.unaudited = 0
        self.log: list[dict[Any, list[ENode]]] = [{}]
        self._repairs: list[ENode] = []
        self._stale: list[ENode] = []
        self._changed: dict[int, None] = {}
        self._thin: dict[tuple[Any, int], None] = {}
        self.shaped = False
        self.zero = -1

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
        data = self.data[root]
        return data if k == 1 or self.analysis is None else self.analysis.scale(k, data)

    # -- making nodes

    def known(self, op: Any) -> dict[tuple[Any, ...], ENode]:
        """The nodes of an operator by their items; always the same dict."""
        found = self.memo.get(op)
        if found is None:
            found = self.memo[op] = {}
        return found

    def leaf(self, op: Any, value: Any) -> int:
        """The class of a leaf."""
        node = self.known(op).get((value,))
        if node is not None:
            return self.ref(node.scale, node.cls)
        data = None if self.analysis is None else self.analysis.leaf(op, value)
        return self._enter(op, LEAF, (value,), data)

    def find_leaf(self, op: Any, value: Any) -> int:
        """The id of a leaf where the e-graph has it, else -1."""
        node = self.known(op).get((value,))
        return -1 if node is None else self.ref(node.scale, node.cls)

    def weights_of(self, root: int) -> list[Number]:
        """The multiples of a class that something refers to, 1 included."""
        return [1, *self.weights.get(root, ())]

    def node(self, op: Any, args: tuple[int, ...]) -> int:
        """The class of a plain application."""
        known = self.known(op)
        found = known.get(args)
        if found is None:
            args = self.canonical(args)
            found = known.get(args)
        if found is not None:
            return found.cls if found.scale == 1 else self.ref(found.scale, found.cls)
        data = None if self.analysis is None else self.analysis.apply(op, [self.fact(a) for a in args])
        return self._enter(op, PLAIN, args, data)

    def equate(self, node: ENode, op: Any, args: tuple[int, ...]) -> bool:
        """Join a node with a plain application, which is entered into the node's class at once where it is new; like `union`."""
        known = self.known(op)
        found = known.get(args)
        if found is None:
            args = self.canonical(args)
            found = known.get(args)
        if found is not None:
            return found.cls != node.cls and self.union(self.value(node), self.value(found))
        if self.analysis is not None:
            return self.union(self.value(node), self.node(op, args))
        if self.live >= self.row_limit:
            raise RowLimit
        scale, cls = self.split(node.cls)
        self._attach(ENode(op, PLAIN, args, times(scale, node.scale), cls))
        self._changed[cls] = None
        return True

    def canonical(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        """The ids, each as the canonical one of its value."""
        parent = self.parent
        for i in ids:
            if parent[i] != i:
                return tuple([self.find(i) for i in ids])
        return ids

    def _enter(self, op: Any, form: int, items: tuple[Any, ...], data: Any) -> int:
        if self.live >= self.row_limit:
            raise RowLimit
        cls = self._new_id(-1, 1, data)
        node = ENode(op, form, items, 1, cls)
        if self.language.linear is not None:
            self.size[cls] = self.size_of(node)
        self._attach(node)
        return cls

    def size_of(self, node: ENode) -> int:
        """About the number of nodes of the node's smallest tree, as far as was known when its parts were made."""
        size, split = self.size, self.split
        return min(1 + sum([size[split(child)[1]] for child in node.children()]), HUGE)

    def _attach(self, node: ENode) -> None:
        op, cls = node.op, node.cls
        self.known(op)[node.items] = node
        self.live += 1
        table = self.index.get(op)
        if table is None:
            table = self.index[op] = {}
            self.log[0][op] = []
        members = table.get(cls)
        if members is None:
            table[cls] = [node]
        else:
            members.append(node)
        self._adopt(node)
        self.log[0][op].append(node)

    def _adopt(self, node: ENode) -> None:
        parent, uses = self.parent, self.uses
        for child in node.children():
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
        if self._outranks(b, a):
            a, b, ratio = b, a, divide(1, ratio)
        self._merge(a, b, ratio)
        return True

    def _outranks(self, a: int, b: int) -> bool:
        if b in self.fixed():
            return False
        return a in self.fixed() or len(self.uses[a]) > len(self.uses[b])

    def fixed(self) -> tuple[int, ...]:
        """Classes that stay roots: those of the numbers 0 and 1 (multiset.py)."""
        return ()

    def _collapse(self, root: int) -> bool:
        raise Contradiction(f"{self.blame}: one class would have two different values", self.blame)

    def _merge(self, a: int, b: int, ratio: Number) -> None:
        """Hang root b under root a, where b = ratio * a."""
        self._join_data(a, b, ratio)
        self.parent[b] = a
        self.weight[b] = ratio
        for op, table in self.index.items():
            moved = table.pop(b, None)
            if moved is not None:
                for node in moved:
                    node.cls = a
                    node.scale = times(node.scale, ratio)
                table.setdefault(a, []).extend(moved)
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
        self._changed[a] = None

    def _join_data(self, a: int, b: int, ratio: Number) -> None:
        if self.analysis is None:
            return
        mine = self.data[a]
        other = self.data[b] if ratio == 1 else self.analysis.scale(divide(1, ratio), self.data[b])
        problem = self.analysis.audit(mine, other)
        if problem is not None:
            raise Contradiction(f"{self.blame}: {problem}", self.blame)
        merged = self.analysis.merge(mine, other)
        if merged is not mine:
            self.data[a] = merged
            self._stale.extend(self.uses[a])
        if merged is not other:
            self._stale.extend(self.uses[b])

    # -- rebuilding

    def rebuild(self) -> None:
        """Restore congruence: re-canonicalise the users of merged classes until nothing changes."""
        while self._repairs or self._stale:
            while self._repairs:
                node = self._repairs.pop()
                if node.alive:
                    self._repair(node)
            if self._stale:
                stale, self._stale = self._stale, []
                for node in dict.fromkeys(stale):
                    if node.alive:
                        self._reanalyse(node)
        for op, cls in self._thin:
            members = self.index[op].get(cls)
            if members is not None:
                members[:] = [node for node in members if node.alive]
                if not members:
                    del self.index[op][cls]
        self._thin = {}
        self._spread()

    def _forget(self, node: ENode) -> None:
        known = self.memo[node.op]
        if known.get(node.items) is node:
            del known[node.items]

    def _repair(self, node: ENode) -> None:
        items = self.canonical(node.items)
        if items is node.items:
            return
        self._forget(node)
        known = self.memo[node.op]
        twin = known.get(items)
        if twin is not None:
            self._detach(node)
            self.union(self.ref(node.scale, node.cls), self.ref(twin.scale, twin.cls))
            return
        node.items = items
        known[items] = node
        self.log[0][node.op].append(node)
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
            self._changed[node.cls] = None

    def data_of(self, node: ENode) -> Any:
        """What the analysis knows of one node, from its children."""
        assert self.analysis is not None
        if node.form == LEAF:
            return self.analysis.leaf(node.op, node.items[0])
        return self.analysis.apply(node.op, [self.fact(a) for a in node.items])

    def _spread(self) -> None:
        """Tell the users of changed classes, one level of the log per step up."""
        changed: Iterable[int] = self._changed
        for level in self.log[1:]:
            roots = dict.fromkeys([self.split(cls)[1] for cls in changed])
            above = dict.fromkeys([node for root in roots for node in self.uses[root] if node.alive])
            for node in above:
                level.setdefault(node.op, []).append(node)
            changed = dict.fromkeys([node.cls for node in above])
        self._changed = {}

    def watch(self, level: int) -> None:
        """From now on, tell laws that look so many levels deep what has changed; what there is already is new to them."""
        while len(self.log) < level:
            self.log.append({})

    def changed(self, op: Any, level: int, since: Sequence[int]) -> tuple[list[ENode], Sequence[int]]:
        """The nodes of an operator that are new, or less than `level` steps above a class that changed; and the mark for the next time."""
        logs = [log.get(op, ()) for log in self.log[:level]]
        found = [node for nodes, start in zip_longest(logs, since, fillvalue=0) for node in nodes[start:] if node.alive]
        return list(dict.fromkeys(found)), [len(nodes) for nodes in logs]

    # -- looking

    def nodes(self, i: int, op: Any) -> list[ENode]:
        """The nodes of an operator in a class (a root)."""
        table = self.index.get(op)
        return [] if table is None else table.get(i, [])

    def value(self, node: ENode) -> int:
        """The id of a node's value (also of a node that has been merged into another)."""
        if node.alive:
            return self.ref(node.scale, node.cls)
        k, root = self.split(node.cls)
        return self.ref(times(k, node.scale), root)

    def members_by_class(self) -> dict[int, list[ENode]]:
        """The live nodes of every class."""
        classes: dict[int, list[ENode]] = {}
        for known in self.memo.values():
            for node in known.values():
                classes.setdefault(node.cls, []).append(node)
        return classes

    def rows(self) -> dict[Any, int]:
        """The number of live nodes of each operator."""
        return {op: len(known) for op, known in self.memo.items() if known}
