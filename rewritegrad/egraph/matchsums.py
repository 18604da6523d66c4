"""Terms of a sum against the children of a linear multiset."""

from __future__ import annotations

from .language import CLit, CNum, Coefficient, Core, CProd, CSum, CVar, Kind
from .matching import Matching


class SumMatching(Matching):
    """Matches terms with their coefficients; at the root, literal coefficients are matched up to a common factor."""

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
        remaining = self.unused(items, used)
        if rest is not None:
            scaled = remaining if factor == "1" else f"tuple([(i, times(k, {factor})) for i, k in {remaining}])"
            self._bind_rest(rest, "terms", scaled)
        elif whole:
            self.when(f"len({items}) == {len(used)}")
        else:
            self.carry, self.carry_kind = remaining, Kind.LINEAR

    def _term(self, term: tuple[Coefficient, Core], items: str, factor: str, used: list[str]) -> None:
        spec, core = term
        scaling = self.scale is None and factor == "1" and self._scalable(spec, core) and self.scaling
        found = None if isinstance(core, CLit | CNum) else self.lookup(core)
        if found is not None and not (spec is None and isinstance(core, CVar)):
            k, root = self.source.fresh("k"), self.source.fresh("c")
            self.source.line(f"{k}, {root} = split_found({found})")
            self.when(f"{root} >= 0")  # else no term can be it, and nobody looks through them
            child, n = self._choose(term, items, used, f"{{child}} == {root}")
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
        child, n = self._choose(term, items, used, "number_of(1, {child}) is not None" if only_number else "")
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

    def _scalable(self, spec: Coefficient, core: Core) -> bool:
        return not isinstance(spec, CNum) and not isinstance(core, CNum) and not (spec is None and isinstance(core, CVar))

    @property
    def scaling(self) -> bool:
        """Whether the root is a sum whose coefficients are literals: it is matched up to a factor."""
        left = self.law.left
        return isinstance(left, CSum) and left.rest is None and any(self._scalable(*t) for t in left.terms)

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
