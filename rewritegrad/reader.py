"""Formulas: text -> terms.

A program is statements: declarations (`X: matrix[n, m]`), names for subterms (`p = exp(x)`), and the result or results
at the end. Names that nobody declares are real scalars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from lark import Token, Tree

from .applications import Applications
from .calls import Keyword, Rest, Setting, Several, is_literal
from .declarations import exact, read_type, type_of, type_text
from .errors import FormulaError
from .syntax import Node, Source, fold, parse_tree
from .term import Term, make_term
from .theory import Theory, Type


def read(text: str, theory: Theory, types: Mapping[str, str | Type] | None = None, source: str = "<formula>") -> Term | tuple[Term, ...]:
    """The term that a program means, or a tuple of them where its last statement has several, separated by commas.

    `types` declares variables beside the program's own declarations. Raises FormulaError (UnknownNameError for a function
    that the theory does not have, ShapeError for operands that do not fit) with the position in the text.
    """
    program = _Program(theory, Source(text, source))
    for name, type in (types or {}).items():
        program.given[name] = read_type(type, name) if isinstance(type, str) else type
    statements = [s for s in parse_tree(text, "formula", source).children if isinstance(s, Tree)]
    for statement in statements[:-1]:
        program.state(statement)
    if not statements or statements[-1].data != "results":
        program.fail("a formula ends with an expression, its result", statements[-1] if statements else None)
    results = tuple([result for part in statements[-1].children if isinstance(part, Tree) for result in program.results(part)])
    return results[0] if len(results) == 1 else results


def read_one(text: str, theory: Theory, types: Mapping[str, str | Type] | None = None, source: str = "<formula>") -> Term:
    """The term that a program with one result means; FormulaError where it has several."""
    found = read(text, theory, types, source)
    if isinstance(found, Term):
        return found
    raise FormulaError(f"one result is expected here, and the formula has {len(found)}")


def declared_names(text: str, source: str = "<formula>") -> set[str]:
    """The names that a program declares itself. FormulaError where the text is no program.

    >>> sorted(declared_names("X: matrix; v, w: vector; X @ v + w*t"))
    ['X', 'v', 'w']
    """
    statements = [s for s in parse_tree(text, "formula", source).children if isinstance(s, Tree) and s.data == "declaration"]
    left = [s.children[0] for s in statements]
    parts = [part for tree in left if isinstance(tree, Tree) for part in tree.children if isinstance(part, Tree)]
    return {str(part.children[0]) for part in parts if part.data == "name"}


PROPERTIES = {"shape": "shape", "ndim": "ndim", "size": "entries", "mT": "mT", "real": "real", "imag": "imag"}
"""What is written after the dot of an array without brackets, as in NumPy, and the function that it is."""


class _Program(Applications):
    """What the statements so far have said about names."""

    def __init__(self, theory: Theory, source: Source) -> None:
        super().__init__(theory, source)
        self.given: dict[str, Type] = {}
        self._declared: dict[str, Type] = {}
        self._meanings: dict[str, Term] = {}
        self._used: set[str] = set()

    def known_names(self) -> set[str]:
        return {*self._meanings, *self._declared, *self.given}

    # ---- statements ----

    def state(self, statement: Node) -> None:
        """Take in a declaration or a definition."""
        left, *rest = [part for part in statement.children if isinstance(part, Tree)]
        if statement.data == "results":
            self.fail("only the last statement is a result; to give this a name write name = ...", statement)
        tokens = [self._name_in(part, statement.data == "declaration") for part in left.children if isinstance(part, Tree)]
        if statement.data == "declaration":
            for token in tokens:
                self._declare(token, rest[0])
        else:
            self._define(tokens, rest[0])

    def _name_in(self, expression: Node, declared: bool) -> Token:
        if expression.data == "name" and isinstance(expression.children[0], Token):
            return expression.children[0]
        self.fail(f"only a name can be {'declared' if declared else 'given a meaning; to compare write =='}", expression)

    def _declare(self, token: Token, described: Node) -> None:
        name = self._spelled(token)
        if name in self._used:
            self.fail(f"{name} is declared after it was used", token)
        if name in self._meanings:
            self.fail(f"{name} already has a meaning", token)
        type = type_of(described, name, self.source)
        known = self._declared.get(name, self.given.get(name, type))
        if known != type:
            self.fail(f"{name} is declared both {type_text(known)} and {type_text(type)}", token)
        self._declared[name] = type

    def _define(self, tokens: Sequence[Token], expression: Node) -> None:
        names = [self._spelled(token) for token in tokens]
        for i, (name, token) in enumerate(zip(names, tokens, strict=True)):
            if name in self._meanings or name in self._declared or name in names[:i]:
                self.fail(f"{name} already has a meaning", token)
        meanings = self.results(expression, several=True) if len(names) > 1 else [self.expression(expression)]
        if len(meanings) != len(names):
            self.fail(f"{len(names)} names are given {len(meanings)} meaning{'s' * (len(meanings) != 1)}", tokens[-1])
        for name, token, meaning in zip(names, tokens, meanings, strict=True):
            if name in self._used:
                self.fail(f"{name} is given a meaning after it was used", token)
            self._meanings[name] = meaning

    def _spelled(self, token: Token) -> str:
        """The name as Python knows it (an identifier, normalised as Python does)."""
        if token == "_" or not token.isidentifier():
            self.fail(f"{token} is not a name that a variable can have", token)
        return str(token) if token.isascii() else normalize("NFKC", str(token))

    # ---- expressions ----

    def expression(self, tree: Node) -> Term:
        """The term that an expression means."""
        return self._term(fold(tree, self._combine), tree)

    def results(self, tree: Node, several: bool = False) -> list[Term]:
        """The terms that an expression means, several where a function has several results; where numbers may be results, `several` is true."""
        value = fold(tree, self._combine)
        parts = value.parts if isinstance(value, Several) and not value.is_list and (several or not is_literal(value)) else (value,)
        return [self._term(part, tree) for part in parts]

    def _combine(self, node: Node, parts: list[Any]) -> Any:
        match node.data:
            case "name":
                return self._variable(parts[0])
            case "number":
                return self._number(parts[0])
            case "binary":
                return self._binary(node, parts)
            case "call":
                return self._call(node, parts)
            case "qualified":
                return self._call(node, parts, whole=True)
            case "method":
                member = f"{parts[0].value}_{parts[1]}" if isinstance(parts[0], Term) and not self.theory.named(str(parts[1])) else ""
                if self.theory.named(member):  # norm.pdf(x) is norm_pdf(x)
                    return self._call(node, [parts[1].update(value=member), *parts[2:]])
                return self._call(node, [parts[1], parts[0], *parts[2:]], whole=True)
            case "property":
                return self._property(node, parts[1], parts[0])
            case "group":
                return parts[0]
            case "unary":
                return self._unary(node, parts)
            case "indexed":
                return self._indexed(node, parts)
            case "transposed":
                return self._apply(self._role("transpose", parts[1]), [self._term(parts[0], node)], parts[1])
            case "boolean":
                return self.theory.boolean(parts[0] == "True")
            case "none":
                return Setting(None)
            case "string":
                return Setting(str(parts[0][1:-1]))
            case "tuple":
                return Several(tuple(parts), tuple(node.children), is_list=False)
            case "list":
                return Several(tuple(parts[1:]), tuple(node.children[1:]), is_list=True)
            case "ellipsis":
                return Rest(parts[0])
            case "keyword":
                return Keyword(parts[0], parts[2])
            case "slice":
                ends = [None if p is None else self._setting(p, child) for p, child in zip(parts, node.children, strict=True)]
                return Setting(("slice", *ends))
            case _:
                self.fail(f"`{parts[0]}` belongs into rule files", parts[0])

    def _property(self, node: Node, token: Token, array: Any) -> Any:
        """x.shape is shape(x); functions that NumPy does not have as properties of arrays are called."""
        if str(token) not in PROPERTIES:
            self.fail(f"arrays have the properties T, {', '.join(PROPERTIES)}; a function is called, as x.{token}()", token)
        return self._call(node, [token.update(value=PROPERTIES[str(token)]), array])

    def _number(self, token: Token, sign: str = "") -> Term:
        value = int(token) if token.isdigit() and len(token) < 20 else exact(token, self.source)
        return self.theory.number(-value if sign else value, sign + str(token))

    def _variable(self, token: Token) -> Term:
        name = self._spelled(token)
        meaning = self._meanings.get(name)
        if meaning is not None:
            return meaning
        self._used.add(name)
        type = self._declared.get(name) or self.given.get(name)
        if type is None:
            for op in self.theory.named(name):
                if op.fixity == "constant":
                    return make_term(op)
        return self.theory.variable(name, type or Type())

    def _binary(self, node: Node, parts: list[Any]) -> Term:
        left, token, right = parts
        op = self._operator(str(token), "infix", token)
        return self._apply(op, [self._term(left, node), self._term(right, node)], token)

    def _unary(self, node: Node, parts: list[Any]) -> Term:
        """A minus sign directly before a number belongs to it (the grammar has seen to `-2^2`, where it does not)."""
        token, operand = parts
        child = node.children[1]
        if token.type == "MINUS" and isinstance(child, Tree) and child.data == "number" and isinstance(child.children[0], Token):
            return self._number(child.children[0], "-")
        return self._apply(self._operator(str(token), "prefix", token), [self._term(operand, node)], token)
