"""Applications replaced by what their operators' blocks define them as (`def square(x) = x^2`, `means a + (-1) * b`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .dimensions import Meet, ignore
from .errors import EvaluationError, RuleFileError, ShapeError
from .patterns import Condition, PApply, Pattern, PConstant, PNumber, PSetting, PVar, names, walk
from .readings import Results
from .settings import LISTS, SETTINGS
from .shapes import ShapeRule, elementwise
from .term import Number, Shape, Term, make_term, postorder, rebuild
from .theory import RANKS, Operator, Theory


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
                made.append(theory.make(op, [_setting(a) if q.attribute else _number(a) for a, q in zip(given, op.parameters, strict=False)]))
            case _:
                raise EvaluationError(f"a definition cannot use {p}")
    return theory.lift(made.pop())


def results(several: Results, values: Mapping[str, Term], theory: Theory) -> list[Term] | Term:
    """The terms that a definition of several results stands for, its arguments replaced by terms.

    Where a function of settings gives one setting instead of a list, there is one result.
    """
    if not several.each:
        made = [instantiate(part, values, theory) for part in several.parts]
        return made if len(made) > 1 else made[0]
    (part,) = several.parts
    setting = next(p for p in walk(part) if isinstance(p, PSetting) and p.function in LISTS)
    listed = _computed(setting.function, [_plain(values[p.name] if isinstance(p, PVar) else _literal(p), p) for p in setting.args])
    if not isinstance(listed, list):
        return instantiate(_put(part, setting, PConstant(listed)), values, theory)
    return [instantiate(_put(part, setting, PConstant(value)), values, theory) for value in listed]


def holds(conditions: Iterable[Condition], values: Mapping[str, Term]) -> bool:
    """Whether conditions about ranks and settings hold of these arguments."""
    for condition in conditions:
        first, *rest = condition.args
        value = values[first.name] if isinstance(first, PVar) else first
        if not isinstance(value, Term):
            return False
        if condition.word == "square":
            if len(value.shape) < 2 or value.shape[-1] != value.shape[-2]:
                return False
        elif condition.word in RANKS:
            if len(value.shape) not in RANKS[condition.word]:
                return False
        elif _same(value.value, _literal(rest[0])) != (condition.word == "="):
            return False
    return True


def exact_value(term: Term) -> Number | None:
    """The number that sums and products of numbers are (differences too, by their meaning); None of anything else.

    >>> import rewritegrad as rg
    >>> exact_value(rg.parse("2*3 - 1")), exact_value(rg.parse("2^3")), exact_value(rg.parse("x"))
    (5, None, None)
    """
    roles = term.theory.roles
    (meant,) = expand([term], lambda op: False)
    done: dict[Term, Number | None] = {}
    for part in postorder(meant):
        args = [value for value in map(done.__getitem__, part.args) if value is not None]
        if part.op.leaf == "number":
            done[part] = part.value
        elif len(args) != 2 or part.op not in (roles.get("sum"), roles.get("product")):
            done[part] = None
        else:
            value = args[0] + args[1] if part.op is roles.get("sum") else args[0] * args[1]
            done[part] = value.numerator if value.denominator == 1 else value
    return done[meant]


def _same(left: object, right: object) -> bool:
    """Whether two values of settings are one: True is not 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _literal(pattern: Pattern) -> Any:
    """The value of a literal among the arguments of a function of settings."""
    if isinstance(pattern, PConstant | PNumber):
        return pattern.value
    raise EvaluationError("a list of settings is computed of arguments and literals")


def _put(pattern: Pattern, old: Pattern, new: Pattern) -> Pattern:
    """The pattern with a part replaced (definitions are as deep as a line of a rule file)."""
    if pattern == old:
        return new
    return PApply(pattern.op, tuple(_put(a, old, new) for a in pattern.args)) if isinstance(pattern, PApply) else pattern


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


def _number(given: Any) -> Any:
    """A setting that stands where an array is expected, as the number that it is."""
    return given.value if isinstance(given, Term) and given.op.leaf == "attribute" else given


def _setting(given: Any) -> Any:
    """A number that stands where an attribute is expected, as the value that it spells."""
    return given.value if isinstance(given, Term) and given.op.leaf == "number" else given


def expand(roots: Iterable[Term], keep: Callable[[Operator], bool]) -> list[Term]:
    """The terms with every application of a defined operator replaced by its definition, but for the operators that `keep` accepts.

    That ends, since no rule file loads in which a definition leads back to itself (`in_order`).
    """
    roots = list(roots)
    order = postorder(*roots)
    while any(_is_defined(t.op, keep) for t in order):
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
