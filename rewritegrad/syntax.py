"""The syntax trees of formulas and rule files, and syntax errors in words.

The trees that it makes are Lark's, with the node names of grammar/rewritegrad.lark; they may be nested 100,000 deep,
so they are walked with `fold`, never by recursion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from .errors import FormulaError, Position, RuleFileError
from .parsers import Start, parser

Node: TypeAlias = Tree[Token]
T = TypeVar("T")


class Source:
    """A text and what it is called in errors."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self._lines = text.split("\n")

    def at(self, line: int, column: int) -> Position:
        """The position of a line and a column, both counted from 1."""
        return Position(self.name, line, column, self._lines[line - 1].rstrip("\r"))

    def position(self, place: Token | Node) -> Position:
        """Where a token, or the first token below a node, stands."""
        token = first_token(place)
        return self.at(token.line or 1, token.column or 1)


def first_token(place: Token | Node) -> Token:
    """The first token below a node, punctuation that the grammar leaves out not counted."""
    while isinstance(place, Tree):
        place = next(child for child in place.children if child is not None)
    return place


def trees(node: Node) -> list[Node]:
    """The children of a node that are nodes."""
    return [child for child in node.children if isinstance(child, Tree)]


def tokens(node: Node) -> list[Token]:
    """The children of a node that are tokens."""
    return [child for child in node.children if isinstance(child, Token)]


def fold(tree: Node, combine: Callable[[Node, list[Any]], T]) -> T:
    """The value of a tree from below: `combine(node, children)`, where subtrees are replaced by their values.

    Tokens, and the None of parts that were left out, stay in their places. Nodes come left before right.
    """
    downwards: list[Node] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        downwards.append(node)
        stack.extend([child for child in node.children if isinstance(child, Tree)])
    values: list[Any] = []
    for node in reversed(downwards):
        children: list[Any] = list(node.children)
        subtrees = [i for i, child in enumerate(children) if isinstance(child, Tree)]
        if subtrees:
            for i, value in zip(subtrees, values[-len(subtrees) :], strict=True):
                children[i] = value
            del values[-len(subtrees) :]
        values.append(combine(node, children))
    result: T = values[0]
    return result


def parse_tree(text: str, start: Start, source: str) -> Node:
    """The tree of a formula program or of a rule file.

    Newlines within brackets separate nothing; in rule files neither does one before an indented line. Raises FormulaError
    or RuleFileError with the position and what was expected there.
    """
    state: Any = parser(start).parse_interactive(text, start)
    brackets: list[Token] = []
    fed: list[Token] = []
    try:
        for token in state.lexer_thread.lex(state.parser_state):
            kind = token.type
            if kind == "_NEWLINE":
                if brackets or (start == "rules" and token[-1] in " \t"):
                    continue
            elif kind in _OPENING:
                brackets.append(token)
            elif kind in _CLOSING and brackets:
                brackets.pop()
            state.feed_token(token)
            fed.append(token)
        tree: Node = state.feed_eof()
    except UnexpectedInput as error:
        _explain(error, fed, brackets, start, Source(text, source))
    return tree


_OPENING: Final = ("LPAR", "OPEN_BRACKET", "LSQB")
_CLOSING: Final = ("RPAR", "RSQB")
_WORDS: Final = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a text in quotes",
    "BOOLEAN": "True or False",
    "COMPARE": "a comparison",
    "EQUALS": "`=`",
    "ARROW": "`=>` or `<=>`",
    "RULE_NAME": "a name",
    "DERIVATIVE": "d/d and an argument",
    "TRANSPOSED": "`.T`",
    "STAR": "`*`",
    "POWER": "`^`",
}
_EXPRESSION: Final = frozenset(
    ("NAME", "_MODULE", "NUMBER", "STRING", "BOOLEAN", "NONE", "LPAR", "MINUS", "NOT", "REST", "ELLIPSIS"),
)
_OPERATORS: Final = frozenset(
    ("OR", "AND", "COMPARE", "PLUS", "MINUS", "STAR", "SLASH", "FLOORED", "PERCENT", "AT", "POWER", "TRANSPOSED", "DOT", "OPEN_BRACKET"),
)
_ENDS: Final = frozenset(("$END", "_NEWLINE", "SEMICOLON"))
_BLOCK: Final = "a block (roles, op, def, ruleset, rule or reject)"
_BLOCKS: Final = frozenset(("_ROLES", "_OP", "_DEF", "RULESET", "RULE", "REJECT"))
_HINTS: Final = {"&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "~": "not"}
_KEYWORD: Final = re.compile(r"([a-z]+)\\b")
_LEXEME: Final = re.compile(r"\w+|&&|\|\||.", re.DOTALL)


def _keyword(terminal: str, start: Start) -> str | None:
    """The word that a terminal of the grammar stands for, where it stands for one word."""
    found = _KEYWORD.fullmatch(parser(start).get_terminal(terminal).pattern.value)
    return found[1] if found else None


def _in_words(expected: set[str], start: Start) -> str:
    """What is expected, for people: groups first, then single words and signs, the end last."""
    left = set(expected)
    words = []
    for group, name, witness in ((_EXPRESSION, "an expression", "LPAR"), (_OPERATORS, "an operator", "STAR"), (_BLOCKS, _BLOCK, "RULESET")):
        if witness in left and (group is not _EXPRESSION or "NUMBER" in left):
            left -= group | ({"LPAR"} if group is _OPERATORS else {*_ENDS, "OPEN_BRACKET"})
            words.append(name)
    if "PREC" in left:
        words.append("a field of the block")
        left -= {t for t in left - _ENDS if t == "DERIVATIVE" or (_keyword(t, start) and t != "_IF")}
    words += dict.fromkeys(_spoken(terminal, start) for terminal in sorted(left - _ENDS))
    if left & _ENDS:
        words.append("the end of the statement" if "SEMICOLON" in left else "the end of the line")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _spoken(terminal: str, start: Start) -> str:
    keyword = _keyword(terminal, start)
    return f"`{keyword}`" if keyword else _WORDS.get(terminal) or f"`{parser(start).get_terminal(terminal).pattern.value}`"


def _hint(found: str, kind: str, expected: set[str], start: Start) -> str:
    """A guess at what was meant, or nothing."""
    if found in _HINTS:
        return f"; write {_HINTS[found]}"
    if kind == "COMPARE" and "AND" in expected:
        return "; comparisons do not chain: write a < b and b < c"
    if kind == "EQUALS" and "AND" in expected:
        return "; to compare write =="
    if found[:1].isidentifier():
        close = get_close_matches(found, [word for t in sorted(expected - _ENDS) if (word := _keyword(t, start))], n=1)
        if close:
            return f"; did you mean {close[0]}?"
    if start == "formula" and "STAR" in expected and kind != "NOT" and (kind == "LPAR" or found[:1].isalnum()):
        return "; a product is written with *"
    return ""


def _explain(error: UnexpectedInput, fed: Sequence[Token], brackets: Sequence[Token], start: Start, source: Source) -> NoReturn:
    """Raise what a syntax error means to the person who wrote the text.

    The parser has already made reductions when it finds the error, and forgotten what else could have followed; so
    what was expected is asked of a parser that has seen only the tokens before.
    """
    state: Any = parser(start).parse_interactive("", start)
    for token in fed:
        state.feed_token(token)
    expected = set(state.accepts())
    raised = FormulaError if start == "formula" else RuleFileError
    if isinstance(error, UnexpectedToken) and error.token.type not in ("$END", "_NEWLINE"):
        found, kind, place = str(error.token), error.token.type, source.position(error.token)
    elif isinstance(error, UnexpectedCharacters):
        lexeme = _LEXEME.match(source.text, error.pos_in_stream or 0)
        found, kind, place = (lexeme[0] if lexeme else ""), "", source.at(error.line, error.column)
    else:
        found, kind, place = "", "$END", source.at(fed[-1].end_line or 1, fed[-1].end_column or 1) if fed else source.at(1, 1)
    if brackets and kind not in _CLOSING and (kind == "$END" or place.line != brackets[-1].line):
        raise raised(f"this `{brackets[-1]}` is never closed", source.position(brackets[-1])) from None
    if kind in _CLOSING and not brackets and "NUMBER" not in expected:
        raise raised(f"this `{found}` closes nothing", place) from None
    if kind == "$END":
        lines = source.text.rstrip().count("\n") + 1
        message = f"expected {_in_words(expected, start)}, but the {'text' if place.line == lines else 'line'} ends here"
    else:
        shown = f"`{found}`" if found.isprintable() else repr(found)
        message = f"expected {_in_words(expected, start)}, not {shown}{_hint(found, kind, expected, start)}"
    raise raised(message, place) from None
