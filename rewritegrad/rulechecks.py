"""What a law must satisfy before the engine sees it: its names, its size, and where `x..` and `...` may stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NoReturn

from lark import Token

from .patterns import PApply, Pattern, PEach, PFold, PRest, PSetting, PVar, outside, walk
from .rulepatterns import HOLE, PatternReader, Use
from .syntax import Node

MAX_DEPTH = 100
MAX_SIZE = 1000


class LawChecker:
    """The checks on one law; `reader` has read both sides and the conditions, `name` is the token of the law's name."""

    def __init__(self, reader: PatternReader, name: Token) -> None:
        self.reader = reader
        self.name = name

    def fail(self, place: Token | Node, message: str) -> NoReturn:
        """Raise a RuleFileError that points at a place of the law."""
        self.reader.fail(place, message)

    def used_once(self) -> None:
        """A name that stands for nothing else is `_`, so that a misspelt one is noticed."""
        counts = Counter(use.name for use in self.reader.uses)
        for use in self.reader.uses:
            if counts[use.name] == 1 and use.name != HOLE:
                hole = "_.." if use.rest else HOLE
                self.fail(use.token, f"{use.name} is used once in {self.name}: write {hole} where any value will do")

    def size(self, tree: Node, pattern: Pattern) -> None:
        """Neither so deep nor so big that matching it would strain the machine."""
        if depth(pattern) > MAX_DEPTH:
            self.fail(tree, f"this pattern is nested more than {MAX_DEPTH} deep")
        if sum(1 for _ in walk(pattern)) > MAX_SIZE:
            self.fail(tree, f"this pattern has more than {MAX_SIZE} parts")

    def left(self, tree: Node, pattern: Pattern, other: Pattern, *, back: bool) -> None:
        """A side that is matched is an application, with rests where a match can bind them and no folds."""
        if not isinstance(pattern, PApply | PEach):
            side = f"what the way back of {self.name} matches" if back else f"the left side of {self.name}"
            kind = "a single variable, which is everything" if isinstance(pattern, PVar) else "a bare constant, which stays what it is"
            self.fail(tree, f"{side} is {kind}")
        inside = [p for part in walk(pattern) if isinstance(part, PEach) for p in walk(part.body)]
        for part in walk(pattern):
            if isinstance(part, PFold):
                self.fail(tree, f"{part.kind}({part.name}..) folds what is bound already: it has no place on the left of {self.name}")
            if isinstance(part, PApply):
                self._rests(tree, part, outside(other) if part in inside else set())
            elif isinstance(part, PEach):
                self._each(tree, part)

    def _rests(self, tree: Node, part: PApply, common: set[str]) -> None:
        """One x.. in a multiset, and before a `...` one more that all children have in common."""
        if part.op.is_multiset:
            rests = sorted([p for p in flat(part) if isinstance(p, PRest)], key=lambda p: p.name in common)
            if len(rests) > (2 if rests and rests[-1].name in common and rests[0].name not in common else 1):
                self.fail(tree, f"only one x.. can stand in a {part.op.name}, not both {rests[0].name}.. and {rests[1].name}..")
            return
        for p in part.args:
            if isinstance(p, PRest):
                self.fail(tree, f"{p.name}.. stands for children of an operator that is associative and commutative, and {part.op.name} is not")

    def _each(self, tree: Node, part: PEach) -> None:
        inside = [p for p in walk(part.body) if isinstance(p, PEach)]
        if inside:
            self.fail(tree, "`...` cannot stand within another `...`")
        if isinstance(part.body, PRest):
            self.fail(tree, f"{part.body.name}.. stands for all children already, and `...` for each of them")

    def right(self, tree: Node, left: Pattern, right: Pattern) -> None:
        """A right side makes something for each child only from what the left side bound for each; a `...` within another means all children."""
        varying = each_names(left)
        for part in walk(right):
            if isinstance(part, PEach) and not any(isinstance(p, PVar | PRest) and p.name in varying for p in walk(part.body)):
                self.fail(tree, f"nothing before this `...` of {self.name} differs from child to child")

    def bound(self, left: Pattern, uses: Iterable[Use], *, back: bool) -> None:
        """Every name of the uses is bound by the side that is matched, as a rest where it is used as one."""
        variables = {p.name for p in walk(left) if isinstance(p, PVar)} - {HOLE}
        rests = {p.name for p in walk(left) if isinstance(p, PRest)} - {HOLE}
        foldable = rests | each_names(left)
        where = f"the way back of {self.name} does not bind it, write => instead of <=>" if back else f"the left side of {self.name} does not bind it"
        for use in uses:
            known = foldable if use.folded else rests if use.rest else variables
            if use.name not in known:
                self.fail(use.token, f"unbound name {use.name}{'..' * use.rest}: {where}")


def each_names(pattern: Pattern) -> set[str]:
    """The variables and rests that take a value for each child, since they stand before a `...`."""
    return {p.name for part in walk(pattern) if isinstance(part, PEach) for p in walk(part.body) if isinstance(p, PVar | PRest)}


def flat(part: PApply) -> list[Pattern]:
    """The children of nested applications of one operator: three for a + b + c."""
    children: list[Pattern] = []
    stack: list[Pattern] = [part]
    while stack:
        p = stack.pop()
        if isinstance(p, PApply) and p.op is part.op:
            stack.extend(reversed(p.args))
        else:
            children.append(p)
    return children


def depth(pattern: Pattern) -> int:
    """The number of patterns around the innermost one, itself included."""
    deepest = 0
    stack: list[tuple[Pattern, int]] = [(pattern, 1)]
    while stack:
        p, level = stack.pop()
        deepest = max(deepest, level)
        children: Sequence[Pattern] = p.args if isinstance(p, PApply | PSetting) else (p.body,) if isinstance(p, PEach) else ()
        stack.extend((child, level + 1) for child in children)
    return deepest
