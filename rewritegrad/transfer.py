"""Op blocks as functions on facts: where an application is defined (`needs`), and what is known of its value (`gives`).

The patterns in these fields are compiled once for each operator of a theory; the facts of a problem run them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import copysign, inf, isinf, isnan, nextafter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from . import intervals
from .batches import FAILURES, Call, Calls
from .conditions import Source, Word, word_function
from .dimensions import Dimensions
from .errors import RuleFileError
from .fact import ATTRIBUTE, REAL, Fact
from .intervals import LARGEST, REALS, End, Interval
from .kernels import OF_SHAPES, resolve
from .patterns import Condition, PApply, Pattern, PConstant, PNumber, PVar
from .theory import Gives, Operator, Theory

if TYPE_CHECKING:
    from .facts import Facts

Maker: TypeAlias = Callable[["Facts", Sequence[Fact]], Fact]

KERNEL_SLACK = 2.0**-36
"""How far, relatively, a kernel's value at the end of an interval may be from the truth."""


class Strict:
    """The facts of a problem as conditions see them that must hold on the whole domain: nonzero in the strict sense only."""

    def __init__(self, dimensions: Dimensions) -> None:
        self.dimensions = dimensions

    def nonzero(self, fact: Fact) -> bool:
        """Whether a value is proved not to be zero anywhere."""
        return fact.nonzero


class Test(NamedTuple):
    """A condition with what makes the facts of its arguments from those of an application's arguments."""

    word: Word
    makers: tuple[Maker, ...]

    def holds(self, facts: Facts, args: Sequence[Fact], source: Source) -> bool:
        """Whether the facts prove it, in the sense of a source."""
        return self.word(source, *[make(facts, args) for make in self.makers])


class Given(NamedTuple):
    """A fact about the result: what it says (`effect`, from the facts that it names), and under which conditions.

    Where these hold but for a thin set, only `almost` follows: that the result is zero on a thin set at most.
    """

    guards: tuple[Test, ...]
    effect: Callable[[Findings, Sequence[Fact]], None]
    makers: tuple[Maker, ...]
    almost: bool


class Findings:
    """What is found out about the result of one application."""

    __slots__ = ("analytic", "constant", "generic", "integer", "interval", "nonzero")

    def __init__(self) -> None:
        self.interval: Interval = REALS
        self.constant: Any = None
        self.integer = False
        self.nonzero = False
        self.generic = False
        self.analytic = False

    def within(self, interval: Interval) -> None:
        """The result lies in an interval."""
        self.interval = intervals.intersect(self.interval, interval)


class Plan:
    """What facts need of one operator."""

    __slots__ = ("_call", "_limits", "analytic", "boolean", "counts", "gives", "needs", "odd", "op", "rises", "steady")

    def __init__(self, op: Operator) -> None:
        self.op = op
        self.analytic = not op.flags.isdisjoint(("analytic", "linear"))
        self.odd = "odd" in op.flags
        self.rises = ("increasing" in op.flags) - ("decreasing" in op.flags)  # 1, -1 or 0
        self.steady = "linear" in op.flags or (self.rises != 0 and op.arity == 1)
        self.boolean = op.is_boolean
        self.counts = op.numpy in OF_SHAPES
        env: dict[str, Maker] = {p.name: _argument(i) for i, p in enumerate(op.parameters)}
        self.needs = tuple([_test(c, env) for c in op.needs])
        self.gives = tuple([_given(g, env) for g in op.gives if g.fact.word not in ("boolean", "real")])
        self._call: Call | None = None
        self._limits: dict[bool, End] = {}  # of a monotone kernel, at minus infinity (True) and infinity

    @property
    def call(self) -> Call | None:
        """How the kernel is called; None where there is none."""
        if self._call is None and self.op.numpy is not None:
            self._call = self.op.theory.derived(Calls)[self.op]
        return self._call

    def where_defined(self, facts: Facts, args: Sequence[Fact]) -> tuple[bool, bool]:
        """Whether `needs` is proved but for a thin set, and on the whole domain."""
        if all(test.holds(facts, args, facts.strict) for test in self.needs):
            return True, True
        return all(test.holds(facts, args, facts) for test in self.needs), False

    def findings(self, facts: Facts, args: Sequence[Fact]) -> Findings:
        """What `gives`, and a monotone kernel at the ends of its argument's interval, say of a total application."""
        found = Findings()
        for guards, effect, makers, almost in self.gives:
            if not guards or all(test.holds(facts, args, facts.strict) for test in guards):
                effect(found, [make(facts, args) for make in makers])
            elif almost and not found.generic and all(test.holds(facts, args, facts) for test in guards):
                found.generic = True
        if self.rises and len(args) == 1 and args[0].interval is not REALS:
            found.within(self._between_ends(args[0].interval))
        elif not self.op.parameters:
            found.within(self._value())
        elif self.counts:
            found.within(self._of_shapes(args))
        if found.integer:
            found.interval = intervals.to_integers(found.interval)
        if intervals.is_empty(found.interval):  # the block contradicts itself: believe nothing
            return Findings()
        if found.constant is None and found.interval[0] == found.interval[1]:
            found.constant = intervals.only(found.interval)
        return found

    def _between_ends(self, a: Interval) -> Interval:
        """Where the values of a monotone operator lie; an analytic one is strictly monotone, so that open ends stay open."""
        low, high = (a[0], a[2]), (a[1], a[3])
        first, last = (low, high) if self.rises > 0 else (high, low)
        lower, upper = self._at(first[0], first is low, -inf), self._at(last[0], last is low, inf)
        return lower, upper, lower != 0 or (self.analytic and first[1]), upper != 0 or (self.analytic and last[1])

    def _at(self, end: End, is_lower: bool, towards: float) -> End:
        """A bound, beyond it towards an infinity, of the value at the lower or upper end of the argument's interval."""
        if end == 0 and self.odd:
            return 0
        if end in (inf, -inf):
            limit = self._limits.get(is_lower)
            if limit is None:
                limit = self._limits[is_lower] = self._value_at(end, is_lower, towards)
            return limit
        return self._value_at(end, is_lower, towards)

    def _value_at(self, end: End, is_lower: bool, towards: float) -> End:
        call = self.call
        if call is None:
            return towards
        try:
            argument = float(end)
            if argument != end:
                argument = nextafter(argument, -inf if is_lower else inf)
            with np.errstate(all="ignore"):
                value = float(call.kernel(argument))
        except FAILURES:
            return towards
        if isnan(value):
            return towards
        if isinf(value):
            return value if value == towards else copysign(LARGEST, value)
        slack = abs(value) * KERNEL_SLACK + (0.0 if call.name.startswith("np.") else KERNEL_SLACK)
        return nextafter(value + copysign(slack, towards), towards)

    def _value(self) -> Interval:
        """The interval of an operator without arguments, whose kernel is a number."""
        call = self.call
        if call is None or callable(call.kernel):
            return REALS
        value = float(call.kernel)
        return nextafter(value, -inf), nextafter(value, inf), True, True

    def _of_shapes(self, args: Sequence[Fact]) -> Interval:
        """The value of a kernel that looks at nothing but shapes, where these are known."""
        call = self.call
        arrays = [tuple([d for d in a.shape if isinstance(d, int)]) for a in args if a.kind is not ATTRIBUTE]
        if call is None or any(len(shape) != len(a.shape) for shape, a in zip(arrays, [a for a in args if a.kind is not ATTRIBUTE], strict=True)):
            return REALS
        settings = {p.name: a.value for p, a in zip(self.op.parameters, args, strict=True) if p.attribute}
        try:
            value = int(resolve(str(self.op.numpy))(*[np.broadcast_to(0.0, shape) for shape in arrays], **settings))
        except FAILURES:
            return REALS
        return intervals.point(value)


class Plans:
    """The plans of a theory's operators, made when first asked for; kept by the theory (`Theory.derived`)."""

    def __init__(self, theory: Theory) -> None:
        self._plans: dict[Operator, Plan] = {}

    def __getitem__(self, op: Operator) -> Plan:
        plan = self._plans.get(op)
        if plan is None:
            plan = self._plans[op] = Plan(op)
        return plan


# -- conditions and patterns


def _test(condition: Condition, env: dict[str, Maker]) -> Test:
    return Test(word_function(condition.word), tuple([_maker(a, env) for a in condition.args]))


def _given(gives: Gives, env: dict[str, Maker]) -> Given:
    fact = gives.fact
    guards = tuple([_test(c, env) for c in gives.conditions])
    return Given(guards, _effect(fact), tuple([_maker(a, env) for a in fact.args]), fact.word in ("positive", "negative", "nonzero"))


def _argument(index: int) -> Maker:
    return lambda facts, args: args[index]


def _maker(pattern: Pattern, env: dict[str, Maker]) -> Maker:
    """What makes the fact of a pattern from the facts of the arguments."""
    match pattern:
        case PVar(name):
            return env[name]
        case PNumber():
            number = pattern.value
            return lambda facts, args: facts.number(number)
        case PConstant(value):
            return (lambda facts, args: facts.boolean(value)) if isinstance(value, bool) else (lambda facts, args: facts.attribute(value))
        case PApply(op, parts):
            makers = [_maker(p, env) for p in parts]
            if op.definition is not None:
                return _maker(op.definition, dict(zip([p.name for p in op.parameters], makers, strict=True)))
            return lambda facts, args: facts.application(op, [make(facts, args) for make in makers])
    raise RuleFileError("`x..` and `...` have no place in the conditions of an op block")


# -- what `gives` says


def _effect(fact: Condition) -> Callable[[Findings, Sequence[Fact]], None]:
    try:
        return _EFFECTS[fact.word]
    except KeyError:
        raise RuleFileError(f"an operator cannot give {fact.word}", fact.position) from None


def _give_interval(interval: Interval) -> Callable[[Findings, Sequence[Fact]], None]:
    return lambda found, named: found.within(interval)


def _give_integer(found: Findings, named: Sequence[Fact]) -> None:
    found.integer = True


def _give_nonzero(found: Findings, named: Sequence[Fact]) -> None:
    found.nonzero = True


def _give_analytic(found: Findings, named: Sequence[Fact]) -> None:
    found.analytic = True


def _give_equal(found: Findings, named: Sequence[Fact]) -> None:
    same = named[0]
    found.within(same.interval)
    found.integer = found.integer or same.integer
    found.nonzero = found.nonzero or same.nonzero
    found.generic = found.generic or same.generic
    found.analytic = found.analytic or same.analytic
    found.constant = same.constant


def _give_below(found: Findings, named: Sequence[Fact]) -> None:
    found.within((-inf, named[0].interval[1], True, True))


def _give_at_most(found: Findings, named: Sequence[Fact]) -> None:
    found.within((-inf, named[0].interval[1], True, named[0].interval[3]))


def _give_above(found: Findings, named: Sequence[Fact]) -> None:
    found.within((named[0].interval[0], inf, True, True))


def _give_at_least(found: Findings, named: Sequence[Fact]) -> None:
    found.within((named[0].interval[0], inf, named[0].interval[2], True))


def _give_unequal(found: Findings, named: Sequence[Fact]) -> None:
    found.nonzero = found.nonzero or named[0].constant == 0


def _give_between(found: Findings, named: Sequence[Fact]) -> None:
    low, high = named[0].interval, named[1].interval
    found.within((low[0], high[1], low[2], high[3]))


def _give_hull(found: Findings, named: Sequence[Fact]) -> None:
    around = named[0].interval
    for fact in named[1:]:
        around = intervals.hull(around, fact.interval)
    if all(fact.kind is REAL for fact in named):
        found.within(around)


_EFFECTS: dict[str, Callable[[Findings, Sequence[Fact]], None]] = {
    "positive": _give_interval(intervals.POSITIVE),
    "nonnegative": _give_interval(intervals.NONNEGATIVE),
    "negative": _give_interval(intervals.NEGATIVE),
    "integer": _give_integer,
    "nonzero": _give_nonzero,
    "analytic": _give_analytic,
    "=": _give_equal,
    "!=": _give_unequal,
    "<": _give_below,
    "<=": _give_at_most,
    ">": _give_above,
    ">=": _give_at_least,
    "between": _give_between,
    "hull": _give_hull,
}
