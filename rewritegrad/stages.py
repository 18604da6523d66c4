"""Which rulesets run, in which order, under which limits; simplification by pulses.

A pulse enters the terms into a new e-graph, runs the laws that only shrink (stage reduce), then the laws
that may also grow (explore) for one iteration and reduce again, and extracts: so explore looks at nodes that are reduced
already. Pulses start again from the best terms found until they get no shorter. Restarting from a short term is worth
more than a larger e-graph: what was measured stands in docs/engine.md. At the end sums and products are multiplied out
(stage spread) in an e-graph of their own; where that is shorter, pulses start again from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np

from .egraph.extract import NothingToExtract
from .egraph.saturate import Report, StopReason
from .errors import LimitError, UnsoundRuleError
from .graph import EGraph
from .knowledge import Knowledge
from .lawsides import brought_by, taken_by
from .limits import Limits
from .polynomials import has_products_of_sums
from .printer import is_operation
from .sharing import with_shared_products
from .spelling import has_decimals, is_decimal
from .term import Term, postorder
from .theory import Theory
from .weights import burden, fits, weight
from .written import resolve_written


@dataclass(slots=True)
class Simplification:
    """What simplification found and did: the terms, one report for each run of a stage, and why it ended."""

    terms: list[Term]
    reports: list[tuple[str, Report]] = field(default_factory=list)
    pulses: int = 0
    rows: int = 0
    stop_reason: StopReason = StopReason.SATURATED

    def matches(self) -> dict[str, int]:
        """The matches of each law, most first: which rules filled the e-graph."""
        total: dict[str, int] = {}
        for _, report in self.reports:
            for name, n in report.matches().items():
                total[name] = total.get(name, 0) + n
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))

    def held_back(self) -> list[str]:
        """The laws of which some matches had no effect: cut off since there were too many, or waiting (Limits.backoff)."""
        iterations = [iteration for _, report in self.reports for iteration in report.iterations]
        return list(dict.fromkeys(name for iteration in iterations for name in (*iteration.capped, *iteration.waiting)))

    def stages(self) -> dict[str, dict[str, float]]:
        """For each stage that ran: how many iterations, matches and seconds it took in all."""
        found: dict[str, dict[str, float]] = {}
        for stage, report in self.reports:
            row = found.setdefault(stage, {"iterations": 0, "matches": 0, "seconds": 0.0})
            row["iterations"] += len(report.iterations)
            row["matches"] += sum(report.matches().values())
            row["seconds"] += report.seconds
        return found


def rulesets_of(theory: Theory, stage: str) -> list[str]:
    """The names of the rulesets of a stage, in the order of the rule files."""
    return theory.derived(_by_stage).get(stage, [])


def _by_stage(theory: Theory) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, ruleset in theory.rulesets.items():
        found.setdefault(ruleset.stage, []).append(name)
    return found


class Simplifier:
    """One simplification: terms of one theory, limits, and what has been found so far."""

    def __init__(self, terms: Sequence[Term], limits: Limits, whole: Simplifier | None = None, parts: Sequence[Term] = ()) -> None:
        self.theory: Theory = terms[0].theory
        self.limits = limits
        self.found = Simplification(list(terms))
        self.parts = parts or postorder(*terms)
        self.size = sum(map(is_operation, self.parts))
        self.cost = self.size + burden(terms, parts=self.parts)
        self.reserve = 0.0
        self.input = list(terms)
        self.facts: list[Any] = []
        self.exhausted = self.burdened = False
        self.whole = whole  # of which the terms are a piece
        if whole is None:
            self.deadline = None if limits.seconds is None else perf_counter() + limits.seconds
            self.decimals = any(map(is_decimal, self.parts))
            self.order = [term.value for term in self.parts if term.op.leaf == "variable"]
        else:
            self.deadline = None if whole.deadline is None else whole.deadline - whole.reserve
            self.decimals, self.order = whole.decimals, whole.order

    @cached_property
    def knowledge(self) -> Knowledge:
        """What is known of the problem's values."""
        return Knowledge(self.theory, self.input) if self.whole is None else self.whole.knowledge

    def run(self) -> Simplification:
        """Pulses until the terms get no shorter; the input itself where time runs out before the first ends."""
        limits = self.limits
        self.burdened = burden(self.input) > 0
        if self.burdened:  # laws are there to remove it, and have to see more than one step
            limits = replace(limits, explore_iterations=LOOKING * limits.explore_iterations)
        try:
            self._pulses(limits, limits.pulses)
            if self._hit_rows() and limits.second_rows > limits.rows and self._time_left() != 0:
                self._pulses(replace(limits, rows=limits.second_rows), 2)
            if self._spread():
                self._pulses(limits, limits.pulses)
            self._present()
            self._improve(with_shared_products(self.found.terms, self.deadline))
        except LimitError:
            self.found.stop_reason = StopReason.TIME_LIMIT
        except NothingToExtract:
            pass  # each form of something is undefined where another one is not: what was found before stays
        except UnsoundRuleError:
            if self.burdened or not self._is_nowhere_defined():
                raise
        return self.found

    def _is_nowhere_defined(self) -> bool:
        """Whether no sample point is in the domain of the input: laws keep what is equal there, so that anything may become equal."""
        graph = EGraph(self.theory, problem=self.input, knowledge=self.knowledge)
        facts = [graph.engine.fact(i) for i in graph.add_all(self.input)]
        return all(np.isnan(self.knowledge.facts.samples(fact)[0]).all() for fact in facts)

    def _hit_rows(self) -> bool:
        return self.found.stop_reason is StopReason.NODE_LIMIT

    def _time_left(self) -> float | None:
        return None if self.deadline is None else max(0.0, self.deadline - perf_counter())

    def _pulses(self, limits: Limits, count: int) -> None:
        for _ in range(count):
            if self._time_left() == 0:
                self.found.stop_reason = StopReason.TIME_LIMIT
                return
            terms, reason = self._pulse(limits)
            self.found.pulses += 1
            self.found.stop_reason = reason
            parts = postorder(*terms)
            cost = weight(terms, parts=parts)
            gain = self.cost - cost if fits(terms, parts) else -1
            if gain > 0 or (gain == 0 and self.found.pulses == 1):
                self.found.terms, self.cost = terms, cost
            if self.exhausted or gain <= 0 or gain < WORTHWHILE * cost or reason is StopReason.TIME_LIMIT:
                return

    def _pulse(self, limits: Limits) -> tuple[list[Term], StopReason]:
        graph = self._graph()
        resolve_written(graph)
        ids = self._entered(graph)
        rows = max(limits.rows, 2 * graph.size())
        reduce, explore = rulesets_of(self.theory, "reduce"), rulesets_of(self.theory, "explore")
        reason = self._run(graph, "reduce", reduce, limits.reduce_iterations, rows)
        saturated, reduced = False, graph.size()
        for _ in range(limits.explore_iterations if rows <= limits.explorable else 0):
            for stage, rulesets, iterations in (("explore", explore, 1), ("reduce", reduce, limits.settle_iterations)):
                if not saturated and reason not in (StopReason.TIME_LIMIT, StopReason.NODE_LIMIT):
                    reason = self._run(graph, stage, rulesets, iterations, rows)
                    saturated = stage == "explore" and reason is StopReason.SATURATED
        small = graph.size() < min(SMALL, GROWN * reduced) and reason is StopReason.SATURATED
        self.exhausted = not self.burdened and (saturated or small)
        self.found.rows = max(self.found.rows, graph.size())
        self.facts = [graph.engine.fact(i) for i in ids]
        return graph.raise_all(ids, self.order, self.decimals, exact=self.limits.exact, seconds=self._time_left()), reason

    def _improve(self, terms: list[Term]) -> bool:
        """Terms that are equal to those found so far, taken where they are shorter: whether they were."""
        parts = postorder(*terms)
        cost = weight(terms, parts=parts)
        if cost >= self.cost or not fits(terms, parts):
            return False
        self.found.terms, self.cost = terms, cost
        return True

    def _graph(self) -> EGraph:
        """A new e-graph with what is known of the problem."""
        return EGraph(self.theory, problem=self.input, deadline=self.deadline, knowledge=self.knowledge)

    def _entered(self, graph: EGraph) -> list[int]:
        """The ids of the best terms; LimitError where entering took so long that no time is left to write them again."""
        start = perf_counter()
        ids = graph.add_all(self.found.terms)
        self.reserve = WRITING * (perf_counter() - start)
        left = self._time_left()
        if left is not None and left < self.reserve:
            raise LimitError("the time is over before the laws could run")
        return ids

    def _spread(self) -> bool:
        """Sums and products multiplied out, and people's own laws of stage spread: True where what came out is shorter, a new place to start from."""
        left = self._time_left()
        if not self.limits.spread_iterations or (left is not None and left <= SPREADING * self.size) or not has_products_of_sums(self.found.terms):
            return False
        graph = self._graph()
        ids = self._entered(graph)
        reduce, spread = rulesets_of(self.theory, "reduce"), rulesets_of(self.theory, "spread")
        if not graph.multiply_out():
            return False
        if spread:
            self._run(graph, "spread", spread, self.limits.spread_iterations, 2 * graph.size() + self.limits.second_rows)
        if graph.size() <= self.limits.second_rows and self._time_left() != 0:
            self._run(graph, "reduce", reduce, 1, 2 * self.limits.second_rows)  # what came out may have common factors
        return self._adopted(graph, ids)

    def _adopted(self, graph: EGraph, ids: Sequence[int]) -> bool:
        """Whether the best terms of a graph are shorter than those found before; they are kept then."""
        return self._improve(graph.raise_all(ids, order=self.order, decimals=self.decimals))

    def _present(self) -> None:
        """The laws of stage present, once, on what was found: kept where the count is not worse."""
        rulesets = rulesets_of(self.theory, "present")
        if not rulesets or self._time_left() == 0:
            return
        graph = self._graph()
        ids = graph.add_all(self.found.terms)
        self._run(graph, "present", rulesets, 1, 2 * graph.size() + self.limits.rows)
        prefer = brought_by(self.theory, rulesets)
        terms = graph.raise_all(ids, order=self.order, decimals=self.decimals, prefer=prefer)
        cost = weight(terms, prefer)
        if cost <= self.cost:
            self.found.terms, self.cost = terms, cost

    def _run(self, graph: EGraph, stage: str, rulesets: list[str], iterations: int, rows: int) -> StopReason:
        left = self._time_left()
        seconds = None if left is None else max(0.0, left - self.reserve)
        report = graph.run(rulesets, iterations, rows, seconds, backoff=self.limits.backoff if stage == "explore" else None)
        self.found.reports.append((stage, report))
        return report.stop_reason


WORTHWHILE = 0.01
"""After a pulse that shortens the terms by less than this there is no other: it matters from a hundred operations on."""
SMALL = 20
"""An e-graph that has not come to so many e-nodes holds what can be found: on the corpus a second pulse gained once after 365 such ones."""
GROWN = 2
"""Unless exploring has made as many e-nodes again: (x - 1)*(x + 1)*(x^2 + 1) is x^4 - 1 in the second pulse."""
LOOKING = 6
"""So many times as often is explored where an application has no value: by parts, x^4*exp(x) takes four steps before there is an integral less."""
SPREADING = 2e-3
"""Multiplying out, which nothing interrupts, is begun with more than so many seconds for each operation."""
WRITING = 2.5
"""Extraction and writing take about so many times as long as entering the terms did."""


def stabilised(terms: Sequence[Term]) -> list[Term]:
    """The terms in forms that neither overflow nor cancel, by the laws of stage stable, for compiled functions."""
    theory: Theory = terms[0].theory
    rulesets = rulesets_of(theory, "stable")
    if not rulesets:
        return list(terms)
    graph = EGraph(theory, problem=terms)
    ids = graph.add_all(terms)
    graph.run(rulesets, iterations=4, rows=2 * graph.size() + 100)
    order = list(dict.fromkeys(name for term in terms for name in term.variables))
    found = graph.raise_all(ids, order=order, decimals=has_decimals(terms), prefer=brought_by(theory, rulesets), shun=taken_by(theory, rulesets))
    return found if fits(found) else list(terms)
