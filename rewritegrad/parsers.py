"""The Lark parsers of formulas and of rule files: one grammar, a parser for each start, made when it is first needed.

Making the tables of a parser takes Lark a tenth of a second, reading them a hundredth: they are kept in the user's cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache as once
from typing import Any, Literal, TypeAlias

import lark
from lark import Lark, Token
from lark.grammar import Rule
from lark.lexer import TerminalDef

from . import cache
from .files import grammar_text

Start: TypeAlias = Literal["formula", "rules"]


class _KeepNewlines:
    """Tells the contextual lexer that a newline may come anywhere; syntax.parse_tree decides which of them count."""

    always_accept = ("_NEWLINE",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def _given() -> dict[str, Any]:
    """The options that are objects of Python, and no part of the tables."""
    return {"postlex": _KeepNewlines(), "lexer_callbacks": {"POWER": lambda token: token.update(value="^")}}


@once
def parser(start: Start) -> Lark:
    """The parser with a start symbol."""
    grammar = grammar_text()
    name = cache.name_of(f"parser-{start}", lark.__version__, grammar)
    tables = cache.read(name)
    if tables is not None:
        with suppress(Exception):  # whatever is wrong with them, they can be made again
            return _from_tables(tables)
    made = Lark(grammar, start=[start], parser="lalr", lexer="contextual", **_given())
    cache.write(name, _tables(made))
    return made


def _tables(made: Lark) -> Any:
    """A parser as data; what Lark itself offers for this is pickled."""
    data, shared = made.memo_serialize([TerminalDef, Rule])
    data["options"] = {option: value for option, value in data["options"].items() if option not in _given()}
    return {"data": data, "shared": shared}


def _from_tables(tables: Any) -> Lark:
    tables = _with_numbers(tables)
    loaded: Lark = Lark._load_from_dict(tables["data"], tables["shared"], **_given())  # type: ignore[no-untyped-call]  # Lark has no types there
    return loaded


def _with_numbers(value: Any) -> Any:
    """The value with the numbers of states and tokens, which JSON has as texts."""
    if isinstance(value, dict):
        return {int(key) if key.isdecimal() else key: _with_numbers(v) for key, v in value.items()}
    return [_with_numbers(v) for v in value] if isinstance(value, list) else value
