"""Distributions, quantiles, covariances and reductions over missing entries: SciPy's and NumPy's values, gradients against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.testing import assert_gradient

PLACES = np.array([-2.0, 0.0, 0.5, 1.5, 3.0])
SHARES = np.array([0.05, 0.3, 0.5, 0.9])
DISTRIBUTIONS: dict[str, tuple[float, ...]] = {
    "norm": (), "expon": (), "laplace": (), "logistic": (), "cauchy": (), "uniform": (),
    "pareto": (2.5,), "gamma": (1.7,), "chi2": (3.0,), "beta": (2.0, 0.6), "t": (3.5,),
}  # fmt: skip
DISCRETE = {"poisson": (2.5,), "bernoulli": (0.3,), "binom": (5.0, 0.3)}
FUNCTIONS = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf", "isf", "logpmf", "pmf")
THEORY = rg.Theory.builtin()
DATA = np.random.default_rng(3).normal(size=(3, 5))
GAPS = np.where(np.arange(15).reshape(3, 5) % 7 == 1, np.nan, DATA)


def stated(names: dict[str, tuple[float, ...]]) -> list[tuple[str, str]]:
    return [(name, function) for name in names for function in FUNCTIONS if THEORY.named(f"{name}_{function}")]


@pytest.mark.parametrize(("name", "function"), stated(DISTRIBUTIONS))
def test_distribution(name: str, function: str) -> None:
    """Inside and outside of the support the value is SciPy's; inside, the derivatives by place and parameters are those of the value."""
    stats = pytest.importorskip("scipy.stats")
    parameters = DISTRIBUTIONS[name]
    x = SHARES if function in ("ppf", "isf") else PLACES
    call = f"{name}_{function}(x{''.join(f', {p}' for p in parameters)})"
    with np.errstate(all="ignore"):
        found = rg.evaluate(call, x=x)
    np.testing.assert_allclose(found, getattr(getattr(stats, name), function)(x, *parameters), rtol=1e-12, atol=1e-15, err_msg=call)
    inside = 0.3 if function in ("ppf", "isf") else {"pareto": 1.5, "uniform": 0.4, "beta": 0.4}.get(name, 0.7)
    assert_gradient(call, ["x"], x=inside)


def test_every_distribution_has_a_density() -> None:
    assert {name for name, function in stated(DISTRIBUTIONS) if function == "logpdf"} == set(DISTRIBUTIONS)


@pytest.mark.parametrize(("name", "function"), stated(DISCRETE))
def test_discrete_distribution(name: str, function: str) -> None:
    stats = pytest.importorskip("scipy.stats")
    parameters = DISCRETE[name]
    k = np.arange(2.0) if name == "bernoulli" else np.arange(6.0)
    call = f"{name}_{function}(k{''.join(f', {p}' for p in parameters)})"
    np.testing.assert_allclose(rg.evaluate(call, k=k), getattr(getattr(stats, name), function)(k, *parameters), rtol=1e-12, err_msg=call)


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("gamma_logpdf(x, a)", {"x": 1.2, "a": 2.3}),
        ("beta_logpdf(x, a, b)", {"x": 0.3, "a": 2.3, "b": 0.7}),
        ("t_logpdf(x, k)", {"x": -1.3, "k": 3.5}),
        ("pareto_logpdf(x, b)", {"x": 1.3, "b": 3.5}),
        ("chi2_logpdf(x, k)", {"x": 1.3, "k": 3.5}),
        ("poisson_logpmf(3, mu)", {"mu": 1.5}),
        ("norm_logpdf(x, m, s)", {"x": 1.3, "m": 3.5, "s": 2.0}),
        ("norm_logsf(x, m, s)", {"x": 1.3, "m": 3.5, "s": 2.0}),
        ("dirichlet_logpdf(X, A)", {"X": [0.2, 0.3, 0.5], "A": [1.5, 2.0, 0.5]}),
        ("multivariate_normal_logpdf(X, m, C)", {"X": [0.2, 0.3], "m": [1.5, 2.0], "C": [[2.0, 0.3], [0.3, 1.0]]}),
    ],
)
def test_gradients_by_parameters(call: str, values: dict[str, Any]) -> None:
    assert_gradient(call, list(values), **values)


def test_vectors() -> None:
    stats = pytest.importorskip("scipy.stats")
    w, a, c = np.array([0.2, 0.3, 0.5]), [1.5, 2.0, 0.5], np.cov(DATA)
    np.testing.assert_allclose(rg.evaluate("dirichlet_logpdf(w, a)", w=w, a=a), stats.dirichlet.logpdf(w, a))
    found = rg.evaluate("multivariate_normal_logpdf(w, a, C)", w=w, a=a, C=c)
    np.testing.assert_allclose(found, stats.multivariate_normal.logpdf(w, a, c))


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_quantiles(axis: int | None) -> None:
    for q in (0.0, 0.1, 0.5, 0.75, 1.0):
        np.testing.assert_allclose(rg.evaluate(f"quantile(X, {q}, axis={axis})", X=DATA), np.quantile(DATA, q, axis=axis), rtol=1e-13)
    np.testing.assert_allclose(rg.evaluate(f"percentile(X, 30, axis={axis})", X=DATA), np.percentile(DATA, 30, axis=axis))
    np.testing.assert_allclose(rg.evaluate(f"median(X, axis={axis})", X=DATA), np.median(DATA, axis=axis))
    assert_gradient(f"sum(quantile(X, q, axis={axis})^2)", ["X", "q"], X=DATA, q=0.3)
    assert_gradient(f"sum(median(X, axis={axis})^2)", ["X"], X=DATA)


def test_slope_of_a_quantile_at_an_entry() -> None:
    """Between the entries 1 and 4 the slope is 6, between 4 and 5 it is 2, at 4 the mean of both."""
    assert [float(rg.evaluate(rg.diff("quantile(X, q)", "q", X="vector[3]"), X=[4.0, 5.0, 1.0], q=q)) for q in (0.3, 0.5, 0.9)] == [6.0, 4.0, 2.0]


def test_covariances() -> None:
    v, w = DATA[0], DATA[1]
    np.testing.assert_allclose(rg.evaluate("cov(X)", X=DATA), np.cov(DATA))
    np.testing.assert_allclose(rg.evaluate("cov(v)", v=v), np.cov(v))
    np.testing.assert_allclose(rg.evaluate("cov(v, w)", v=v, w=w), np.cov(v, w))
    np.testing.assert_allclose(rg.evaluate("corrcoef(X)", X=DATA), np.corrcoef(DATA))
    np.testing.assert_allclose(rg.evaluate("corrcoef(v, w)", v=v, w=w), np.corrcoef(v, w))
    assert_gradient("sum(corrcoef(X)^3)", ["X"], X=DATA)
    assert_gradient("sum(cov(v, w)^2)", ["v", "w"], v=v, w=w)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_missing_entries(name: str, axis: int | None) -> None:
    """They have no part in the value, and the derivative by them is 0."""
    for keepdims in (False, True):
        found = rg.evaluate(f"nan{name}(X, axis={axis}, keepdims={keepdims})", X=GAPS)
        np.testing.assert_allclose(found, getattr(np, f"nan{name}")(GAPS, axis=axis, keepdims=keepdims), rtol=1e-13)
    whole = rg.evaluate(rg.grad(f"sum({name}(X, axis={axis})^2)", "X", X="matrix"), X=DATA)
    np.testing.assert_allclose(rg.evaluate(rg.grad(f"sum(nan{name}(X, axis={axis})^2)", "X", X="matrix"), X=DATA), whole, rtol=1e-12)
    gradient = rg.evaluate(rg.grad(f"sum(nan{name}(X, axis={axis})^2)", "X", X="matrix"), X=GAPS)
    assert np.isfinite(gradient).all() and (gradient[np.isnan(GAPS)] == 0).all()


def test_running_sums_of_missing_entries() -> None:
    for call, wanted in (("nancumsum(X)", np.nancumsum(GAPS)), ("nancumprod(X, axis=1)", np.nancumprod(GAPS, axis=1))):
        np.testing.assert_allclose(rg.evaluate(call, X=GAPS), wanted)


def test_what_floating_point_has_beside_numbers() -> None:
    odd = np.array([1.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(rg.evaluate("nan_to_num(x)", x=odd), np.nan_to_num(odd))
    np.testing.assert_array_equal(rg.evaluate("nan_to_num(x, 7)", x=odd), np.nan_to_num(odd, nan=7))
    np.testing.assert_array_equal(rg.evaluate("nan_to_num(x, 7, 8, 9)", x=odd), [1, 7, 8, 9])
    np.testing.assert_array_equal(rg.evaluate(rg.grad("sum(nan_to_num(x))", "x", x="vector"), x=odd), [1, 0, 0, 0])
    np.testing.assert_array_equal(rg.evaluate("isposinf(x)", x=odd), np.isposinf(odd))
    np.testing.assert_array_equal(rg.evaluate("isneginf(x)", x=odd), np.isneginf(odd))
    np.testing.assert_array_equal(rg.evaluate("logical_xor(x > 1, x < 0)", x=odd), [False, False, True, True])
