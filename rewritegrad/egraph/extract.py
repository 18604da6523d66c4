"""Extraction: one node for each class, so that the DAG below the roots costs least.

First by the cost of trees (exact, by a worklist), then improved twice by the cost of DAGs, in which a class that is used
twice is paid once: each class chooses by the set of classes below it (a bit mask), and then single nodes of the chosen DAG
are exchanged as long as that helps. The choice is checked to be acyclic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from time import perf_counter
from typing import Protocol

from .nodes import ENode
from .rational import Number

Cost = Callable[[ENode], int]
Choice = dict[int, ENode]
Candidate = tuple[ENode, int, tuple[int, ...]]
"""A node, what it costs by itself, and the classes below it."""

Solver = Callable[[dict[int, list[Candidate]], Choice, Sequence[int]], Choice | None]


class Graph(Protocol):
    """What extraction needs of an e-graph: the root of an id, and the nodes of every class."""

    def split(self, i: int) -> tuple[Number, int]: ...
    def members_by_class(self) -> dict[int, list[ENode]]: ...


def is_over(deadline: float | None) -> bool:
    return deadline is not None and perf_counter() > deadline


class NothingToExtract(ValueError):
    """A class without a finite member that is allowed."""


def child_roots(engine: Graph, node: ENode) -> tuple[int, ...]:
    """The classes below a node, each once."""
    return tuple(dict.fromkeys([engine.split(child)[1] for child in node.children()]))


def cheapest_trees(candidates: dict[int, list[Candidate]]) -> tuple[Choice, dict[int, int]]:
    """For each class the node with the cheapest tree (costs are positive, so the choice has no cycle)."""
    choice: Choice = {}
    cost: dict[int, int] = {}
    waiting: dict[int, list[tuple[int, int, list[int]]]] = {}
    entries: list[tuple[ENode, int]] = []
    heap: list[tuple[int, int, int]] = []
    for root, nodes in candidates.items():
        for node, own, children in nodes:
            entry = len(entries)
            entries.append((node, root))
            if not children:
                heap.append((own, entry, root))
            else:
                record = (own, entry, [len(children), 0])
                for child in children:
                    waiting.setdefault(child, []).append(record)
    heapify(heap)
    while heap:
        total, entry, root = heappop(heap)
        if root in cost:
            continue
        cost[root] = total
        choice[root] = entries[entry][0]
        for own, parent, state in waiting.get(root, ()):
            state[0] -= 1
            state[1] += total
            if state[0] == 0:
                heappush(heap, (min(own + state[1], HUGE), parent, entries[parent][1]))
    return choice, cost


HUGE = 1 << 512
"""Trees that cost more than this are not told apart: with sharing n deep the cost has n bits, and there are n such costs.
A class is settled after its children in any case, so that the choice has no cycle."""


class _Improvement:
    """Rounds over the classes, each choosing its node by what its DAG costs under the choices below."""

    def __init__(self, candidates: dict[int, list[Candidate]], choice: Choice, order: Sequence[int]) -> None:
        self.candidates = candidates
        self.choice = dict(choice)
        self.order = order
        self.bit = {root: i for i, root in enumerate(order)}
        self.own = [0] * len(order)
        self.mask = [0] * len(order)
        self.cost = [0] * len(order)

    def round(self) -> bool:
        """One pass; True where a choice changed."""
        changed = False
        for root in self.order:
            here = self.bit[root]
            best: tuple[int, ENode, int, int] | None = None
            current = self.choice[root]
            for node, own, children in self.candidates[root]:
                total = self._total(here, own, children)
                if total is not None and (best is None or total[0] < best[0] or (total[0] == best[0] and node is current)):
                    best = (total[0], node, own, total[1])
            if best is None:
                continue
            changed = changed or best[1] is not current
            self.cost[here], self.choice[root], self.own[here], self.mask[here] = best
        return changed

    def _total(self, here: int, own: int, children: tuple[int, ...]) -> tuple[int, int] | None:
        """What a node costs with all below it, and the mask of that; None where something below has no choice yet, or is the class itself."""
        first = -1
        for child in children:
            at = self.bit.get(child, -1)
            if at < 0 or not self.mask[at]:
                return None
            if first < 0 or self.cost[at] > self.cost[first]:
                first = at
        if first < 0:
            return own, 1 << here
        mask, total = self.mask[first], self.cost[first] + own
        for child in children:
            at = self.bit[child]
            extra = self.mask[at] & ~mask
            if extra:  # what the most expensive child does not bring in is mostly little
                mask |= extra
                if extra == self.mask[at]:
                    total += self.cost[at]
                    continue
                while extra:
                    low = extra & -extra
                    total += self.own[low.bit_length() - 1]
                    extra ^= low
        if mask >> here & 1:
            return None
        return total, mask | 1 << here


def below(engine: Graph, choice: Choice, roots: Iterable[int]) -> list[int]:
    """The classes that a choice uses below the roots, children first; NothingToExtract where it runs in a circle."""
    order: list[int] = []
    state: dict[int, int] = {}
    stack = [(root, False) for root in roots]
    while stack:
        root, opened = stack.pop()
        if opened:
            state[root] = 2
            order.append(root)
        elif root not in state:
            state[root] = 1
            stack.append((root, True))
            for child in child_roots(engine, choice[root]):
                if state.get(child) == 1:
                    raise NothingToExtract("the choice of nodes runs in a circle")
                if child not in state:
                    stack.append((child, False))
    return order


def dag_cost(engine: Graph, choice: Choice, roots: Iterable[int], cost: Cost) -> int:
    """What the chosen DAG below the roots costs."""
    return sum(cost(choice[root]) for root in below(engine, choice, roots))


def candidates_of(
    engine: Graph, roots: Iterable[int], cost: Cost, allowed: Callable[[ENode], bool] | None = None
) -> dict[int, list[Candidate]]:
    """What may be chosen for each class below the roots; `allowed` is asked where a class has several nodes."""
    candidates: dict[int, list[Candidate]] = {}
    stack = list(dict.fromkeys(roots))
    members = engine.members_by_class()
    while stack:
        root = stack.pop()
        if root in candidates:
            continue
        candidates[root] = here = []
        nodes = members.get(root, ())
        for node in nodes:
            if allowed is None or len(nodes) == 1 or allowed(node):
                children = child_roots(engine, node)
                here.append((node, cost(node), children))
                stack.extend([c for c in children if c not in candidates])
    return candidates


def extract(
    engine: Graph,
    roots: Sequence[int],
    cost: Cost,
    allowed: Callable[[ENode], bool] | None = None,
    rounds: int = 3,
    solver: Solver | None = None,
    deadline: float | None = None,
) -> Choice:
    """The node chosen for each class that is needed below the root classes; `allowed` is asked where a class has several nodes.

    A solver (exact.py) gets the candidates and the choice by trees; where its own choice is cheaper than what was found, it is taken.
    A choice is improved on until the deadline.
    """
    candidates = candidates_of(engine, roots, cost, allowed)
    choice, trees = cheapest_trees(candidates)
    for root in roots:
        if root not in choice:
            raise NothingToExtract("no finite term of the class is allowed")
    best = choice
    if rounds and len(choice) <= IMPROVABLE and _can_share(candidates, roots):
        best = _improved(engine, candidates, choice, trees, roots, cost, rounds, deadline)
        exchange = _Exchange(candidates, best, roots)
        exchange.run(rounds, deadline)
        if len(best) >= SHARED:
            exchange.share(deadline)
    if solver is not None:
        solved = solver(candidates, choice, roots)
        if solved is not None and dag_cost(engine, solved, roots, cost) < dag_cost(engine, best, roots, cost):
            best = solved
    used = below(engine, best, roots)
    return {root: best[root] for root in used}


def _can_share(candidates: dict[int, list[Candidate]], roots: Sequence[int]) -> bool:
    """Whether a class that is more than a leaf is wanted in two places; else the cheapest trees are the cheapest DAG."""
    user = dict.fromkeys(roots, NOBODY)
    for root, nodes in candidates.items():
        for _, _, children in nodes:
            for child in children:
                if user.setdefault(child, root) != root and any(below for _, _, below in candidates[child]):
                    return True
    return False


NOBODY = -1
"""The user of the roots, which somebody wants in any case."""
SHARED, TRIES = 12, 50
"""From so many classes on, so many parts are tried at most that would have to be brought in for several of them."""
IMPROVABLE = 5000
"""Beyond so many classes the choice by trees stands: bit masks would be quadratic."""


def _improved(
    engine: Graph,
    candidates: dict[int, list[Candidate]],
    choice: Choice,
    trees: dict[int, int],
    roots: Sequence[int],
    cost: Cost,
    rounds: int,
    deadline: float | None,
) -> Choice:
    best, best_cost = choice, dag_cost(engine, choice, roots, cost)
    improvement = _Improvement(candidates, choice, sorted(choice, key=lambda root: (trees[root], root)))
    for _ in range(rounds):
        if is_over(deadline):
            break
        changed = improvement.round()
        try:
            total = dag_cost(engine, improvement.choice, roots, cost)
        except NothingToExtract:
            break
        if total < best_cost:
            best, best_cost = dict(improvement.choice), total
        if not changed:
            break
    return best


class _Exchange:
    """Exchanges of one node of the chosen DAG for another of its class, where that frees more than it brings in.

    Every class counts its users in the DAG (and the roots once more), so that an exchange is known by walking over
    what it frees and what it brings in. What the choice for a class cannot see by itself, that somebody else needs a part
    anyway, is seen here.
    """

    def __init__(self, candidates: dict[int, list[Candidate]], choice: Choice, roots: Sequence[int]) -> None:
        self.candidates = candidates
        self.choice = choice
        self.parts = {node: (own, children) for nodes in candidates.values() for node, own, children in nodes}
        self.users = dict.fromkeys(choice, 0)
        self._take(roots)

    def run(self, rounds: int, deadline: float | None) -> None:
        """Make exchanges until none is left that helps, or for so many rounds, or until the deadline."""
        for _ in range(rounds):
            used = [root for root, count in self.users.items() if count and len(self.candidates[root]) > 1]
            changed = False
            for root in used:
                if is_over(deadline):
                    return
                changed = (self.users[root] > 0 and self._exchange(root) > 0) or changed
            if not changed:
                return

    def share(self, deadline: float | None) -> None:
        """Bring in parts that pay only for several: classes that nobody uses, and that most could use, TRIES of them at most."""
        wanting: dict[int, dict[int, None]] = {}
        for root, count in self.users.items():
            for node, _, children in self.candidates[root] if count else ():
                if node is not self.choice[root]:
                    for child in children:
                        if self.users.get(child) == 0:
                            wanting.setdefault(child, {})[root] = None
        tried = sorted([part for part, others in wanting.items() if len(others) > 1], key=lambda part: (-len(wanting[part]), part))
        for part in tried[:TRIES]:
            if is_over(deadline):
                return
            if self.users[part] == 0:
                self._bring(part, wanting[part])

    def _bring(self, part: int, others: Iterable[int]) -> None:
        """Take a class that nobody uses for the sake of others, whose nodes are exchanged then; undone where that costs more than it frees."""
        choice, users = dict(self.choice), dict(self.users)
        balance = -self._take([part])
        for root in others:
            if self.users[root]:
                balance += self._exchange(root)
        if balance + self._drop([part]) <= 0:
            self.choice.update(choice)
            self.users = users

    def _exchange(self, root: int) -> int:
        """Choose another node for a class where that frees more than it brings in: how much more."""
        gained = 0
        for node, own, children in self.candidates[root]:
            current = self.choice[root]
            if node is current or any(child not in self.users for child in children):
                continue
            own_now, children_now = self.parts[current]
            brought = own + self._take(children)  # before anything is freed: what both use is not walked over
            gain = own_now + self._drop(children_now) - brought
            if gain > 0 and not self._reaches(children, root):
                self.choice[root] = node
                gained += gain
            else:
                self._take(children_now)
                self._drop(children)
        return gained

    def _take(self, roots: Iterable[int]) -> int:
        """One more user for each; what that costs."""
        total = 0
        stack = list(roots)
        while stack:
            root = stack.pop()
            self.users[root] += 1
            if self.users[root] == 1:
                own, children = self.parts[self.choice[root]]
                total += own
                stack.extend(children)
        return total

    def _drop(self, roots: Iterable[int]) -> int:
        """One user less for each; what that frees."""
        total = 0
        stack = list(roots)
        while stack:
            root = stack.pop()
            self.users[root] -= 1
            if self.users[root] == 0:
                own, children = self.parts[self.choice[root]]
                total += own
                stack.extend(children)
        return total

    def _reaches(self, starts: Iterable[int], goal: int) -> bool:
        seen = set(starts)
        stack = list(seen)
        while stack:
            root = stack.pop()
            if root == goal:
                return True
            new = [child for child in self.parts[self.choice[root]][1] if child not in seen]
            seen.update(new)
            stack.extend(new)
        return False
