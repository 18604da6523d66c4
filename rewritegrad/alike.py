"""Parts of a large formula that are alike: looked at once, and what was found put in wherever such a part occurs.

A part is a unit of the DAG (pieces.py), a small tree of which nothing but its top is used elsewhere. It is seen with a few levels of the
terms below it. What lies deeper is an unknown, of which nothing is supposed but whether it stands here a second time, and so is every number
that laws have no reason to look at. So what is found for one part holds for all that look the same, whatever their unknowns are: a
chain of a hundred thousand links has a dozen kinds of parts, a tree of as many minima some hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .pieces import UNIT, units, unused_prefix
from .term import Shape, Term, make_term
from .theory import Operator, Theory, Type

PART = 3 * UNIT
"""Parts have no more operations: units of long sums, of which there are no two alike, are none."""
DEPTH = 2
"""So many levels of the terms below a part are seen."""
BROAD = 8
"""Of terms below with more arguments nothing is seen."""
PLAIN = 12
"""Integers of no more than this are always seen."""
AGAIN = 5
"""A part is looked at when the fifth of its kind is met."""


class Unknown(NamedTuple):
    """What is said of an unknown."""

    shape: Shape = ()
    is_boolean: bool = False


NUMBER = Unknown()


@dataclass(slots=True)
class Part:
    """A part over unknowns: its `top`, the applications that are seen `below` it, and what each variable in `unknown` is an application of."""

    top: Term
    below: list[Term]
    unknown: dict[Term, Operator]


Look = Callable[[Part], Term]
"""A form of a part's top with fewer operations, those that are seen below it not counted; the top itself where there is none."""
Kind = tuple[Any, ...]
Answer = list[Any]
"""How a form is made, a step for each of its nodes: the place of a term of the part, a leaf, or an operator and the steps of its arguments."""


class Alike:
    """What is known of the kinds of parts; `look` is asked about each kind once."""

    def __init__(self, theory: Theory, names: Sequence[str], look: Look) -> None:
        self._theory = theory
        self._look = look
        self._prefix = unused_prefix(names)
        self._power, self._sum = theory.roles.get("power"), theory.roles.get("sum")
        self._met: dict[Kind, int] = {}
        self._known: dict[Kind, Answer] = {}
        self.settled: set[Term] = set()
        """The tops of parts, in the formula that the last walk made, that nothing was found for."""

    def walk(self, roots: Sequence[Term], go_on: Callable[[], bool]) -> list[Term]:
        """The roots with shorter parts in them, those below first, as long as it may go on."""
        order, heads, sizes = units(roots)
        members: dict[Term, set[Term]] = {}
        new: dict[Term, Term] = {}
        self.settled = set()
        looking = True
        for count, term in enumerate(order):
            if term.op.leaf:
                continue
            if not count & 255:
                looking = go_on()
            args = tuple([new.get(arg, arg) for arg in term.args])
            here = term if args == term.args else make_term(term.op, args)
            head = heads[term]
            members.setdefault(head, set()).add(here)
            if head is term:
                inside = members.pop(head)
                if looking and sizes[term] <= PART:
                    here = self._shorter(here, inside)
            if here is not term:
                new[term] = here
        return [new.get(root, root) for root in roots]

    def _shorter(self, top: Term, inside: set[Term]) -> Term:
        """A part in its shortest form, as far as its kind has been looked at."""
        kind, places = self._kind(top, inside)
        answer = self._known.get(kind)
        if answer is None:
            met = self._met[kind] = self._met.get(kind, 0) + 1
            if met < AGAIN:
                return top
            answer = self._known[kind] = self._answer(kind, list(places), inside)
        if len(answer) == 0:
            self.settled.add(top)
            return top
        actual = list(places)
        made: list[Term] = []
        for step in answer:
            if step.__class__ is int:
                made.append(actual[step])
            elif step.__class__ is tuple:
                made.append(make_term(step[0], tuple([made[i] for i in step[1]])))
            else:
                made.append(step)
        return made[-1]

    def _kind(self, top: Term, inside: set[Term]) -> tuple[Kind, dict[Term, int]]:
        """What a part looks like, and the place of each of its terms in that."""
        places: dict[Term, int] = {}
        kind: list[Any] = []
        stack: list[tuple[Term, int, bool]] = [(top, 0, False)]
        while stack:
            term, depth, is_exact = stack.pop()
            if depth < 0:
                kind.append((term.op, *[places[arg] for arg in term.args]))
                places[term] = len(places)
            elif term in places:
                continue
            elif term.op.leaf:
                kind.append(self._leaf(term, is_exact))
                places[term] = len(places)
            else:
                if term not in inside:
                    depth += 1
                    if depth > DEPTH or len(term.args) > BROAD:
                        kind.append(Unknown(term.shape, term.op.is_boolean))
                        places[term] = len(places)
                        continue
                stack.append((term, -1, False))
                numbers = [arg for arg in term.args if arg.op.leaf == "number"]
                is_exact = len(numbers) > 1 or term.op is self._power
                stack.extend([(arg, depth, is_exact) for arg in reversed(term.args)])
        return tuple(kind), places

    def _leaf(self, term: Term, is_exact: bool) -> Any:
        """What is seen of a leaf: the type of a variable, a number only where laws may have reason to look at it."""
        if term.op.leaf == "variable":
            return (term.op, term.detail)
        if term.op.leaf == "number" and not is_exact and self._sum is not None:
            value = term.value
            if value.__class__ is not int or abs(value) > PLAIN:
                return NUMBER
        return term

    def _answer(self, kind: Kind, actual: Sequence[Term], inside: set[Term]) -> Answer:
        """What looking at a part of a kind gives; no steps where that is not shorter."""
        part = Part(actual[-1], [], {})
        terms: list[Term] = []
        for seen, term in zip(kind, actual, strict=True):
            if seen is term:
                terms.append(term)
            elif seen.__class__ is tuple and not seen[0].leaf:
                terms.append(make_term(term.op, tuple([terms[i] for i in seen[1:]])))
                if term not in inside:
                    part.below.append(terms[-1])
            else:
                is_variable = seen.__class__ is tuple
                terms.append(self._theory.variable(f"{self._prefix}{len(terms) + 1}", seen[1] if is_variable else Type(term.shape)))
                if not is_variable:
                    part.unknown[terms[-1]] = term.op if not term.op.leaf else self._theory.role("sum")
        part.top = terms[-1]
        found = self._look(part)
        if found is part.top:
            return []
        place = {term: i for i, term in enumerate(terms)}
        steps: dict[Term, int] = {}
        answer: Answer = []
        for term in postorder_to(found, place):
            steps[term] = len(answer)
            answer.append(place[term] if term in place else term if term.op.leaf else (term.op, tuple([steps[arg] for arg in term.args])))
        return answer


def postorder_to(root: Term, known: Container[Term]) -> list[Term]:
    """The terms below a term, arguments first, without looking below those that are known."""
    order: dict[Term, None] = {}
    stack = [(root, False)]
    while stack:
        term, opened = stack.pop()
        if term in order:
            continue
        if opened or term in known or not term.args:
            order[term] = None
        else:
            stack.append((term, True))
            stack.extend([(arg, False) for arg in reversed(term.args)])
    return list(order)
