"""Equality saturation: match every law on one snapshot, apply all matches, rebuild; under limits that hold within an iteration."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from time import perf_counter
from typing import Any

from .matcher import CompiledLaw
from .multiset import Engine
from .nodes import Contradiction, ENode, RowLimit
from .program import Program


class StopReason(Enum):
    """Why a run ended."""

    SATURATED = "Saturated"
    ITERATION_LIMIT = "IterationLimit"
    NODE_LIMIT = "NodeLimit"
    TIME_LIMIT = "TimeLimit"


@dataclass(frozen=True)
class Backoff:
    """A law that matches more than `matches` times in an iteration has no effect there and waits for `iterations`; each time
    it happens again both are twice as much. When nothing else changes, the law that has waited longest goes on."""

    matches: int = 1000
    iterations: int = 5


@dataclass(slots=True)
class Iteration:
    """What one iteration did: matches of each law, e-nodes and classes after it, seconds; laws whose matches were cut off,
    and laws that had to wait (Backoff)."""

    matches: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    classes: int = 0
    seconds: float = 0.0
    capped: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """Why a run stopped, and what each iteration did."""

    stop_reason: StopReason = StopReason.SATURATED
    iterations: list[Iteration] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The time of all iterations."""
        return sum(i.seconds for i in self.iterations)

    def matches(self) -> dict[str, int]:
        """The matches of each law in all iterations, most first."""
        total: dict[str, int] = {}
        for iteration in self.iterations:
            for name, n in iteration.matches.items():
                total[name] = total.get(name, 0) + n
        return dict(sorted(total.items(), key=lambda item: -item[1]))


class OutOfTime(Exception):
    """The deadline passed in the middle of an iteration."""


@contextmanager
def no_collector() -> Iterator[None]:
    """The cyclic garbage collector off: the engine builds no cycles, and at 10^6 e-nodes it took half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Patience:
    """Which laws have to wait, and until when (Backoff); time is counted in iterations of one e-graph."""

    def __init__(self) -> None:
        self.backoff: Backoff | None = None
        self.waiting: tuple[str, ...] = ()
        self._now = 0
        self._until: dict[CompiledLaw, int] = {}
        self._times: dict[CompiledLaw, int] = {}

    def admitted(self, laws: Sequence[CompiledLaw]) -> Sequence[CompiledLaw]:
        """The laws that may match in the iteration that begins."""
        if self.backoff is None:
            self.waiting = ()
            return laws
        self._now += 1
        free = [law for law in laws if self._until.get(law, 0) < self._now]
        self.waiting = tuple([law.law.name for law in laws if self._until.get(law, 0) >= self._now])
        return free

    def is_lost(self, law: CompiledLaw, matches: int) -> bool:
        """Whether so many matches are too many, which makes the law wait."""
        times = self._times.get(law, 0)
        if self.backoff is None or matches <= self.backoff.matches << times:
            return False
        self._until[law] = self._now + (self.backoff.iterations << times)
        self._times[law] = times + 1
        self.waiting += (law.law.name,)
        return True

    def skip(self) -> None:
        """Nothing changed: go on to the iteration in which the first of those that wait comes back."""
        self._now = max(self._now, min(self._until.values(), default=0))


_CHUNK = 128


class Saturation:
    """Runs laws on one e-graph, and remembers what each law has looked at."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seen: dict[Any, tuple[int, ...]] = {}
        self._fresh: dict[tuple[Any, int, tuple[int, ...]], tuple[list[ENode], tuple[int, ...]]] = {}
        self._chosen: dict[Program, tuple[int, list[CompiledLaw]]] = {}
        self._patience = Patience()

    def run(
        self,
        laws: Sequence[CompiledLaw] | Program,
        iterations: int = 30,
        rows: int | None = None,
        seconds: float | None = None,
        flatten: bool = False,
        leave: Callable[[list[CompiledLaw], Report], bool] | None = None,
        backoff: Backoff | None = None,
    ) -> Report:
        """Iterate until nothing is new or a limit is hit, or `leave` says of the next laws, and of what was done, that others go on.

        Rows beyond the limit are not made.
        """
        self._patience.backoff = backoff
        deadline = None if seconds is None else perf_counter() + seconds
        report = Report(StopReason.ITERATION_LIMIT)
        program = laws if isinstance(laws, Program) else Program.of(laws)
        with no_collector():
            self.engine.rebuild()
            for _ in range(iterations):
                if leave is not None and leave(self._possible(program), report):
                    break
                stopped = self._iterate(program, report, rows, deadline, flatten)
                if stopped is not None:
                    report.stop_reason = stopped
                    break
        return report

    def _iterate(
        self, program: Program, report: Report, rows: int | None, deadline: float | None, flatten: bool
    ) -> StopReason | None:
        engine = self.engine
        start = perf_counter()
        iteration = Iteration()
        report.iterations.append(iteration)
        before = (engine.live, len(engine.parent))
        reason: StopReason | None = None
        changed = False
        marks: dict[Any, tuple[int, ...]] = {}
        engine.row_limit = inf if rows is None else rows
        try:
            nested = self._nested(marks) if flatten else []
            found = self._match_all(self._possible(program), iteration, rows, deadline, marks)
            if nested:
                iteration.matches["flatten"] = len(nested)
                changed = self._flatten(nested, deadline)
            changed = self._apply_all(found, deadline) or changed
            self.seen.update(marks)
        except RowLimit:
            reason = StopReason.NODE_LIMIT
        except OutOfTime:
            reason = StopReason.TIME_LIMIT
        except Contradiction:
            engine.audit()  # the law that went wrong may be an earlier one
            raise
        finally:
            self._fresh = {}
            engine.row_limit = inf
            engine.blame = "congruence"
            engine.rebuild()
        engine.audit()
        iteration.rows = engine.live
        iteration.classes = engine.class_count
        iteration.seconds = perf_counter() - start
        if reason is None and not changed and before[0] == engine.live and not iteration.capped:
            if not iteration.waiting:
                return StopReason.SATURATED
            self._patience.skip()
        return reason

    # -- matching

    def _possible(self, program: Program) -> list[CompiledLaw]:
        """The laws of a program whose operators all have nodes; asked again when an operator has got its first."""
        present = self.engine.tables
        known = self._chosen.get(program)
        if known is None or known[0] != len(present):
            known = self._chosen[program] = (len(present), program.possible(present))
        return known[1]

    def _changed(self, key: Any, op: Any, level: int, marks: dict[Any, tuple[int, ...]]) -> list[ENode]:
        """What a law has not looked at yet; the mark counts once the iteration has been applied to its end."""
        if op not in self.engine.tables:
            return []
        since = self.seen.get(key, ())
        if (op, level, since) not in self._fresh:  # laws of one operator mostly ask for the same
            self._fresh[op, level, since] = self.engine.changes.since(self.engine, op, level, since)
        nodes, marks[key] = self._fresh[op, level, since]
        return nodes

    def unseen(self, laws: Iterable[CompiledLaw]) -> dict[ENode, None]:
        """The nodes that at least one of some laws has not looked at yet."""
        for law in laws:
            self._changed(law, law.root, law.level, {})
        fresh, self._fresh = self._fresh, {}
        return dict.fromkeys([node for nodes, _ in fresh.values() for node in nodes])

    def _match_all(
        self, laws: Sequence[CompiledLaw], iteration: Iteration, rows: int | None, deadline: float | None, marks: dict[Any, tuple[int, ...]]
    ) -> list[tuple[CompiledLaw, list[tuple[Any, ...]]]]:
        found = []
        cap = 1 << 62 if rows is None else max(10_000, 4 * rows)
        capped = []
        for law in self._patience.admitted(laws):
            fresh = self._changed(law, law.root, law.level, marks)
            out: list[tuple[Any, ...]] = []
            for i in range(0, len(fresh), _CHUNK):
                law.match(self.engine, fresh[i : i + _CHUNK], out, cap)
                if deadline is not None and perf_counter() > deadline:
                    raise OutOfTime
                if len(out) >= cap:
                    del marks[law]
                    capped.append(law.law.name)
                    break
            if self._patience.is_lost(law, len(out)):
                marks.pop(law, None)
            elif out:
                found.append((law, out))
                iteration.matches[law.law.name] = iteration.matches.get(law.law.name, 0) + len(out)
        iteration.capped = tuple(capped)
        iteration.waiting = self._patience.waiting
        return found

    # -- applying

    def _apply_all(self, found: list[tuple[CompiledLaw, list[tuple[Any, ...]]]], deadline: float | None) -> bool:
        engine = self.engine
        changed = False
        found.reverse()
        while found:
            law, matches = found.pop()  # their memory is what the next nodes are made of
            engine.blame = law.law.name
            for i in range(0, len(matches), _CHUNK):
                changed = law.apply(engine, matches[i : i + _CHUNK]) or changed
                if deadline is not None and perf_counter() > deadline:
                    raise OutOfTime
        return changed

    # -- nested sums and products

    def _nested(self, marks: dict[Any, tuple[int, ...]]) -> list[ENode]:
        language = self.engine.language
        return [node for op in (language.linear, language.powers) if op is not None for node in self._changed(op, op, 2, marks)]

    def _flatten(self, nodes: list[ENode], deadline: float | None) -> bool:
        engine = self.engine
        engine.blame = "flatten"
        changed = False
        for i, node in enumerate(nodes):
            if node.alive:
                for flat in list(engine.flattened(node)):
                    changed = engine.union(engine.value(node), flat) or changed
            if deadline is not None and i % _CHUNK == 0 and perf_counter() > deadline:
                raise OutOfTime
        return changed
