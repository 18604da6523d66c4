"""Shape rules that are spelt as signatures: `(..., n, k), (..., k, m) -> (..., n, m) | (k), (k) -> ()`.

Each alternative gives the axes of every array argument and those of the result. A name is the same size wherever it
stands, an integer just that size, and `...` any number of axes, which broadcast. A size of the result may be computed:
`n + m`, `n * m`, `n // 2`, `min(n, m)`, `max(n, m)`, `abs(k)`, also from settings of the operator that are integers. The
first alternative whose ranks and integers fit is taken.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .dimensions import Meet, add, greatest, ignore, least, multiply, quotient
from .errors import ShapeError
from .shapes import broadcast, show
from .term import Dimension, Shape

Formula: TypeAlias = Callable[[Mapping[str, Dimension]], Dimension]
Item: TypeAlias = ast.expr
USAGE = "a shape signature is (n, k), (k, m) -> (n, m)"


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes of one argument: names and integers, those before and those after `...` where there is one (`open`)."""

    before: tuple[str | int, ...]
    after: tuple[str | int, ...]
    open: bool
    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One alternative; the axes of the result are computed from the sizes that the arguments bind, None standing for `...`."""

    inputs: tuple[Axes, ...]
    output: tuple[Formula | None, ...]


def parse_signature(text: str, arrays: int, settings: Collection[str]) -> Signature:
    """The alternative that a text spells, for so many array arguments and settings of these names; ValueError says what is wrong."""
    left, arrow, right = text.partition("->")
    results = _groups(right)
    if not arrow or len(results) != 1:
        raise ValueError(f"{USAGE}, not {text.strip()!r}")
    inputs = tuple(_axes(group, settings) for group in _groups(left))
    if len(inputs) != arrays:
        raise ValueError(f"{text.strip()!r} gives shapes to {len(inputs)} arguments, not to {arrays}")
    bound = {name for axes in inputs for name in (*axes.before, *axes.after) if isinstance(name, str)}
    output: list[Formula | None] = []
    for item in _items(results[0]):
        if _is_rest(item):
            if None in output or not any(axes.open for axes in inputs):
                raise ValueError("`...` in the result stands for the axes that `...` of the arguments broadcast to, once")
            output.append(None)
        else:
            output.append(_formula(item, bound, settings))
    return Signature(inputs, tuple(output))


def apply_signatures(
    signatures: Sequence[Signature], shapes: Sequence[Shape], settings: Mapping[str, Any], learn: Meet = ignore
) -> Shape:
    """The result of the first alternative that fits the shapes; ShapeError where none does."""
    for signature in signatures:
        found = _applied(signature, shapes, settings, learn)
        if found is not None:
            return found
    wanted = " or ".join(", ".join(f"({axes.text})" for axes in s.inputs) for s in signatures)
    raise ShapeError(f"shapes {', '.join(show(s) for s in shapes)} do not fit {wanted}")


def _applied(signature: Signature, shapes: Sequence[Shape], settings: Mapping[str, Any], learn: Meet) -> Shape | None:
    bound: dict[str, Dimension] = {}
    leading: list[Shape] = []
    for axes, shape in zip(signature.inputs, shapes, strict=True):
        extra = len(shape) - len(axes.before) - len(axes.after)
        if extra < 0 or (extra and not axes.open):
            return None
    for axes, shape in zip(signature.inputs, shapes, strict=True):
        end = len(shape) - len(axes.after)
        leading.append(shape[len(axes.before) : end])
        for name, dim in zip((*axes.before, *axes.after), (*shape[: len(axes.before)], *shape[end:]), strict=True):
            known = name if isinstance(name, int) else bound.setdefault(name, dim)
            if known == dim:
                continue
            if isinstance(known, int) and isinstance(dim, int):
                return None
            learn(known, dim)
            if isinstance(dim, int) and isinstance(name, str):
                bound[name] = dim
    try:
        batch = broadcast(leading, learn)
    except ShapeError:
        return None
    values = {**settings, **bound}
    result: list[Dimension] = []
    for formula in signature.output:
        if formula is None:
            result += batch
        else:
            result.append(formula(values))
    return tuple(result)


# ---- reading ----


def _groups(text: str) -> list[str]:
    """What stands between the outermost parentheses."""
    found: list[str] = []
    depth, start = 0, 0
    for i, sign in enumerate(text):
        if sign == "(":
            depth += 1
            start = i + 1 if depth == 1 else start
        elif sign == ")":
            depth -= 1
            if depth == 0:
                found.append(text[start:i])
        elif depth == 0 and sign not in ", \t":
            raise ValueError(f"{USAGE}; what is {sign!r} outside the parentheses of {text.strip()!r}?")
        if depth < 0:
            break
    if depth:
        raise ValueError(f"the parentheses of {text.strip()!r} do not match")
    return found


def _items(text: str) -> list[Item]:
    try:
        parsed = ast.parse(f"[{text.strip()}]", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"the axes ({text.strip()}) are names, integers and `...`, separated by commas") from None
    assert isinstance(parsed, ast.List)
    return parsed.elts


def _is_rest(item: Item) -> bool:
    return isinstance(item, ast.Constant) and item.value is Ellipsis


def _axes(text: str, settings: Collection[str]) -> Axes:
    sides: list[list[str | int]] = [[]]
    for item in _items(text):
        if _is_rest(item):
            sides.append([])
        elif isinstance(item, ast.Name) and item.id not in settings:
            sides[-1].append(item.id)
        elif isinstance(item, ast.Constant) and type(item.value) is int:
            sides[-1].append(item.value)
        else:
            raise ValueError(f"an axis of an argument is a name, an integer or `...`, not {ast.unparse(item)}")
    if len(sides) > 2:
        raise ValueError(f"`...` stands once in ({text})")
    return Axes(tuple(sides[0]), tuple(sides[-1]) if len(sides) == 2 else (), len(sides) == 2, text.strip())


_BINARY: dict[type[ast.operator], Callable[[Dimension, Dimension], Dimension]] = {
    ast.Add: add,
    ast.Sub: lambda a, b: add(a, multiply(b, -1)),
    ast.Mult: multiply,
    ast.FloorDiv: quotient,
}


def _magnitude(size: Dimension) -> Dimension:
    if not isinstance(size, int):
        raise ShapeError(f"abs is of integers, not of the size {size}")
    return abs(size)


_FUNCTIONS: dict[str, Callable[..., Dimension]] = {"min": least, "max": greatest, "abs": _magnitude}


def _formula(item: Item, bound: Collection[str], settings: Collection[str]) -> Formula:
    """What computes a size of the result."""
    match item:
        case ast.Name(name) if name in bound:
            return lambda values: values[name]
        case ast.Name(name) if name in settings:
            return lambda values: _integer(name, values[name])
        case ast.Name(name):
            raise ValueError(f"dimension {name} of the result is bound by no argument")
        case ast.Constant(number) if type(number) is int:
            return lambda values: number
        case ast.UnaryOp(ast.USub(), operand):
            negated = _formula(operand, bound, settings)
            return lambda values: multiply(negated(values), -1)
        case ast.BinOp(left, sign, right) if type(sign) in _BINARY:
            first, second, combine = _formula(left, bound, settings), _formula(right, bound, settings), _BINARY[type(sign)]
            return lambda values: combine(first(values), second(values))
        case ast.Call(ast.Name(name), args, []) if name in _FUNCTIONS and args and (name != "abs" or len(args) == 1):
            parts, function = [_formula(arg, bound, settings) for arg in args], _FUNCTIONS[name]
            return lambda values: function(*[part(values) for part in parts])
    raise ValueError(f"a size of the result is made with + - * // min max abs, not {ast.unparse(item)}")


def _integer(name: str, value: Any) -> int:
    if type(value) is not int:
        raise ShapeError(f"{name} is an integer, not {value!r}")
    return value
