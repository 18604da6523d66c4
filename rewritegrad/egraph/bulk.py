"""Equality saturation on columns: the same iterations as in saturate.py, each step done for all nodes at once."""

from __future__ import annotations

from collections import deque
from math import inf
from time import perf_counter
from typing import Any

import numpy as np

from .bulkmatch import NEVER, Matches, Snapshot
from .bulkplans import Plan, Step
from .columns import Columns
from .columntable import Ids, no_ids
from .matcher import CompiledLaw
from .nodes import RowLimit
from .program import Program
from .saturate import Iteration, OutOfTime, Report, StopReason, no_collector

_LEAST = 1024
"""Matches that are applied together at least, when a limit of rows is near."""

_CAUTION = 2
"""How many times longer than expected a portion may take without missing a limit of seconds."""


class _Pace:
    """How long portions of matches take, rebuilding included, so that a run knows what it can do before its deadline."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._last = 0.0
        self._most = _LEAST

    def did(self, matches: int, seconds: float) -> None:
        """So many matches took so long."""
        self._rate, self._last, self._most = seconds / matches, seconds, max(self._most, matches)

    def matches_until(self, deadline: float) -> int:
        """How many matches to apply next: not many more than ever before; 0 where there is no time left."""
        left = deadline - perf_counter()
        if left <= 0 or left * _CAUTION < self._last:
            return 0
        return min(2 * self._most, max(_LEAST, int(left / _CAUTION / self._rate))) if self._rate else _LEAST


class BulkSaturation:
    """Runs plans on columns, and remembers for each law up to which iteration it has seen the rows."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.seen: dict[CompiledLaw, int] = {}
        self._pace = _Pace()

    def run(self, program: Program, iterations: int = 30, rows: int | None = None, seconds: float | None = None) -> Report:
        """Iterate until nothing is new or a limit is hit, as `Saturation.run` does, or a law has no plan, so that others must go on."""
        deadline = None if seconds is None else perf_counter() + seconds
        report = Report(StopReason.ITERATION_LIMIT)
        with no_collector():
            for _ in range(iterations):
                plans = self._plans(program)
                if plans is None:
                    break
                stopped = self._iterate(plans, report, rows, deadline)
                if stopped is not None:
                    report.stop_reason = stopped
                    break
        return report

    def _plans(self, program: Program) -> list[tuple[CompiledLaw, Plan]] | None:
        found = []
        for law in program.possible(self.columns.operators()):
            if law.plan is None:
                return None
            found.append((law, law.plan))
        return found

    def _iterate(self, plans: list[tuple[CompiledLaw, Plan]], report: Report, rows: int | None, deadline: float | None) -> StopReason | None:
        columns = self.columns
        start = perf_counter()
        iteration = Iteration()
        report.iterations.append(iteration)
        before = columns.live
        reason: StopReason | None = None
        changed = False
        columns.now += 1
        columns.row_limit = inf if rows is None else rows
        try:
            found, seen = self._match_all(plans, iteration, rows, deadline)
            changed = self._apply_all(found, rows, deadline)
            self.seen.update(seen)
        except RowLimit:
            reason = StopReason.NODE_LIMIT
        except OutOfTime:
            reason = StopReason.TIME_LIMIT
        finally:
            columns.row_limit = inf
            changed = columns.rebuild() or changed
        iteration.rows = columns.live
        iteration.classes = columns.class_count
        iteration.seconds = perf_counter() - start
        if reason is None and not changed and before == columns.live and not iteration.capped:
            reason = StopReason.SATURATED
        return reason

    # -- matching

    def _match_all(
        self, plans: list[tuple[CompiledLaw, Plan]], iteration: Iteration, rows: int | None, deadline: float | None
    ) -> tuple[deque[Matches], dict[CompiledLaw, int]]:
        """The new matches of all laws, and what each has seen once they have been applied."""

        def check() -> None:
            if deadline is not None and perf_counter() > deadline:
                raise OutOfTime

        cap = inf if rows is None else max(10_000, 4 * rows)
        snapshot = Snapshot(self.columns)
        found: deque[Matches] = deque()
        capped = []
        seen = {}
        for law, plan in plans:
            count = 0
            for matches in snapshot.matches(plan, self.seen.get(law, NEVER), check):
                found.append(matches if count + len(matches) <= cap else matches.split(int(cap) - count)[0])
                count += len(found[-1])
                if count == cap:
                    break
            check()
            name = law.law.name
            if count == cap:
                capped.append(name)
            else:
                seen[law] = self.columns.now - 1
            if count:
                iteration.matches[name] = iteration.matches.get(name, 0) + count
        iteration.capped = tuple(capped)
        return found, seen

    # -- applying

    def _apply_all(self, found: deque[Matches], rows: int | None, deadline: float | None) -> bool:
        """Apply the matches in their order, all at once where no limit asks for less; whether that joined any classes already."""
        columns = self.columns
        worst = max([len(matches.plan.steps) for matches in found], default=1) or 1
        changed = False
        while found:
            start = perf_counter()
            most = inf if rows is None else max(_LEAST, (rows - columns.live) // worst)
            if deadline is not None:
                most = min(most, self._pace.matches_until(deadline))
                if not most:
                    raise OutOfTime
            portion = _taken(found, most)
            count = sum(map(len, portion))
            self._apply(portion)
            if deadline is not None:
                del portion
                changed = columns.rebuild() or changed
                found = deque([matches.renamed(columns.parent) for matches in found])
                self._pace.did(count, perf_counter() - start)
        return changed

    def _apply(self, portion: list[Matches]) -> None:
        """Enter the right sides, innermost rows first, the rows of one operator and height together."""
        columns = self.columns
        for matches in portion:
            for v, leaf in matches.plan.leaves.items():
                if v not in matches.plan.asked:
                    columns.leaf(*leaf)
        waves: dict[int, dict[tuple[Any, int], list[tuple[Matches, Step]]]] = {}
        for matches in portion:
            for step in matches.plan.steps:
                waves.setdefault(step.height, {}).setdefault((step.op, len(step.args)), []).append((matches, step))
        for height in sorted(waves):
            for (op, _), wanted in waves[height].items():
                self._enter(op, wanted)
        for matches in portion:
            if not matches.plan.steps:
                columns.join(matches.root, self._column(matches, matches.plan.result))

    def _enter(self, op: Any, wanted: list[tuple[Matches, Step]]) -> None:
        """Enter rows of one operator; a row that is a whole right side is claimed by the root of its match."""
        inner = [(matches, step) for matches, step in wanted if step.made != matches.plan.result]
        whole = [(matches, step) for matches, step in wanted if step.made == matches.plan.result]
        args = zip(*[[self._column(matches, v) for v in step.args] for matches, step in inner + whole], strict=True)
        claims = np.concatenate([no_ids(), *[matches.root for matches, _ in whole]])
        ids = self.columns.enter(op, tuple([np.concatenate(columns) for columns in args]), claims)
        end = 0
        for matches, step in inner:
            start, end = end, end + len(matches)
            matches.values[step.made] = ids[start:end]

    def _column(self, matches: Matches, v: int) -> Ids:
        if v in matches.plan.leaves:
            return np.full(len(matches), self.columns.leaves[matches.plan.leaves[v]])
        return matches.values[v]


def _taken(found: deque[Matches], most: int | float) -> list[Matches]:
    """The first so many matches, which are taken away."""
    taken = []
    while found and most > 0:
        matches = found.popleft()
        if len(matches) > most:
            matches, rest = matches.split(int(most))
            found.appendleft(rest)
        taken.append(matches)
        most -= len(matches)
    return taken
