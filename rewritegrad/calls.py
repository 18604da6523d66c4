"""The arguments of calls in formulas: what they are before an operator is chosen, and whether they fit one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token

from .term import Term
from .theory import Operator, Parameter


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that only an attribute can have: a string, None, a tuple, a slice."""

    value: Any


@dataclass(frozen=True, slots=True)
class Several:
    """(a, b) or [a, b]: a setting where all parts are literals, or the arguments of concatenate((a, b))."""

    parts: tuple[Any, ...]
    places: tuple[Any, ...]
    is_list: bool


@dataclass(frozen=True, slots=True)
class Keyword:
    """`axis=0` among the arguments of a call."""

    name: Token
    value: Any


@dataclass(frozen=True, slots=True)
class Rest:
    """`...` in an index."""

    token: Token


def is_literal(value: Any) -> bool:
    """Whether an argument can be a setting."""
    if isinstance(value, Several):
        return all(map(is_literal, value.parts))
    return not isinstance(value, Term) or value.op.leaf in ("number", "boolean") or str(value) in ("inf", "-inf")


def is_computed(index: Any) -> bool:
    """Whether what stands in an index is no literal."""
    return isinstance(index, Term) and index.op.leaf not in ("number", "boolean") and index.value != "newaxis"


def fits(op: Operator, count: int, keywords: Sequence[Keyword]) -> bool:
    """Whether each parameter gets its argument: by position, by name, or by default."""
    names = [str(k.name) for k in keywords]
    return (
        count <= op.arity
        and all(any(p.name == name for p in op.parameters) for name in names)
        and all(p.attribute or i < count or p.name in names for i, p in enumerate(op.parameters))
    )


def fits_exactly(op: Operator, count: int, keywords: Sequence[Keyword]) -> bool:
    """Whether it fits with every term argument, and nothing after them, given by position."""
    last = max((i + 1 for i, p in enumerate(op.parameters) if not p.attribute), default=0)
    return count == last and fits(op, count, keywords)


def assigned(parameters: Sequence[Parameter], positional: Sequence[Any], keywords: Sequence[Keyword]) -> dict[str, Any] | None:
    """The arguments by the names of parameters, where they fit: settings may be left out, and nothing is given twice or unknown."""
    given = {p.name: value for p, value in zip(parameters, positional, strict=False)}
    if len(positional) > len(parameters):
        return None
    for keyword in keywords:
        if str(keyword.name) in given or all(p.name != str(keyword.name) for p in parameters):
            return None
        given[str(keyword.name)] = keyword.value
    if any(p.name not in given and not p.attribute for p in parameters):
        return None
    return given if all(not p.attribute or is_literal(given.get(p.name)) for p in parameters) else None
