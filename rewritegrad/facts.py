"""Facts: what is known of every value of a problem, computed from what is known of its parts.

Soundness: unknown is never true. A fact is about all points of the declared domain but for a thin set, and comes only
from values that are defined there (`total`); from an operator's `needs` nothing is concluded about its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from math import inf, prod
from typing import Any, cast

from . import audits, conditions, enclosures, intervals
from .cells import Cell, avoids_zero, evaluate, less_known, unknown
from .dimensions import Dimensions
from .egraph.rational import tidy
from .enclosures import Application, Multiple, kernel_cell, product_cell, sum_cell
from .fact import AFFINE, ATTRIBUTE, BOOLEAN, CONCAVE, REAL, Fact, curved, merge, turned
from .intervals import POSITIVE, REALS, Interval, interval
from .kernels import Array
from .rationals import bounded, fold_power
from .samples import MAX_ENTRIES, Points, Sizes
from .shapes import broadcast, elementwise
from .term import Number, Shape, Term
from .theory import Operator, Theory, Type
from .transfer import Plan, Plans, Strict

_NOTHING: frozenset[str] = frozenset()


class Facts:
    """The facts of one problem: `terms` are its inputs, for which sample points are drawn (when first needed) with a seed.

    >>> import rewritegrad as rg
    >>> facts = rg.facts.Facts(rg.Theory.builtin())
    >>> x = facts.variable("x", rg.Type(lower=0))
    >>> plus = facts.theory.role("sum")
    >>> facts.sum(plus, [(2, x), (1, facts.number(1))]).interval[0]
    1
    """

    def __init__(self, theory: Theory, terms: Sequence[Term] = (), seed: int = 0) -> None:
        self.theory = theory
        self.dimensions = Dimensions()
        self.strict = Strict(self.dimensions)
        self._plans = theory.derived(Plans)
        self._numbers: dict[Number, Fact] = {}
        self._variables: dict[tuple[str, Type], Fact] = {}
        self._multiples: dict[Number, Multiple | None] = {}
        self._discrete: set[str] = set()  # names of integer variables
        self._sizes = Sizes(self.dimensions, terms)
        self.points = Points(terms, self._sizes, seed)

    # -- leaves

    def variable(self, name: str, type: Type = Type()) -> Fact:  # noqa: B008 - frozen
        """A variable of a declared type."""
        found = self._variables.get((name, type))
        if found is not None:
            return found
        within = interval(
            -inf if type.lower is None else type.lower,
            inf if type.upper is None else type.upper,
            type.open_lower,
            type.open_upper,
        )
        if type.integer:
            self._discrete.add(name)
            within = intervals.to_integers(within)
        if intervals.is_empty(within):
            within = REALS
        made = Fact(
            self._canonical(type.shape),
            frozenset((name,)),
            self._cell(type.shape, Cell(_drawn, (self.points, name, type))),
            True,
            True,
            intervals.only(within),
            within,
            type.integer,
            type.nonzero or intervals.excludes_zero(within),
            False,
            # functions on finitely many integers vanish on sets that are not thin
            not (type.integer and within[0] > -inf and within[1] < inf),
            AFFINE,
        )
        self._variables[name, type] = made
        return made

    def stand_in(self, name: str, type: Type, fact: Fact) -> None:
        """Let a variable stand for a value of which something is known (pieces.py)."""
        self._variables[name, type] = fact

    def opaque(self, name: str, type: Type, op: Operator, variables: Iterable[str]) -> None:
        """Let a variable stand for an application of which nothing is known but its shape and what it may depend on; any values are its samples."""
        kind = BOOLEAN if self._plans[op].boolean else REAL
        cell = self._cell(type.shape, Cell(_drawn, (self.points, name, type)))
        self._variables[name, type] = Fact(self._canonical(type.shape), frozenset(variables), cell, total=False, kind=kind)

    def number(self, value: Number) -> Fact:
        """An exact number."""
        found = self._numbers.get(value)
        if found is None:
            is_integer = type(value) is int or value.denominator == 1
            cell = enclosures.constant(value)
            found = Fact(
                (), _NOTHING, cell, True, True, tidy(value), intervals.point(value), is_integer, value != 0, False, True, AFFINE
            )
            self._numbers[value] = found
        return found

    def boolean(self, value: bool) -> Fact:
        """True or False."""
        return Fact((), _NOTHING, enclosures.truth(value), True, True, value, kind=BOOLEAN)

    def attribute(self, value: Any) -> Fact:
        """The value of a setting such as an axis."""
        return Fact((), _NOTHING, unknown(0), True, True, kind=ATTRIBUTE, value=value)

    # -- applications

    def apply(self, op: Operator, args: Sequence[Fact]) -> Fact:
        """An application of an operator that is stored as it is written."""
        plan = self._plans[op]
        shape = self._shape(op, args)
        free = _free(args)
        total, everywhere, analytic = True, True, True
        for a in args:
            total = total and a.total
            everywhere = everywhere and a.everywhere
            analytic = analytic and (a.analytic or a.kind is ATTRIBUTE)
        analytic = analytic and not self._is_discrete(free)  # sin(pi*k) vanishes on all integers
        if total and plan.needs:
            total, strictly = plan.where_defined(self, args)
            everywhere = everywhere and strictly
        cell = self._kernel(plan, args, shape)
        kind = BOOLEAN if plan.boolean else REAL
        if not total:
            return Fact(shape, free, cell, False, analytic=analytic and plan.analytic, kind=kind)
        found = plan.findings(self, args)
        within = found.interval
        analytic = analytic and (plan.analytic or found.analytic)
        nonzero = found.nonzero or (within is not REALS and intervals.excludes_zero(within))
        return Fact(shape, free, cell, True, everywhere, found.constant, within, found.integer, nonzero, found.generic, analytic, 0, kind)

    def application(self, op: Operator, args: Sequence[Fact]) -> Fact:
        """An application of any operator, as conditions in op blocks write them: sums, products and powers are recognised by their roles."""
        roles = self.theory.roles
        if op is roles.get("sum"):
            return self.sum(op, [(1, a) for a in args])
        if op is roles.get("product"):
            numbers = [a.constant for a in args if a.constant is not None and not a.shape]
            others = [(a, 1) for a in args if a.constant is None or a.shape]
            return self.product(op, tidy(prod(numbers)), others)
        if op is roles.get("power"):
            exponent = args[1].constant
            if exponent is not None and exponent is not True and exponent is not False:
                return self.product(roles.get("product", op), 1, [(args[0], exponent)])
        return self.fold(op, args) if op.is_multiset else self.apply(op, args)

    def fold(self, op: Operator, members: Sequence[Fact]) -> Fact:
        """A multiset that is neither sum nor product, as applications to two arguments."""
        return reduce(lambda a, b: self.apply(op, (a, b)), members)

    # -- sums

    def scale(self, k: Number, fact: Fact) -> Fact:
        """k times a value, for k other than 0."""
        if k == 1:
            return fact
        constant = fact.constant
        if constant is not None:
            constant = _folded(k * constant)
        return fact._replace(
            cell=sum_cell((self._multiple(k),), (fact.cell,)),
            constant=constant,
            interval=intervals.scale(k, fact.interval),
            integer=fact.integer and type(k) is int,
            curvature=fact.curvature if k > 0 else turned(fact.curvature),
        )

    def sum(self, op: Operator, items: Sequence[tuple[Number, Fact]]) -> Fact:
        """A sum of multiples (coefficient, value), in the shape that the values broadcast to."""
        if len(items) == 1:
            return self.scale(*items[0])
        facts = [f for _, f in items]
        shape = self._shape(op, facts)
        free = _free(facts)
        cell = self._cell(shape, sum_cell([self._multiple(k) for k, _ in items], [f.cell for f in facts]))
        analytic, total, everywhere, integer, curvature = True, True, True, True, AFFINE
        within: Interval = (0, 0, False, False)
        constant: Number | None = 0
        for k, f in items:
            analytic = analytic and f.analytic
            total = total and f.total
            everywhere = everywhere and f.everywhere
            if within is not REALS:
                within = intervals.add(within, intervals.scale(k, f.interval))
            integer = integer and f.integer and type(k) is int
            curvature &= f.curvature if k > 0 else turned(f.curvature)
            if constant is not None:
                constant = None if f.constant is None else constant + k * f.constant
        if not total:
            return Fact(shape, free, cell, False, analytic=analytic)
        if constant is not None:
            constant = _folded(constant)
            within = within if constant is None else intervals.point(constant)
        nonzero = within is not REALS and intervals.excludes_zero(within)
        return Fact(shape, free, cell, True, everywhere, constant, within, integer, nonzero, False, analytic, curvature)

    def _multiple(self, k: Number) -> Multiple | None:
        if k == 1:
            return None
        try:
            return self._multiples[k]
        except KeyError:
            return self._multiples.setdefault(k, enclosures.multiple(k))

    # -- products

    def product(self, op: Operator, coefficient: Number, items: Sequence[tuple[Fact, Number]]) -> Fact:
        """A coefficient times powers (value, exponent). The domain of powers is known here: x^(p/q) needs x >= 0, x^-n needs x != 0."""
        if not items:
            return self.number(coefficient)
        facts = [f for f, _ in items]
        shape = self._shape(op, facts)
        free = _free(facts)
        cell = self._cell(shape, product_cell(coefficient, [n for _, n in items], [f.cell for f in facts]))
        if coefficient == 1 and not self._discrete and all(f.interval is POSITIVE and f.everywhere and f.analytic for f in facts):
            curvature = curved(facts[0], items[0][1]) if len(items) == 1 else 0
            return Fact(shape, free, cell, True, True, None, POSITIVE, False, True, False, True, curvature)
        analytic, total, everywhere = True, True, True
        for f, n in items:
            analytic = analytic and f.analytic and (type(n) is int or self._has_analytic_root(f))
            total = total and f.total
            everywhere = everywhere and f.everywhere
            if total and (n < 0 or type(n) is not int) and not (f.nonzero and type(n) is int):
                total, strictly = self._where_defined(f, n)
                everywhere = everywhere and strictly
        if not total:
            return Fact(shape, free, cell, False, analytic=analytic)
        integer, nonzero = type(coefficient) is int, coefficient != 0
        within: Interval | None = None
        constant: Number | None = coefficient
        for f, n in items:
            if within is not REALS:
                power = intervals.power(f.interval, n)
                within = power if within is None else intervals.multiply(within, power)
            integer = integer and f.integer and n > 0 and type(n) is int
            nonzero = nonzero and (f.nonzero or n < 0)
            if constant is not None:
                folded = None if f.constant is None else fold_power(f.constant, n)
                constant = None if folded is None else _folded(constant * folded)
        assert within is not None
        if constant is not None:
            within = intervals.point(constant)
        elif coefficient != 1:
            within = intervals.scale(coefficient, within) if coefficient else (0, 0, False, False)
        curvature = curved(facts[0], items[0][1]) if len(items) == 1 else 0
        nonzero = nonzero or (within is not REALS and intervals.excludes_zero(within))
        curvature = curvature if coefficient > 0 else turned(curvature)
        generic = not analytic and not nonzero and coefficient != 0 and all(n < 0 or self.nonzero(f) for f, n in items)
        return Fact(shape, free, cell, True, everywhere, constant, within, integer, nonzero, generic, analytic, curvature)

    def _where_defined(self, fact: Fact, exponent: Number) -> tuple[bool, bool]:
        """Whether a power of a total value is defined but for a thin set, and everywhere that the value is."""
        if type(exponent) is not int and fact.interval[0] < 0:
            return False, False
        strictly = exponent > 0 or fact.nonzero
        return strictly or self.nonzero(fact), strictly

    def _has_analytic_root(self, fact: Fact) -> bool:
        """Whether fractional powers of an analytic value are analytic: sqrt(x^2) is abs(x), with a kink where x^2 touches
        zero. Nothing positive does that, and no concave value; where the latter is positive is one piece, too."""
        if self._is_discrete(fact.free):
            return False
        return intervals.is_positive(fact.interval) or bool(fact.curvature & CONCAVE)

    # -- one class, two descriptions

    def merge(self, a: Fact, b: Fact) -> Fact:
        """What is known of a value from two descriptions: `a` itself where `b` adds nothing, `b` where `a` adds nothing."""
        return merge(a, b)

    # -- samples

    def samples(self, fact: Fact) -> tuple[Array, Array]:
        """Values and errors at the sample points, as arrays of shape (points, *shape); nan where nothing is known.

        The value is within value +- error. What does not depend on variables has one point instead of all.
        """
        values, errors = evaluate(fact.cell)
        return values, errors

    def disjoint(self, a: Fact, b: Fact) -> tuple[int, Any, Any] | None:
        """A point where two values certainly differ, as its index and both values; None where there is none."""
        return audits.disjoint(a, b, self.points.regular)

    def wrong(self, pairs: Sequence[tuple[Fact, Fact]]) -> int:
        """The audit of unions: the first of several pairs of values that certainly differ at a sample point, -1 where there is none."""
        return audits.wrong(pairs, self.points.regular)

    def less_defined(self, a: Fact, b: Fact) -> bool:
        """Whether `a` is unknown at a point where `b` is known."""
        first, second = evaluate(a.cell), evaluate(b.cell)
        return not a.cell.clean and less_known(first, second)

    def nonzero(self, fact: Fact) -> bool:
        """Whether a value is not zero but for a thin set: proved on the whole domain, or (the generic sense) made of what
        is not zero, or analytic, and enclosures exclude zero at every sample point where it is defined, and there is one."""
        if fact.nonzero or fact.generic:
            return True
        if not fact.analytic or fact.kind is not REAL:
            return False
        cell = fact.cell
        if cell.apart is None:
            # polynomials in integers vanish on a thin set unless everywhere, but small integers are often among their zeros
            cell.apart = avoids_zero(audits.regular(evaluate(cell), self.points.regular), self._is_discrete(fact.free))
        return cell.apart

    def holds(self, word: str, *args: Fact | Number) -> bool:
        """Whether the facts prove a condition."""
        return conditions.holds(self, word, args)

    def _is_discrete(self, free: frozenset[str]) -> bool:
        """Whether one of the names is that of an integer variable."""
        return bool(self._discrete) and not self._discrete.isdisjoint(free)

    # -- shapes and cells

    def _shape(self, op: Operator, args: Sequence[Fact]) -> Shape:
        for a in args:
            if a.shape:
                break
        else:
            if op.shape_rule is elementwise:
                return ()
        if len(args) != op.arity:  # a multiset
            return self._canonical(broadcast([a.shape for a in args]))
        # shape rules read the shape of an argument, whether it is an attribute, and its value: facts answer as terms do
        return self._canonical(op.shape_of(cast("tuple[Term, ...]", tuple(args))))

    def _canonical(self, shape: Shape) -> Shape:
        return tuple([self.dimensions.find(d) for d in shape]) if shape else shape

    def _cell(self, shape: Shape, cell: Cell) -> Cell:
        """The cell, unless its value has too many entries to be sampled."""
        if shape and self._sizes.entries(shape) > MAX_ENTRIES:
            return unknown(len(shape))
        return cell

    def _kernel(self, plan: Plan, args: Sequence[Fact], shape: Shape) -> Cell:
        call = plan.call
        if call is None:
            return unknown(len(shape))
        settings: tuple[Any, ...]
        cells: tuple[Cell, ...]
        if len(args) == 1 and args[0].kind is not ATTRIBUTE:
            kinds, settings, cells = _KINDS[args[0].kind, args[0].integer], (), (args[0].cell,)
        else:
            kinds = "".join([_KINDS[a.kind, a.integer] for a in args])
            settings = tuple([a.value for a in args if a.kind is ATTRIBUTE])
            cells = tuple([a.cell for a in args if a.kind is not ATTRIBUTE])
        cell = kernel_cell(Application(call, kinds, settings, plan.boolean, plan.steady), cells)
        return self._cell(shape, cell) if shape else cell


_KINDS = {(REAL, False): "f", (REAL, True): "i", (BOOLEAN, False): "b", (ATTRIBUTE, False): "a"}
"""What a cell is to a kernel (see enclosures.Application)."""


def _free(facts: Sequence[Fact]) -> frozenset[str]:
    free = facts[0].free if facts else _NOTHING
    for fact in facts:
        if fact.free is not free and not fact.free <= free:
            free = free | fact.free
    return free


def _folded(number: Number) -> Number | None:
    return tidy(number) if bounded(number) else None


def _drawn(variable: tuple[Points, str, Type], operands: tuple[Cell, ...]) -> Array:
    points, name, type = variable
    return enclosures.exact_rows(points.values(name, type))
