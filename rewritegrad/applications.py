"""Applications in formulas: calls with their settings, indices, lists where arrays are expected -> Terms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NoReturn

from lark import Token, Tree

from .axes import EVERYTHING
from .calls import Keyword, Rest, Setting, Several, assigned, fits, fits_exactly, is_computed, is_literal
from .declarations import type_text
from .definitions import exact_value, holds, instantiate, results
from .errors import FormulaError, RewritegradError, ShapeError, UnknownNameError
from .patterns import Pattern, PConstant, PVar
from .readings import Results, Spelling
from .syntax import Node, Source, first_token
from .term import Term, make_term
from .theory import Operator, Parameter, Theory


class Applications(ABC):
    """What calls and indices in one text mean; `known_names` are those that have a meaning in it."""

    def __init__(self, theory: Theory, source: Source) -> None:
        self.theory = theory
        self.source = source

    @abstractmethod
    def known_names(self) -> set[str]:
        """The names that the text, or who reads it, has given a meaning."""

    def fail(self, message: str, place: Token | Node | None, error: type[RewritegradError] = FormulaError) -> NoReturn:
        """Raise an error that points at a place (None: the beginning)."""
        raise error(message, self.source.at(1, 1) if place is None else self.source.position(place))

    # ---- values ----

    def _term(self, value: Any, place: Token | Node) -> Term:
        if isinstance(value, Term):
            return value
        if isinstance(value, Rest):
            self.fail("`...` belongs into indices and rule files", value.token)
        if isinstance(value, Several) and value.is_list and "numbers" in self.theory.roles:
            return self._array(value, place)
        if isinstance(value, Several) and not value.is_list and not is_literal(value):
            self.fail(f"these are {len(value.parts)} results: one of them is chosen by an index, as in eigh(A)[0]", place)
        shown = "None" if isinstance(value, Setting) and value.value is None else "a tuple, a list or a text"
        self.fail(f"{shown} can only be a setting of a function, as in sum(X, axis=0)", place)

    def _array(self, value: Several, place: Token | Node) -> Term:
        """[1, 2, 3] and [x, y], where an array is expected."""
        if is_literal(value) and value.parts:
            return self._apply(self._role("numbers", first_token(place)), [self.theory.attribute(self._setting(value, place))], place)
        stack = self.theory.spellings.get("stack")
        if not isinstance(stack, Spelling) or not value.parts:
            self.fail("a list of terms is an array only where the theory has stack(X..)", place)
        terms = {str(i): self._term(part, place) for i, part in enumerate(value.parts)}
        return self._instantiated(stack.written(list(map(PVar, terms)), {p.name: PConstant(p.default) for p in stack.settings}), terms, place)

    def _instantiated(self, pattern: Pattern, terms: Mapping[str, Term], place: Token | Node) -> Term:
        try:
            return instantiate(pattern, terms, self.theory)
        except ShapeError as error:
            raise ShapeError(error.message, self.source.position(place)) from None

    def _setting(self, value: Any, place: Any) -> Any:
        """The plain value of an attribute."""
        if isinstance(value, Setting):
            return value.value
        if isinstance(value, Several):
            return tuple([self._setting(part, at) for part, at in zip(value.parts, value.places, strict=True)])
        if isinstance(value, Term) and value.op.leaf in ("number", "boolean"):
            return value.value
        if isinstance(value, Term) and not value.variables:
            computed = exact_value(value)  # x[: x.shape[0] - 1]
            if computed is not None:
                return computed
        if isinstance(value, Term) and value.variables == ("inf",) and str(value) in ("inf", "-inf"):
            return str(value)
        self.fail("a setting is a number, a text, True, False, None or a tuple of these", place)

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

    # ---- indices ----

    def _indexed(self, node: Node, parts: list[Any]) -> Any:
        array, bracket, *indices = parts
        if isinstance(array, Several) and len(indices) == 1:  # eigh(A)[0]
            (at,) = indices
            if isinstance(at, Term) and type(at.value) is int and -len(array.parts) <= at.value < len(array.parts):
                return array.parts[at.value]
            self.fail(f"one of {len(array.parts)} results is chosen by an integer below {len(array.parts)}", bracket)
        op = self._role("index", bracket)
        children: Sequence[Any] = node.children[2:]
        if len(indices) == 1 and isinstance(indices[0], Several) and not indices[0].is_list:  # x[(0, 1)] is x[0, 1]
            indices, children = list(indices[0].parts), indices[0].places
        computed = {i: index for i, index in enumerate(indices) if is_computed(index)}
        places = [
            EVERYTHING if i in computed else self._place(index, child if isinstance(child, Tree) else bracket)
            for i, (index, child) in enumerate(zip(indices, children, strict=True))
        ]
        part = self._term(array, node)
        if any(place != EVERYTHING for place in places) or not computed:
            part = self._apply(op, [part, self.theory.attribute(tuple(places))], bracket)
        return self._gathered(part, places, computed, bracket) if computed else part

    def _gathered(self, part: Term, places: Sequence[Any], computed: Mapping[int, Term], bracket: Token) -> Term:
        """The entries at integers that are computed: x[i], X[:, idx]; `places` has whole slices where these stand."""
        if "..." in places and max(computed) > places.index("..."):
            self.fail("before `...` stand the indices that are computed", bracket)
        if sum(bool(index.shape) for index in computed.values()) > 1 or any(isinstance(p, tuple) and p[0] == "array" for p in places):
            self.fail("one list of indices may be computed; of several, use take_along_axis", bracket)
        for i in sorted(computed, reverse=True):
            index = computed[i]
            if index.op.leaf == "variable" and not index.detail.integer:
                self.fail(f"an index is an integer: declare {index.value}: {type_text(replace(index.detail, integer=True))}", bracket)
            if index.op.is_boolean:
                self.fail("how many entries x[condition] has depends on values: write where(condition, x, 0)", bracket)
            axis = sum(type(p) is not int for p in places[:i])
            part = self._apply(self._role("gather", bracket), [part, index, self.theory.attribute(axis)], bracket)
        return part

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

    def _call(self, node: Node, parts: list[Any], whole: bool = False) -> Any:
        """What a call means; `whole`: of an array, as its method or NumPy's function, so that x.max(0) is a maximum along an axis."""
        token: Token = parts[0]
        positional = [part for part in parts[1:] if not isinstance(part, Keyword)]
        keywords = [part for part in parts[1:] if isinstance(part, Keyword)]
        candidates = [op for op in self.theory.named(str(token)) if op.fixity != "constant"]
        spelling = self.theory.spellings.get(str(token))
        chained = [op for op in candidates if "associative" in op.flags]
        for part, child in zip(parts[1 : len(positional) + 1], node.children[1:], strict=False):
            if isinstance(part, Keyword):
                self.fail("settings by name, such as axis=0, come after the other arguments (to compare, write ==)", child)
        if isinstance(spelling, tuple):
            if positional and isinstance(positional[0], Several) and not (positional[0].is_list or is_literal(positional[0])):
                positional = [*positional[0].parts, *positional[1:]]  # lu_solve(lu_factor(A), b)
            made = self._alternatives(node, token, spelling, positional, keywords)
            if made is not None:
                return made
            spelling = None
        if positional and isinstance(positional[0], Several) and (spelling or chained):  # concatenate((a, b), 1) is concatenate(a, b, axis=1)
            settings = [p for p in (spelling.settings if spelling else chained[0].parameters) if p.attribute]
            keywords = [*(Keyword(token.update(value=p.name), v) for p, v in zip(settings, positional[1:], strict=False)), *keywords]
            positional = [*positional[0].parts, *positional[len(settings) + 1 :]]
            if len(positional) == 1 and spelling is None:
                return self._term(positional[0], node)
        if spelling:
            return self._spelt(node, spelling, positional, keywords)
        if whole and len(positional) > 1 and all(map(is_literal, positional[1:])):
            reductions = [op for op in candidates if op.needed == 1 and op.arity > 1 and fits(op, len(positional), keywords)]
            candidates, chained = (reductions, []) if reductions else (candidates, chained)
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
        for op in candidates:
            if fits_exactly(op, len(positional), keywords):
                return self._filled(node, op, positional, keywords)
        for op in candidates:  # settings by position come last: max(a, b, c) is no maximum of a along an axis b
            if fits(op, len(positional), keywords):
                return self._filled(node, op, positional, keywords)
        for op in candidates:  # x.reshape(2, 3) is x.reshape((2, 3)), where the operator has no other setting
            arrays = sum(not p.attribute for p in op.parameters)
            settings = positional[arrays:]
            if op not in chained and len(op.parameters) == arrays + 1 and len(settings) > 1 and not keywords and all(map(is_literal, settings)):
                return self._filled(node, op, [*positional[:arrays], Several(tuple(settings), (node,) * len(settings), is_list=False)], keywords)
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
        return self._instantiated(spelling.written(list(map(PVar, terms)), settings), terms, node)

    def _read_away(self, node: Node, several: Results, positional: Sequence[Any], keywords: Sequence[Keyword]) -> Any:
        """What a definition that calls are read away by means for these arguments; None where it is not for them."""
        given = assigned(several.parameters, positional, keywords)
        if given is None:
            return None
        terms: dict[str, Term] = {}
        for parameter, place in zip(several.parameters, several.places, strict=True):
            value = given.get(parameter.name, Setting(parameter.default))
            if place:
                part = self._term(value, node)
                if part.op is not self.theory.roles.get("index"):
                    self.fail("a part of an array is expected here, such as x[1:3]", node)
                terms[parameter.name], terms[place] = part.args
            else:
                terms[parameter.name] = self._argument(parameter, value, node)
        if not holds(several.conditions, terms):
            return None
        made = results(several, terms, self.theory)
        return made if isinstance(made, Term) else Several(tuple(made), (node,) * len(made), is_list=False)

    def _alternatives(self, node: Node, token: Token, several: Sequence[Results], positional: Sequence[Any], keywords: Sequence[Keyword]) -> Any:
        """What the first definition that is for these arguments means; None where an operator is left to be tried."""
        failure: ShapeError | None = None
        for one in several:
            try:
                made = self._read_away(node, one, positional, keywords)
            except ShapeError as error:
                failure = failure or error
                continue
            if made is not None:
                return made
        if not self.theory.named(str(token)):
            if failure is not None:
                raise ShapeError(f"{token}: {failure.message}", self.source.position(token)) from None
            names = " or ".join(dict.fromkeys(", ".join(p.name + "=" * p.attribute for p in one.parameters) for one in several))
            self.fail(f"{token} takes ({names}), not these arguments", token)
        return None

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
        if name in self.known_names():
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
