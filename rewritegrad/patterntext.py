"""What op blocks say, as text again: patterns, conditions, facts and derivatives, with no more parentheses than needed.

A pattern is as deep as the line that spells it, so that this may recurse.
"""

from __future__ import annotations

from collections.abc import Sequence

from .patterns import COMPARISONS, Condition, PApply, Pattern, PConstant, PEach, PFold, PNumber, PRest, PSetting, PVar
from .printer import ATOM, TIGHT, setting_text
from .theory import Derivative, Gives, Operator

_SIGN = 60
"""How tightly a minus sign holds what follows it, where the pattern is a negative number."""


def pattern_text(pattern: Pattern) -> str:
    """The pattern as a rule file writes it."""
    return _text(pattern)[0]


def _text(pattern: Pattern) -> tuple[str, int]:
    """The text, and how tightly it holds together."""
    match pattern:
        case PVar(name):
            return name, ATOM
        case PRest(name):
            return f"{name}..", ATOM
        case PNumber(_, spelling):
            return spelling, _SIGN if spelling.startswith("-") else ATOM
        case PConstant(value):
            return setting_text(value), ATOM
        case PFold(kind, name):
            return f"{kind}({name}..)", ATOM
        case PEach(op, body):
            return f"{_operand(body, op, 0)}{_sign(op)}...", op.precedence
        case PSetting(function, args):
            return f"{function}({', '.join(map(pattern_text, args))})", ATOM
        case PApply(op, args):
            return _application(op, args)


def _application(op: Operator, args: Sequence[Pattern]) -> tuple[str, int]:
    match op.fixity:
        case "constant":
            return op.name, ATOM
        case "infix":
            return f"{_operand(args[0], op, 0)}{_sign(op)}{_operand(args[1], op, 1)}", op.precedence
        case "prefix":
            return f"{op.name}{' ' * op.name.isidentifier()}{_operand(args[0], op, 1)}", op.precedence
    shown = []
    last = max((i for i, p in enumerate(op.parameters) if not p.attribute), default=-1)
    for i, (parameter, arg) in enumerate(zip(op.parameters, args, strict=True)):
        text = pattern_text(arg)
        if i <= last:
            shown.append(text)
        elif isinstance(arg, PVar | PSetting) or text != setting_text(parameter.default):
            shown.append(f"{parameter.name}={text}")
    return f"{op.name}({', '.join(shown)})", ATOM


def _sign(op: Operator) -> str:
    return op.name if op.name in TIGHT else f" {op.name} "


def _operand(part: Pattern, op: Operator, side: int) -> str:
    text, inner = _text(part)
    loose = inner < op.precedence or (inner == op.precedence and op.fixity == "infix" and op.associativity != ("left", "right")[side])
    return f"({text})" if loose else text


def condition_text(condition: Condition) -> str:
    """`positive(a)`, or `a < b`."""
    args = [pattern_text(arg) for arg in condition.args]
    if condition.word in COMPARISONS:
        return f"{args[0]} {condition.word} {args[1]}"
    return f"{condition.word}({', '.join(args)})"


def _guarded(text: str, conditions: Sequence[Condition]) -> str:
    return f"{text} if {', '.join(map(condition_text, conditions))}" if conditions else text


def gives_text(gives: Gives) -> str:
    """`positive if nonzero(a)`, or `>= 0`: the result, of which the fact is told, is left out."""
    fact = gives.fact
    args = [pattern_text(arg) for arg in fact.args]
    text = f"{fact.word} {args[0]}" if fact.word in COMPARISONS else f"{fact.word}({', '.join(args)})" if args else fact.word
    return _guarded(text, gives.conditions)


def derivative_text(op: Operator, derivative: Derivative) -> str:
    """`d/da b`, `pull A g @ B.T if ...`, as the op block says it."""
    name = op.parameters[derivative.parameter].name
    begin = f"d/d{name}" if derivative.kind == "d" else f"{derivative.kind} {name}"
    return _guarded(f"{begin}  {pattern_text(derivative.body)}", derivative.conditions)


def signature_text(op: Operator) -> str:
    """An application to the operator's own parameters, as its block declares it."""
    names = [p.name if not p.attribute else f"{p.name}={setting_text(p.default)}" for p in op.parameters]
    match op.fixity:
        case "infix":
            return f"{names[0]} {op.name} {names[1]}"
        case "prefix":
            return f"{op.name}{' ' * op.name.isidentifier()}{names[0]}"
        case "constant":
            return op.name
        case _:
            return f"{op.name}({', '.join(names)})"
