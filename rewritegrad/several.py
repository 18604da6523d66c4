"""Definitions that calls are read away by: of several results, of a part of an array, or for some arguments only.

    def eigh(A) = (eigvalsh(A), eigenvectors(A))                            eigh(A)[0]; or: w, v = eigh(A)
    def split(X, sections=1, axis=0) = (index(X, split_places(X, sections, axis)), ...)     one for each value of a list of settings
    def set_subtensor(X[at], Y) = put(fill(index(X, at), Y), X, at)         the array and the index of the argument x[1:3]
    def norm(X, ord=None) = sum(svdvals(X))  if ord = 'nuc', matrix(X)      the first that fits, of several and of operators

A call is read as what it means: nothing of that name is left of it.
"""

from __future__ import annotations

from .opblocks import Block, defaults
from .patterns import PConstant, PNumber, PSetting, PVar, walk
from .readings import Results
from .rulepatterns import PatternReader
from .settings import LISTS
from .syntax import Node, tokens, trees
from .theory import RANKS, Parameter, Theory

FIELDS = ("also", "doc")


def is_several(tree: Node) -> bool:
    """Whether a `def` block is one of these."""
    signature, body, *others = trees(tree)
    kinds = [argument.data for argument in trees(signature)]
    settings = [kind == "keyword" for kind in kinds]
    mixed = kinds[:1] == ["name"] and settings != sorted(settings)  # b of logsumexp(X, axis=None, b)
    return mixed or body.data == "tuple" or "indexed" in kinds or any(part.data == "conditions" for part in others)


def read_results(block: Block, theory: Theory) -> Results:
    """What such a `def` block says."""
    signature, body, *others = trees(block.tree)
    guards = [part for part in others if part.data == "conditions"]
    for field in others:
        if field.data not in (*FIELDS, "conditions"):
            block.fail(field, f"a definition of several results has no field but {' and '.join(FIELDS)}")
    if signature.data != "call":
        block.fail(signature, "a definition of several results is written def f(X, axis=0) = (g(X, axis), h(X, axis))")
    parameters: list[Parameter] = []
    places: list[str] = []
    for argument in trees(signature):
        if argument.data != "indexed":
            parameters += defaults(block, [argument])
            places.append("")
            continue
        inside = trees(argument)
        if len(inside) != 2 or any(part.data != "name" for part in inside):
            block.fail(argument, "the part of an array is written X[at]: a name for the array, and one for the index")
        array, index = (str(tokens(part)[0]) for part in inside)
        parameters.append(Parameter(array, elementwise=False))
        places.append(index)
    known = [*(p.name for p in parameters), *filter(None, places)]
    reader = PatternReader(theory, block.source, known)
    reader.computes = True
    trees_of_parts = trees(body) if body.data == "tuple" else [body]
    each = trees_of_parts[-1].data == "ellipsis"
    parts = tuple(reader.pattern(tree) for tree in (trees_of_parts[:-1] if each else trees_of_parts))
    conditions = tuple(condition for guard in guards for condition in reader.conditions(guard))
    for condition in conditions:
        rank, compared = condition.word in (*RANKS, "square"), condition.word in ("=", "!=")
        named = [isinstance(p, PVar) for p in condition.args]
        if not (rank and named == [True]) and not (compared and named == [True, False] and isinstance(condition.args[1], PConstant | PNumber)):
            block.fail(guards[0], "such a condition is a rank, as matrix(X), square(X), or a setting and a literal: axis = None, ord != 2")
    for use in reader.uses:
        if use.name not in known:
            block.fail(use.token, f"unbound name {use.name}")
    lists = [p for part in parts for p in walk(part) if isinstance(p, PSetting) and p.function in LISTS]
    if each != bool(lists) or (each and (len(parts) != 1 or len(set(lists)) != 1)):
        block.fail(body, "`(p, ...)` gives p for each value of the one list of settings that p computes, by a function of LISTS")
    return Results(tuple(parameters), tuple(places), parts, each, conditions)
