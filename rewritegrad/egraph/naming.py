"""Which variables the parts of a law name, how deep its left side looks, and which nodes can be its root."""

from __future__ import annotations

from typing import Any

from .language import (
    BBag,
    BEach,
    BNode,
    BNumber,
    BProd,
    BSum,
    BVar,
    CBag,
    CEach,
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
                if isinstance(inner, CNode | CSum | CProd | CBag | CEach):
                    deepest = max(deepest, below)
                stack.append((inner, below))
        if any(test.predicate is not None for test in self._law.tests):
            deepest += 1
        return deepest


def names_of(law: Law) -> Names:
    """The names of a law."""
    return Names(law)


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
