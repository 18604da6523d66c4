"""Laws as plans for columns: the left side as a join of tables, the right side as rows to be entered, innermost first."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from .language import BLeaf, BNode, Build, BVar, CLeaf, CNode, Core, CVar, Language, Law

Leaf: TypeAlias = tuple[Any, tuple[Any, ...]]
"""The operator and items of a leaf, or of an application without arguments."""


class Atom(NamedTuple):
    """A row that a match needs: its class and its arguments are variables, named by numbers."""

    op: Any
    cls: int
    args: tuple[int, ...]


class Step(NamedTuple):
    """A row that a match enters; `made` is the variable of its class, `height` how many steps lie below it, itself included."""

    op: Any
    args: tuple[int, ...]
    made: int
    height: int


class Plan(NamedTuple):
    """A law for columns.

    `atoms` are ordered so that the class of each but the first is a variable of an earlier one. `leaves` are the variables of
    leaves: those on the left (`asked`) must be there, the others are made. `root` and `result` are to be joined.
    """

    law: Law
    atoms: tuple[Atom, ...]
    leaves: dict[int, Leaf]
    asked: tuple[int, ...]
    root: int
    steps: tuple[Step, ...]
    result: int
    used: tuple[int, ...]


class _Unplannable(Exception):
    """The law needs more than plain nodes."""


class _Planner:
    def __init__(self, law: Law, language: Language) -> None:
        self.law = law
        self.language = language
        self.names: dict[str, int] = {}
        self.leaves: dict[Leaf, int] = {}
        self.count = 0
        self.atoms: list[Atom] = []
        self.steps: dict[tuple[Any, tuple[int, ...]], Step] = {}

    def plan(self) -> Plan:
        left, right = self.law.left, self.law.right
        if self.law.tests or not isinstance(left, CNode):
            raise _Unplannable
        root = self._matched(left)
        if left.args:
            self._match(left, root)
        asked = tuple(self.leaves.values())
        result = self._build(right)
        steps = tuple(self.steps.values())
        made = {step.made for step in steps} | set(self.leaves.values())
        used = dict.fromkeys([v for step in steps for v in step.args] + [result])
        leaves = {v: leaf for leaf, v in self.leaves.items()}
        return Plan(self.law, tuple(self.atoms), leaves, asked, root, steps, result, tuple([v for v in used if v not in made]))

    def _fresh(self) -> int:
        self.count += 1
        return self.count - 1

    def _leaf(self, op: Any, items: tuple[Any, ...]) -> int:
        if (op, items) not in self.leaves:
            self.leaves[op, items] = self._fresh()
        return self.leaves[op, items]

    def _match(self, left: CNode, root: int) -> None:
        """The atoms of a left side, outside first."""
        waiting = [(left, root)]
        while waiting:
            node, cls = waiting.pop()
            args = []
            inner = []
            for arg in node.args:
                args.append(self._matched(arg))
                if isinstance(arg, CNode) and arg.args:
                    inner.append((arg, args[-1]))
            self.atoms.append(Atom(self._plain(node.op), cls, tuple(args)))
            waiting += reversed(inner)

    def _matched(self, core: Core) -> int:
        match core:
            case CVar(name):
                if name not in self.names:
                    self.names[name] = self._fresh()
                return self.names[name]
            case CLeaf(op, value):
                return self._leaf(op, (value,))
            case CNode(op, args):
                return self._fresh() if args else self._leaf(self._plain(op), ())
            case _:
                raise _Unplannable

    def _build(self, right: Build) -> int:
        """The variable of a right side; its rows become steps, innermost first, equal ones once."""
        made: dict[int, int] = {}
        stack: list[tuple[Build, bool]] = [(right, False)]
        while stack:
            part, opened = stack.pop()
            match part:
                case BVar(name):
                    made[id(part)] = self.names[name]
                case BLeaf(op, value):
                    made[id(part)] = self._leaf(op, (value,))
                case BNode(op, ()):
                    made[id(part)] = self._leaf(self._plain(op), ())
                case BNode(op, args) if opened:
                    made[id(part)] = self._step(self._plain(op), tuple([made[id(arg)] for arg in args]))
                case BNode(_, args):
                    stack += [(part, True), *[(arg, False) for arg in reversed(args)]]
                case _:
                    raise _Unplannable
        return made[id(right)]

    def _step(self, op: Any, args: tuple[int, ...]) -> int:
        if (op, args) not in self.steps:
            below = [step.height for step in self.steps.values() if step.made in args]
            self.steps[op, args] = Step(op, args, self._fresh(), 1 + max(below, default=0))
        return self.steps[op, args].made

    def _plain(self, op: Any) -> Any:
        if not self.language.verbatim(op):
            raise _Unplannable
        return op


def plan_of(law: Law, language: Language) -> Plan | None:
    """The plan of a law; None where it has conditions, or needs more than plain nodes."""
    try:
        return _Planner(law, language).plan()
    except _Unplannable:
        return None
