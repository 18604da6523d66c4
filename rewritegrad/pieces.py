"""Large formulas, a piece at a time: where a DAG is cut, and how what was found for the pieces is put together again.

A piece is a stretch of the DAG's postorder of about so many operations, with the terms that other pieces use as its results.
What a piece takes from an earlier one enters it as it was simplified there, where that is small, and else as a variable that
stands for it, with all that is known of it (its Fact). So nothing is cut but what patterns could have seen, every operation
belongs to one piece, shared terms stay shared, and time and memory grow with the size of the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .fact import Fact
from .facts import Facts
from .patterns import PApply
from .printer import operations
from .term import Term, make_term, postorder
from .theory import Operator, Type

SEGMENT, PORTION, PROBE = 800, 50_000, 4000
"""About how many operations a piece has that is explored, one that laws only shrink, and one that tells whether that pays."""
UNIT = 40
"""A term of one use is not cut from its user up to this size."""
WHOLE = 100_000
"""Sums and products are not cut apart up to this size: like terms and common factors are found among all their children."""
VISIBLE = 12
"""A term of no more nodes than this is shown to the pieces that use it."""


@dataclass(slots=True)
class Piece:
    """Nodes of a formula, arguments before their users; `results` are those that are used outside."""

    nodes: list[Term] = field(default_factory=list)
    results: list[Term] = field(default_factory=list)


def split(roots: Sequence[Term], segment: int = SEGMENT, settled: Collection[Term] = ()) -> list[Piece]:
    """The pieces of a DAG, in an order in which each uses earlier ones only; the units below the tops in `settled` belong to none."""
    order, head, sizes = units(roots)
    piece_of: dict[Term, int] = {}
    pieces: list[Piece] = []
    room = 0
    for term in order:
        if head.get(term) is term and term not in settled:
            room -= sizes[term]
            if room < 0:
                pieces.append(Piece())
                room = segment - sizes[term]
            piece_of[term] = len(pieces) - 1
    for term in order:
        if term in head and head[term] in piece_of:
            pieces[piece_of[head[term]]].nodes.append(term)
    wanted = dict.fromkeys(root for root in roots if not root.op.leaf)
    for term in order:
        for arg in term.args:
            if arg in head and piece_of.get(head[arg]) != piece_of.get(head[term]):
                wanted[arg] = None
    for term in order:
        if term in wanted and head[term] in piece_of:
            pieces[piece_of[head[term]]].results.append(term)
    return pieces


def units(roots: Sequence[Term]) -> tuple[list[Term], dict[Term, Term], dict[Term, int]]:
    """The postorder of a DAG, for each application the one at the top of its unit, and the size of the units by their top.

    A term stays with its only user while it is small, or while both are parts of one sum of products, minimum, ...
    """
    order = postorder(*roots)
    users: dict[Term, Term | None] = dict.fromkeys(roots)  # the only user of a term; None where there are several, or it is a root
    for term in order:
        for arg in term.args:
            if not arg.op.leaf:
                users[arg] = None if arg in users and users[arg] is not term else term
    sizes: dict[Term, int] = {}
    joined: set[Term] = set()
    for term in order:
        if term.op.leaf:
            continue
        size = 1
        for arg in term.args:
            if arg in joined:
                size += sizes[arg]
        sizes[term] = size
        user = users[term]
        if user is not None and (size <= UNIT or (size <= WHOLE and _goes_with(term.op, user.op))):
            joined.add(term)
    head: dict[Term, Term] = {}
    for term in reversed(order):
        if not term.op.leaf:
            user = users[term] if term in joined else None
            head[term] = term if user is None else head[user]
    return order, head, sizes


def _goes_with(op: Operator, user: Operator) -> bool:
    """Whether an operator's applications are terms or factors of its user's: they are seen together by like terms and common factors."""
    inner, outer = _stored(op), _stored(user)
    roles = op.theory.roles
    return outer is not None and (inner is outer or (outer is roles.get("sum") and inner is roles.get("product")))


def _stored(op: Operator) -> Operator | None:
    """What an operator's nested applications flatten with: a - b is a sum, a / b a product."""
    meaning = op.definition
    return op if op.is_multiset else meaning.op if op.chosen and isinstance(meaning, PApply) and meaning.op.is_multiset else None


Simplify = Callable[[Sequence[Term]], tuple[Sequence[Term], Sequence[Any]]]
"""Shorter terms, and the facts of their values; no facts where nobody has looked at them."""


class Assembly:
    """Pieces simplified one after the other, and put together."""

    def __init__(self, roots: Sequence[Term], facts: Facts, segment: int = SEGMENT, settled: Collection[Term] = ()) -> None:
        self.roots = list(roots)
        self.facts = facts
        self.pieces = split(roots, segment, settled)
        self.gained = 0
        self._shown: dict[Term, Term] = {}  # what later pieces see of a result
        self._meant: dict[Term, Term] = {}  # what a stand-in stands for
        self._variables = [v.value for v in postorder(*roots) if v.op.leaf == "variable"]
        self._prefix = unused_prefix(self._variables)
        self._settled = settled

    def run(self, simplify: Simplify) -> Iterator[int]:
        """One piece after the other; yields the operations that each was shortened by."""
        for piece in self.pieces:
            local, shown = self._local(piece)
            before = [local[term] for term in piece.results]
            visible = list(shown)
            after, facts = simplify([*before, *visible])
            count = len(before)
            gain = operations([*before, *visible]) - operations([*after[:count], *visible])
            found = after[:count] if gain >= 0 else before
            for term, here, fact in zip(piece.results, found, facts or [None] * count, strict=False):
                self._show(term, here, fact)
            self.gained += max(gain, 0)
            yield max(gain, 0)

    def _local(self, piece: Piece) -> tuple[dict[Term, Term], dict[Term, None]]:
        """The nodes of a piece over what it sees of other pieces, and what of that are applications."""
        local: dict[Term, Term] = {}
        visible: dict[Term, None] = {}
        for term in piece.nodes:
            args = []
            for arg in term.args:
                here = local.get(arg)
                if here is None:
                    if arg in self._settled and arg not in self._shown:
                        self._show(arg, arg, None)
                    here = self._shown.get(arg, arg)
                    if not here.op.leaf:
                        visible[here] = None
                args.append(here)
            local[term] = make_term(term.op, tuple(args))
        return local, visible

    def _show(self, term: Term, found: Term, fact: Fact | None) -> None:
        """What later pieces see of a result: itself where it is small, and else a variable with its facts."""
        if len(bounded(found, VISIBLE)) <= VISIBLE:
            self._shown[term] = found
            return
        name, type = f"{self._prefix}{len(self._meant) + 1}", Type(term.shape if fact is None else fact.shape)
        if fact is None:
            self.facts.opaque(name, type, term.op, self._variables)
        else:
            self.facts.stand_in(name, type, fact)
        stand_in = self._shown[term] = term.theory.variable(name, type)
        self._meant[stand_in] = found

    def terms(self) -> list[Term]:
        """The roots over what was found so far; pieces that were not reached stay as they are."""
        whole: dict[Term, Term] = {}
        for stand_in, meaning in self._meant.items():
            whole[stand_in] = filled_in(meaning, whole, {})
        return [filled_in(root, whole, self._shown) for root in self.roots]


class Exploring:
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


def filled_in(root: Term, whole: dict[Term, Term], shown: dict[Term, Term]) -> Term:
    """A term with what is shown of its parts in their place, and its stand-ins replaced; `whole` has what was done before, and what is done here."""
    stack = [(root, False)]
    while stack:
        term, opened = stack.pop()
        if term in whole:
            continue
        seen = shown.get(term, term)
        parts = seen.args if seen is term else (seen,)
        if opened or not parts:
            made = tuple([whole[part] for part in parts])
            whole[term] = made[0] if seen is not term else term if made == parts else make_term(term.op, made)
        else:
            stack.append((term, True))
            stack.extend([(part, False) for part in reversed(parts) if part not in whole])
    return whole[root]


def bounded(term: Term, limit: int) -> dict[Term, None]:
    """The nodes of a term, or `limit` + 1 of them."""
    seen: dict[Term, None] = {}
    stack = [term]
    while stack and len(seen) <= limit:
        t = stack.pop()
        if t not in seen:
            seen[t] = None
            stack.extend(t.args)
    return seen


def unused_prefix(names: Sequence[str]) -> str:
    """A beginning of names that no variable has."""
    prefix = "part"
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return prefix
