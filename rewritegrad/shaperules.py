"""The notation in which an op block states its shape rule.

    (nothing)                                    elementwise: the arguments broadcast as in NumPy
    shape ()                                     a scalar
    shape (n, k), (k, m) -> (n, m) | ...         a signature (signatures.py)
    shape reduce X axis keepdims                 a word (shapewords.py) with arguments, settings, or literals for these
    shape undo reduce X axis keepdims            the shape of X, where the first argument has the shape that the rest gives

A rule is a value of the op block's text; nothing of it is evaluated.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from .dimensions import Meet, ignore
from .errors import ShapeError
from .shapes import ShapeRule, array_arguments, show
from .shapewords import WORDS
from .signatures import apply_signatures, parse_signature
from .term import Shape, Term


class Named(Protocol):
    """A parameter, as far as shape rules know it."""

    @property
    def name(self) -> str: ...
    @property
    def attribute(self) -> bool: ...


def parse_rule(text: str, parameters: Sequence[str], attributes: Collection[str] = ()) -> ShapeRule:
    """The shape rule that a `shape` field spells, of an operator with these parameters, some of them attributes.

    ValueError says what is wrong with it.
    """
    text = text.strip()
    if "->" in text:
        return _by_signature(text, parameters, attributes)
    if text == "()":
        return lambda args, learn=ignore: ()
    words = text.split() or [""]
    if words[0] == "undo" and words[1:2] != ["undo"] and len(words) > 2:
        return _undone(parse_rule(" ".join(words[1:]), parameters, attributes), parameters.index(words[2]))
    if words[0] in WORDS:
        return _by_word(words[0], words[1:], parameters, attributes)
    raise ValueError(f"unknown shape rule {text!r}: write (), (n, k), (k, m) -> (n, m), undo ..., or one of {', '.join(WORDS)}")


def work_rule(text: str, over: str, parameters: Sequence[Named]) -> ShapeRule:
    """The rule for the entries that a kernel runs over: those of the result, and for each of them the dimensions `over` of the signature."""
    names = [over.strip() for over in over.split(",")]
    if "->" not in text or not all(name.isidentifier() for name in names):
        raise ValueError("what a kernel runs over are dimensions of its shape signature")
    alternatives = []
    for alternative in text.split("|"):
        left, _, right = alternative.partition("->")
        if any(name not in left.replace("(", " ").replace(")", " ").replace(",", " ").split() for name in names):
            raise ValueError(f"the shape signature has no dimension {', '.join(names)} in {left.strip()}")
        inside = [part for part in right.strip()[1:-1].split(",") if part.strip()]
        alternatives.append(f"{left}-> ({', '.join([*inside, *names])})")
    return parse_rule(" | ".join(alternatives), [p.name for p in parameters], [p.name for p in parameters if p.attribute])


def _by_signature(text: str, parameters: Sequence[str], attributes: Collection[str]) -> ShapeRule:
    arrays = len(parameters) - len(attributes)
    signatures = [parse_signature(alternative, arrays, attributes) for alternative in text.split("|")]
    places = {name: parameters.index(name) for name in attributes}

    def rule(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
        settings = {name: args[i].value for name, i in places.items()}
        return apply_signatures(signatures, [a.shape for a in array_arguments(args)], settings, learn)

    return rule


def _by_word(name: str, operands: Sequence[str], parameters: Sequence[str], attributes: Collection[str]) -> ShapeRule:
    word = WORDS[name]
    arrays, variable = word.arrays, word.arrays < 0
    if variable:  # as many as there are
        arrays = max(1, sum(o in parameters and o not in attributes for o in operands))
    if not arrays + word.settings - word.optional <= len(operands) <= arrays + word.settings:
        raise ValueError(f"this shape rule is written {word.usage}")
    places: list[int | _Literal] = []
    for i, operand in enumerate(operands):
        if operand in parameters:
            if (operand in attributes) != (i >= arrays):
                raise ValueError(f"{operand} is {'a setting' if operand in attributes else 'an array'}; this shape rule is written {word.usage}")
            places.append(parameters.index(operand))
        else:
            places.append(_literal(operand, i >= arrays))
    make = word.make

    def rule(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
        shapes = [args[p].shape for p in places[:arrays] if isinstance(p, int)]
        settings = [args[p].value if isinstance(p, int) else p.value for p in places[arrays:]]
        if variable:  # a word that takes any number of arrays takes all its settings, None for those that are left out
            settings += [None] * (word.settings - len(settings))
        return make(*shapes, *settings, learn=learn)

    return rule


class _Literal:
    """A value that stands in a shape rule where a setting could."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _literal(text: str, allowed: bool) -> _Literal:
    if allowed:
        try:
            return _Literal(literal_eval(text))
        except (ValueError, SyntaxError):
            pass
    raise ValueError(f"the shape rule names {text}, which is no argument")


def _undone(rule: ShapeRule, array: int) -> ShapeRule:
    def undo(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
        given, wanted = args[0].shape, rule(args, learn)
        if len(given) != len(wanted) or any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(given, wanted, strict=True)):
            raise ShapeError(f"the first argument should be {show(wanted)}, not {show(given)}")
        for a, b in zip(given, wanted, strict=True):
            if a != b:
                learn(a, b)
        return args[array].shape

    return undo
