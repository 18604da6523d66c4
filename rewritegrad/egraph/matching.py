"""A matcher in the making: its source, what it has bound, and the steps that all patterns share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from .builder import Binding, Builder
from .emit import Source
from .language import CBag, CLeaf, CLit, CNode, CNum, Core, CProd, CSum, CVar, Kind, Language, Law
from .naming import interchangeable, names_of
from .rational import Number

_MAX_LOOPS = 18


class TooDeep(ValueError):
    """A pattern with more nested choices than a function of Python can have loops."""

    def __init__(self, law: Law) -> None:
        super().__init__(f"the left side of {law.name} has more than {_MAX_LOOPS} nested choices")
        self.law = law


class Matching(ABC):
    """The source of a matcher for one law and one language."""

    def __init__(self, law: Law, language: Language) -> None:
        self.law = law
        self.language = language
        self.plain = language.linear is None
        self.source = Source()
        self.bound: dict[str, Binding] = {}
        self.order: list[str] = []
        self.build = Builder(self.source, language, self.bound)
        self.pending = list(law.tests)
        self.head: list[str] = []
        self.loops = 0
        self.chosen: dict[str, Any] = {}
        self.scale: str | None = None
        self.carry: str | None = None
        self.carry_kind = Kind.PLAIN
        self.uses = names_of(law)

    @abstractmethod
    def by_id(self, core: Core, code: str) -> None:
        """Match the value of an id."""

    @abstractmethod
    def value(self, core: Core, k: str, root: str, absorb: str | None = None) -> None:
        """Match k times a root class; `absorb` names a variable that takes the coefficient instead of it having to fit."""

    # -- small things

    def loop(self, text: str) -> None:
        """Open a for loop."""
        self.loops += 1
        if self.loops > _MAX_LOOPS:
            raise TooDeep(self.law)
        self.source.block(text)

    @staticmethod
    def unused(items: str, used: Sequence[str]) -> str:
        """An expression for the children that no part of the pattern has taken, where `used` are the places of those that are."""
        left = "".join(f" and j != {u}" for u in used)[5:] or "True"
        return f"tuple([t for j, t in enumerate({items}) if {left}])"

    def when(self, condition: str) -> None:
        """Go on only where a condition holds."""
        self.source.block(f"if {condition}:")

    def table(self, op: Any) -> str:
        """The name of the index of an operator, looked up once."""
        constant = self.source.constant(op)
        name = f"T_{constant}"
        line = f"    {name} = g.classes_with({constant})"
        if line not in self.head:
            self.head.append(line)
        return name

    def leaf(self, op: Any, value: Any) -> str:
        """The name of the id of a leaf, -1 where the e-graph has none."""
        a, b = self.source.constant(op), self.source.constant(value)
        name = f"L_{a}_{b}"
        line = f"    {name} = g.find_leaf({a}, {b})"
        if line not in self.head:
            self.head.append(line)
        return name

    def bind(self, name: str, kind: str, code: str, every: bool = False, op: Any = None) -> None:
        """Bind a variable, and test every condition that is now ready."""
        self.bound[name] = Binding(kind, code, every, op)
        self.order.append(name)
        for test in [t for t in self.pending if self.uses.of(t) <= self.bound.keys()]:
            self.pending.remove(test)
            self.when(self.build.test(test))

    def bind_or_compare(self, name: str, kind: str, code: str, op: Any = None) -> None:
        """Bind a variable, or require the value that it has."""
        if name not in self.bound:
            fresh = self.source.fresh()
            self.source.line(f"{fresh} = {code}")
            self.bind(name, kind, fresh, op=op)
            return
        found = self.bound[name]
        if found.kind == kind:
            self.when(f"{found.code} == {code}" if found.op is op else "False")
        elif kind == "id":
            self.when(f"{self._found_id(found)} == {code}")
        elif kind == "factor":
            self.when(f"g.find_product(1, ({code},)) == {self._found_id(found)}")
        elif kind == "number":
            self.when(f"g.number({code}) == {self._found_id(found)}")
        else:
            self.when(f"g.find_product(*{code}) == {self._found_id(found)}" if kind == "factors" else "False")

    def _found_id(self, found: Binding) -> str:
        if found.kind == "factor":
            return f"g.find_product(1, ({found.code},))"
        if found.kind == "factors":
            return f"g.find_product(*{found.code})"
        return f"g.number({found.code})" if found.kind == "number" else found.code

    def _literal(self, value: Number) -> str:
        return f"({value})" if isinstance(value, int) else self.source.constant(value)

    def coefficient(self, name: str, code: str) -> None:
        """Give a coefficient to a number variable (or to the scale of the match)."""
        if name == "scale of the match":
            self.scale = self.source.fresh("s")
            self.source.line(f"{self.scale} = {code}")
        else:
            self.bind_or_compare(name, "number", code)

    def _exactly(self, core: Core, k: str, child: str) -> None:
        """A written coefficient has been divided out: a variable then binds the bare child."""
        if isinstance(core, CVar) and core.name in self.bound:
            self.value(core, k, child)
        elif isinstance(core, CVar):
            self.when(f"{k} == 1")
            self.value(core, "1", child)
        else:
            self.value(core, k, child)

    # -- children of a multiset

    def _bind_rest(self, rest: str, kind: str, code: str, op: Any = None) -> None:
        nonempty = rest.endswith("+")
        self.bind_or_compare(rest.removesuffix("+"), kind, code, op)
        if nonempty:
            found = self.bound[rest.removesuffix("+")].code
            self.when(f"{found}[1]" if kind == "factors" else found)

    def _last_takes_rest(self, specs: list[Any], core_of: Callable[[Any], Core | None]) -> tuple[str | None, list[Any]]:
        """The last plain variable that occurs nowhere else on the left stands for all that is left, one child or more."""
        for spec in reversed(specs):
            core = core_of(spec)
            if isinstance(core, CVar) and self.uses.left_count(core.name) == 1 and len(specs) > 1:
                return core.name + "+", [s for s in specs if s is not spec]
        return None, specs

    def _next(self, specs: list[Any], core_of: Callable[[Any], Core]) -> Any:
        """What to match next: what is bound already, then what has most structure."""

        def rank(spec: Any) -> int:
            core = core_of(spec)
            if isinstance(core, CLit | CNum | CLeaf):
                return 0
            if self.lookup(core) is not None:
                return 1
            if isinstance(core, CNode | CSum | CBag):
                return 2
            if isinstance(core, CProd):
                return 3 if any(isinstance(f, CNode) for f, _ in core.factors) else 4
            return 5

        return min(specs, key=rank)

    def _choose(self, spec: Any, items: str, used: list[str], where: str = "") -> tuple[str, str]:
        """Open a loop over the children not used yet; the names of child and multiplicity."""
        index, child, n = self.source.fresh("i"), self.source.fresh("c"), self.source.fresh("k")
        self.loop(f"for {index}, ({child}, {n}) in enumerate({items}):")
        conditions = [f"{index} {'>' if interchangeable(self.law, spec, self.chosen[u]) else '!='} {u}" for u in used]
        self.chosen[index] = spec
        if where:
            conditions.append(where.format(child=child, n=n))
        if conditions:
            self.when(" and ".join(conditions))
        used.append(index)
        return child, n

    # -- what is bound already

    def lookup(self, core: Core) -> str | None:
        """An expression for the id of a pattern whose variables are all bound, -1 where it is not present; None if not bound."""
        match core:
            case CVar(name) if name in self.bound and not self.bound[name].each:
                found = self.bound[name]
                return None if found.kind in ("terms", "members") else self._found_id(found)
            case CLeaf(op, value):
                return self.leaf(op, value)
            case CNode(op, args):
                parts = [self.lookup(a) for a in args]
                if None in parts or not args or self.plain:
                    return None
                return f"g.find_node({self.source.constant(op)}, ({' '.join(f'{p},' for p in parts)}))"
            case CProd(None, factors, rest):
                return self._lookup_product(factors, rest)
            case _:
                return None

    def _lookup_product(self, factors: tuple[tuple[Core, Core | None], ...], rest: str | None) -> str | None:
        parts = []
        for core, e in factors:
            if isinstance(core, CVar) and core.name in self.bound and self.bound[core.name].kind == "factors" and e is None:
                parts.append(f"*{self.bound[core.name].code}[1]")
                continue
            found = self.lookup(core)
            if found is None or not (e is None or isinstance(e, CLit) or (isinstance(e, CNum) and e.name in self.bound)):
                return None
            exponent = "1" if e is None else self._literal(e.value) if isinstance(e, CLit) else self.bound[e.name].code
            parts.append(f"({found}, {exponent})")
        if rest is None:
            return f"find_product(g, 1, [{', '.join(parts)}])"
        if rest not in self.bound or self.bound[rest].kind != "factors" or self.bound[rest].each:
            return None
        held = self.bound[rest].code
        return f"find_product(g, {held}[0], [{', '.join([*parts, f'*{held}[1]'])}])"
