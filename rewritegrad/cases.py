"""The cases in which a law is tried: shape classes, and in each of them instances with numbers and children drawn.

The shape classes of a law of elementwise operators are: all scalars, all vectors, all matrices, and scalars mixed with
matrices. For other laws they are the shapes of the variables, out of a few small ones, in which both sides make sense.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from .codegen import compile_terms
from .egraph.builder import NotRational
from .errors import RewritegradError
from .instances import Bindings, Law, Value, combine, instantiate, number_of, with_own_holes
from .patterns import Condition, PRest, PVar, Rule, names, walk
from .shapes import broadcast
from .shapes import show as show_shape
from .term import Term, postorder, variable_terms
from .testing.trials import VALUED, Range, condition_holds, draw_point, seeded
from .theory import Parameter, Theory, Type
from .trialranges import Variables, bounded, ranges_of

Size: TypeAlias = tuple[int, ...]

INTEGERS = tuple(Fraction(n) for n in (0, 1, -1, 2, -2, 3, -3, 4, -4, 6, 9))
NUMBERS = INTEGERS + tuple(Fraction(n, d) for n, d in ((1, 2), (-1, 2), (3, 2), (-3, 2), (1, 3), (-2, 3), (5, 2), (-5, 2), (1, 4)))
"""What number variables are drawn from."""

ELEMENTWISE: tuple[tuple[Size, ...], ...] = (((),), ((3,),), ((2, 3),), ((), (2, 3)))
"""The shapes that the variables of an elementwise law take in turn."""
SHAPES: tuple[Size, ...] = ((), (2,), (3,), (2, 3), (3, 2), (2, 2), (3, 3), (1, 3))
"""The shapes that the variables of other laws take."""
LARGER: tuple[Size, ...] = ((2, 1, 3), (1, 2, 3, 2))
"""The same, where there are at most two of them."""
AXES: tuple[Any, ...] = (None, 0, 1, -1, (0, 1))
"""What a setting whose default is None is taken to be, unless its block says so."""
MOST_CLASSES = 10
_EFFORT = 4000
_COMBINATIONS = 600


@dataclass(frozen=True)
class Case:
    """An instance of a law: both sides as terms, the ranges and shapes of their variables, and the conditions on values."""

    left: Term
    right: Term
    variables: Variables
    conditions: tuple[tuple[str, tuple[Term, ...]], ...]
    bindings: Bindings


@dataclass(frozen=True)
class ShapeClass:
    """What shapes (and settings, such as an axis) the names of a law have."""

    shapes: Mapping[str, Size]
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        kinds = sorted({show_shape(s) for s in self.shapes.values()})
        if len(kinds) <= 1 and not self.settings:
            return kinds[0] if kinds else "scalar"
        told = [f"{n}: {show_shape(s)}" for n, s in self.shapes.items()] + [f"{n} = {v}" for n, v in self.settings.items()]
        return ", ".join(told)


class Cases:
    """The cases of one law; they depend on the law only."""

    def __init__(self, rule: Rule, theory: Theory) -> None:
        self.law = Law(with_own_holes(rule), theory)
        self.theory = theory
        self.ranges = ranges_of(self.law)
        others = [c for c in rule.conditions if c.word in VALUED and self._is_numeric(c)]
        self._numeric = [*(c for c in rule.conditions if c.word == "number"), *others]  # the cheapest filter first
        self._drawn: list[Bindings] = []
        self._source = self._rng("numbers")

    def _is_numeric(self, condition: Condition) -> bool:
        """Whether a condition speaks of nothing but numbers."""
        free = {p.name for a in condition.args for p in walk(a) if isinstance(p, PVar | PRest)}
        return free <= self.law.numbers.keys()

    # ---- shapes ----

    def classes(self, most: int = MOST_CLASSES) -> list[ShapeClass]:
        """The shape classes in which both sides make sense, at most so many, those of different ranks and settings first."""
        law = self.law
        shaped = [n for n in law.names if n not in law.numbers and n not in law.settings]
        if law.settings or any(op.shape_text for op in law.operators):
            shapes = SHAPES + LARGER if len(shaped) <= 2 else SHAPES
            choices = [[s for s in shapes if self._allowed(n, s)] for n in shaped]
            tried = _combinations(choices, self._rng("shapes"))
            found = [
                ShapeClass(dict(zip(shaped, shapes, strict=True)), dict(zip(law.settings, settings, strict=True)))
                for shapes in tried
                for settings in itertools.product(*map(_settings, law.settings.values()))
            ]
        else:
            turns = ELEMENTWISE if len(shaped) > 1 else ELEMENTWISE[:3]
            found = [ShapeClass({n: self._nearest(n, turn[i % len(turn)]) for i, n in enumerate(shaped)}, {}) for turn in turns]
        found = list({str(c): c for c in found}.values())
        applied = [(c, case) for c in found if (case := self._fitting(c)) is not None]
        fitting = [c for c, case in applied if 0 not in case.left.shape]  # of arrays without entries all is true
        first: dict[Any, ShapeClass] = {}
        for c in fitting:
            first.setdefault((tuple(map(len, c.shapes.values())), tuple(map(repr, c.settings.values()))), c)
        others = [c for c in fitting if c not in first.values()]
        return [*_spread(list(first.values()), most), *others][:most]

    def _words(self, name: str) -> set[str]:
        return {c.word for c in self.law.conditions if c.args and isinstance(c.args[0], PVar) and c.args[0].name == name}

    def _allowed(self, name: str, shape: Size) -> bool:
        words = self._words(name)
        wanted = {"scalar": 0, "vector": 1, "matrix": 2, "square": 2, "symmetric": 2}
        ranks = {rank for word, rank in wanted.items() if word in words}
        if "positive_definite" in words and (len(shape) < 2 or shape[-2] != shape[-1]):
            return False
        return ranks <= {len(shape)} and not ({"square", "symmetric"} & words and len(set(shape)) > 1)

    def _nearest(self, name: str, shape: Size) -> Size:
        """The shape, or where the conditions do not allow it the first that they do."""
        return shape if self._allowed(name, shape) else next(s for s in ((), (3,), (2, 3), (3, 3)) if self._allowed(name, s))

    def _fitting(self, chosen: ShapeClass) -> Case | None:
        """The first instance, if both sides can be made with these shapes, the right one no larger than the left, and conditions on shapes hold."""
        try:
            case = self.case(chosen)
            if case is not None and broadcast([case.left.shape, case.right.shape]) == case.left.shape and is_sensible(case):
                return case
        except (RewritegradError, AssertionError):
            pass
        return None

    # ---- instances ----

    def _rng(self, text: str) -> random.Random:
        return seeded(f"{self.law.rule.name} {text}")

    def draw(self, chosen: ShapeClass, wanted: int) -> list[Case]:
        """Different instances in a shape class: one where the law has neither numbers nor children to draw."""
        if not (self.law.numbers or self.law.rests or self.law.own or self.law.constants):
            wanted = 1
        found: dict[tuple[Term, Term], Case] = {}
        for i in range(2 * wanted):
            case = self.case(chosen, i)
            if case is None or len(found) == wanted:
                break
            found.setdefault((case.left, case.right), case)
        return list(found.values())

    def case(self, chosen: ShapeClass, index: int = 0) -> Case | None:
        """The instance with the `index`-th numbers and children, or None where they or the shapes do not meet the conditions."""
        law, theory = self.law, self.theory
        while len(self._drawn) <= index:
            numbers = self._numbers(self._source)
            if numbers is None:
                return None
            self._drawn.append(numbers)
        bindings, variables = self._bind(self._drawn[index], chosen, self._rng(f"{chosen} {index}"))
        conditions = self._conditions(bindings)
        if conditions is None:
            return None
        left, right = (instantiate(side, theory, bindings) for side in (law.left, law.right))
        return Case(left, right, bounded(left, variables), tuple(conditions), bindings)

    def _numbers(self, rng: random.Random) -> Bindings | None:
        """Number variables, number of children and sizes of rests that meet all the conditions that speak of nothing else."""
        law = self.law

        def drawn(names: Iterable[str]) -> dict[str, Value]:
            return {n: rng.choice(INTEGERS if law.numbers[n] else NUMBERS) for n in names}

        own, common = [n for n in law.numbers if n in law.own], [n for n in law.numbers if n not in law.own]
        for _ in range(_EFFORT if law.numbers or law.own or law.rests else 1):
            children = tuple(drawn(own) for _ in range(rng.randint(2, 3) if law.own else 0))
            counts = {n: rng.randint(0 if op.unit is not None else 1, 3) for n, op in law.rests.items()}
            values = drawn(common)
            found = Bindings({**values, **self._tied(values, children)}, children, counts)
            if all(self._number_condition(c, found) for c in self._numeric):
                return found
        return None

    def _tied(self, values: Mapping[str, Value], children: tuple[Mapping[str, Value], ...]) -> dict[str, Value]:
        """The number variables that a condition such as m = -n gives."""
        found: dict[str, Value] = {}
        for c in self.law.conditions:
            for one, other in (c.args, c.args[::-1]) if c.word == "=" else ():
                if isinstance(one, PVar) and one.name in values and one.name not in names(other) | found.keys():
                    try:
                        found[one.name] = number_of(other, self.theory, Bindings({**values, **found}, children))
                        break
                    except NotRational:
                        continue
        return found

    def _number_condition(self, condition: Condition, bindings: Bindings) -> bool:
        """Whether a condition on numbers holds (for each child, where it speaks of theirs)."""
        for inside in self._scopes(condition, bindings):
            try:
                numbers = [number_of(a, self.theory, inside) for a in condition.args]
            except NotRational:
                return False
            if not condition_holds(condition.word, [float(n) for n in numbers]):
                return False
        return True

    def _scopes(self, condition: Condition, bindings: Bindings) -> list[Bindings]:
        own = {p.name for a in condition.args for p in walk(a) if isinstance(p, PVar | PRest)} & self.law.own
        return [bindings.at(child) for child in bindings.children] if own else [bindings]

    def _bind(self, numbers: Bindings, chosen: ShapeClass, rng: random.Random) -> tuple[Bindings, Variables]:
        """The other names: variables of the chosen shapes, combined where they are rests."""
        law, theory = self.law, self.theory
        variables: dict[str, tuple[Range, Size]] = {}

        def variable(name: str, spelled: str) -> Term:
            allowed, shape = self.ranges.get(name, Range()), chosen.shapes[name]
            if "boolean" in self._words(name):
                variables[spelled] = Range(), shape
                return theory.apply(">", theory.variable(spelled, Type(shape)), 0)
            variables[spelled] = allowed, shape
            return theory.variable(spelled, type_of(allowed, shape))

        def value(name: str, mark: str) -> Value:
            if name in law.settings:
                return theory.attribute(chosen.settings[name])
            if name in law.constants and chosen.shapes[name] == () and rng.random() < 0.5:
                return rng.choice(NUMBERS)
            if name in law.constants and chosen.shapes[name] == () and theory.named("pi"):
                return theory.apply("pi")
            if name in law.rests:
                parts = [variable(name, f"{name}{mark}_{i + 1}") for i in range(numbers.counts[name])]
                return combine(theory, law.rests[name], parts)
            return variable(name, f"{name}{mark}")

        others = [n for n in law.names if n not in law.numbers]
        children = tuple(
            {**child, **{n: value(n, f"_{i + 1}") for n in others if n in law.own}} for i, child in enumerate(numbers.children)
        )
        values = {**numbers.values, **{n: value(n, "") for n in others if n not in law.own}}
        return Bindings(values, children, numbers.counts), variables

    def _conditions(self, bindings: Bindings) -> list[tuple[str, tuple[Term, ...]]] | None:
        """The conditions that depend on values, or None where one that does not is false."""
        found: list[tuple[str, tuple[Term, ...]]] = []
        for c in self.law.conditions:
            if c in self._numeric:
                continue
            for inside in self._scopes(c, bindings):
                terms = tuple(instantiate(a, self.theory, inside) for a in c.args)
                verdict = known_condition(c.word, terms)
                if verdict is False:
                    return None
                if verdict is None:
                    found.append((c.word, terms))
        return found


def _settings(parameter: Parameter) -> tuple[Any, ...]:
    """The values in which a setting is tried: those of the op block, else some axes, or truth values."""
    default = parameter.default
    if parameter.tried:
        return (default, *parameter.tried)
    if default is None:
        return AXES
    return (False, True) if isinstance(default, bool) else (default,)


def is_sensible(case: Case, *others: Term) -> bool:
    """Whether kernels accept the shapes: operators whose shape rule looks at one argument, or none, or halves a size, cannot tell."""
    blind = ("like", "labels", "()", "leading", "trailing", "(..., n, m) ->")
    terms = [t for t in postorder(case.left, case.right, *others) if t.op.shape_text.startswith(blind) or "//" in t.op.shape_text or _has_text(t)]
    inputs = variable_terms(*terms)
    drawn = draw_point(case.variables, seeded(""))
    try:
        with np.errstate(all="ignore"):
            values = compile_terms(inputs, terms, single=False)(**{v.value: drawn[v.value] for v in inputs})
    except (ValueError, IndexError):
        return False
    return all(v.shape == t.shape for v, t in zip(values, terms, strict=True))


def _has_text(term: Term) -> bool:
    """Whether a setting is a text, such as the order of a norm, which may not fit the shapes."""
    return any(a.op.leaf == "attribute" and isinstance(a.value, str) for a in term.args)


def type_of(allowed: Range, shape: Size) -> Type:
    """The type that SymPy's symbols get their assumptions from."""
    lower = Fraction(allowed.lower) if allowed.lower != float("-inf") else None
    upper = Fraction(allowed.upper) if allowed.upper != float("inf") else None
    return Type(shape, allowed.integer, lower, upper, allowed.open_lower, allowed.open_upper, allowed.nonzero)


def known_condition(word: str, terms: Sequence[Term]) -> bool | None:
    """The truth of a condition that does not depend on values of variables; None where it does."""
    if word in ("=", "!=") and any(t.op.leaf == "attribute" for t in terms):
        left, right = (t.value for t in terms)
        return (type(left) is type(right) and left == right) == (word == "=")
    shapes = [t.shape for t in terms]
    if word == "single":
        return type(terms[0].value) is int
    if word in ("matrices", "tensor"):
        return len(shapes[0]) >= (2 if word == "matrices" else 3)
    ranks = {"scalar": 0, "vector": 1, "matrix": 2, "square": 2}
    if word in ranks:
        return len(shapes[0]) == ranks[word] and (word != "square" or shapes[0][0] == shapes[0][1])
    if word == "same_shape":
        return shapes[0] == shapes[1]
    if word == "free_of":
        return not set(terms[1].variables) & set(terms[0].variables)
    if word == "constant":
        return not terms[0].variables
    return None if word in VALUED or word == "symmetric" else True


def _spread(items: list[ShapeClass], most: int) -> list[ShapeClass]:
    """All of them, or so many from all over the list."""
    return items if len(items) <= most else [items[i * len(items) // most] for i in range(most)]


def _combinations(choices: Sequence[Sequence[Size]], rng: random.Random) -> list[tuple[Size, ...]]:
    """All combinations, or where there are very many a sample of them."""
    if math.prod(map(len, choices)) <= _COMBINATIONS:
        return list(itertools.product(*choices))
    return list(dict.fromkeys(tuple(rng.choice(c) for c in choices) for _ in range(_COMBINATIONS)))
