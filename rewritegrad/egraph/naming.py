"""Which variables the parts of a law name, how deep its left side looks, and which nodes can be its root."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from .language import (
    BBag,
    BEach,
    BLeaf,
    BNode,
    BNumber,
    BProd,
    BSum,
    BVar,
    CBag,
    CEach,
    CLeaf,
    CNode,
    CNum,
    CProd,
    CSum,
    CVar,
    Kind,
    Language,
    Law,
    NApply,
    NFold,
    NVar,
    Test,
)


def parts_of(node: Any) -> list[Any]:
    """The parts directly inside a part of a law."""
    match node:
        case tuple():
            return [part for part in node if part is not None]
        case CNode(_, args) | BNode(_, args):
            return list(args)
        case CSum(terms):
            return [part for term in terms for part in term if part is not None]
        case CProd(coefficient, factors):
            return [p for p in (coefficient, *[part for f in factors for part in f]) if p is not None]
        case CBag(_, members):
            return list(members)
        case CEach(_, body):
            return [p for p in body if p is not None]
        case NApply(_, args):
            return list(args)
        case BNumber(value):
            return [value]
        case BSum(parts):
            return [p for part in parts for p in part]
        case BProd(coefficient, parts):
            return [*coefficient, *[p for part in parts for p in part]]
        case BBag(_, parts):
            return list(parts)
        case BEach(_, body):
            return [body]
        case Test(_, args):
            return list(args)
        case _:
            return []


def occurrences(node: Any) -> list[str]:
    """The names of variables, rests and folds in any part of a law, once per occurrence."""
    found: list[str] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, CVar | CNum | BVar | NVar | NFold):
            found.append(part.name)
        elif isinstance(part, CSum | CProd | CBag) and part.rest is not None:
            found.append(part.rest)
        if isinstance(part, CProd) and part.shared is not None:
            found.append(part.shared)
        stack.extend(parts_of(part))
    return found


class Names:
    """The names of a law."""

    def __init__(self, law: Law) -> None:
        self._left = occurrences(law.left)
        self._law = law

    def of(self, part: Any) -> set[str]:
        """The names in a part."""
        return set(occurrences(part))

    def left_count(self, name: str) -> int:
        """How often the left side names a variable."""
        return self._left.count(name)

    def depth(self) -> int:
        """How many levels of e-nodes the left side looks at, counting conditions on facts as one more."""
        deepest = 1
        stack = [(self._law.left, 1)]
        while stack:
            part, depth = stack.pop()
            below = depth + 1 if isinstance(part, CNode | CSum | CProd | CBag | CEach) else depth
            for inner in parts_of(part):
                # A class that a leaf joins may keep its id, and so must be watched too; numbers are never joined in that way.
                if isinstance(inner, CNode | CSum | CProd | CBag | CEach | CLeaf):
                    deepest = max(deepest, below)
                stack.append((inner, below))
        if any(test.predicate is not None for test in self._law.tests):
            deepest += 1
        return deepest


def names_of(law: Law) -> Names:
    """The names of a law."""
    return Names(law)


_UNORDERED = ("terms", "factors", "members", "parts", "coefficient")
"""The fields of core forms in which order means nothing."""


def renamed(part: Any, names: dict[str, str]) -> Any:
    """A part of a law with other names, as nested tuples in which only order that means something is kept."""
    if isinstance(part, tuple):
        return tuple([renamed(p, names) for p in part])
    if not is_dataclass(part) or isinstance(part, CLeaf | BLeaf):
        return part
    found: list[Any] = [type(part).__name__]
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name in ("name", "rest", "shared"):
            value = names.get(value, value)
        elif field.name != "op":
            value = renamed(value, names)
        if isinstance(value, tuple) and (field.name in _UNORDERED or (isinstance(part, NApply) and part.kind not in ("^", "/"))):
            value = tuple(sorted(value, key=repr))
        found.append(value)
    return tuple(found)


def interchangeable(law: Law, one: Any, other: Any) -> bool:
    """Whether two children of a pattern may change places: the law stays the same when the names that only they have do.

    Of the two orders in which such a pair matches, one is enough.
    """
    ours, theirs = occurrences(one), occurrences(other)
    swap: dict[str, str] = {}
    for a, b in zip(ours, theirs, strict=False):
        if swap.setdefault(a, b) != b or swap.setdefault(b, a) != a:
            return False
    everywhere = occurrences(law.left)
    if any(a != b and everywhere.count(a) != ours.count(a) + theirs.count(a) for a, b in swap.items()):
        return False
    tests, swapped = (sorted(renamed(law.tests, names), key=repr) for names in ({}, swap))
    sides = (law.left, law.right)
    return renamed(one, swap) == renamed(other, {}) and tests == swapped and renamed(sides, swap) == renamed(sides, {})


def root_operator(left: Any, language: Language) -> Any:
    """The operator of the nodes at which a left side can match."""
    match left:
        case CNode(op) | CBag(op):
            return op
        case CSum():
            return language.linear
        case CProd():
            scaled = left.scaled()
            return language.powers if scaled is None else root_operator(scaled[1], language)
        case CEach(kind):
            return language.linear if kind is Kind.LINEAR else language.powers
        case _:
            raise ValueError("the left side of a law is no application")
