"""Which rulesets run, in which order, under which limits; simplification by pulses.

A pulse enters the terms into a new e-graph, runs the laws that only shrink (stage reduce), then the laws
that may also grow (explore) for one iteration and reduce again, and extracts: so explore looks at nodes that are reduced
already. Pulses start again from the best terms found until they get no shorter. Restarting from a short term is worth
more than a larger e-graph: what was measured stands in docs/engine.md. At the end sums and products are multiplied out
(stage spread) in an e-graph of their own; where that is shorter, pulses start again from there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np

from .costs import WITHOUT_VALUE
from .egraph.saturate import Report, StopReason, no_collector
from .errors import LimitError, UnsoundRuleError
from .expansion import resolve
from .graph import EGraph
from .intervals import LARGEST
from .knowledge import Knowledge
from .limits import USUAL, Limits
from .patterns import PApply, Pattern, walk
from .pieces import Assembly
from .polynomials import has_products_of_sums
from .printer import operations
from .term import Term, postorder, variable_terms
from .theory import Operator, Theory
from .written import resolve_written, writes_derivatives


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


def has_decimals(terms: Sequence[Term]) -> bool:
    """Whether a literal is a decimal fraction, so that results are written with decimals too (1.0, as seeds are spelt, asks for none)."""
    return any(t.op.leaf == "number" and "/" not in t.detail and not isinstance(t.value, int) for t in postorder(*terms))


class Simplifier:
    """One simplification: terms of one theory, limits, and what has been found so far."""

    def __init__(self, terms: Sequence[Term], limits: Limits, whole: Simplifier | None = None) -> None:
        start = perf_counter()
        self.theory: Theory = terms[0].theory
        self.limits = limits
        self.found = Simplification(list(terms))
        self.size = operations(terms)
        self.cost = self.size + _burden(terms)
        self.reserve = 0.0
        self.input = list(terms)
        self.facts: list[Any] = []
        self.exhausted = self.burdened = False
        if whole is None:
            self.deadline = None if limits.seconds is None else start + limits.seconds
            self.decimals = has_decimals(terms)
            self.order = [variable.value for variable in variable_terms(*terms)]
            self.knowledge = Knowledge(self.theory, self.input)
        else:  # the terms are a piece of it
            self.deadline, self.decimals, self.order, self.knowledge = whole.deadline, whole.decimals, whole.order, whole.knowledge
        self.setup = perf_counter() - start

    def run(self) -> Simplification:
        """Pulses until the terms get no shorter; the input itself where time runs out before the first ends."""
        limits = self.limits
        self.burdened = _burden(self.input) > 0
        if self.burdened:  # laws are there to remove it, and have to see more than one step
            limits = replace(limits, explore_iterations=LOOKING * limits.explore_iterations)
        try:
            self._pulses(limits, limits.pulses)
            if self._hit_rows() and limits.second_rows > limits.rows and self._time_left() != 0:
                self._pulses(replace(limits, rows=limits.second_rows), 2)
            if self._spread():
                self._pulses(limits, limits.pulses)
            self._present()
        except LimitError:
            self.found.stop_reason = StopReason.TIME_LIMIT
        except UnsoundRuleError:
            if self.burdened or not self._is_nowhere_defined():
                raise
        return self.found

    def _is_nowhere_defined(self) -> bool:
        """Whether no sample point is in the domain of the input: laws keep what is equal there, so that anything may become equal."""
        return all(np.isnan(self.knowledge.facts.samples(fact)[0]).all() for fact in self.known())

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
            cost = weight(terms)
            gain = self.cost - cost if fits(terms) else -1
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
        saturated = False
        for _ in range(limits.explore_iterations if rows <= limits.explorable else 0):
            for stage, rulesets, iterations in (("explore", explore, 1), ("reduce", reduce, limits.settle_iterations)):
                if not saturated and reason not in (StopReason.TIME_LIMIT, StopReason.NODE_LIMIT):
                    reason = self._run(graph, stage, rulesets, iterations, rows)
                    saturated = stage == "explore" and reason is StopReason.SATURATED
        self.exhausted = not self.burdened and (saturated or graph.size() < SMALL)
        self.found.rows = max(self.found.rows, graph.size())
        self.facts = [graph.engine.fact(i) for i in ids]
        return graph.raise_all(ids, self.order, self.decimals, exact=self.limits.exact, seconds=self._time_left()), reason

    @no_collector()  # what is made on the way has no cycles
    def by_pieces(self) -> Simplification:
        """A large input: the laws that shrink on all of it, where there is time for that, then a piece after the other, explored where
        that has been paying. What is found before a deadline is kept."""
        reduced = self._reduce_all()
        start = perf_counter()
        if self.deadline is not None and self.deadline - start < SPLITTING * self.setup:
            self.found.stop_reason = StopReason.TIME_LIMIT
            return self.found
        assembly = Assembly(self.found.terms, self.knowledge.facts)
        self.reserve = WRITING * (perf_counter() - start)
        exploring = _Exploring(self.limits.explored)

        def shorter(terms: Sequence[Term]) -> tuple[list[Term], list[Any]]:
            piece = Simplifier(terms, replace(self.limits, pulses=2, second_rows=0, explore_iterations=0, spread_iterations=0), whole=self)
            if not reduced:
                self._take(piece.run())
            if piece.size <= self.limits.explorable and exploring.is_due():
                before = piece.cost
                piece.limits = replace(self.limits, pulses=2, second_rows=0)
                self._take(piece.run())
                exploring.paid(before - piece.cost, before)
            return piece.found.terms, piece.facts or piece.known()

        for _ in assembly.run(shorter):
            if self.deadline is not None and self.deadline - perf_counter() <= self.reserve:
                self.found.stop_reason = StopReason.TIME_LIMIT
                break
            if reduced and exploring.left <= 0:
                break
        if assembly.gained:
            terms = assembly.terms()
            cost = weight(terms)
            if cost < self.cost:
                self.found.terms, self.cost = terms, cost
        return self.found

    def _reduce_all(self) -> bool:
        """One pulse of the laws that shrink, in half of the time that there is; whether it came to its end."""
        end, left = self.deadline, self._time_left()
        if left is not None:
            if left < 2 * PULSE * self.setup:
                return False
            self.deadline = perf_counter() + left / 2
        with suppress(LimitError):
            self._pulses(replace(self.limits, explore_iterations=0), 1)
        self.deadline, self.reserve = end, 0.0
        return self.found.pulses > 0 and self.found.stop_reason is not StopReason.TIME_LIMIT

    def known(self) -> list[Any]:
        """The facts of the terms, where no laws have run."""
        graph = EGraph(self.theory, problem=self.input, knowledge=self.knowledge)
        return [graph.engine.fact(i) for i in graph.add_all(self.input)]

    def _take(self, piece: Simplification) -> None:
        """The account of a piece into that of the whole."""
        self.found.reports += piece.reports
        self.found.pulses = max(self.found.pulses, piece.pulses)
        self.found.rows = max(self.found.rows, piece.rows)
        if piece.stop_reason is not StopReason.SATURATED:
            self.found.stop_reason = piece.stop_reason

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
        """The laws of stage spread, run to their end: True where what came out is shorter, and so a new place to start from."""
        rulesets = rulesets_of(self.theory, "spread")
        if not rulesets or not self.limits.spread_iterations or self._time_left() == 0 or not has_products_of_sums(self.found.terms):
            return False
        graph = self._graph()
        ids = self._entered(graph)
        self._run(graph, "reduce", rulesets_of(self.theory, "reduce"), 1, self.limits.second_rows)
        self._run(graph, "spread", rulesets, self.limits.spread_iterations, 2 * graph.size() + self.limits.second_rows)
        matches = self.found.reports[-1][1].matches()
        if not any(rule.name in matches for name in rulesets for rule in self.theory.rulesets[name].rules):
            return False
        terms = graph.raise_all(ids, order=self.order, decimals=self.decimals)
        cost = weight(terms)
        if cost >= self.cost or not fits(terms):
            return False
        self.found.terms, self.cost = terms, cost
        return True

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


class _Exploring:
    """Which pieces of a large input are explored: all as long as that pays, ever fewer while it does not, until so many operations were."""

    def __init__(self, budget: int) -> None:
        self.left = budget
        self._pause = self._wait = 0

    def is_due(self) -> bool:
        self._wait -= 1
        return self._wait < 0 < self.left

    def paid(self, gain: int, of: int) -> None:
        """What the last piece gained by it."""
        self.left -= of
        self._pause = 0 if gain >= PAYING * of else min(2 * self._pause + 1, LONGEST_PAUSE)
        self._wait = self._pause


PAYING = 0.02
"""The share of its operations that a piece must lose by exploring for the next one to be explored."""
LONGEST_PAUSE = 63


def fits(terms: Sequence[Term]) -> bool:
    """Whether every number is one that float64 can hold: exact arithmetic on long inputs makes others, which nothing could evaluate."""
    return all(abs(term.value) <= LARGEST for term in postorder(*terms) if term.op.leaf == "number")


def weight(terms: Sequence[Term], welcome: Collection[Operator] = ()) -> int:
    """The operations of terms, and many more for each application that has no value, since laws are there to remove it."""
    return operations(terms) + _burden(terms, welcome)


def _burden(terms: Sequence[Term], welcome: Collection[Operator] = ()) -> int:
    unwanted = terms[0].theory.derived(_without_value).difference(welcome)
    return WITHOUT_VALUE * sum(1 for term in postorder(*terms) if term.op in unwanted) if unwanted else 0


def _without_value(theory: Theory) -> frozenset[Operator]:
    """The operators that have no value, derivatives among them only where laws write some."""
    resolved = None if theory.derived(writes_derivatives) else theory.roles.get("derivative")
    return frozenset(op for op in theory.operators if not op.has_value and op is not resolved)


WORTHWHILE = 0.01
"""After a pulse that shortens the terms by less than this there is no other: it matters from a hundred operations on."""
SMALL = 20
"""An e-graph that has not come to so many e-nodes holds what can be found: on the corpus a second pulse gained once after 365 such ones."""
LOOKING = 2
"""So many times as often is explored where an application has no value."""
PULSE, SPLITTING = 150.0, 10.0
"""One pulse of the laws that shrink, and cutting a formula into pieces and putting it together, take about so many times as long as
looking over the formula once."""
WRITING = 2.5
"""Extraction and writing take about so many times as long as entering the terms did."""


def simplify_all(terms: Sequence[Term], limits: Limits = USUAL) -> Simplification:
    """The terms in shorter forms, simplified in one e-graph so that what they share is paid once; never longer than the input."""
    if not terms:
        return Simplification([])
    simplifier = Simplifier(resolve(terms), limits)
    return simplifier.run() if simplifier.size <= limits.whole else simplifier.by_pieces()


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


def brought_by(theory: Theory, rulesets: Sequence[str]) -> frozenset[Operator]:
    """The operators that only right sides of laws have: by them extraction recognises the forms that the laws are for."""
    return frozenset().union(*[right - left for left, right in _sides(theory, rulesets)]) - set(theory.roles.values())


def taken_by(theory: Theory, rulesets: Sequence[str]) -> frozenset[Operator]:
    """The operators that laws remove and none brings: by them extraction recognises the forms that the laws are against."""
    taken = frozenset().union(*[left - right for left, right in _sides(theory, rulesets)])
    return taken - brought_by(theory, rulesets) - set(theory.roles.values())


def _sides(theory: Theory, rulesets: Sequence[str]) -> list[tuple[frozenset[Operator], frozenset[Operator]]]:
    """The operators of the left and of the right side of each law."""
    rules = [rule for name in rulesets for rule in theory.rulesets[name].rules]
    return [(_operators(rule.left), _operators(rule.right)) for rule in rules]


def _operators(side: Pattern) -> frozenset[Operator]:
    return frozenset([p.op for p in walk(side) if isinstance(p, PApply)])
