"""Terms -> text: infix, which reads back as the same object, and Theano's `pp`.

Parentheses follow from the precedence, associativity and fixity that the op blocks state. Nothing recurses: a term is
taken apart into pieces, texts and smaller terms, on a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import count
from typing import Any, Final, TypeAlias

from .term import Term, postorder

Piece: TypeAlias = str | Term
Pieces: TypeAlias = list[Piece]
Names: TypeAlias = Mapping[Term, str]
TakeApart: TypeAlias = Callable[[Term, Names], Pieces]

ATOM: Final = 1000  # the precedence of what never needs parentheses
TIGHT: Final = frozenset("*/^")  # written without spaces
_TREE_TO_DAG: Final = 4
_OPERATIONS: Final = 1000


def infix(term: Term) -> str:
    """The term as the language writes it, with no more parentheses than needed; reading it gives the same object.

    A large term whose tree is more than four times its DAG becomes a program: `t1 = ...; t2 = ...; result`.

    >>> import rewritegrad as rg
    >>> infix(rg.parse("((x + 1))*(-2)^k - exp((y))"))
    '(x + 1)*(-2)^k - exp(y)'
    """
    return _program(term, infix_pieces)


def count_ops(term: Term) -> int:
    """The operations on the DAG of the printed text: every distinct call, binary operator and unary minus once.

    A negative literal is a number, constants and variables cost nothing, the fraction 1/2 is one operator.
    """
    return operations((term,))


def operations(terms: Iterable[Term]) -> int:
    """The operations of several terms together, those that they share counted once."""
    return sum(map(is_operation, postorder(*terms)))


def theano_pp(term: Term, floats: bool = False) -> str:
    """The term in the style of Theano's `pp`: every operator in parentheses, numbers as spelt (or all as floats).

    >>> import rewritegrad as rg
    >>> theano_pp(rg.parse("x^2 + sin(x)")), theano_pp(rg.parse("2*x"), floats=True)
    ('((x ** 2) + sin(x))', '(2.0 * x)')
    """

    def pieces(t: Term, names: Names) -> Pieces:
        if floats and t.op.leaf == "number":
            return [repr(float(t.value))]
        if t.op.fixity not in ("infix", "prefix"):
            return infix_pieces(t, names)
        sign = t.op.name.replace("^", "**")
        if t.op.fixity == "infix":
            return ["(", t.args[0], f" {sign} ", t.args[1], ")"]
        return ["(", sign + " " * sign.isidentifier(), t.args[0], ")"]

    return _program(term, pieces)


# ---- taking terms apart, for all notations ----


def _program(term: Term, pieces: TakeApart) -> str:
    """The text of a term, after the definitions of the names for its shared parts, if it has any.

    A constant that shares its name with a variable is written as a call, pi(), which means the constant alone.
    """
    parts = shared_parts(term)
    order = postorder(term)
    variables = {t.value for t in order if t.op.leaf == "variable"}
    constants = {t: f"{t.op.name}()" for t in order if t.op.fixity == "constant" and t.op.name in variables}
    names: Names = {**parts, **constants}
    return "; ".join([*(f"{name} = {assemble(part, names, pieces)}" for part, name in parts.items()), assemble(term, names, pieces)])


def assemble(root: Term, names: Names, pieces: TakeApart) -> str:
    """The text of a term, where `pieces` takes one term apart and the terms in `names`, but for itself, are written by name."""
    out: list[str] = []
    stack: list[Piece] = list(reversed(pieces(root, names)))
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
        elif (name := names.get(piece)) is not None:
            out.append(name)
        else:
            stack.extend(reversed(pieces(piece, names)))
    return "".join(out)


def shared_parts(root: Term, name: str = "t{}") -> dict[Term, str]:
    """Names for the subterms that a program writes once, arguments before the terms that use them.

    Empty where the plain text is not much longer than the DAG. No name is one that the term uses otherwise.
    """
    order = postorder(root)
    operations = sum(map(is_operation, order))
    enough = _TREE_TO_DAG * operations + 1
    if operations == 0:
        return {}
    tree: dict[Term, int] = {}  # operations of the tree, counted no further than is enough: they grow like 2^depth
    uses: dict[Term, int] = {}
    taken = set()
    for term in order:
        tree[term] = min(enough + _OPERATIONS, is_operation(term) + sum([tree[arg] for arg in term.args]))
        for arg in term.args:
            uses[arg] = uses.get(arg, 0) + 1
        if not term.args:
            taken.add(term.value if term.op.leaf == "variable" else term.op.name)
    if tree[root] < enough or tree[root] <= _OPERATIONS:
        return {}
    taken.update(op.name for op in root.theory.operators if op.fixity == "constant")
    free = (candidate for k in count(1) if (candidate := name.format(k)) not in taken)
    return {term: next(free) for term in order if uses.get(term, 0) > 1 and is_operation(term)}


def is_operation(term: Term) -> bool:
    if term.op.leaf:
        return term.op.leaf == "number" and "/" in term.detail
    return bool(term.op.fixity != "constant")


def precedence(term: Term) -> int:
    """How tightly the text of a term holds together: its operator's precedence, or that of the sign it begins with."""
    op = term.op
    if op.leaf == "number":
        if "/" in term.detail:
            return sign_precedence(term, "/", 2)
        return sign_precedence(term, "-", 1) if is_signed(term) else ATOM
    return int(op.precedence) if op.fixity in ("infix", "prefix") else ATOM


def sign_precedence(term: Term, sign: str, arguments: int) -> int:
    """The precedence of a sign in the term's theory; loosest where the theory does not have it."""
    for op in term.theory.named(sign):
        if op.arity == arguments:
            return int(op.precedence)
    return 0


def is_signed(term: Term) -> bool:
    """Whether the text begins with a sign: a negative literal, or a prefix operator that is no word."""
    if term.op.leaf == "number":
        return bool(term.value < 0)
    return bool(term.op.fixity == "prefix" and not term.op.name.isidentifier())


def needs_parentheses(child: Term, parent: Term, side: int) -> bool:
    """Whether an operand (side 0: left, or the only one; 1: right) of an infix or prefix operator is put in parentheses."""
    op = parent.op
    inner, outer = precedence(child), op.precedence
    if op.fixity == "prefix":
        return inner < outer or (child.op.leaf == "number" and is_signed(parent) and not is_signed(child))
    if inner != outer:
        return bool(inner < outer and not (side == 1 and is_signed(child)))
    return bool(op.associativity != ("left", "right")[side] or child.op.fixity == "prefix")


# ---- infix ----


def infix_pieces(term: Term, names: Names) -> Pieces:
    """The pieces of one term in the language."""
    op = term.op
    if op.leaf:
        return [leaf_text(term)]
    if op.fixity == "constant":
        return [op.name]
    if op.fixity == "infix":
        sign = op.name if op.name in TIGHT else f" {op.name} "
        return [*_operand(term, 0, names), sign, *_operand(term, 1, names)]
    if op.fixity == "prefix":
        return [op.name + " " * op.name.isidentifier(), *_operand(term, 0, names)]
    if op is term.theory.roles.get("index") and are_places(term.args[1].value):
        return _indexed(term, names)
    return call_pieces(term, op.name + "(", ")")


def leaf_text(term: Term) -> str:
    """A variable, number, boolean or setting as the language writes it."""
    if term.op.leaf == "variable":
        return str(term.value)
    if term.op.leaf == "number":
        return str(term.detail)
    return setting_text(term.value)


def setting_text(value: Any) -> str:
    """An attribute's value as the language writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(setting_text, value))}{',' * (len(value) == 1)})"
    if isinstance(value, str):
        return f"'{value}'" if "'" not in value else f'"{value}"'
    if isinstance(value, Fraction):
        return _decimal(value)
    return repr(value)


def call_pieces(term: Term, opening: str, closing: str) -> Pieces:
    """The arguments of a call: settings that come after all others by keyword, and only where they are not the default."""
    parameters = term.op.parameters
    last = max((i for i, p in enumerate(parameters) if not p.attribute), default=-1)
    pieces: Pieces = [opening]
    for i, (parameter, arg) in enumerate(zip(parameters, term.args, strict=True)):
        if i > last and arg.op.leaf == "attribute":
            if repr(arg.value) == repr(parameter.default):
                continue
            is_index = parameter.index and are_places(arg.value)
            argument: Pieces = [f"{parameter.name}={places_text(arg.value) if is_index else setting_text(arg.value)}"]
        else:
            argument = [arg]
        pieces += [", ", *argument] if len(pieces) > 1 else argument
    return [*pieces, closing]


def _operand(term: Term, side: int, names: Names) -> Pieces:
    operand = term.args[side]
    return ["(", operand, ")"] if operand not in names and needs_parentheses(operand, term, side) else [operand]


def _indexed(term: Term, names: Names) -> Pieces:
    """x[0, 1:]; only names, calls and what is indexed already stand before a bracket without parentheses."""
    array, places = term.args[0], term.args[1].value
    bare = array in names or (precedence(array) == ATOM and array.op.leaf != "number")
    return [*([array] if bare else ["(", array, ")"]), places_text(places)]


def places_text(places: tuple[Any, ...]) -> str:
    """What stands between brackets, with the brackets."""
    return f"[{', '.join(map(_place, places))}]"


def are_places(value: Any) -> bool:
    """Whether a setting is what brackets make: a tuple of what stands for axes."""
    return isinstance(value, tuple) and bool(value) and all(type(v) is int or v in (None, "...") or _is_tagged(v) for v in value)


def _is_tagged(place: Any) -> bool:
    return isinstance(place, tuple) and place[:1] in (("slice",), ("array",))


def _place(place: Any) -> str:
    if not isinstance(place, tuple):
        return str(place)
    if place[0] == "array":
        return repr(place[1]).replace("(", "[").replace(",)", "]").replace(")", "]")
    start, stop, step = ("" if part is None else str(part) for part in place[1:])
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _decimal(value: Fraction) -> str:
    """A fraction as a decimal, which every fraction is that a decimal spelt; else as a quotient."""
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
        if digits > value.denominator.bit_length():
            return str(value)
    text = str(abs(int(value * 10**digits))).rjust(digits + 1, "0")
    return f"{'-' * (value < 0)}{text[: len(text) - digits]}.{text[len(text) - digits :]}"
