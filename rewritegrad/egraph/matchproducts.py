"""Factors of a product against the children of a power multiset."""

from __future__ import annotations

from .language import CLit, CNode, CNum, Core, CProd, CVar, Kind
from .matching import Matching


class ProductMatching(Matching):
    """Matches factors with their exponents, and a coefficient."""

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
        remaining = self.unused(items, used)
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
        child, n = self._choose(spec, items, used, where)
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
