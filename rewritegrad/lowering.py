"""Terms on their way into an e-graph: definitions expanded, sums and products of one parent entered flat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any

from . import definitions
from .egraph.language import Kind, Language
from .egraph.looking import Additions
from .egraph.multiset import Engine
from .errors import LimitError
from .term import Term, postorder
from .theory import Operator, Theory


def language_of(theory: Theory) -> Language:
    """How the e-graph stores the operators of a theory (computed once)."""
    return theory.derived(_language)


def plain_language_of(theory: Theory) -> Language:
    """A language in which every operator is plain."""
    return theory.derived(_plain_language)


def _plain_language(theory: Theory) -> Language:
    return Language(numbers=theory.leaf("number"), spelled=True)


def _language(theory: Theory) -> Language:
    roles = theory.roles
    tied = all(role in roles and (role == "power" or roles[role].is_multiset) for role in ("sum", "product", "power"))
    kinds: dict[Any, Kind] = {}
    units: dict[Any, tuple[Any, Any]] = {"boolean": (theory.leaf("boolean"), None)}
    zeros: dict[Any, tuple[Any, Any]] = {}
    for op in theory.operators:
        if not op.is_multiset:
            continue
        if tied and op is roles["sum"]:
            kinds[op] = Kind.LINEAR
        elif tied and op is roles["product"]:
            kinds[op] = Kind.POWERS
        else:
            kinds[op] = Kind.IDEMPOTENT if "idempotent" in op.flags else Kind.COUNTED
        for table, value in ((units, op.unit), (zeros, op.zero)):
            if value is not None:
                table[op] = (theory.leaf("boolean" if isinstance(value, bool) else "number"), value)
    return Language(
        kinds=kinds,
        linear=roles["sum"] if tied else None,
        powers=roles["product"] if tied else None,
        raised=roles["power"] if tied else None,
        fill=roles.get("fill"),
        numbers=theory.leaf("number"),
        units=units,
        zeros=zeros,
    )


def leaf_value(term: Term, language: Language) -> Any:
    """What an e-graph holds for a leaf: the exact value of a number or boolean, else (and where literals are kept as spelt) the term itself."""
    return term.value if not language.spelled and term.op.leaf in ("number", "boolean") else term


def enter(engine: Engine | Additions, terms: Sequence[Term], deadline: float | None = None) -> list[int]:
    """The ids of terms of one theory; LimitError where a deadline passes. Outside a plain e-graph, definitions are expanded before."""
    if engine.language.spelled:
        return _enter(engine, terms, {}, deadline)
    terms = definitions.expand(terms, keep=_is_kept)
    return _enter(engine, terms, _absorbed(terms), deadline)


def _is_kept(op: Operator) -> bool:
    return False


def _absorbed(roots: Iterable[Term]) -> dict[Term, None]:
    """The applications of an associative-commutative operator whose only use is as an argument of the same operator."""
    uses: dict[Term, int] = dict.fromkeys(roots, 2)
    users: dict[Term, Term] = {}
    order = postorder(*uses)
    for term in order:
        for arg in term.args:
            uses[arg] = uses.get(arg, 0) + 1
            users[arg] = term
    return {t: None for t in order if uses.get(t) == 1 and not t.op.leaf and t.op.is_multiset and users[t].op is t.op}


def _members(term: Term, absorbed: dict[Term, None]) -> list[Term]:
    """The arguments of a multiset, those of absorbed inner ones in their place."""
    members: list[Term] = []
    stack = list(reversed(term.args))
    while stack:
        arg = stack.pop()
        if arg in absorbed:
            stack.extend(reversed(arg.args))
        else:
            members.append(arg)
    return members


def _enter(engine: Engine | Additions, terms: Sequence[Term], absorbed: dict[Term, None], deadline: float | None) -> list[int]:
    ids: dict[Term, int] = {}
    plain = engine.language.spelled
    for count, term in enumerate(postorder(*terms)):
        if deadline is not None and not count % 32 and perf_counter() > deadline:
            raise LimitError("the time is over before the terms have been entered")
        if term.op.leaf:
            ids[term] = engine.number(term.value) if _is_number(engine, term) else engine.leaf(term.op, leaf_value(term, engine.language))
        elif term not in absorbed:
            args = _members(term, absorbed) if term.op.is_multiset and not plain else term.args
            ids[term] = engine.add(term.op, tuple([ids[arg] for arg in args]))
    return [ids[term] for term in terms]


def _is_number(engine: Engine | Additions, term: Term) -> bool:
    return term.op.leaf == "number" and engine.one >= 0
