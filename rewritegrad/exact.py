"""Exact extraction: the cheapest DAG of an e-graph, as an integer program that SciPy solves.

A variable x for each e-node says that it is chosen, a variable y for each class that it is needed. A needed class chooses one of its
nodes, a chosen node needs the classes below it. Where the graph of classes has a circle, each class on it has a height,
and a chosen node stands higher than what is below it: so no choice runs in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .egraph.extract import Candidate, Choice

Row = tuple[list[tuple[int, float]], float]
"""Coefficients of variables, and what their sum is at least."""


def solve(candidates: Mapping[int, Sequence[Candidate]], greedy: Choice, roots: Iterable[int], seconds: float | None = None) -> Choice | None:
    """The cheapest choice below the roots; None where the solver has none when the time is over. Needs SciPy.

    Only classes that some choice can reach a leaf from are looked at: those for which there is a greedy choice.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    nodes = [
        (root, node, own, children)
        for root, members in candidates.items()
        for node, own, children in members
        if root in greedy and root not in children and all(child in greedy for child in children)
    ]
    classes = {root: len(nodes) + i for i, root in enumerate(greedy)}
    circle_of = _circles({root: [c for _, _, below in candidates[root] for c in below if c in greedy] for root in greedy})
    heights = {root: len(nodes) + len(classes) + i for i, root in enumerate(circle_of)}
    rows: list[Row] = [([(classes[root], 1.0)], 1.0) for root in dict.fromkeys(roots)]
    members_of: dict[int, list[tuple[int, float]]] = {root: [] for root in classes}
    for x, (root, _, _, children) in enumerate(nodes):
        members_of[root].append((x, 1.0))
        rows += [([(classes[child], 1.0), (x, -1.0)], 0.0) for child in children]
        for child in children:
            if root in circle_of and circle_of.get(child) == circle_of[root]:
                size = float(len(circle_of))
                rows.append(([(heights[root], 1.0), (heights[child], -1.0), (x, -size)], 1.0 - size))
    rows += [([*members, (classes[root], -1.0)], 0.0) for root, members in members_of.items()]
    count = len(nodes) + len(classes) + len(heights)
    where = [(i, j, value) for i, (row, _) in enumerate(rows) for j, value in row]
    matrix = csr_array(([v for _, _, v in where], ([i for i, _, _ in where], [j for _, j, _ in where])), shape=(len(rows), count))
    costs = np.zeros(count)
    costs[: len(nodes)] = [own for _, _, own, _ in nodes]
    whole = np.ones(count)
    whole[count - len(heights) :] = 0  # heights may be fractions
    highest = np.ones(count)
    highest[count - len(heights) :] = len(heights)
    options: dict[str, Any] = {"mip_rel_gap": 0.0} if seconds is None else {"mip_rel_gap": 0.0, "time_limit": max(seconds, 0.001)}
    found = milp(
        costs / max(costs.max(), 1.0),
        constraints=LinearConstraint(matrix, np.array([least for _, least in rows]), np.inf),
        bounds=Bounds(0, highest),
        integrality=whole,
        options=options,
    )
    if found.x is None:
        return None
    return {root: node for x, (root, node, _, _) in enumerate(nodes) if found.x[x] > 0.5}


def _circles(edges: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """For each class on a circle the number of its strongly connected part (Tarjan's, with a stack of its own)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    part: dict[int, int] = {}
    path: list[int] = []
    waiting: set[int] = set()
    for start in edges:
        if start in index:
            continue
        index[start] = low[start] = len(index)
        path.append(start)
        waiting.add(start)
        work = [(start, iter(edges[start]))]
        while work:
            here, successors = work[-1]
            for child in successors:
                if child not in index:
                    index[child] = low[child] = len(index)
                    path.append(child)
                    waiting.add(child)
                    work.append((child, iter(edges[child])))
                    break
                if child in waiting:
                    low[here] = min(low[here], index[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[here])
                if low[here] == index[here]:
                    together = path[path.index(here) :] if path[-1] != here else [here]
                    del path[len(path) - len(together) :]
                    waiting.difference_update(together)
                    if len(together) > 1:
                        part.update(dict.fromkeys(together, here))
    return part
