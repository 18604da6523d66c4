"""The rule checker: every law, every line of a derivative and every rejected law, held against samples and SymPy.

A law holds where at every sampled point at which its conditions hold and its left side is defined, the right side is
defined and equal. SymPy's opinion is told apart as agrees, refuses or cannot compare; a law on which it does not agree is
compared at fifty digits at every point. Without SymPy and mpmath (the extra `check`) the checker samples in float64, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from .cancelling import cancelled
from .cases import Case, Cases, ShapeClass
from .comparing import Comparison, Opinion, compare_at_points, precise_evaluator, sympy_opinion
from .derivativecheck import compare_derivative, derivative_cases, derivative_opinion, is_small
from .errors import EvaluationError, Position
from .graph import EGraph
from .instances import Bindings, instantiate
from .patterns import PVar, Reject, Rule, walk
from .testing.trials import seeded
from .theory import Derivative, Operator, Theory

POINTS = 200
_INSTANCES = 8
_FEWEST = 8
"""Points at which a derivative is tried in a shape class at least."""
_CANCELLING = 48
"""Instances of a law in which it is looked for denominators that may be zero."""
_ASKED = 3
"""How many instances of a law SymPy is asked about."""


@dataclass(frozen=True)
class Verdict:
    """What the checker found out about one law, derivative line or rejected law.

    `kind` is "law", "derivative" or "reject"; `points` were tried (`precise` of them at fifty digits) in the shape classes
    `classes`. `holds` is None where nothing could be tried, and `note` says why. For a reject, holding means that its
    counterexample is one.
    """

    kind: str
    name: str
    position: Position | None
    holds: bool | None
    points: int = 0
    precise: int = 0
    classes: tuple[str, ...] = ()
    points_by_class: tuple[int, ...] = ()
    opinion: Opinion = Opinion.CANNOT
    built_in: bool = False
    note: str = ""

    def __str__(self) -> str:
        state = {True: "holds", False: "FAILS", None: "not tried"}[self.holds]
        told = [f"{self.points} points", f"SymPy {self.opinion.value}"] if self.kind != "reject" else []
        if self.built_in:
            told.append("built in")
        return f"{self.kind} {self.name}: {state}" + (f" ({', '.join(told)})" if told else "") + (f"; {self.note}" if self.note else "")


@dataclass(frozen=True)
class Report:
    """The verdicts of a check, in the order of the rule files."""

    verdicts: tuple[Verdict, ...]

    @property
    def failures(self) -> tuple[Verdict, ...]:
        """The verdicts on what does not hold."""
        return tuple(v for v in self.verdicts if v.holds is False)

    @property
    def ok(self) -> bool:
        """Whether nothing fails."""
        return not self.failures

    def table(self) -> str:
        """One line a law: name, points tried, points at fifty digits, SymPy's opinion, remarks."""
        width = max((len(f"{v.kind} {v.name}") for v in self.verdicts), default=10)
        lines = [f"{'law':{width}}  points  50 digits  SymPy"]
        for v in self.verdicts:
            remarks = [*(["built in"] if v.built_in else []), *(["FAILS"] if v.holds is False else []), *([v.note] if v.note else [])]
            row = f"{f'{v.kind} {v.name}':{width}}  {v.points:6}  {v.precise:9}  {v.opinion.value:14}  {'; '.join(remarks)}"
            lines.append(row.rstrip())
        return "\n".join([*lines, self.summary()])

    def summary(self) -> str:
        """The counts, in a sentence."""
        counts = ", ".join(f"{sum(v.opinion is o for v in self.verdicts if v.kind != 'reject')} {o.value}" for o in Opinion)
        untried = sum(v.holds is None for v in self.verdicts)
        return f"{len(self.verdicts)} checked, {len(self.failures)} fail, {untried} not tried; SymPy: {counts}"

    def json(self) -> str:
        """The report as JSON."""
        rows = [
            {
                "kind": v.kind,
                "name": v.name,
                "position": None if v.position is None else str(v.position),
                "holds": v.holds,
                "points": v.points,
                "points_at_50_digits": v.precise,
                "shapes": list(v.classes),
                "sympy": v.opinion.value,
                "built_in": v.built_in,
                "note": v.note,
            }
            for v in self.verdicts
        ]
        return json.dumps({"verdicts": rows, "failures": len(self.failures)}, indent=2)

    def __str__(self) -> str:
        problems = [v for v in self.verdicts if v.holds is not True or v.note]
        lines = [f"{v.position}: {v}" if v.position is not None else str(v) for v in problems]
        return "\n".join([*lines, self.summary()])


# ---- laws ----


def check_rule(rule: Rule, theory: Theory, points: int = POINTS, oracle: bool = True) -> Verdict:
    """Tries a law at `points` points in each of its shape classes, and asks SymPy about it (not where `oracle` is false)."""
    unvalued = [op.name for op in _operators(rule) if op.numpy is None and op.definition is None]
    if unvalued:
        return Verdict("law", rule.name, rule.position, None, note=f"{', '.join(unvalued)} has no value: an uninterpreted operator")
    cases = Cases(rule, theory)
    classes = cases.classes()
    drawn = [cases.draw(chosen, _INSTANCES) for chosen in classes]
    asked = [case for instances in drawn[:1] for case in instances[:_ASKED]]
    opinion = _overall([sympy_opinion(case, seeded(rule.name)) for case in asked]) if oracle else Opinion.ABSENT
    total, counts = Comparison(), []
    for chosen, instances in zip(classes, drawn, strict=True):
        found = _try_class(rule, chosen, instances, points, oracle, opinion is not Opinion.AGREES and chosen is classes[0])
        total += found
        counts.append(found.points)
        if total.counterexample is not None:
            break
    cancelling = None if total.counterexample else _cancelling(rule, cases, classes[:1])
    note = total.counterexample or cancelling or ""
    if not total.points:
        note = "no shapes and numbers were found that it applies to" if not asked else "no point was found at which it applies"
    built_in = bool(asked) and all(_is_built_in(case, theory) for case in asked)
    holds = None if not total.points else total.counterexample is None and cancelling is None
    tried = tuple(map(str, classes[: len(counts)]))
    return Verdict("law", rule.name, rule.position, holds, total.points, total.precise, tried, tuple(counts), opinion, built_in, note)


def _cancelling(rule: Rule, cases: Cases, classes: Sequence[ShapeClass]) -> str | None:
    """Where a law cancels what may be zero, in words; many numbers are tried, since x^n * x^m does so only for few."""
    instances = [case for chosen in classes for case in cases.draw(chosen, _CANCELLING)]
    found = (cancelled(case, seeded(f"{rule.name} cancelling {i}")) for i, case in enumerate(instances))
    return next((text for text in found if text is not None), None)


def _try_class(rule: Rule, chosen: ShapeClass, cases: Sequence[Case], points: int, oracle: bool, always: bool) -> Comparison:
    """The points of one shape class, shared out among its instances; what an instance cannot take the others do."""
    total = Comparison()
    for round in range(3):
        for i, case in enumerate(cases):
            share = -(-(points - total.points) // (len(cases) - i))
            if share <= 0 or total.counterexample is not None:
                return total
            rng = seeded(f"{rule.name} {chosen} {i} {round}")
            precise = precise_evaluator([case.left, case.right]) if oracle else None
            found = compare_at_points(case, share, rng, precise, always)
            if found.counterexample is not None and compare_at_points(case, share, rng, precise, special=False).counterexample is None:
                found = replace(found, counterexample=f"{found.counterexample} (only special values, such as 0 and ties, were found to do so)")
            total += found
    return total


def _operators(rule: Rule | Reject) -> list[Operator]:
    return list(dict.fromkeys(p.op for side in (rule.left, rule.right) for p in walk(side) if hasattr(p, "op")))


def _overall(opinions: Sequence[Opinion]) -> Opinion:
    """The opinion on a law from those on its instances: agreement has to be on all of them."""
    for opinion in (Opinion.ABSENT, Opinion.REFUSES, Opinion.CANNOT):
        if opinion in opinions:
            return opinion
    return Opinion.AGREES if opinions else Opinion.CANNOT


def _is_built_in(case: Case, theory: Theory) -> bool:
    """Whether both sides are one node as soon as they are entered: no law is needed for that."""
    graph = EGraph(theory)
    return graph.add(case.left) == graph.add(case.right)


# ---- rejected laws ----


def check_reject(reject: Reject, theory: Theory) -> Verdict:
    """Whether the counterexample of a rejected law is one: the left side is defined there, and the right side differs or is not."""
    names = {p.name for side in (reject.left, reject.right) for p in walk(side) if isinstance(p, PVar)}
    missing = sorted(names - dict(reject.because).keys())
    if missing:
        return Verdict("reject", reject.name, reject.position, None, note=f"its counterexample says nothing of {', '.join(missing)}")
    bindings = Bindings({name: theory.number(Fraction(value)) for name, value in reject.because})
    left, right = (instantiate(side, theory, bindings) for side in (reject.left, reject.right))
    try:
        found = compare_at_points(Case(left, right, {}, (), bindings), 1, seeded(reject.name), precise_evaluator([left, right]))
    except EvaluationError as error:
        return Verdict("reject", reject.name, reject.position, None, note=error.message)
    if not found.points:
        return Verdict("reject", reject.name, reject.position, False, note=f"{left} is undefined: no counterexample")
    if found.counterexample is None:
        return Verdict("reject", reject.name, reject.position, False, 1, note=f"{left} and {right} are equal: no counterexample")
    return Verdict("reject", reject.name, reject.position, True, 1, found.precise)


# ---- derivatives ----


def check_derivative(op: Operator, line: Derivative, points: int = POINTS // 4, oracle: bool = True) -> Verdict:
    """Holds one line of an op block against SymPy's derivative and against differences (at fifty digits where it can).

    `points` are tried in each of two shape classes; where an operator has more of them they share as many.
    """
    name = f"{line.kind}/{op.parameters[line.parameter].name} {op.name}"
    if op.numpy is None and op.definition is None:
        return Verdict("derivative", name, line.position, None, note=f"{op.name} has no value: an uninterpreted operator")
    drawn = derivative_cases(op, line)
    total, counts, opinions = Comparison(), [], []
    for chosen, case in drawn:
        precise = precise_evaluator([case.application, case.stated]) if oracle else None
        found = compare_derivative(case, max(_FEWEST, 2 * points // len(drawn)), seeded(f"{name} {chosen}"), precise)
        total += found
        counts.append(found.points)
        if not oracle:
            opinions.append(Opinion.ABSENT)
        elif is_small(case):
            opinions.append(derivative_opinion(case))
    note = total.counterexample or ("" if total.points else "no point was found at which it applies")
    holds = None if not total.points else total.counterexample is None
    classes = tuple(str(chosen) for chosen, _ in drawn)
    return Verdict("derivative", name, line.position, holds, total.points, total.precise, classes, tuple(counts), _overall(opinions), False, note)


# ---- everything ----


def check_theory(
    theory: Theory,
    files: Iterable[str | Path] | None = None,
    points: int = POINTS,
    oracle: bool = True,
    progress: Callable[[Verdict], None] | None = None,
) -> Report:
    """Checks every derivative, law and rejected law of a theory, or only those of some of its files.

    `progress` hears of each verdict as it is reached. `oracle=False` samples in float64 without SymPy and mpmath.
    """
    wanted = None if files is None else {Path(f).name for f in files}

    def counts(position: Position | None) -> bool:
        return wanted is None or (position is not None and Path(position.source).name in wanted)

    verdicts: list[Verdict] = []

    def note(verdict: Verdict) -> None:
        verdicts.append(verdict)
        if progress is not None:
            progress(verdict)

    for op in theory.operators:
        for line in op.derivatives if "surrogate" not in op.flags else ():
            if counts(line.position or op.position):
                note(check_derivative(op, line, max(points // 4, 1), oracle))
    for ruleset in theory.rulesets.values():
        for rule in ruleset.rules:
            if counts(rule.position):
                note(check_rule(rule, theory, points, oracle))
    for reject in theory.rejects:
        if counts(reject.position):
            note(check_reject(reject, theory))
    return Report(tuple(verdicts))
