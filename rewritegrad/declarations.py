"""The types of variables: from text (`matrix[n, m] > 0`, `scalar, 0 < x < 1`, `integer`) and back."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from typing import Final

from lark import Token, Tree

from .errors import FormulaError, Position
from .shapes import show
from .syntax import Node, Source, parse_tree, tokens
from .term import Dimension, Number, Shape, exact_number
from .theory import Type

_RANKS: Final[dict[str, int | None]] = {"scalar": 0, "real": 0, "integer": 0, "vector": 1, "matrix": 2, "tensor": None}
_WORDS: Final = {"positive": (">", 0), "nonnegative": (">=", 0), "negative": ("<", 0), "nonpositive": ("<=", 0), "nonzero": ("!=", 0)}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}


@lru_cache(maxsize=1024)  # a session declares the same variables with every formula, and parsing them takes as long as the formula
def read_type(text: str, name: str) -> Type:
    """The type that a text such as `matrix[n, m] > 0` gives to the variable `name`.

    Dimensions that are left out get names made from the variable's, with a dot, so that nobody else can have them.
    Raises FormulaError where the text is no type.

    >>> read_type("vector[n] >= 0", "v")
    Type(shape=('n',), integer=False, lower=0, upper=None, open_lower=False, open_upper=False, nonzero=False)
    >>> read_type("matrix", "X").shape
    ('X.0', 'X.1')
    """
    if not name.isidentifier():
        raise FormulaError(f"{name!r} is not a name that a variable can have")
    source = Source(f"{name}: {text}", f"<type of {name}>")
    tree = parse_tree(source.text, "formula", source.name)
    if len(tree.children) != 1 or not isinstance(tree.children[0], Tree) or tree.children[0].data != "declaration":
        raise FormulaError(f"the type of {name} must be one declaration such as matrix[n, m] > 0", source.at(1, 1))
    described = tree.children[0].children[1]
    assert isinstance(described, Tree)
    return type_of(described, name, source)


def type_of(tree: Node, name: str, source: Source) -> Type:
    """The type that a `type` node of the grammar gives to a variable."""
    head, *rest = tree.children
    assert isinstance(head, Token)
    kind = str(head)
    if kind not in _RANKS:
        close = get_close_matches(kind, list(_RANKS), n=1)
        hint = f"did you mean {close[0]}?" if close else "write scalar, vector, matrix, tensor or integer"
        raise FormulaError(f"there is no type {kind}; {hint}", source.position(head))
    given: tuple[Dimension, ...] | None = None
    if rest and isinstance(rest[0], Tree) and rest[0].data == "dimensions":
        given = tuple(_dimension(token, source) for token in tokens(rest[0]))
        rest = rest[1:]
    assumed = _Assumptions(integer=kind == "integer")
    for i, part in enumerate(rest):
        assert isinstance(part, Tree)
        follows = rest[i + 1] if i + 1 < len(rest) else None
        _assume(assumed, part, follows if isinstance(follows, Tree) else None, name, source)
    return Type(
        shape=_shape(kind, given, name, source.position(head)),
        integer=assumed.integer,
        lower=assumed.lower,
        upper=assumed.upper,
        open_lower=assumed.open_lower,
        open_upper=assumed.open_upper,
        nonzero=assumed.nonzero,
    )


def type_text(type: Type) -> str:
    """The type as a declaration writes it.

    >>> type_text(read_type("integer, 0 < k <= 9", "k"))
    'integer > 0, <= 9'
    """
    named = tuple("" if isinstance(d, str) and "." in d else d for d in type.shape)
    shape = show(named) if all(d != "" for d in named) else show(type.shape).split("[")[0]
    head = "integer" if type.integer and not type.shape else shape
    parts = []
    if type.lower is not None:
        parts.append(f"{'>' if type.open_lower else '>='} {type.lower}")
    if type.upper is not None:
        parts.append(f"{'<' if type.open_upper else '<='} {type.upper}")
    if type.nonzero:
        parts.append("!= 0")
    if type.integer and type.shape:
        parts.append("integer")
    return f"{head} {', '.join(parts)}" if parts else head


def exact(token: Token, source: Source) -> Number:
    """The exact value of a literal; FormulaError where it is longer than anybody writes on purpose."""
    try:
        return exact_number(token)
    except ValueError as error:
        raise FormulaError(str(error), source.position(token)) from None


def _dimension(token: Token, source: Source) -> Dimension:
    if token.type == "NAME":
        return str(token)
    if not token.isdigit() or len(token) > 18:
        raise FormulaError(f"a dimension is a name or an integer, not {token}", source.position(token))
    return int(token)


def _shape(kind: str, given: Shape | None, name: str, position: Position) -> Shape:
    rank = _RANKS[kind]
    if given is None:
        if rank is None:
            raise FormulaError("a tensor needs its dimensions: tensor[2, 3, 4]", position)
        return tuple(f"{name}.{i}" for i in range(rank))
    if rank is not None and len(given) != rank:
        wanted = "no dimensions" if rank == 0 else f"{rank} dimension{'s' * (rank != 1)}"
        raise FormulaError(f"a {kind} has {wanted}, not {len(given)}", position)
    return given


@dataclass
class _Assumptions:
    """What is assumed so far; each further assumption narrows it."""

    integer: bool = False
    lower: Number | None = None
    upper: Number | None = None
    open_lower: bool = False
    open_upper: bool = False
    nonzero: bool = False

    def narrow(self, comparison: str, bound: Number, position: Position) -> None:
        """Every entry is `comparison` `bound`."""
        is_open = comparison in ("<", ">")
        if comparison == "!=" and bound == 0:
            self.nonzero = True
        elif comparison in (">", ">="):
            if self.lower is None or bound > self.lower or (bound == self.lower and is_open):
                self.lower, self.open_lower = bound, is_open
        elif comparison in ("<", "<="):
            if self.upper is None or bound < self.upper or (bound == self.upper and is_open):
                self.upper, self.open_upper = bound, is_open
        else:
            raise FormulaError("an assumption compares with >, >=, <, <= or != 0", position)
        if self.lower is not None and self.upper is not None:
            empty = self.lower > self.upper or (self.lower == self.upper and (self.open_lower or self.open_upper))
            if empty:
                raise FormulaError("no number satisfies these assumptions", position)


def _assume(assumed: _Assumptions, part: Node, follows: Node | None, name: str, source: Source) -> None:
    """Add one assumption; the variable's own name before a comparison (`scalar, t > 0`) says nothing more."""
    position = source.position(part)
    if part.data == "word":
        word = str(part.children[0])
        if word == "integer":
            assumed.integer = True
        elif word in _WORDS:
            assumed.narrow(*_WORDS[word], position)
        elif word == name and follows is not None and follows.data == "below":
            return
        elif follows is not None and follows.data == "below":
            raise FormulaError(f"this declaration is about {name}, not {word}", position)
        else:
            close = get_close_matches(word, ["integer", *_WORDS], n=1)
            hint = f"did you mean {close[0]}?" if close else "write > 0, 0 < x < 1 or integer"
            raise FormulaError(f"there is no assumption {word}; {hint}", position)
        return
    if part.data == "above":
        bound, comparison, subject = part.children
        if str(subject) != name:
            assert isinstance(subject, Token)
            raise FormulaError(f"this declaration is about {name}, not {subject}", source.position(subject))
        mirrored = _MIRRORED.get(str(comparison), "==")
    else:
        comparison, bound = part.children
        mirrored = str(comparison)
    assert isinstance(bound, Tree)
    assumed.narrow(mirrored, _bound(bound, source), position)


def _bound(tree: Node, source: Source) -> Number:
    """The number of a `bound` node: a literal or a quotient of two, with its sign."""
    signs = tokens(tree)
    numbers = [exact(token, source) for token in signs if token.type == "NUMBER"]
    value = Fraction(numbers[0])
    if len(numbers) == 2:
        if numbers[1] == 0:
            raise FormulaError("division by zero", source.position(tree))
        value /= numbers[1]
    if signs[0].type == "MINUS":
        value = -value
    return int(value) if value.denominator == 1 else value
