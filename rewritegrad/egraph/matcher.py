"""A matcher generated for each law: nested loops over the index, as Python source made from the core pattern.

The source has one function `match(g, nodes, out, cap)`, which appends a tuple for every match below the given root
nodes, and one `apply(g, matches)`, which enters the right side for each and joins it with the root. Number conditions stand as soon as
their variables are bound. What a pattern leaves of a sum or product at the root is carried along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import each
from .builder import Binding, Builder
from .emit import Source
from .language import (
    BNode,
    CBag,
    CEach,
    CLeaf,
    CLit,
    CNode,
    CNum,
    Coefficient,
    Core,
    CProd,
    CSum,
    CVar,
    Kind,
    Language,
    Law,
)
from .naming import names_of, root_operator
from .rational import Number

_MAX_LOOPS = 18


class TooDeep(ValueError):
    """A pattern with more nested choices than a function of Python can have loops."""


@dataclass(slots=True, eq=False)
class CompiledLaw:
    """A law with its generated functions; `level` says how far up a change below can make it match."""

    law: Law
    root: Any
    level: int
    match: Callable[..., None]
    apply: Callable[..., bool]
    source: str


class Compiler:
    """Compiles one law for one language."""

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
        self.scale: str | None = None
        self.carry: str | None = None
        self.carry_kind = Kind.PLAIN
        self.uses = names_of(law)

    # -- small things

    def loop(self, text: str) -> None:
        """Open a for loop."""
        self.loops += 1
        if self.loops > _MAX_LOOPS:
            raise TooDeep(f"the left side of {self.law.name} has more than {_MAX_LOOPS} nested choices")
        self.source.block(text)

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

    def bind(self, name: str, kind: str, code: str, every: bool = False) -> None:
        """Bind a variable, and test every condition that is now ready."""
        self.bound[name] = Binding(kind, code, every)
        self.order.append(name)
        for test in [t for t in self.pending if self.uses.of(t) <= self.bound.keys()]:
            self.pending.remove(test)
            self.when(self.build.test(test))

    def bind_or_compare(self, name: str, kind: str, code: str) -> None:
        """Bind a variable, or require the value that it has."""
        if name not in self.bound:
            fresh = self.source.fresh()
            self.source.line(f"{fresh} = {code}")
            self.bind(name, kind, fresh)
            return
        found = self.bound[name]
        if found.kind == kind:
            self.when(f"{found.code} == {code}")
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

    # -- classes

    def by_id(self, core: Core, code: str) -> None:
        """Match the value of an id."""
        if isinstance(core, CVar):
            self.bind_or_compare(core.name, "id", code)
        elif self.plain:
            self.value(core, "1", code)
        else:
            k, root = self.source.fresh("k"), self.source.fresh("c")
            self.source.line(f"{k}, {root} = split({code})")
            self.value(core, k, root)

    def value(self, core: Core, k: str, root: str, absorb: str | None = None) -> None:
        """Match k times a root class; `absorb` names a variable that takes the coefficient instead of it having to fit."""
        match core:
            case CVar(name):
                if absorb is not None:
                    self.coefficient(absorb, k)
                    self.bind_or_compare(name, "id", root)
                else:
                    self.bind_or_compare(name, "id", root if k == "1" else f"g.ref({k}, {root})")
            case CNum(name):
                number = self.source.fresh()
                self.source.line(f"{number} = number_of({k}, {root})")
                self.when(f"{number} is not None")
                self.bind_or_compare(name, "number", number)
            case CLit(value):
                if absorb is not None:
                    number = self.source.fresh()
                    self.source.line(f"{number} = number_of({k}, {root})")
                    self.when(f"{number} is not None and {number} != 0")
                    self.coefficient(absorb, f"divide({number}, {self._literal(value)})")
                else:
                    self.when(f"number_of({k}, {root}) == {self._literal(value)}")
            case CLeaf(op, value):
                self.when(f"{root} == {self.leaf(op, value)}" + ("" if k == "1" else f" and {k} == 1"))
            case CNode(op, args):
                node = self.source.fresh("n")
                self.loop(f"for {node} in {self.table(op)}.get({root}, EMPTY):")
                self._fit(f"{node}.scale", k, absorb)
                self._arguments(args, f"{node}.items")
            case CSum(terms, rest):
                node, factor = self.source.fresh("n"), self.source.fresh("f")
                self.loop(f"for {node} in {self.table(self.language.linear)}.get({root}, EMPTY):")
                if absorb is None:
                    self.source.line(f"{factor} = divide({k}, {node}.scale)")
                else:
                    self.coefficient(absorb, f"divide({k}, {node}.scale)")
                    self.source.line(f"{factor} = 1")
                self.terms(f"{node}.items", factor, list(terms), rest, whole=True)
            case CProd():
                self._product(core, k, root, absorb)
            case CBag(op, members, rest):
                node = self.source.fresh("n")
                self.loop(f"for {node} in {self.table(op)}.get({root}, EMPTY):")
                self._fit(f"{node}.scale", k, absorb)
                self.members(f"{node}.items", list(members), rest, whole=True)
            case CEach(kind):
                node = self.source.fresh("n")
                op = self.language.linear if kind is Kind.LINEAR else self.language.powers
                self.loop(f"for {node} in {self.table(op)}.get({root}, EMPTY):")
                if kind is Kind.LINEAR and absorb is None:
                    factor = self.source.fresh("f")
                    self.source.line(f"{factor} = divide({k}, {node}.scale)")
                    self.every(core, f"[(i, times(k, {factor})) for i, k in {node}.items]")
                else:
                    self._fit(f"{node}.scale", k, absorb)
                    self.every(core, f"{node}.items")

    def _literal(self, value: Number) -> str:
        return f"({value})" if isinstance(value, int) else self.source.constant(value)

    def coefficient(self, name: str, code: str) -> None:
        """Give a coefficient to a number variable (or to the scale of the match)."""
        if name == "scale of the match":
            self.scale = self.source.fresh("s")
            self.source.line(f"{self.scale} = {code}")
        else:
            self.bind_or_compare(name, "number", code)

    def _fit(self, scale: str, k: str, absorb: str | None) -> None:
        if absorb is not None:
            self.coefficient(absorb, f"divide({k}, {scale})")
        elif not self.plain:
            self.when(f"{scale} == {k}")

    def _arguments(self, args: tuple[Core, ...], items: str) -> None:
        self.when(f"len({items}) == {len(args)}")
        names = [self.source.fresh("a") for _ in args]
        if args:
            self.source.line(f"{', '.join(names)}, = {items}")
        simple_first = sorted(range(len(args)), key=lambda i: not isinstance(args[i], CVar | CLeaf | CLit))
        for i in simple_first:
            self.by_id(args[i], names[i])

    # -- sums

    def terms(self, items: str, factor: str, terms: list[tuple[Coefficient, Core]], rest: str | None, whole: bool) -> None:
        """Match terms against distinct children of a linear multiset whose coefficients are to be multiplied by `factor`."""
        terms = list(terms)
        if whole and rest is None:
            rest, terms = self._last_takes_rest(terms, lambda t: t[1] if t[0] is None else None)
        used: list[str] = []
        if len(terms) > 1 or not whole:
            self.when(f"len({items}) >= {len(terms)}")
        while terms:
            term = self._next(terms, lambda t: t[1])
            terms.remove(term)
            self._term(term, items, factor, used)
            if self.scale is not None and factor == "1":
                factor = self.source.fresh("f")
                self.source.line(f"{factor} = divide(1, {self.scale})")
        left = "".join(f" and j != {u}" for u in used)[5:] or "True"
        remaining = f"tuple([t for j, t in enumerate({items}) if {left}])"
        if rest is not None:
            scaled = remaining if factor == "1" else f"tuple([(i, times(k, {factor})) for i, k in {remaining}])"
            self._bind_rest(rest, "terms", scaled)
        elif whole:
            self.when(f"len({items}) == {len(used)}")
        else:
            self.carry, self.carry_kind = remaining, Kind.LINEAR

    def _bind_rest(self, rest: str, kind: str, code: str) -> None:
        nonempty = rest.endswith("+")
        self.bind_or_compare(rest.removesuffix("+"), kind, code)
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

    def _choose(self, items: str, used: list[str], where: str = "") -> tuple[str, str]:
        """Open a loop over the children not used yet; the names of child and multiplicity."""
        index, child, n = self.source.fresh("i"), self.source.fresh("c"), self.source.fresh("k")
        self.loop(f"for {index}, ({child}, {n}) in enumerate({items}):")
        conditions = [f"{index} != {u}" for u in used]
        if where:
            conditions.append(where.format(child=child, n=n))
        if conditions:
            self.when(" and ".join(conditions))
        used.append(index)
        return child, n

    def _term(self, term: tuple[Coefficient, Core], items: str, factor: str, used: list[str]) -> None:
        spec, core = term
        scaling = self.scale is None and factor == "1" and self._scalable(spec, core) and self.scaling
        found = None if isinstance(core, CLit | CNum) else self.lookup(core)
        if found is not None and not (spec is None and isinstance(core, CVar)):
            k, root = self.source.fresh("k"), self.source.fresh("c")
            self.source.line(f"{k}, {root} = split_found({found})")
            child, n = self._choose(items, used, f"{{child}} == {root}")
            value = self.source.fresh("k")
            self.source.line(f"{value} = divide({self._times(n, factor)}, {k})")
            if isinstance(spec, CNum):
                self.coefficient(spec.name, value)
            elif scaling:
                self.coefficient("scale of the match", f"divide({value}, {self._literal(spec.value if spec else 1)})")
            else:
                self.when(f"{value} == {self._literal(spec.value if spec else 1)}")
            return
        only_number = isinstance(core, CLit | CNum) and not self.plain
        child, n = self._choose(items, used, "number_of(1, {child}) is not None" if only_number else "")
        k = self._times(n, factor)
        if k != n:
            name = self.source.fresh("k")
            self.source.line(f"{name} = {k}")
            k = name
        root_of = self._perfect_power(core)
        if isinstance(spec, CNum):
            if root_of is not None:
                self._root(root_of, k, child, spec.name)
            else:
                self.value(core, k, child, absorb=spec.name)
        elif scaling:
            if spec is not None:
                name = self.source.fresh("k")
                self.source.line(f"{name} = divide({k}, {self._literal(spec.value)})")
                k = name
            if root_of is not None:
                self._root(root_of, k, child, "scale of the match")
            else:
                self.value(core, k, child, absorb="scale of the match")
        elif spec is not None:
            name = self.source.fresh("k")
            self.source.line(f"{name} = divide({k}, {self._literal(spec.value)})")
            self._root(root_of, name, child, None) if root_of is not None else self._exactly(core, name, child)
        elif root_of is not None:
            self._root(root_of, k, child, None)
        else:
            self.value(core, k, child)

    def _exactly(self, core: Core, k: str, child: str) -> None:
        """A written coefficient has been divided out: a variable then binds the bare child."""
        if isinstance(core, CVar) and core.name in self.bound:
            self.value(core, k, child)
        elif isinstance(core, CVar):
            self.when(f"{k} == 1")
            self.value(core, "1", child)
        else:
            self.value(core, k, child)

    def _scalable(self, spec: Coefficient, core: Core) -> bool:
        return not isinstance(spec, CNum) and not isinstance(core, CNum) and not (spec is None and isinstance(core, CVar))

    def _times(self, n: str, factor: str) -> str:
        return n if factor == "1" else f"times({n}, {factor})"

    def _perfect_power(self, core: Core) -> tuple[str, int] | None:
        """`a^2` as a term: the variable and the degree."""
        if isinstance(core, CProd) and core.coefficient is None and core.rest is None and len(core.factors) == 1:
            base, e = core.factors[0]
            if isinstance(base, CVar) and isinstance(e, CLit) and isinstance(e.value, int) and e.value > 1:
                return base.name, e.value
        return None

    def _root(self, power: tuple[str, int], k: str, child: str, absorb: str | None) -> None:
        coefficient, items = self.source.fresh("k"), self.source.fresh("r")
        self.loop(f"for {coefficient}, {items} in g.roots_of({k}, {child}, {power[1]}):")
        if absorb is not None:
            self.coefficient(absorb, coefficient)
        else:
            self.when(f"{coefficient} == 1")
        self.bind_or_compare(power[0], "factors", f"(1, {items})")

    # -- products

    def _product(self, core: CProd, k: str, root: str, absorb: str | None) -> None:
        scaled = core.scaled()
        if scaled is not None:
            spec, inner = scaled
            if isinstance(spec, CNum):
                self.value(inner, k, root, absorb=spec.name)
            else:
                name = self.source.fresh("k")
                self.source.line(f"{name} = divide({k}, {self._literal(spec.value)})")
                self._exactly(inner, name, root)
            return
        coefficient, items = self.source.fresh("k"), self.source.fresh("r")
        own = core.coefficient
        single = len(core.factors) == 1 and core.rest is None
        itself = not core.factors or (core.rest is not None and len(core.factors) == 1) or (single and self._powerlike(core))
        readings = f"g.readings({k}, {root}, {itself})" if core.factors else f"(({k}, (({root}, 1),)),)"
        self.loop(f"for {coefficient}, {items} in {readings}:")
        if isinstance(own, CNum):
            self.coefficient(own.name, coefficient)
            coefficient = "1"
        elif isinstance(own, CLit):
            self.source.line(f"{coefficient} = divide({coefficient}, {self._literal(own.value)})")
        if absorb is not None:
            self.coefficient(absorb, coefficient)
            coefficient = "1"
        self.factors(items, coefficient, list(core.factors), core.rest, whole=True)

    def _powerlike(self, core: CProd) -> bool:
        e = core.factors[0][1]
        return e is not None and not isinstance(e, CLit | CNum)

    def factors(self, items: str, coefficient: str, specs: list[tuple[Core, Core | None]], rest: str | None, whole: bool) -> None:
        """Match factors against distinct children of a power multiset; the rest has the coefficient, or it must be 1."""
        alone = whole and rest is None and len(specs) == 1
        if whole and rest is None:
            rest, specs = self._last_takes_rest(specs, lambda s: s[0] if s[1] is None else None)
        if rest is None and coefficient != "1" and whole:
            self.when(f"{coefficient} == 1")
        used: list[str] = []
        if len(specs) > 1 or not whole:
            self.when(f"len({items}) >= {len(specs)}")
        while specs:
            spec = self._next(specs, lambda s: s[0])
            specs.remove(spec)
            self._factor(spec, items, used, alone)
        left = "".join(f" and j != {u}" for u in used)[5:] or "True"
        remaining = f"tuple([t for j, t in enumerate({items}) if {left}])"
        if rest is not None:
            self._bind_rest(rest, "factors", f"({coefficient}, {remaining})")
        elif whole:
            self.when(f"len({items}) == {len(used)}")
        else:
            self.carry, self.carry_kind = remaining, Kind.POWERS

    def _factor(self, spec: tuple[Core, Core | None], items: str, used: list[str], alone: bool) -> None:
        core, exponent = spec
        found = None if isinstance(core, CVar) and exponent is None else self.lookup(core)
        where = ""
        if found is not None and not self._general(exponent):
            name = self.source.fresh("c")
            self.source.line(f"{name} = {found}")
            where = f"{{child}} == {name}"
        child, n = self._choose(items, used, where)
        if exponent is None:
            if isinstance(core, CVar):
                self.bind_or_compare(core.name, "factor", f"({child}, {n})")
                return
            self.when(f"{n} == 1")
        elif isinstance(exponent, CLit):
            self.when(f"{n} == {self._literal(exponent.value)}")
        elif isinstance(exponent, CNum):
            if isinstance(core, CNode) and not where:
                self.by_id(core, child)  # far fewer children are such nodes than have such exponents
                where = "matched"
            self.bind_or_compare(exponent.name, "number", n)
        else:
            base, power = self.source.fresh("c"), self.source.fresh("c")
            self.loop(f"for {base}, {power} in g.power_readings({child}, {n}, {alone}):")
            self.by_id(exponent, power)
            self.by_id(core, base)
            return
        if not where:
            self.by_id(core, child)

    def _general(self, exponent: Core | None) -> bool:
        return exponent is not None and not isinstance(exponent, CLit | CNum)

    # -- other multisets

    def members(self, items: str, members: list[Core], rest: str | None, whole: bool) -> None:
        """Match members of another multiset."""
        used: list[str] = []
        if whole and rest is None:
            rest, members = self._last_takes_rest(members, lambda m: m)
        for member in sorted(members, key=lambda m: isinstance(m, CVar)):
            child, n = self._choose(items, used)
            self.when(f"{n} == 1")
            self.by_id(member, child)
        left = "".join(f" and j != {u}" for u in used)[5:] or "True"
        remaining = f"tuple([t for j, t in enumerate({items}) if {left}])"
        if rest is not None:
            self._bind_rest(rest, "members", remaining)
        elif whole:
            self.when(f"len({items}) == {len(used)}")
        else:
            self.carry, self.carry_kind = remaining, Kind.IDEMPOTENT

    # -- every child

    def every(self, core: CEach, items: str) -> None:
        """Match one pattern against every child."""
        spec, body = core.body
        if core.kind is Kind.LINEAR and self._is_common_factor(spec, body, core.common):
            assert isinstance(body, CProd) and isinstance(body.factors[0][0], CVar) and isinstance(body.factors[0][1], CNum)
            base, ns, es, rests = (self.source.fresh(x) for x in "cnex")
            self.loop(f"for {base}, {ns}, {es}, {rests} in common_factors(g, {items}):")
            if spec is None:
                self.source.line(f"{rests} = [(n, x[1]) for n, x in zip({ns}, {rests})]")
            self.bind_or_compare(body.factors[0][0].name, "id", base)
            if isinstance(spec, CNum):
                self.bind(spec.name, "number", ns, every=True)
            self.bind(body.factors[0][1].name, "number", es, every=True)
            assert body.rest is not None
            self.bind(body.rest, "factors", rests, every=True)
            return
        self._each_by_matching(core, items)

    def _is_common_factor(self, spec: Coefficient, body: Core, common: tuple[str, ...]) -> bool:
        if not isinstance(body, CProd) or len(body.factors) != 1 or body.rest is None or body.coefficient is not None:
            return False
        base, e = body.factors[0]
        return isinstance(base, CVar) and base.name in common and isinstance(e, CNum) and e.name not in common and not isinstance(spec, CLit)

    def _each_by_matching(self, core: CEach, items: str) -> None:
        inner = _ChildCompiler(self.law, self.language, core, {n: b for n, b in self.bound.items() if n in core.common})
        function = self.source.constant(inner.function(), "F")
        outer = [b.code for n, b in self.bound.items() if n in core.common]
        shared = [n for n in inner.order if n in core.common]
        columns = [n for n in inner.order if n not in core.common]
        values = [self.source.fresh("e") for _ in (*shared, *columns)]
        arguments = "".join(f", {o}" for o in outer)
        self.loop(f"for {', '.join(values)}, in agreeing([{function}(g, c, k{arguments}) for c, k in {items}], {len(shared)}):")
        for name, code in zip((*shared, *columns), values, strict=True):
            self.bind(name, inner.bound[name].kind, code, every=name not in core.common)

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

    # -- the whole law

    @property
    def scaling(self) -> bool:
        """Whether the root is a sum whose coefficients are literals: it is matched up to a factor."""
        left = self.law.left
        return isinstance(left, CSum) and left.rest is None and any(self._scalable(*t) for t in left.terms)

    def law_functions(self) -> CompiledLaw:
        """Generate, compile and wrap both functions."""
        body = self.source
        body._depth = 1
        self.loop("for n in nodes:")
        self.when("n.alive")
        self._root_pattern()
        for test in self.pending:
            self.when(self.build.test(test))
        values = ["n", *[self.bound[name].code for name in self.order]]
        if self.scale is not None:
            values.append(self.scale)
        if self.carry is not None:
            values.append(self.carry)
        body.line(f"out.append(({', '.join(values)},))")
        self.when("len(out) >= cap")
        body.line("return")
        inner, body.lines = body.lines, []
        body.back_to(0)
        body.lines = [
            "def match(g, nodes, out, cap):",
            "    split = g.split; fact = g.fact; A = g.analysis; number_of = g.number_of; divide_ = divide",
            "    split_found = lambda i: (1, -1) if i < 0 else split(i)",
            "    product_fact = lambda held: A.product(K_powers, held[0], [(fact(i), e) for i, e in held[1]])",
            *self.head,
            *inner,
        ]
        self._apply_function()
        body.namespace.update(EMPTY=(), common_factors=each.common_factors, agreeing=each.agreeing, K_powers=self.language.powers)
        body.namespace["find_product"] = find_product
        text = "\n".join(body.lines)
        match = body.compile("match", self.law.name)
        return CompiledLaw(self.law, root_operator(self.law.left, self.language), self.uses.depth(), match, body.namespace["apply"], text)

    def _root_pattern(self) -> None:
        left = self.law.left
        coefficient = left.coefficient if isinstance(left, CProd) else None
        if isinstance(coefficient, CNum):
            weight = self.source.fresh("k")
            self.loop(f"for {weight} in g.weights_of(n.cls):")
            self.coefficient(coefficient.name, f"divide({weight}, n.scale)")
        if isinstance(left, CProd) and (scaled := left.scaled()) is not None:
            left = scaled[1]
        match left:
            case CNode(_, args):
                self._arguments(args, "n.items")
            case CSum(terms, rest):
                self.terms("n.items", "1", list(terms), rest, whole=False)
            case CProd(_, specs, rest):
                self.factors("n.items", "1", list(specs), rest, whole=False)
            case CBag(_, members, rest):
                self.members("n.items", list(members), rest, whole=False)
            case CEach():
                self.every(left, "n.items")
            case _:
                raise ValueError(f"the left side of {self.law.name} is no application")

    def _apply_function(self) -> None:
        names = ["n", *[self.source.fresh("b") for _ in self.order]]
        bound = {name: Binding(self.bound[name].kind, code, self.bound[name].each) for name, code in zip(self.order, names[1:], strict=True)}
        if self.scale is not None:
            names.append("scale")
        if self.carry is not None:
            names.append("carry")
        build = Builder(self.source, self.language, bound)
        right = self.law.right
        if isinstance(right, BNode) and self.language.verbatim(right.op):
            self._apply_loop(names, f"g.equate(n, {build.application(right)})")
            return
        result = build.id(right)
        left = self.law.left
        coefficient = left.coefficient if isinstance(left, CProd) else None
        divisor = ""
        if isinstance(coefficient, CLit):
            divisor = f"divide(1, {self._literal(coefficient.value)})"
        elif isinstance(coefficient, CNum):
            divisor = f"divide(1, {bound[coefficient.name].code})"
        if self.carry_kind is Kind.LINEAR:
            result = f"g.sum([({result}, {'scale' if self.scale else '1'}), *carry])"
        elif self.carry_kind is Kind.POWERS or divisor:
            carry = ", *carry" if self.carry is not None else ""
            result = f"g.product({divisor or '1'}, [({result}, 1){carry}])"
        elif self.carry_kind is Kind.IDEMPOTENT:
            assert isinstance(left, CBag)
            result = f"g.bag({self.source.constant(left.op)}, [({result}, 1), *carry])"
        self._apply_loop(names, f"g.union(g.value(n), {result})")

    def _apply_loop(self, names: list[str], join: str) -> None:
        self.source.lines += [
            "def apply(g, matches):",
            "    changed = False; node = g.node",
            f"    for {', '.join(names)}, in matches:",
            "        try:",
            f"            if {join}:",
            "                changed = True",
            "        except NotRational:",
            "            pass",
            "    return changed",
        ]


class _ChildCompiler(Compiler):
    """Compiles the body of a pattern for every child into a function that answers all its matches in one child."""

    def __init__(self, law: Law, language: Language, core: CEach, outer: dict[str, Binding]) -> None:
        super().__init__(law, language)
        self.pending = []
        self.core = core
        self.parameters = []
        for name, binding in outer.items():
            fresh = self.source.fresh("o")
            self.parameters.append(fresh)
            self.bound[name] = Binding(binding.kind, fresh)

    def function(self) -> Callable[..., Any]:
        """The compiled function of (g, child, multiplicity, values bound outside)."""
        spec, body = self.core.body
        source = self.source
        source._depth = 1
        if self.core.kind is Kind.POWERS:
            self._one_factor(spec, body)
        elif isinstance(spec, CNum):
            self.value(body, "k", "c", absorb=spec.name)
        elif isinstance(spec, CLit):
            source.line(f"k = divide(k, {self._literal(spec.value)})")
            self._exactly(body, "k", "c")
        else:
            self.value(body, "k", "c")
        ordered = [n for n in self.order if n in self.core.common] + [n for n in self.order if n not in self.core.common]
        self.order = ordered
        source.line(f"out.append(({' '.join(self.bound[n].code + ',' for n in ordered)}))")
        lines, source.lines = source.lines, []
        source.back_to(0)
        arguments = "".join(f", {p}" for p in self.parameters)
        source.lines = [
            f"def child(g, c, k{arguments}):",
            "    out = []; split = g.split; fact = g.fact; A = g.analysis; number_of = g.number_of",
            "    split_found = lambda i: (1, -1) if i < 0 else split(i)",
            *self.head,
            *lines,
            "    return out",
        ]
        source.namespace.update(EMPTY=(), find_product=find_product, common_factors=each.common_factors, agreeing=each.agreeing)
        return source.compile("child", self.law.name)

    def _one_factor(self, spec: Coefficient, body: Core) -> None:
        core: Core = body
        exponent: Core | None = None
        if isinstance(body, CProd) and len(body.factors) == 1 and body.rest is None and body.coefficient is None:
            core, exponent = body.factors[0]
        self._factor((core, exponent), "((c, k),)", [], alone=False)


def find_product(g: Any, factor: Number, factors: list[tuple[int, Number]]) -> int:
    """The id of a product of ids that may be missing (-1), where it is present; else -1."""
    if any(i < 0 for i, _ in factors):
        return -1
    found: int = g.find_product(factor, factors)
    return found


def compile_law(law: Law, language: Language) -> CompiledLaw:
    """The generated matcher and builder of a law."""
    return Compiler(law, language).law_functions()
