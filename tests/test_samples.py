"""Where sample points lie."""

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.dimensions import Dimensions
from rewritegrad.errors import ShapeError
from rewritegrad.samples import COUNT, Points, Sizes


def points_of(*texts: str, seed: int = 0, **types: str) -> tuple[Points, list[rg.Term]]:
    terms = [rg.parse(text, **types) for text in texts]
    return Points(terms, Sizes(Dimensions(), terms), seed), terms


def values_of(points: Points, term: rg.Term, name: str) -> np.ndarray:
    (variable,) = [v for v in rg.term.variable_terms(term) if v.value == name]
    return points.values(name, variable.detail)[: points.regular]


@pytest.mark.parametrize(
    ("declared", "low", "high"),
    [
        ("scalar > 0", 0, np.inf),
        ("scalar < -3", -np.inf, -3),
        ("scalar, -1 < x < 1", -1, 1),
        ("scalar, 100 < x < 101", 100, 101),
        ("scalar > 100000", 1e5, np.inf),
    ],
)
def test_points_lie_in_the_declared_domain(declared: str, low: float, high: float) -> None:
    points, (term,) = points_of("x", x=declared)
    x = values_of(points, term, "x")
    assert len(x) == points.regular == COUNT
    assert ((x > low) & (x < high)).all()
    assert len(set(x.tolist())) == COUNT


def test_points_are_spread_over_signs_and_magnitudes() -> None:
    points, (term,) = points_of("x")
    x = values_of(points, term, "x")
    assert (x > 0).any()
    assert (x < 0).any()
    assert (abs(x) < 1).any()
    assert (abs(x) > 10).any()
    assert (x != np.rint(x)).all()


def test_integers() -> None:
    points, (term,) = points_of("k + m + n", k="integer", m="integer > 5", n="integer, 0 <= n <= 3")
    k, m, n = [values_of(points, term, name) for name in "kmn"]
    assert all((v == np.rint(v)).all() for v in (k, m, n))
    assert (m > 5).all()
    assert set(n.tolist()) == {0, 1, 2, 3}


def test_inputs_are_defined_at_the_points() -> None:
    texts = ["log(x) + sqrt(1 - y^2) + atanh(z*y)", "acosh(x) + acosh(w)", "sqrt(x - 1000) + asin(y/7)"]
    points, terms = points_of(*texts)
    for i in range(points.regular):
        for term in terms:
            assert np.isfinite(rg.evaluate(term, **points.at(i)))


def test_points_close_to_kinks() -> None:
    for text, kink in (("where(x > 2, x, 3)", 2), ("abs(x - 1000)", 1000), ("max(3*x, 5)", 5 / 3), ("sign(exp(x) - 2)", np.log(2))):
        points, (term,) = points_of(text)
        x = values_of(points, term, "x")
        assert points.regular == COUNT + 2
        assert ((x > kink) & (x < kink + 1e-2 * abs(kink))).any()
        assert ((x < kink) & (x > kink - 1e-2 * abs(kink))).any()


def test_structure_counts_and_names_do_not() -> None:
    one, (a,) = points_of("x*y + log(x)", x="scalar > 0")
    other, (b,) = points_of("p*a + log(p)", p="scalar > 0")
    assert (values_of(one, a, "x") == values_of(other, b, "p")).all()
    assert (values_of(one, a, "y") == values_of(other, b, "a")).all()
    again, _ = points_of("x*y + log(x)", x="scalar > 0", seed=1)
    assert (values_of(again, a, "x") != values_of(one, a, "x")).all()


def test_a_hopeless_input_does_not_stop_the_search() -> None:
    points, _ = points_of("log(-1 - x^2) + y")
    assert points.regular == COUNT
    points, _ = points_of("D(log(x), x) + y")
    assert all(points.at(i)["x"] > 0 for i in range(points.regular))


def test_dimensions() -> None:
    points, (term,) = points_of("A @ x + y", A="matrix[n, m]", x="vector[m]", y="vector[k]")
    assert values_of(points, term, "A").shape == (COUNT, 2, 3)
    assert values_of(points, term, "x").shape == (COUNT, 3)
    assert values_of(points, term, "y").shape == (COUNT, 2)
    points, (term,) = points_of("X + v", X="matrix[3, m]", v="vector[2]")
    assert values_of(points, term, "X").shape == (COUNT, 3, 2)
    with pytest.raises(ShapeError):
        points_of("(u + v) * (u + w)", u="vector[n]", v="vector[2]", w="vector[3]")


def test_large_variables_get_fewer_points() -> None:
    points, _ = points_of("sum(v)", v="vector[20000]")
    assert 2 <= points.regular < COUNT


def test_variables_that_no_input_has() -> None:
    points, _ = points_of("2 + 3")
    assert points.count == COUNT
    assert len(set(points.values("later", rg.Type(lower=0)).tolist())) == COUNT


def test_a_domain_without_edge_points() -> None:
    assert rg.equal("sqrt(-1 - x)", "3*x^4", x="scalar < 0") is False
