"""Zeros that stay zeros: a derivative that is chosen to be 0 is 0 whatever it would be multiplied with.

The cotangent of sqrt(x) in `where(x > 0, sqrt(x), 0)` is `where(x > 0, g, 0)`, and times the slope of sqrt it is 0 / 0 at
x = 0: nan. Here the choice is moved behind the products,

    where(x > 0, g, 0) / (2 * sqrt(x))   becomes   where(x > 0, g / (2 * sqrt(x)), 0)

and is no longer for it. A choice moves through what is zero where an argument is (products and what is defined as one, and
linear operators where the choice is one for all entries), through sums of parts that are chosen by the same condition, and with
entries that are moved (x[1:], reshape), whose conditions are moved too.
The theory names the operators by the roles choice, both, either and neither; without them nothing is guarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .patterns import PApply, PVar
from .term import Term, make_term, postorder
from .theory import Operator, Parameter, Theory

_ROLES = ("choice", "both", "either", "neither", "product", "sum", "fill")


@dataclass(frozen=True, slots=True)
class _Part:
    """A term that is `core` where `mask` holds and 0 elsewhere, there whatever core is; `whole` spells that out, once it is known."""

    core: Term
    mask: Term | None = None
    whole: Term | None = None


class Guards:
    """What a theory says about choices and zeros; see `derivative_rules.derivative_rules` for how such tables are kept."""

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        self.able = all(role in theory.roles for role in _ROLES)
        self._zero = theory.number(0)
        self._moving: dict[Operator, int] = {}
        self._vanishing: dict[Operator, tuple[tuple[int, ...], bool]] = {}
        if self.able:
            self._choice = theory.role("choice")
            self._moving = {op: i for op in theory.operators for i, p in enumerate(op.parameters) if self._moves(op, p)}
            self._vanishing = {op: found for op in theory.operators if (found := self._where_zero(op))[0]}

    def guard(self, terms: Sequence[Term], given: Sequence[Term]) -> list[Term]:
        """The terms with every choice of a zero behind the products that it is part of; what is below `given` stays as it is."""
        order = postorder(*terms) if self.able else []
        choices = [term for term in order if term.op is self._choice] if order else []
        kept = set(postorder(*given)) if choices else set()
        if kept.issuperset(choices):
            return list(terms)
        parts: dict[Term, _Part] = {}
        for term in order:
            if term.op.leaf or term in kept:
                parts[term] = _Part(term, None, term)
            elif term.op is self._choice:
                parts[term] = self._chosen(term, parts)
            else:
                parts[term] = self._applied(term, parts)
        return [self._whole(term, parts) for term in terms]

    def _moves(self, op: Operator, parameter: Parameter) -> bool:
        """Whether the entries of applications are those of the argument, at places that do not depend on values."""
        whole = bool(op.shape_text) and not parameter.attribute and not parameter.constant and parameter.name in op.handed_on
        return whole and all(p is parameter or p.attribute or p.constant for p in op.parameters)

    def _where_zero(self, op: Operator) -> tuple[tuple[int, ...], bool]:
        """The arguments that make an application zero by being it, and whether they do so entry by entry."""
        product = self.theory.role("product")
        if op is product:
            return (0, 1), True
        if op is self.theory.role("fill"):
            return (1,), True
        meaning = op.definition
        if isinstance(meaning, PApply) and meaning.op is product:
            factors = {arg.name for arg in meaning.args if isinstance(arg, PVar)}
            return tuple(i for i, p in enumerate(op.parameters) if p.name in factors), True
        if "linear" in op.flags:
            free = [i for i, p in enumerate(op.parameters) if not (p.attribute or p.constant)]
            return tuple(free), False
        return (), True

    def _chosen(self, term: Term, parts: dict[Term, _Part]) -> _Part:
        """A choice: where one branch is zero, the other one under the condition."""
        condition, first, second = term.args
        a, b = parts[first], parts[second]
        whole = self._made(term, parts)
        if self._is_zero(second):
            return _Part(a.core, self._both(condition, a.mask), whole)
        if self._is_zero(first):
            return _Part(b.core, self._both(self._not(condition), b.mask), whole)
        mask: Term | None = None
        if b.mask is not None and a.mask is None:
            mask = self._either(condition, b.mask)
        elif a.mask is not None and b.mask is None:
            mask = self._either(self._not(condition), a.mask)
        elif a.mask is not None and b.mask is not None:
            mask = self._either(self._both(condition, a.mask), self._both(self._not(condition), b.mask))
        return _Part(whole if mask is None else make_term(term.op, (condition, a.core, b.core)), mask, whole)

    def _applied(self, term: Term, parts: dict[Term, _Part]) -> _Part:
        if term.op is self.theory.role("sum"):
            return self._added(term, parts)
        at = self._moving.get(term.op)
        if at is not None and (chosen := parts[term.args[at]]).mask is not None and chosen.mask.shape == term.args[at].shape:
            moved = [make_term(term.op, (*term.args[:at], part, *term.args[at + 1 :])) for part in (chosen.core, chosen.mask)]
            return _Part(moved[0], moved[1], self._made(term, parts))
        positions, elementwise = self._vanishing.get(term.op, ((), True))
        mask: Term | None = None
        cores = list(term.args)
        for i, arg in enumerate(term.args):
            part = parts[arg]
            if i in positions and part.mask is not None and (elementwise or not part.mask.shape):
                mask = part.mask if mask is None else self._both(mask, part.mask)
                cores[i] = part.core
            else:
                cores[i] = self._whole(arg, parts)
        core = term if tuple(cores) == term.args else self._product(term, cores)
        return _Part(core, mask, core if mask is None else None)

    def _product(self, term: Term, args: list[Term]) -> Term:
        """The term over other arguments; a factor 1, which a choice has left behind, is left out."""
        if term.op is self.theory.role("product"):
            for one, other in ((args[0], args[1]), (args[1], args[0])):
                if one.op.leaf == "number" and one.value == 1 and other.shape == term.shape:
                    return other
        return make_term(term.op, tuple(args))

    def _added(self, term: Term, parts: dict[Term, _Part]) -> _Part:
        """A sum: of parts under one condition it is under that, of parts under several it is zero where none of them holds."""
        masks = [parts[arg].mask for arg in term.args]
        first = masks[0]
        if first is not None and all(mask is first for mask in masks):
            return _Part(make_term(term.op, tuple([parts[arg].core for arg in term.args])), first)
        whole = self._made(term, parts)
        mask = first
        for other in masks[1:]:
            mask = None if mask is None or other is None else self._either(mask, other)
        return _Part(whole, mask, whole)

    def _whole(self, term: Term, parts: dict[Term, _Part]) -> Term:
        part = parts[term]
        if part.whole is not None:
            return part.whole
        whole = part.core
        if part.mask is not None and part.mask.op is self.theory.role("neither"):
            whole = make_term(self._choice, (part.mask.args[0], self._zero, part.core))
        elif part.mask is not None:
            whole = make_term(self._choice, (part.mask, part.core, self._zero))
        parts[term] = _Part(part.core, part.mask, whole)
        return whole

    def _made(self, term: Term, parts: dict[Term, _Part]) -> Term:
        """The term over the wholes of its arguments."""
        args = tuple([self._whole(arg, parts) for arg in term.args])
        return term if args == term.args else make_term(term.op, args)

    def _is_zero(self, term: Term) -> bool:
        if term.op is self.theory.role("fill"):
            term = term.args[1]
        return bool(term.op.leaf == "number" and term.value == 0)

    def _both(self, a: Term, b: Term | None) -> Term:
        both = self.theory.role("both")
        if b is None or b is a or (a.op is both and b in a.args):
            return a
        return b if b.op is both and a in b.args else make_term(both, (a, b))

    def _either(self, a: Term, b: Term) -> Term | None:
        if b is a:
            return a
        if a is self._not(b) or b is self._not(a):
            return None
        return make_term(self.theory.role("either"), (a, b))

    def _not(self, a: Term) -> Term:
        neither = self.theory.role("neither")
        return a.args[0] if a.op is neither else make_term(neither, (a,))


def guarded(terms: Sequence[Term], given: Sequence[Term]) -> list[Term]:
    """Derivatives whose zeros stay zeros; `given` are the terms that were differentiated, which are left as they are."""
    return terms[0].theory.derived(Guards).guard(terms, given) if terms else []
