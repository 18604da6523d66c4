"""Derivatives that laws write: D(y, x) on the right side of a law, resolved in the e-graph that the law runs in.

A law such as `Int(a*b, x) => a*Int(b, x) - Int(D(a, x)*Int(b, x), x)` enters applications of the operator with the role
`derivative`. Each of them is joined with what a sweep and the op blocks make of the shortest term of its argument, by one
law that no rule file states, and that only theories with such laws have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import definitions
from .derivative_rules import states_derivative
from .egraph.language import BVar, CNode, CVar, Law
from .egraph.matcher import CompiledLaw
from .egraph.multiset import Engine
from .egraph.nodes import ENode
from .errors import CostError, MissingDerivativeError
from .expansion import expand_sweep, tangent
from .graph import EGraph
from .lowering import enter, language_of
from .patterns import PApply, walk
from .term import Term
from .theory import Theory

NAME = "derivatives"
"""What reports call the law."""


def resolve_written(graph: EGraph) -> None:
    """Let every run of an e-graph resolve derivatives, where some law of its theory writes them."""
    if graph.theory.derived(writes_derivatives):
        graph.always.append(_Written(graph).law())


def writes_derivatives(theory: Theory) -> bool:
    """Whether a derivative stands on the right side of a law (but for stage expand, in which all are resolved)."""
    derivative = theory.roles.get("derivative")
    laws = [rule for ruleset in theory.rulesets.values() if ruleset.stage != "expand" for rule in ruleset.rules]
    return any(isinstance(p, PApply) and p.op is derivative for rule in laws for p in walk(rule.right))


class _Written:
    """The law D(y, x) => what D(y, x) is, for one e-graph."""

    def __init__(self, graph: EGraph) -> None:
        self.graph = graph
        self.done: set[ENode] = set()

    def law(self) -> CompiledLaw:
        """The law; what cannot be differentiated yet is looked at again when something one or two levels below it has changed."""
        derivative = self.graph.theory.role("derivative")
        law = CompiledLaw(Law(NAME, CNode(derivative, (CVar("y"), CVar("x"))), BVar("y")), language_of(self.graph.theory))
        law.level, law.match, law.apply, law.source = 3, self.match, self.apply, ""
        return law

    def match(self, engine: Engine, nodes: Sequence[ENode], out: list[tuple[Any, ...]], cap: int) -> None:
        """The applications that can be resolved now, each with its derivative."""
        waiting = [node for node in nodes if node.alive and node not in self.done]
        if not waiting:
            return
        terms = self.graph.raise_all([i for node in waiting for i in node.items])
        for node, y, x in zip(waiting, terms[::2], terms[1::2], strict=True):
            found = _derivative(y, x)
            if found is not None:
                out.append((node, found))

    def apply(self, engine: Engine, matches: Sequence[tuple[ENode, Term]]) -> bool:
        """Enter the derivatives, each joined with the application that asked for it."""
        changed = False
        for node, found in matches:
            (i,) = enter(engine, [found])
            changed = engine.union(engine.value(node), i) or changed
            self.done.add(node)
        return changed


def _derivative(y: Term, x: Term) -> Term | None:
    """D(y, x) as the op blocks have it; None where x is no scalar variable, or where y has an operator without derivative."""
    try:
        return expand_sweep([tangent(*definitions.expand([y, x], states_derivative))])[0]
    except (CostError, MissingDerivativeError):
        return None
