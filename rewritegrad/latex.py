r"""Terms -> LaTeX, by the templates that the op blocks state.

A template is TeX with #1, #2, ... for the arguments, as in a TeX macro: `latex "\frac{#1}{#2}"`. An argument that stands
within braces, bars or brackets of its own is never put in parentheses, any other one where the operator's precedence asks
for it. A template without arguments is the name of a function: `latex "\arcsin"`. Operators without a template are
written with their own name.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import zip_longest
from typing import Final, TypeAlias

from .printer import (
    ATOM,
    Names,
    Pieces,
    are_places,
    assemble,
    call_pieces,
    is_signed,
    leaf_text,
    needs_parentheses,
    places_text,
    precedence,
    shared_parts,
    sign_precedence,
)
from .term import Term

_GREEK: Final = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega"
    "|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_COMMANDS: Final = re.compile(  # the functions that LaTeX has a command for
    "arccos|arcsin|arctan|arg|cos|cosh|cot|coth|csc|deg|det|dim|exp|gcd|inf|ker|lg|ln|log|max|min|sec|sin|sinh|sup|tan|tanh"
)
_NAME: Final = re.compile(r"([^\W\d_]+)_?(\d*)(?:_(\w+))?")
_ARGUMENT: Final = re.compile(r"#([1-9])")
_OPEN: Final = {"{": "}", "|": "|", "[": "]"}
_PRODUCT: Final = " "  # between the arguments of a template: they are multiplied by being put side by side


def latex(term: Term) -> str:
    r"""The term as LaTeX; where `str` gives a program, the lines of an aligned environment.

    >>> import rewritegrad as rg
    >>> print(latex(rg.parse("sqrt(x_1)/(2*alpha^2)")))
    \frac{\sqrt{x_{1}}}{2 \alpha^{2}}
    """
    names = {part: name_latex(name) for part, name in shared_parts(term).items()}
    result = assemble(term, names, _pieces)
    if not names:
        return result
    lines = [f"{name} &= {assemble(part, names, _pieces)}" for part, name in names.items()]
    return "\\begin{aligned} " + " \\\\ ".join([*lines, f"& {result}"]) + " \\end{aligned}"


def name_latex(name: str) -> str:
    r"""A variable's name: Greek letters by name, digits and what follows an underscore as a subscript.

    >>> print(name_latex("alpha"), name_latex("x12"), name_latex("v_max"), name_latex("rate"))
    \alpha x_{12} v_{\mathrm{max}} \mathrm{rate}
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return _upright(name)
    letters, digits, rest = found.groups()
    base = f"\\{letters}" if _GREEK.fullmatch(letters) else letters if len(letters) == 1 else _upright(letters)
    subscript = ",".join(part for part in (digits, rest and (rest if len(rest) == 1 or rest.isdigit() else _upright(rest))) if part)
    return f"{base}_{{{subscript}}}" if subscript else base


def _upright(name: str) -> str:
    return "\\mathrm{" + name.replace("_", "\\_") + "}"


_Parts: TypeAlias = tuple[str | tuple[int, bool], ...]


@cache
def _parts(template: str) -> _Parts:
    """A template taken apart: texts, and arguments by number with whether they are delimited."""
    parts: list[str | tuple[int, bool]] = []
    end = 0
    for found in _ARGUMENT.finditer(template):
        before, after = template[: found.start()], template[found.end() :]
        parts += [template[end : found.start()], (int(found[1]) - 1, bool(before) and _OPEN.get(before[-1]) == after[:1])]
        end = found.end()
    parts.append(template[end:])
    return tuple(part for part in parts if part != "")


def _template(term: Term) -> str:
    """The operator's template, or what its fixity makes of its name."""
    op = term.op
    if op.latex:
        return str(op.latex)
    if op.fixity == "constant":
        return name_latex(op.name)
    name = f"\\mathbin{{{_upright(op.name)}}}" if op.name.isidentifier() else op.name
    if op.fixity == "infix":
        return f"#1 {name} #2"
    if op.fixity == "prefix":
        return f"{name}#1"
    return f"\\{op.name}" if _COMMANDS.fullmatch(op.name) else f"\\operatorname{{{op.name.replace('_', chr(92) + '_')}}}"


def _pieces(term: Term, names: Names) -> Pieces:
    op = term.op
    if op.leaf == "variable":
        return [name_latex(term.value)]
    if op.leaf == "number":
        return [_number(term.detail)]
    if op.leaf:
        return [f"\\mathrm{{{leaf_text(term)}}}"]
    if op is term.theory.roles.get("index") and are_places(term.args[1].value):
        return ["{", term.args[0], "}_{", places_text(term.args[1].value)[1:-1].replace("...", "\\ldots"), "}"]
    template = _template(term)
    parts = _parts(template)
    if op.fixity == "call" and "#" not in template:
        return call_pieces(term, template + "\\left(", "\\right)")
    pieces: Pieces = []
    for part, after in zip_longest(parts, parts[1:], fillvalue=""):
        if isinstance(part, str):
            pieces.append(part)
            continue
        index, delimited = part
        argument = term.args[index]
        is_base = isinstance(after, str) and after.startswith("^")
        if not delimited and argument not in names and _parenthesised(argument, term, index, is_base):
            pieces += ["\\left(", argument, "\\right)"]
        else:
            if pieces[-1:] == [_PRODUCT] and argument not in names and _begins_with_digit(argument):
                pieces[-1] = " \\cdot "
            pieces.append(argument)
    return pieces


def _parenthesised(child: Term, parent: Term, index: int, is_base: bool) -> bool:
    """Whether an argument that nothing delimits needs parentheses."""
    if child.op.leaf == "number" and "e" in child.detail.lower():
        loosest = sign_precedence(child, "*", 2) + (index == 0)
        return bool(parent.op.fixity == "call" or parent.op.precedence >= loosest)
    parts = () if child.op.leaf else _parts(_template(child))
    if is_base and any(isinstance(part, str) and "^" in part for part in parts):
        return True
    delimited = bool(parts) and all(isinstance(part, str) or part[1] for part in parts)
    if delimited and not is_base:
        return False
    if parent.op.fixity == "call":
        return precedence(child) < ATOM
    return (is_signed(child) and (index == 1 or is_signed(parent))) or needs_parentheses(child, parent, index)


def _begins_with_digit(term: Term) -> bool:
    """Whether the text begins with a digit, so that a number before it would run into it."""
    if term.op.leaf == "number":
        return not is_signed(term)
    if term.op.leaf or not _template(term).startswith("#1"):
        return False
    first = term.args[0]
    return bool(first.op.leaf == "number" and not is_signed(first))


def _number(spelling: str) -> str:
    mantissa, e, exponent = spelling.lower().partition("e")
    if "/" in spelling:
        numerator, _, denominator = spelling.partition("/")
        sign = "-" * numerator.startswith("-")
        return f"{sign}\\frac{{{numerator.lstrip('-')}}}{{{denominator}}}"
    return f"{mantissa} \\cdot 10^{{{int(exponent)}}}" if e else mantissa
