"""Simplification at any size: the whole at once, large formulas by parts that are alike and by pieces, under a tight deadline by windows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from time import perf_counter
from typing import Any

from .alike import Alike, Part
from .egraph.saturate import StopReason, no_collector
from .expansion import resolve
from .limits import USUAL, Limits
from .pieces import PAYING, PORTION, PROBE, SEGMENT, Assembly, Exploring
from .printer import operations
from .stages import WRITING, Simplification, Simplifier
from .term import Term, postorder
from .theory import Operator
from .windows import Windows


class Large(Simplifier):
    """A simplification of something large; one look at it took `looking` seconds."""

    looking = 0.0

    def by_pieces(self) -> Simplification:
        """A large input: parts that are alike, the laws that shrink in large pieces, then small ones explored where that has been paying."""
        exploring = Exploring(self.limits.explored)
        settled = self._alike(exploring)
        if settled and self._assemble(PROBE, None, most=1) >= PAYING * PROBE:
            settled = set()  # it pays to see parts with what is around them
        self._assemble(PORTION, None, settled)
        if self.found.stop_reason is not StopReason.TIME_LIMIT:
            self._assemble(SEGMENT, exploring, settled)
        return self.found

    def _alike(self, exploring: Exploring) -> set[Term]:
        """Small parts of the input simplified, those that are alike once; the tops of those that are settled by that."""

        def look(part: Part) -> Term:
            terms = [part.top, *part.below]
            piece = self._window(terms, part.unknown, end)
            if exploring.left > 0:
                self._explore(piece, exploring)
            else:
                self._shrink(piece)
            found = piece.found.terms[0]
            return found if operations([found, *part.below]) < operations(terms) else part.top

        def go_on() -> bool:
            return end is None or perf_counter() < end

        end = None if self.deadline is None else self.deadline - WALKING * self.looking
        alike = Alike(self.theory, self.order, look)
        for last in (False, *[True] * (WALKS - 1)):
            terms = alike.walk(self.found.terms, go_on)
            before = self.cost
            self._improve(terms)
            if self.found.terms != terms:
                return set()
            if not self._has_time_for(2 * WALKING):
                self.found.stop_reason = StopReason.TIME_LIMIT
                break
            if last and before - self.cost < ANOTHER * before:
                break
        return alike.settled

    def _has_time_for(self, looks: float) -> bool:
        """Whether the time that is left is enough for so many looks at the whole."""
        return self.deadline is None or self.deadline - perf_counter() > looks * self.looking

    def _window(self, terms: Sequence[Term], unknown: Mapping[Term, Operator], deadline: float | None) -> Simplifier:
        """Terms by themselves, over some variables of which nothing is known but what they stand for an application of."""
        piece = Simplifier(terms, self.limits)
        piece.deadline, piece.decimals, piece.order = deadline, self.decimals, self.order
        for variable, op in unknown.items():
            piece.knowledge.facts.opaque(variable.value, variable.detail, op, self.order)
        return piece

    def _assemble(self, segment: int, exploring: Exploring | None, settled: Collection[Term] = (), most: int | None = None) -> int:
        """One walk over the input, or over so many pieces at most, which are shrunk, or explored where that is due; the operations that are saved.

        What is found before a deadline is kept."""
        if not self._has_time_for(CUTTING):
            self.found.stop_reason = StopReason.TIME_LIMIT
            return 0
        start = perf_counter()
        assembly = Assembly(self.found.terms, self.knowledge.facts, segment, settled)
        self.reserve = WRITING * (perf_counter() - start)

        def shorter(terms: Sequence[Term]) -> tuple[list[Term], list[Any]]:
            if exploring is not None and not exploring.is_due():
                return list(terms), []
            piece = Simplifier(terms, self.limits, whole=self)
            if exploring is None:
                self._shrink(piece)
            else:
                self._explore(piece, exploring)
            return piece.found.terms, piece.facts

        longest, last = 0.0, perf_counter()
        for _ in islice(assembly.run(shorter), most):
            now = perf_counter()
            last, longest = now, max(longest, now - last)
            if self.deadline is not None and self.deadline - now <= self.reserve + longest:
                self.found.stop_reason = StopReason.TIME_LIMIT
                break
            if exploring is not None and exploring.left <= 0:
                break
        if assembly.gained:
            self._improve(assembly.terms())
        self.reserve = 0.0
        return assembly.gained

    def _shrink(self, piece: Simplifier) -> None:
        """The laws that shrink on a piece, once."""
        piece.limits = replace(self.limits, pulses=1, second_rows=0, explore_iterations=0, spread_iterations=0)
        self._take(piece.run())

    def _explore(self, piece: Simplifier, exploring: Exploring) -> None:
        """Two pulses on a piece."""
        before, piece.limits = piece.cost, replace(self.limits, pulses=2, second_rows=0)
        if piece.size <= self.limits.explorable:
            self._take(piece.run())
        exploring.paid(before - piece.cost, before)

    def by_windows(self) -> Simplification:
        """As much as a deadline allows, from the top: windows of a size that fits into the time, none of which waits for the others."""
        assert self.deadline is not None
        looking = self.looking
        everywhere = self.deadline - perf_counter() > UNHURRIED * looking
        windows = Windows(self.found.terms, self.parts, everywhere)
        end = self.deadline - (REBUILDS if everywhere else LOOKS) * looking
        exploring = Exploring(self.limits.explored)
        pace, spent, done = PACE, 0.0, 0
        while True:
            left = end - (start := perf_counter())
            size = min(max(int(SHARE * left / pace), SMALLEST), SEGMENT // 2)
            window = windows.next(size) if left > SMALLEST * pace else None
            if window is None:
                break
            piece = self._window(window.terms, {variable: meaning.op for variable, meaning in window.unknown.items()}, end)
            self._shrink(piece)
            if exploring.is_due():
                self._explore(piece, exploring)
            windows.take(window, piece.found.terms)
            spent, done = spent + perf_counter() - start, done + piece.size
            pace = spent / max(done, 1)
        if not windows.is_done:
            self.found.stop_reason = StopReason.TIME_LIMIT
        if windows.gained:
            self._improve(windows.terms())
        return self.found

    def _take(self, piece: Simplification) -> None:
        """The account of a piece into that of the whole."""
        self.found.reports += piece.reports
        self.found.pulses = max(self.found.pulses, piece.pulses)
        self.found.rows = max(self.found.rows, piece.rows)
        if piece.stop_reason is not StopReason.SATURATED:
            self.found.stop_reason = piece.stop_reason


@no_collector()  # what is made on the way has no cycles, and looking for some in a large formula takes longer than a short deadline
def simplify_all(terms: Sequence[Term], limits: Limits = USUAL) -> Simplification:
    """The terms in shorter forms, simplified in one e-graph so that what they share is paid once; never longer than the input."""
    if not terms:
        return Simplification([])
    start = perf_counter()
    parts = postorder(*terms)
    resolved = resolve(terms, parts)
    simplifier = Large(resolved, limits.among(len(resolved)), parts=parts if resolved == list(terms) else ())
    looking = simplifier.looking = perf_counter() - start
    is_large = simplifier.size > limits.whole
    if limits.seconds is not None:
        simplifier.deadline = start + limits.seconds
    if limits.seconds is None or limits.seconds > (WALK * looking if is_large else ENOUGH * simplifier.size):
        found = simplifier.by_pieces() if is_large else simplifier.run()
        if limits.seconds is None or found.stop_reason is not StopReason.TIME_LIMIT or found.terms != simplifier.input:
            return found
    return simplifier.by_windows()


WALKS, ANOTHER = 3, 0.05
"""Parts that are alike are sought in so many walks at most; a third one where the second saved such a share of the operations. The first
does not look at what it meets for the first time."""
WALKING, CUTTING = 8.0, 30.0
"""The end of a walk over all parts takes as long as so many looks at most, pieces that are cut and put together as long as so many."""
ENOUGH, WALK = 4e-4, 30.0
"""It goes by windows with less than so many seconds for each operation of what would be simplified as a whole, and, of larger inputs, less than so
many times the time that looking at them took."""
LOOKS, UNHURRIED, REBUILDS = 3.0, 20.0, 8.0
"""So many times that is left to make sure that windows gave something shorter, and with more than UNHURRIED times that for a walk over everything."""
PACE, SHARE, SMALLEST = 1e-3, 0.4, 16
"""A window takes about so many seconds for each operation, as long as none was done; it has so many operations that it may take this share of the
time that is left, and no fewer than that."""
