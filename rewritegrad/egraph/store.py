"""An e-graph under laws: as nodes where it is small, as columns where it is large and plain. Ids are the same in both.

An e-graph moves to columns in the course of a run, before an iteration that is quicker there, and back when somebody needs its
nodes: to extract very deep terms, or to run a law that has no plan for columns.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from time import perf_counter
from typing import Any

from .bulk import BulkSaturation
from .language import Analysis, Kind, Language
from .looking import Additions, View, view
from .matcher import CompiledLaw
from .moving import to_columns, to_nodes
from .multiset import Engine
from .program import Program
from .saturate import Backoff, Report, Saturation, StopReason, no_collector

LARGE = 1500
"""From so many e-nodes on an iteration takes less time on columns (bench/microbenchmark.py)."""
MATCHES = 60
"""So do so many matches for each law (bench/groups.py): a match takes two microseconds on nodes, and a law a tenth of a millisecond on columns."""


def is_plain(language: Language) -> bool:
    """Whether all applications are stored as they stand."""
    stored = all(kind is Kind.PLAIN for kind in language.kinds.values())
    return stored and language.linear is None and language.raised is None and language.fill is None


class Store:
    """One e-graph and what its laws have looked at, in the form that suits its size: from `large` e-nodes on as columns."""

    def __init__(self, language: Language, analysis: Analysis | None = None, large: int = LARGE) -> None:
        self.language = language
        self._large = large
        self._saturation = Saturation(Engine(language, analysis))
        self._bulk: BulkSaturation | None = None
        self._movable = analysis is None and is_plain(language)

    def run(
        self,
        program: Program,
        iterations: int = 30,
        rows: int | None = None,
        seconds: float | None = None,
        flatten: bool = False,
        backoff: Backoff | None = None,
    ) -> Report:
        """Iterate until nothing is new or a limit is hit. Rows beyond the limit are not made. Laws have to wait only as nodes, not as columns."""
        if self._bulk is not None and backoff is not None:
            self._to_nodes(self._bulk)
        if not self._movable or backoff is not None:
            return self._saturation.run(program, iterations, rows, seconds, flatten, backoff=backoff)
        deadline = None if seconds is None else perf_counter() + seconds
        report = Report(StopReason.ITERATION_LIMIT)
        with no_collector():
            while True:
                stage = self._stage(program, iterations - len(report.iterations), rows, None if deadline is None else deadline - perf_counter())
                report.iterations += stage.iterations
                report.stop_reason = stage.stop_reason
                if report.stop_reason is not StopReason.ITERATION_LIMIT or len(report.iterations) == iterations:
                    return report
                if self._bulk is None:
                    self._to_columns()
                else:
                    self._to_nodes(self._bulk)

    def _stage(self, program: Program, iterations: int, rows: int | None, seconds: float | None) -> Report:
        """Iterations in the present form, until the run is over or goes on in the other form."""
        if self._bulk is not None:
            return self._bulk.run(program, iterations, rows, seconds)
        return self._saturation.run(program, iterations, rows, seconds, leave=self._is_better_as_columns)

    def _is_better_as_columns(self, laws: list[CompiledLaw], report: Report) -> bool:
        """Whether the next iteration is quicker on columns: with many e-nodes, or with many matches for each law, if they grow as they did."""
        if any(law.plan is None for law in laws):
            return False
        before, last = ([0, 0] + [sum(iteration.matches.values()) for iteration in report.iterations[-2:]])[-2:]
        expected = last * last // before if before else 0
        return self._saturation.engine.live >= self._large or expected * LARGE >= MATCHES * len(laws) * self._large

    # -- moving

    def _to_columns(self) -> None:
        laws = list(self._saturation.seen)
        fresh = self._saturation.unseen(laws)
        self._bulk = BulkSaturation(to_columns(self._saturation.engine, fresh))
        self._bulk.seen = dict.fromkeys(laws, 0)
        self._saturation = Saturation(Engine(self.language))

    def _to_nodes(self, bulk: BulkSaturation) -> None:
        engine, marks = to_nodes(bulk.columns, self.language, bulk.seen)
        self._saturation = Saturation(engine)
        self._saturation.seen.update(marks)
        self._bulk = None

    @property
    def engine(self) -> Engine:
        """The e-graph as nodes."""
        if self._bulk is not None:
            self._to_nodes(self._bulk)
        return self._saturation.engine

    @property
    def entry(self) -> Engine | Additions:
        """What terms are added to; `rebuild` must follow."""
        return self._saturation.engine if self._bulk is None else Additions(self._bulk.columns, self.language)

    # -- looking

    def view(self, ids: Sequence[int], cost: Callable[[Any], int], avoid: Container[Any] = ()) -> Engine | View:
        """What extraction may choose from below some ids, at a cost for each operator, and without some of them."""
        if self._bulk is not None:
            columns = self._bulk.columns
            found = view(columns, [columns.find(i) for i in ids], cost, avoid)
            if found is not None:
                return found
        return self.engine

    def find(self, i: int) -> int:
        """The canonical id of the same value."""
        return self._saturation.engine.find(i) if self._bulk is None else self._bulk.columns.find(i)

    def rows(self) -> dict[Any, int]:
        """The number of e-nodes of each operator."""
        return self._saturation.engine.rows() if self._bulk is None else self._bulk.columns.rows()

    @property
    def live(self) -> int:
        """The number of e-nodes."""
        return self._saturation.engine.live if self._bulk is None else self._bulk.columns.live
