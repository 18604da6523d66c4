"""Applications replaced by what their operators' blocks define them as (`def square(x) = x^2`, `means a + (-1) * b`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import EvaluationError
from .patterns import PApply, Pattern, PConstant, PNumber, PVar, walk
from .term import Term, make_term, postorder, rebuild
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
            case PApply(op, args):
                given = [made.pop() for _ in args]
                made.append(theory.make(op, [_setting(a) if q.attribute else a for a, q in zip(given, op.parameters, strict=False)]))
            case _:
                raise EvaluationError(f"a definition cannot use {p}")
    return theory.lift(made.pop())


def _setting(given: Any) -> Any:
    """A number that stands where an attribute is expected, as the value that it spells."""
    return given.value if isinstance(given, Term) and given.op.leaf == "number" else given


def expand(roots: Iterable[Term], keep: Callable[[Operator], bool]) -> list[Term]:
    """The terms with every application of a defined operator replaced by its definition, but for the operators that `keep` accepts.

    EvaluationError where a definition leads back to itself.
    """
    roots = list(roots)
    checked: set[Operator] = set()
    while defined := [t.op for t in postorder(*roots) if _is_defined(t.op, keep)]:
        for op in dict.fromkeys(defined):
            if op not in checked:
                _check_ends(op, keep)
                checked.add(op)
        roots = rebuild(roots, lambda term, args: _unfold(term, args, keep))
    return roots


def _check_ends(start: Operator, keep: Callable[[Operator], bool]) -> None:
    """EvaluationError where the definition of an operator uses the operator, through others too."""
    seen: set[Operator] = set()
    stack = [start]
    while stack:
        definition = stack.pop().definition
        used = [p.op for p in walk(definition) if isinstance(p, PApply) and _is_defined(p.op, keep)] if definition is not None else []
        if start in used:
            raise EvaluationError(f"the definition of {start.name} leads back to itself")
        stack.extend(op for op in used if op not in seen)
        seen.update(used)


def _is_defined(op: Operator, keep: Callable[[Operator], bool]) -> bool:
    return op.definition is not None and not keep(op)


def _unfold(term: Term, args: tuple[Term, ...], keep: Callable[[Operator], bool]) -> Term:
    if _is_defined(term.op, keep):
        names = [p.name for p in term.op.parameters]
        return instantiate(term.op.definition, dict(zip(names, args, strict=True)), term.theory)
    return term if args == term.args else make_term(term.op, args)
