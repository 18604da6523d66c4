"""What the engine is told of its classes: Facts behind the engine's interface, and shapes alone for plain e-graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from . import definitions, intervals
from .conditions import SHAPE_WORDS, Word, word_function
from .egraph.multiset import Engine
from .egraph.nodes import ENode
from .fact import Fact
from .facts import Facts
from .rationals import bounded, fold_power
from .shapes import broadcast
from .term import Number, Term, make_term, postorder
from .theory import Operator, Theory


class Knowledge:
    """Facts about the classes of one problem, as the engine's analysis (egraph.language.Analysis)."""

    def __init__(self, theory: Theory, problem: Sequence[Term]) -> None:
        self.facts = Facts(theory, problem)

    def leaf(self, op: Operator, value: Any) -> Fact:
        if op.leaf == "variable":
            return self.facts.variable(value.value, value.detail)
        if op.leaf == "number":
            return self.facts.number(value)
        return self.facts.boolean(value) if op.leaf == "boolean" else self.facts.attribute(value.value)

    def apply(self, op: Operator, args: Sequence[Fact]) -> Fact:
        return self.facts.apply(op, args)

    def scale(self, factor: Number, data: Fact) -> Fact:
        return self.facts.scale(factor, data)

    def sum(self, op: Operator, items: Sequence[tuple[Number, Fact]]) -> Fact:
        return self.facts.sum(op, items)

    def product(self, op: Operator, factor: Number, items: Sequence[tuple[Fact, Number]]) -> Fact:
        return self.facts.product(op, factor, items)

    def fold(self, op: Operator, members: Sequence[Fact]) -> Fact:
        return self.facts.fold(op, members)

    def merge(self, left: Fact, right: Fact) -> Fact:
        return self.facts.merge(left, right)

    def constant(self, data: Fact) -> Any:
        return data.constant

    def nonzero(self, data: Fact) -> bool:
        return self.facts.nonzero(data)

    def positive(self, data: Fact) -> bool:
        return intervals.is_positive(data.interval)

    def shape(self, data: Fact) -> tuple[Any, ...]:
        return data.shape

    def covers(self, data: Fact, parts: Sequence[Fact]) -> bool:
        """Whether the data have the shape that the parts broadcast to."""
        return len(data.shape) >= max(len(p.shape) for p in parts) and self.facts.dimensions.same(
            data.shape, broadcast([p.shape for p in parts])
        )

    def power(self, base: Number, exponent: Number) -> Number | None:
        return fold_power(base, exponent)

    def bounded(self, value: Number) -> bool:
        return bounded(value)

    def audit(self, pairs: Sequence[tuple[Fact, Fact]]) -> tuple[int, str] | None:
        """The first pair of data that cannot be of one class, and why: a sample point at which they differ."""
        index = self.facts.wrong(pairs)
        if index < 0:
            return None
        found = self.facts.disjoint(*pairs[index])
        assert found is not None
        return index, f"two sides differ at a sample point: {found[1]} and {found[2]}"

    def is_presentable(self, engine: Engine) -> Callable[[ENode], bool] | None:
        """Which nodes extraction may take: those that are defined at every sample point at which their class is."""
        facts, data = self.facts, engine.data

        def presentable(node: ENode) -> bool:
            own = node.data
            if own is None or not own.everywhere:
                own = engine.data_of(node)
            return own.everywhere or not facts.less_defined(own, data[node.cls])

        return presentable


class TermFacts(Facts):
    """What conditions ask of the terms that a plain e-graph holds: shapes at once, facts computed when they are first asked for."""

    def __init__(self, theory: Theory, problem: Sequence[Term]) -> None:
        super().__init__(theory)
        self._problem = problem
        self._known: dict[Term, Fact] = {}

    @cached_property
    def values(self) -> Knowledge:
        """The knowledge of the problem that facts are computed with."""
        return Knowledge(self.theory, self._problem)

    def of(self, term: Term) -> Fact:
        """The fact of a term, in which operators that are only names are replaced by what they mean."""
        known, knowledge = self._known, self.values
        (meant,) = definitions.expand([term], lambda op: False)
        for part in postorder(meant):
            if part not in known:
                if part.op.leaf:
                    value = part if part.op.leaf in ("variable", "attribute") else part.value
                    known[part] = knowledge.leaf(part.op, value)
                else:
                    known[part] = knowledge.facts.application(part.op, [known[arg] for arg in part.args])
        return known[meant]


def word_on_terms(word: str) -> Word:
    """The function that answers a word in a plain e-graph, where a class is known by one of its terms."""
    answer = word_function(word)
    if word in SHAPE_WORDS:
        return answer

    def on_terms(source: TermFacts, *terms: Term) -> bool:
        return answer(source.values.facts, *(source.of(term) for term in terms))

    return on_terms


class ShapeKnowledge:
    """What is known of the classes of a plain e-graph: one term of each."""

    def __init__(self, theory: Theory, problem: Sequence[Term]) -> None:
        self.facts = TermFacts(theory, problem)

    def leaf(self, op: Operator, value: Term) -> Term:
        return value

    def apply(self, op: Operator, args: Sequence[Term]) -> Term:
        return make_term(op, tuple(args))

    def merge(self, left: Term, right: Term) -> Term:
        return left

    def audit(self, pairs: Sequence[tuple[Term, Term]]) -> None:
        return None

    def constant(self, data: Term) -> None:
        return None

    def shape(self, data: Term) -> tuple[Any, ...]:
        return data.shape

    def scale(self, factor: Number, data: Term) -> Term:
        raise AssertionError("a plain e-graph has no multiples")
