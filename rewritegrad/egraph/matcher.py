"""A matcher generated for each law: nested loops over the index, as Python source made from the core pattern.

The source has one function `match(g, nodes, out, cap)`, which appends a tuple for every match below the given root
nodes, and one `apply(g, matches)`, which enters the right side for each and joins it with the root. Number conditions stand as soon as
their variables are bound. What a pattern leaves of a sum or product at the root is carried along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import each
from .builder import Binding, Builder
from .bulkplans import Plan, plan_of
from .language import BNode, CBag, CEach, CLeaf, CLit, CNode, CNum, Coefficient, Core, CProd, CSum, CVar, Kind, Language, Law
from .matchproducts import ProductMatching
from .matchsums import SumMatching
from .naming import names_of, root_operator
from .rational import Number


class CompiledLaw:
    """A law with its functions, and its plan for columns (None where it has none), made when they are first asked for.

    `level` says how far up a change below can make it match.
    """

    __slots__ = ("apply", "language", "law", "level", "match", "plan", "root", "source")

    match: Callable[..., None]
    apply: Callable[..., bool]
    source: str
    plan: Plan | None

    def __init__(self, law: Law, language: Language) -> None:
        self.law = law
        self.language = language
        self.root: Any = root_operator(law.left, language)
        self.level = names_of(law).depth()

    def __getattr__(self, name: str) -> Any:
        """Reached where a slot is empty still: most laws never meet a formula that they could match."""
        if name not in ("match", "apply", "source", "plan"):
            raise AttributeError(name)
        if name == "plan":
            self.plan = plan_of(self.law, self.language)
            return self.plan
        self.match, self.apply, self.source = Compiler(self.law, self.language).law_functions()
        return getattr(self, name)


class Compiler(SumMatching, ProductMatching):
    """Compiles one law for one language."""

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
                self.members(op, f"{node}.items", list(members), rest, whole=True)
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

    # -- other multisets

    def members(self, op: Any, items: str, members: list[Core], rest: str | None, whole: bool) -> None:
        """Match members of a multiset of another operator."""
        used: list[str] = []
        if whole and rest is None:
            rest, members = self._last_takes_rest(members, lambda m: m)
        for member in sorted(members, key=lambda m: isinstance(m, CVar)):
            child, n = self._choose(member, items, used)
            self.when(f"{n} == 1")
            self.by_id(member, child)
        remaining = self.unused(items, used)
        if rest is not None:
            self._bind_rest(rest, "members", remaining, op)
        elif whole:
            self.when(f"len({items}) == {len(used)}")
        else:
            self.carry, self.carry_kind = remaining, Kind.IDEMPOTENT

    # -- every child

    def every(self, core: CEach, items: str) -> None:
        """Match one pattern against every child."""
        spec, body = core.body
        if isinstance(body, CProd) and body.shared is not None:
            self._common_product(spec, body, items)
            return
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

    def _common_product(self, spec: Coefficient, body: CProd, items: str) -> None:
        """`n * c.. * x.. + ...`: all factors that the children have in common."""
        assert isinstance(spec, CNum) and body.shared is not None and body.rest is not None
        shared, ns, rests = (self.source.fresh(x) for x in "snx")
        self.loop(f"for {shared}, {ns}, {rests} in common_products(g, {items}):")
        self.bind(body.shared, "factors", shared)
        self.bind(spec.name, "number", ns, every=True)
        self.bind(body.rest, "factors", rests, every=True)

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

    # -- the whole law

    def law_functions(self) -> tuple[Callable[..., None], Callable[..., bool], str]:
        """Both functions, generated and compiled, and their source."""
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
        body.namespace.update(_RUNTIME, K_powers=self.language.powers)
        text = "\n".join(body.lines)
        match = body.compile("match", self.law.name)
        return match, body.namespace["apply"], text

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
            case CBag(op, members, rest):
                self.members(op, "n.items", list(members), rest, whole=False)
            case CEach():
                self.every(left, "n.items")
            case _:
                raise ValueError(f"the left side of {self.law.name} is no application")

    def _apply_function(self) -> None:
        names = ["n", *[self.source.fresh("b") for _ in self.order]]
        bound = {name: replace(self.bound[name], code=code) for name, code in zip(self.order, names[1:], strict=True)}
        if self.scale is not None:
            names.append("scale")
        if self.carry is not None:
            names.append("carry")
        build = Builder(self.source, self.language, bound)
        right = self.law.right
        if isinstance(right, BNode) and self.language.verbatim(right.op):
            self._apply_loop(names, f"g.equate(n, {build.application(right)})")
            return
        left = self.law.left
        coefficient = left.coefficient if isinstance(left, CProd) else None
        divisor = ""
        if isinstance(coefficient, CLit):
            divisor = self._literal(coefficient.value)
        elif isinstance(coefficient, CNum):
            divisor = bound[coefficient.name].code
        if self.carry_kind is Kind.LINEAR:
            result = f"g.sum([({build.id(right)}, {'scale' if self.scale else '1'}), *carry])"
        elif self.carry_kind is Kind.POWERS or divisor:
            result = build.times(right, divisor, "" if self.carry is None else "carry")
        elif self.carry_kind is Kind.IDEMPOTENT:
            assert isinstance(left, CBag)
            result = f"g.bag({self.source.constant(left.op)}, [({build.id(right)}, 1), *carry])"
        else:
            result = build.id(right)
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
            self.bound[name] = Binding(binding.kind, fresh, op=binding.op)

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
        source.namespace.update(_RUNTIME)
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


_RUNTIME = {
    "EMPTY": (),
    "find_product": find_product,
    "common_factors": each.common_factors,
    "common_products": each.common_products,
    "agreeing": each.agreeing,
}
"""What generated functions may call."""
