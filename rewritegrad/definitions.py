"""Applications replaced by what their operators' blocks define them as (`def square(x) = x^2`, `means a + (-1) * b`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .dimensions import Meet, ignore
from .errors import EvaluationError, RuleFileError, ShapeError
from .patterns import PApply, Pattern, PConstant, PNumber, PSetting, PVar, names, walk
from .settings import SETTINGS
from .shapes import ShapeRule, elementwise
from .term import Shape, Term, make_term, postorder, rebuild
from .theory import Operator, Theory


def instantiate(pattern: Pattern, values: Mapping[str, Term], theory: Theory) -> Term:
    """The term that a pattern without rests and folds stands for, its variables replaced by terms."""
    made: list[Any] = []
    for p in reversed(list(walk(pattern))):  # arguments first; the first argument ends up on top
        match p:
            case PVar(name):
                made.append(values[name])
            case PNumber(_, spelling):
                made.append(theory.number(spelling))
            case PConstant(value):
                made.append(value)
            case PSetting(function, args):
                made.append(_computed(function, [_plain(made.pop(), arg) for arg in args]))
            case PApply(op, args):
                given = [made.pop() for _ in args]
                made.append(theory.make(op, [_setting(a) if q.attribute else a for a, q in zip(given, op.parameters, strict=False)]))
            case _:
                raise EvaluationError(f"a definition cannot use {p}")
    return theory.lift(made.pop())


def _computed(function: str, given: Sequence[Any]) -> Any:
    """What a function of settings gives; ShapeError where these are of another kind than it takes."""
    try:
        return SETTINGS[function](*given)
    except ShapeError:
        raise
    except (TypeError, ValueError, LookupError):
        raise ShapeError(f"a setting cannot be made of {', '.join(map(repr, given))}") from None


def _plain(given: Any, pattern: Pattern) -> Any:
    """What a function that computes settings is given: the value of a setting or of a literal of the definition, the shape of an array."""
    if isinstance(given, Term):
        return given.value if given.op.leaf == "attribute" or not isinstance(pattern, PVar) else given.shape
    return given


def _setting(given: Any) -> Any:
    """A number that stands where an attribute is expected, as the value that it spells."""
    return given.value if isinstance(given, Term) and given.op.leaf == "number" else given


def expand(roots: Iterable[Term], keep: Callable[[Operator], bool]) -> list[Term]:
    """The terms with every application of a defined operator replaced by its definition, but for the operators that `keep` accepts.

    That ends, since no rule file loads in which a definition leads back to itself (`in_order`).
    """
    roots = list(roots)
    order = postorder(*roots)
    while any(t.op.definition is not None and not keep(t.op) for t in order):
        roots = rebuild(roots, lambda term, args: _unfold(term, args, keep), order)
        order = postorder(*roots)
    return roots


def _is_defined(op: Operator, keep: Callable[[Operator], bool]) -> bool:
    return op.definition is not None and not keep(op)


def _unfold(term: Term, args: tuple[Term, ...], keep: Callable[[Operator], bool]) -> Term:
    if _is_defined(term.op, keep):
        names = [p.name for p in term.op.parameters]
        return instantiate(term.op.definition, dict(zip(names, args, strict=True)), term.theory)
    return term if args == term.args else make_term(term.op, args)


MAX_DEPTH = 100
"""Definitions may use one another so many deep."""


def in_order(operators: Iterable[Operator]) -> list[Operator]:
    """The operators that have a definition, each after those that its definition uses.

    RuleFileError where a definition leads back to itself, or leads through more than MAX_DEPTH others.
    """
    waiting = {op: _used(op) for op in operators if op.definition is not None}
    users: dict[Operator, list[Operator]] = {}
    for op, used in waiting.items():
        for other in used:
            users.setdefault(other, []).append(op)
    depth: dict[Operator, int] = {}
    ready = [op for op, used in waiting.items() if not any(other in waiting for other in used)]
    while ready:
        op = ready.pop()
        depth[op] = 1 + max((depth.get(other, 0) for other in waiting.pop(op)), default=0)
        if depth[op] > MAX_DEPTH:
            raise RuleFileError(f"the definition of {op.name} leads through more than {MAX_DEPTH} others", op.position)
        ready.extend(user for user in users.get(op, ()) if not any(other in waiting for other in waiting[user]))
    if waiting:
        op = _on_a_circle(waiting)
        raise RuleFileError(f"the definition of {op.name} leads back to itself", op.position)
    return list(depth)


def _used(op: Operator) -> list[Operator]:
    """The operators in the definition of one, in the order in which they stand there."""
    return [] if op.definition is None else list(dict.fromkeys(p.op for p in walk(op.definition) if isinstance(p, PApply)))


def _on_a_circle(waiting: Mapping[Operator, list[Operator]]) -> Operator:
    """Each of these uses another of them, so that following the first one used leads into a circle."""
    op = next(iter(waiting))
    passed: set[Operator] = set()
    while op not in passed:
        passed.add(op)
        op = next(other for other in waiting[op] if other in waiting)
    return op


def imply_shapes(operators: Iterable[Operator]) -> None:
    """Give the operators that state no shape the shape rule of their definition; RuleFileError where definitions go in circles."""
    for op in in_order(operators):
        if not op.shape_text:
            object.__setattr__(op, "shape_rule", shape_by_definition(op))


def shape_by_definition(op: Operator) -> ShapeRule:
    """The shape rule that the definition of an operator implies; the operators that it uses have theirs."""
    definition = op.definition
    assert definition is not None
    applications = [p for p in walk(definition) if isinstance(p, PApply)]
    if {p.name for p in op.parameters if not p.attribute} <= names(definition) and all(p.op.shape_rule is elementwise for p in applications):
        return elementwise
    parameters = [p.name for p in op.parameters]

    def rule(args: tuple[Term, ...], learn: Meet = ignore) -> Shape:
        values = dict(zip(parameters, args, strict=True))
        if learn is not ignore:
            for application in applications:
                made = instantiate(application, values, op.theory)
                made.op.shape_rule(made.args, learn)
        return instantiate(definition, values, op.theory).shape

    return rule
