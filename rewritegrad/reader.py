"""Formulas: text -> terms.

A program is statements: declarations (`X: matrix[n, m]`), names for subterms (`p = exp(x)`), and the result or results
at the end. Names that nobody declares are real scalars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn
from unicodedata import normalize

from lark import Token, Tree

from .calls import Keyword, Rest, Setting, Several, fits, fits_exactly, is_literal
from .declarations import exact, read_type, type_of, type_text
from .definitions import instantiate
from .errors import FormulaError, RewritegradError, ShapeError, UnknownNameError
from .patterns import PConstant, PVar
from .syntax import Node, Source, fold, parse_tree
from .term import Term, make_term
from .theory import Operator, Parameter, Spelling, Theory, Type


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
    results = tuple(program.expression(part) for part in statements[-1].children if isinstance(part, Tree))
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


class _Program:
    """What the statements so far have said about names."""

    def __init__(self, theory: Theory, source: Source) -> None:
        self.theory = theory
        self.source = source
        self.given: dict[str, Type] = {}
        self._declared: dict[str, Type] = {}
        self._meanings: dict[str, Term] = {}
        self._used: set[str] = set()

    def fail(self, message: str, place: Token | Node | None, error: type[RewritegradError] = FormulaError) -> NoReturn:
        """Raise an error that points at a place (None: the beginning)."""
        raise error(message, self.source.at(1, 1) if place is None else self.source.position(place))

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
        elif len(tokens) > 1:
            self.fail("one name is given a meaning at a time", tokens[1])
        else:
            self._define(tokens[0], rest[0])

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

    def _define(self, token: Token, expression: Node) -> None:
        name = self._spelled(token)
        if name in self._meanings or name in self._declared:
            self.fail(f"{name} already has a meaning", token)
        meaning = self.expression(expression)
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

    def _term(self, value: Any, place: Token | Node) -> Term:
        if isinstance(value, Term):
            return value
        if isinstance(value, Rest):
            self.fail("`...` belongs into indices and rule files", value.token)
        shown = "None" if isinstance(value, Setting) and value.value is None else "a tuple, a list or a text"
        self.fail(f"{shown} can only be a setting of a function, as in sum(X, axis=0)", place)

    def _setting(self, value: Any, place: Any) -> Any:
        """The plain value of an attribute."""
        if isinstance(value, Setting):
            return value.value
        if isinstance(value, Several):
            return tuple([self._setting(part, at) for part, at in zip(value.parts, value.places, strict=True)])
        if isinstance(value, Term) and value.op.leaf in ("number", "boolean"):
            return value.value
        self.fail("a setting is a number, a text, True, False, None or a tuple of these", place)

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

    def _operator(self, name: str, fixity: str, token: Token) -> Operator:
        for op in self.theory.named(name):
            if op.fixity == fixity:
                return op
        self.fail(f"this theory has no {fixity} operator {name}", token, UnknownNameError)

    def _role(self, role: str, token: Token) -> Operator:
        try:
            return self.theory.role(role)
        except FormulaError as error:
            self.fail(error.message, token)

    def _apply(self, op: Operator, args: Sequence[Term], place: Token | Node) -> Term:
        try:
            return make_term(op, tuple(args))
        except ShapeError as error:
            raise ShapeError(error.message, self.source.position(place)) from None

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

    def _indexed(self, node: Node, parts: list[Any]) -> Term:
        array, bracket, *indices = parts
        op = self._role("index", bracket)
        children: Sequence[Any] = node.children[2:]
        if len(indices) == 1 and isinstance(indices[0], Several) and not indices[0].is_list:  # x[(0, 1)] is x[0, 1]
            indices, children = list(indices[0].parts), indices[0].places
        places = [self._place(index, child if isinstance(child, Tree) else bracket) for index, child in zip(indices, children, strict=True)]
        return self._apply(op, [self._term(array, node), self.theory.attribute(tuple(places))], bracket)

    def _place(self, index: Any, at: Token | Node) -> Any:
        """What stands between brackets for one axis, as places.py has it."""
        if isinstance(index, Rest):
            return "..."
        value = None if isinstance(index, Term) and index.value == "newaxis" else self._setting(index, at)
        if isinstance(index, Several):
            value = ("array", tuple(i for i, taken in enumerate(value) if taken) if value and all(type(v) is bool for v in value) else value)
        flat = list(value[1:]) if isinstance(value, tuple) else [value]
        while flat:
            part = flat.pop()
            if isinstance(part, tuple):
                flat += part
            elif part is not None and type(part) is not int:
                self.fail("an index is an integer, a slice such as 1:3, a list of integers, None or ...", at)
        return value

    # ---- calls ----

    def _call(self, node: Node, parts: list[Any]) -> Term:
        token: Token = parts[0]
        positional = [part for part in parts[1:] if not isinstance(part, Keyword)]
        keywords = [part for part in parts[1:] if isinstance(part, Keyword)]
        candidates = [op for op in self.theory.named(str(token)) if op.fixity != "constant"]
        spelling = self.theory.spellings.get(str(token))
        chained = [op for op in candidates if "associative" in op.flags]
        if positional and isinstance(positional[0], Several) and (spelling or chained):  # concatenate((a, b), 1) is concatenate(a, b, axis=1)
            settings = [p for p in (spelling.settings if spelling else chained[0].parameters) if p.attribute]
            keywords = [*(Keyword(token.update(value=p.name), v) for p, v in zip(settings, positional[1:], strict=False)), *keywords]
            positional = [*positional[0].parts, *positional[len(settings) + 1 :]]
            if len(positional) == 1 and spelling is None:
                return self._term(positional[0], node)
        if spelling:
            return self._spelt(node, spelling, positional, keywords)
        if len(parts) == 1 and not candidates:
            for op in self.theory.named(str(token)):  # pi() is the constant also where a variable is called pi
                return make_term(op)
        if not candidates:
            self._no_function(token)
        self._check_keywords(token, candidates, keywords)
        for op in chained:  # max(a, b, c): the first two, then the next
            if len(positional) > 2 and fits_exactly(op, 2, keywords) and (op.arity == 2 or not is_literal(positional[2])):
                result = self._term(positional[0], node)
                for operand in positional[1:]:
                    result = self._filled(node, op, [result, operand], keywords)
                return result
        for part, child in zip(parts[1 : len(positional) + 1], node.children[1:], strict=False):
            if isinstance(part, Keyword):
                self.fail("settings by name, such as axis=0, come after the other arguments (to compare, write ==)", child)
        for op in candidates:
            if fits_exactly(op, len(positional), keywords):
                return self._filled(node, op, positional, keywords)
        for op in candidates:  # settings by position come last: max(a, b, c) is no maximum of a along an axis b
            if fits(op, len(positional), keywords):
                return self._filled(node, op, positional, keywords)
        expected = " or ".join(dict.fromkeys(str(sum(not p.attribute for p in op.parameters)) for op in candidates))
        self.fail(f"{token} takes {expected} argument{'s' * (expected != '1')}, not {len(positional)}", token)

    def _spelt(self, node: Node, spelling: Spelling, positional: Sequence[Any], keywords: Sequence[Keyword]) -> Term:
        """What a name for formulas of any number of arguments means for these."""
        settings = {p.name: PConstant(p.default) for p in spelling.settings}
        for name, value in [(k.name, k.value) for k in keywords]:
            if str(name) not in settings:
                self.fail(f"{node.children[0]} has no setting {name}", name)
            settings[str(name)] = PConstant(self._setting(value, name))
        if not positional:
            self.fail(f"{node.children[0]} takes one argument at least", node)
        terms = {str(i): self._term(value, node) for i, value in enumerate(positional)}
        try:
            return instantiate(spelling.written(list(map(PVar, terms)), settings), terms, self.theory)
        except ShapeError as error:
            raise ShapeError(error.message, self.source.position(node)) from None

    def _check_keywords(self, token: Token, candidates: Sequence[Operator], keywords: Sequence[Keyword]) -> None:
        known = [p.name for op in candidates for p in op.parameters]
        for i, keyword in enumerate(keywords):
            if str(keyword.name) not in known:
                close = get_close_matches(str(keyword.name), known, n=1)
                hint = f"; did you mean {close[0]}?" if close else " (to compare, write ==)"
                self.fail(f"{token} has no setting {keyword.name}{hint}", keyword.name)
            if any(str(k.name) == str(keyword.name) for k in keywords[:i]):
                self.fail(f"{token} gets {keyword.name} twice", keyword.name)

    def _no_function(self, token: Token) -> NoReturn:
        name = str(token)
        if self.theory.named(name):
            self.fail(f"{name} is a constant, not a function; a product is written with *", token)
        if name in self._meanings or name in self._declared or name in self.given:
            self.fail(f"{name} is a variable, not a function; a product is written with *", token, UnknownNameError)
        self.fail(f"there is no function {name}{self.theory.suggestion(name)}", token, UnknownNameError)

    def _filled(self, node: Node, op: Operator, positional: Sequence[Any], keywords: Sequence[Keyword]) -> Term:
        """The application with its arguments in the parameters' order, settings that were left out at their defaults."""
        named = {str(k.name): k for k in keywords}
        args = []
        for i, parameter in enumerate(op.parameters):
            keyword = named.get(parameter.name)
            if i < len(positional):
                if keyword is not None:
                    self.fail(f"{op.name} gets {parameter.name} twice", keyword.name)
                args.append(self._argument(parameter, positional[i], node))
            elif keyword is not None:
                args.append(self._argument(parameter, keyword.value, keyword.name))
            else:
                args.append(self.theory.attribute(parameter.default))
        return self._apply(op, args, node)

    def _argument(self, parameter: Parameter, value: Any, place: Token | Node) -> Term:
        if parameter.index and isinstance(value, Several) and value.is_list:
            return self.theory.attribute(tuple([self._place(part, place) for part in value.parts]))
        return self.theory.attribute(self._setting(value, place)) if parameter.attribute else self._term(value, place)
