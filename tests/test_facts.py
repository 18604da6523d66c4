"""What is known of values: bounds, integrality, totality, and what merging keeps."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad import definitions
from rewritegrad.fact import REFINEMENTS, Fact
from rewritegrad.facts import Facts
from rewritegrad.intervals import NONNEGATIVE, POSITIVE, REALS
from rewritegrad.term import postorder

BUILTIN = rg.Theory.builtin()

RULES = """
roles  sum +   product *   power ^   fill fill
op a + b     prec 40 left   numpy np.add       is associative, commutative   unit 0   multiple n * a
    d/da  1
    d/db  1
op a * b     prec 50 left   numpy np.multiply  is associative, commutative   unit 1   zero 0   multiple a ^ n
    d/da  b
    d/db  a
op a ^ b     prec 70 right  numpy np.power     needs powerable(a, b)
    constant a, b
op -a        prec 60        numpy np.negative  means (-1) * a
    d/da  -1
op exp(x)    numpy np.exp      is analytic, increasing        gives positive
    constant x
op log(x)    numpy np.log      is analytic, increasing        needs positive(x)
    constant x
op sinh(x)   numpy np.sinh     is analytic, increasing, odd
    constant x
op sin(x)    numpy np.sin      is analytic, odd               gives between(-1, 1)
    constant x
op acot(x)   numpy np.arctan   is decreasing
    constant x
op abs(x)    numpy np.abs      gives nonnegative, hull(x, -x), >= x, >= -x
    gives positive if nonzero(x)
    gives integer if integer(x)
    constant x
op floor(x)  numpy np.floor    gives integer, > x + -1, <= x
    constant x
op x < y     prec 30           numpy np.less   gives boolean
    gives = True if x < y
    gives = False if x >= y
    constant x, y
op where(c, x, y)              numpy np.where  gives hull(x, y)
    gives = x if c = True
    gives = y if c = False
    constant c, x, y
op max(x, y)                   numpy np.maximum   is associative, commutative, idempotent   gives hull(x, y), >= x, >= y
    constant x, y
op pi        numpy np.pi       gives positive
op fill(like, value)           numpy kernels.fill   gives = value
    constant like, value
op U(x)
op A @ B     prec 50 left      numpy np.matmul   is linear
    shape "(n, k), (k, m) -> (n, m) | (n, k), (k) -> (n) | (k), (k) -> ()"
    constant A, B
op sum(X, axis=None)           numpy np.sum      is linear
    shape "reduce X axis"
    constant X
"""
THEORY = rg.Theory.parse(RULES, base=None)


def known(text: str, theory: rg.Theory = THEORY, **types: str) -> tuple[Facts, Fact]:
    """The fact of a formula, computed node by node."""
    term = rg.parse(text, theory=theory, **types)
    (expanded,) = definitions.expand([term], keep=lambda op: False)
    facts = Facts(theory, [term])
    found: dict[rg.Term, Fact] = {}
    for t in postorder(expanded):
        if t.op.leaf:
            leaf = facts.variable(t.value, t.detail) if t.op.leaf == "variable" else getattr(facts, t.op.leaf)(t.value)
            found[t] = leaf
        else:
            found[t] = facts.application(t.op, [found[a] for a in t.args])
    return facts, found[expanded]


@pytest.mark.parametrize(
    ("text", "types", "interval"),
    [
        ("x", {"x": "scalar > 2"}, (2, inf, True, True)),
        ("x + -2", {"x": "scalar > 2"}, POSITIVE),
        ("x + -0.1", {"x": "scalar > 0.1"}, POSITIVE),
        ("-x", {"x": "scalar > 2"}, (-inf, -2, True, True)),
        ("3*x + -2*y", {"x": "scalar >= 1", "y": "scalar < 1"}, (1, inf, True, True)),
        ("x^2", {}, NONNEGATIVE),
        ("x^2 + 1", {}, (1, inf, False, True)),
        ("(x^2 + 1)^(-1/2)".replace("1/2", "0.5"), {}, (0, 1, True, False)),
        ("x * y", {"x": "scalar > 0", "y": "scalar < 0"}, (-inf, 0, True, True)),
        ("exp(x)", {}, POSITIVE),
        ("sin(x)^2", {}, (0, 1, False, False)),
        ("sinh(x)", {"x": "scalar > 0"}, POSITIVE),
        ("acot(x)", {}, REALS),
        ("k", {"k": "integer > 0"}, (1, inf, False, True)),
        ("floor(x)", {"x": "scalar, 0.5 < x < 3.5"}, (0, 3, False, False)),
        ("max(x, 3)", {"x": "scalar < 5"}, (3, 5, False, True)),
        ("where(c < 0, x, 7)", {"x": "scalar < 5"}, (-inf, 7, True, False)),
    ],
)
def test_intervals(text: str, types: dict[str, str], interval: tuple[object, ...]) -> None:
    _, fact = known(text, **types)
    assert fact.total
    assert fact.interval == interval


def test_kernels_at_the_ends_of_intervals_are_rounded_outward() -> None:
    _, fact = known("exp(x)", x="scalar, 0 < x < 1")
    assert Fraction(99, 100) < fact.lower < 1
    assert np.e < fact.upper < 2.72
    _, fact = known("acot(x)", x="scalar, 0 < x < 1")
    assert fact.lower < 0 < fact.upper  # of a decreasing kernel the ends change places; this one is not decreasing


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("2 + 3*7", 23),
        ("8^(-1) * 2", Fraction(1, 4)),
        ("abs(-3)", 3),
        ("max(2, 3, -7)", 3),
        ("floor(3.5)", 3),
        ("2 < 3", True),
        ("3 < 3", False),
        ("where(2 < 3, 5, 6)", 5),
        ("0.25^0.5", Fraction(1, 2)),
        ("9^9^9", None),
        ("2^0.5", None),
        ("exp(0)", None),
        ("pi", None),
    ],
)
def test_constants_are_folded_where_exact(text: str, constant: object) -> None:
    _, fact = known(text)
    assert fact.constant == constant
    assert type(fact.constant) is type(constant)


def test_comparisons_decided_by_intervals() -> None:
    assert known("x < 1", x="scalar < 0")[1].constant is True
    assert known("x < 1", x="scalar >= 1")[1].constant is False
    assert known("x < 1", x="scalar > 0")[1].constant is None


@pytest.mark.parametrize(
    ("text", "types", "total"),
    [
        ("log(x)", {}, False),
        ("log(x)", {"x": "scalar > 0"}, True),
        ("log(x^2 + 1)", {}, True),
        ("x^(-1)", {}, True),  # but for a thin set
        ("abs(x)^(-1)", {}, True),
        ("(x + abs(x))^(-1)", {}, False),
        ("x^0.5", {}, False),
        ("x^0.5", {"x": "scalar >= 0"}, True),
        ("x^y", {}, False),
        ("x^y", {"x": "scalar > 0"}, True),
        ("x^k", {"k": "integer"}, True),
        ("exp(log(x))", {}, False),
        ("0*log(x) + 1", {}, False),
    ],
)
def test_totality(text: str, types: dict[str, str], total: bool) -> None:
    _, fact = known(text, **types)
    assert fact.total is total
    if not total:
        assert (fact.interval, fact.constant, fact.integer, fact.nonzero) == (REALS, None, False, False)


def test_integers() -> None:
    assert known("2*k + 3", k="integer")[1].integer
    assert known("k^2 * m", k="integer", m="integer")[1].integer
    assert not known("k^(-1)", k="integer")[1].integer
    assert not known("0.5*k", k="integer")[1].integer
    assert known("abs(k)", k="integer")[1].integer


def test_nonzero_in_both_strengths() -> None:
    facts, fact = known("x")
    assert not fact.nonzero
    assert facts.nonzero(fact)
    assert known("x", x="scalar != 0")[1].nonzero
    assert known("exp(x) * 3")[1].nonzero
    assert known("x^(-1)")[1].nonzero
    for zero in ("(x + 1)^2 + -1*x^2 + -2*x + -1", "sin(x)^2 + sin(x + pi*0.5)^2 + -1", "x + abs(x)", "x + -1*abs(x)", "abs(x + -1000) + x + -1000"):
        facts, fact = known(zero)
        assert not facts.nonzero(fact), zero


def test_roots_of_squares_are_not_analytic() -> None:
    assert not known("(x^2)^0.5 + y")[1].analytic
    assert known("x^0.5")[1].analytic
    assert known("(1 + -1*x^2)^0.5 + 1")[1].analytic
    assert known("(x^2 + 1)^0.5")[1].analytic
    assert not known("abs(x)")[1].analytic


def test_functions_of_integers_are_generic_only_as_polynomials() -> None:
    facts, fact = known("k * (k + 1)", k="integer")
    assert facts.nonzero(fact)
    facts, fact = known("sin(k)", k="integer")
    assert not facts.nonzero(fact)
    facts, fact = known("k + -2", k="integer > 0")
    assert facts.nonzero(fact)


def test_free_variables() -> None:
    assert known("x*y + sin(x)")[1].free == {"x", "y"}
    assert known("pi + 2")[1].free == frozenset()


def test_merging_takes_facts_from_total_values_only() -> None:
    facts, lost = known("exp(log(x))")
    x = facts.variable("x")
    both = facts.merge(lost, x)
    assert both.total
    assert both.interval == REALS  # nobody may conclude x > 0
    facts, positive = known("exp(y)")
    anything = facts.variable("x")
    assert facts.merge(anything, positive).interval == POSITIVE
    assert facts.merge(positive, anything).free == frozenset()


def test_merging_tells_whether_anything_was_added() -> None:
    facts, a = known("exp(x)")
    b = a._replace(interval=REALS, nonzero=False)
    assert facts.merge(a, a) is a
    assert facts.merge(a, b) is a
    assert facts.merge(b, a) is a


def test_merging_never_refines_for_ever() -> None:
    facts, x = known("x", x="scalar, 0 < x < 1")
    changes = 0
    for n in range(2, 60):
        tighter = facts.merge(x, x._replace(interval=(0, Fraction(n, 2 * n - 1), True, False)))
        changes += tighter is not x
        x = tighter
    assert 0 < changes <= REFINEMENTS
    assert facts.merge(x, x._replace(interval=(Fraction(1, 9), 1, False, True))).interval[0] == Fraction(1, 9)  # a new sign


def test_contradictory_bounds_are_not_believed() -> None:
    facts, x = known("x", x="scalar > 0")
    assert facts.merge(x, x._replace(interval=(-2, -1, False, False))).interval == POSITIVE


def test_audit() -> None:
    facts, x = known("x")
    plus, times = THEORY.role("sum"), THEORY.role("product")
    double = facts.sum(plus, [(1, x), (1, x)])
    assert facts.disjoint(double, facts.scale(2, x)) is None
    index, left, right = facts.disjoint(double, facts.scale(3, x)) or (-1, 0, 0)
    point = facts.points.at(index)["x"]
    assert (left, right) == (2 * point, 3 * point)
    square, absolute = facts.product(times, 1, [(x, 2)]), facts.apply(THEORY.find("abs", 1), [x])
    assert facts.disjoint(facts.product(times, 1, [(square, Fraction(1, 2))]), absolute) is None
    assert facts.disjoint(absolute, x) is not None
    assert facts.wrong([(double, facts.scale(2, x)), (absolute, x), (double, x)]) == 1


def test_audit_of_what_is_undefined() -> None:
    facts, lost = known("log(x)")
    x = facts.variable("x")
    unknown = facts.apply(THEORY.find("U", 1), [x])
    nowhere = facts.apply(THEORY.find("log", 1), [facts.number(-1)])
    assert facts.disjoint(unknown, x) is None
    assert facts.wrong([(unknown, x), (nowhere, x), (lost, lost)]) == -1
    assert not facts.nonzero(unknown)
    facts, ratio = known("log(x) * log(x)^(-1) + abs(y)")
    one = facts.number(1)
    assert not facts.less_defined(one, ratio)
    log = facts.apply(THEORY.find("log", 1), [facts.variable("z")])
    assert facts.less_defined(log, one)


def test_merging_fills_samples() -> None:
    facts, lost = known("log(y) + abs(x)", x="scalar > 0")
    y = facts.variable("y")
    minus = facts.scale(-1, y)
    log, other = facts.apply(THEORY.find("log", 1), [y]), facts.apply(THEORY.find("log", 1), [minus])
    facts.samples(log), facts.samples(other)
    both = facts.merge(log, other)
    known_points = [~np.isnan(facts.samples(f)[0]) for f in (log, other, both)]
    assert (known_points[2] == (known_points[0] | known_points[1])).all()
    assert lost.free == {"x", "y"}


def test_conditions_in_branches_keep_the_other_branch() -> None:
    facts, fact = known("where(0 < x, log(x), 0)")
    values, _ = facts.samples(fact)
    assert not np.isnan(values[: facts.points.regular]).any()


def test_shapes() -> None:
    facts, fact = known("A @ x + y", A="matrix[n, m]", x="vector[m]", y="vector[k]")
    assert len(fact.shape) == 1
    assert facts.dimensions.same(fact.shape, ("n",))
    assert facts.dimensions.same(("k",), ("n",))
    values, _ = facts.samples(fact)
    assert values.shape[1:] == (2,)
    _, fact = known("fill(A, 2)", A="matrix")
    assert (fact.constant, len(fact.shape)) == (2, 2)
    _, fact = known("sum(A, axis=0)", A="matrix[n, m]")
    assert fact.shape == ("m",)


def test_large_tensors_are_not_sampled() -> None:
    facts, fact = known("X + Y", X="matrix[2000, 2000]", Y="matrix[2000, 2000]")
    values, _ = facts.samples(fact)
    assert np.isnan(values).all()
    assert fact.shape == (2000, 2000)


def test_chains_are_evaluated_without_recursion_and_only_when_asked() -> None:
    facts = Facts(THEORY)
    sin = THEORY.find("sin", 1)
    fact = x = facts.variable("x")
    for _ in range(20_000):
        fact = facts.apply(sin, [fact])
    assert fact.cell.rows is None
    assert x.cell.rows is None
    assert np.isfinite(facts.samples(fact)[0]).all()
    assert fact.cell.operands == ()


def test_names_mean_nothing() -> None:
    one, two = known("x*y + sin(x)"), known("b*a + sin(b)")
    assert (one[0].samples(one[1])[0] == two[0].samples(two[1])[0]).all()
