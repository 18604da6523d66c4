"""Definitions for any number of arguments: `def stack(X.., axis=0) = concatenate(expand_dims(X, axis), ..., axis)`.

`p, ...` in a call, and `p + ...` between arguments, is p for each argument, combined by the operator two at a time. Such a
call is read as what it means for the number of arguments that it has: there is no operator of that name.
"""

from __future__ import annotations

from lark import Token, Tree

from .opblocks import Block, defaults
from .patterns import PApply, Pattern, PEach, names
from .readings import EACH, Spelling
from .rulepatterns import PatternReader
from .syntax import Node, tokens, trees
from .theory import Theory

FIELDS = ("also", "doc")


def is_variadic(tree: Node) -> bool:
    """Whether a `def` block is one for any number of arguments."""
    return any(argument.data == "rest" for argument in trees(trees(tree)[0]))


def read_spelling(block: Block, theory: Theory) -> Spelling:
    """What a `def` block for any number of arguments says; the body is read for two arguments, and what it makes of these told apart."""
    signature, body, *fields = trees(block.tree)
    rest, *settings = trees(signature)
    if signature.data != "call" or rest.data != "rest" or any(setting.data != "keyword" for setting in settings):
        block.fail(signature, "a definition for any number of arguments is written def f(X.., axis=0) = g(X, ..., axis)")
    for field in fields:
        if field.data not in FIELDS:
            block.fail(field, f"a definition for any number of arguments has no field but {' and '.join(FIELDS)}")
    name = str(tokens(rest)[0]).removesuffix("..")
    parameters = defaults(block, settings)
    reader = PatternReader(theory, block.source, {*_INSIDE, *(p.name for p in parameters)})
    read = reader.pattern(_spread(block, body, name))
    for use in reader.uses:
        if use.name not in reader.parameters:
            alone = f"{use.name} stands for several arguments: write f({use.name}, ...)"
            block.fail(use.token, alone if use.name == name else f"unbound name {use.name}")
    return Spelling(parameters, _folded(read))


_INSIDE = (EACH, "the next")
"""How the first and the second argument are called while a body is read."""


def _folded(pattern: Pattern) -> Pattern:
    """The pattern with a single `PEach` where an operator is applied to what is made of the first and of the second argument."""
    if not isinstance(pattern, PApply):
        return pattern
    args = pattern.args
    if len(args) > 1 and _INSIDE[0] in names(args[0]) and _INSIDE[1] in names(args[1]) and not {_INSIDE[1]} & names(args[0]):
        return PApply(pattern.op, (PEach(pattern.op, args[0]), *args[2:]))
    return PApply(pattern.op, tuple(map(_folded, args)))


def _spread(block: Block, tree: Node, name: str) -> Node:
    """The tree with `p, ...` and `p + ...` written out for two arguments (a body is as deep as a line of a rule file)."""
    children = list(tree.children)
    at = next((i for i, c in enumerate(children) if isinstance(c, Tree) and c.data == "ellipsis"), None)
    if at is not None and tree.data in ("call", "binary"):
        before = 1 if tree.data == "call" else 0
        each = children[before]
        if at == before or not isinstance(each, Tree):
            block.fail(tree, "`...` stands after what is done with each argument: f(X, ...)")
        parts = [_renamed(each, name, new) for new in _INSIDE]
        written = [children[0], *parts, *children[at + 1 :]] if tree.data == "call" else [parts[0], children[1], parts[1]]
        return Tree(tree.data, written, tree.meta)
    return Tree(tree.data, [_spread(block, c, name) if isinstance(c, Tree) else c for c in children], tree.meta)


def _renamed(tree: Node, name: str, new: str) -> Node:
    """The tree with another name in the place of one."""
    children = [
        _renamed(c, name, new) if isinstance(c, Tree) else c.update(value=new) if tree.data == "name" and isinstance(c, Token) and c == name else c
        for c in tree.children
    ]
    return Tree(tree.data, children, tree.meta)
