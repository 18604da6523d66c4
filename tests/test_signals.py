"""Convolutions, polynomials, interpolation and their kin: NumPy's values, gradients against differences, Jacobians against their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.errors import ShapeError
from rewritegrad.testing import assert_gradient

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3, 5))
P, V = np.array([1.0, -2.0, 3.0]), RNG.normal(size=7)
KNOTS = np.sort(RNG.normal(size=7))

CALLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "polyval(P, x)": (np.polyval(P, X), {"P": P, "x": X}),
    "polyder(P)": (np.polyder(P), {"P": P}),
    "polyint(P)": (np.polyint(P), {"P": P}),
    "polyadd(P, V)": (np.polyadd(P, V), {"P": P, "V": V}),
    "polysub(V, P)": (np.polysub(V, P), {"P": P, "V": V}),
    "polymul(P, V)": (np.polymul(P, V), {"P": P, "V": V}),
    "polyfit(K, V, 2)": (np.polyfit(KNOTS, V, 2), {"K": KNOTS, "V": V}),
    "vander(P)": (np.vander(P), {"P": P}),
    "vander(P, 2)": (np.vander(P, 2), {"P": P}),
    "interp(x, K, V)": (np.interp(X, KNOTS, V), {"x": X, "K": KNOTS, "V": V}),
    "digitize(x, K)": (np.digitize(X, KNOTS), {"x": X, "K": KNOTS}),
    "trapezoid(x)": (np.trapezoid(X), {"x": X}),
    "trapezoid(x, axis=0)": (np.trapezoid(X, axis=0), {"x": X}),
    "trapezoid(x, K)": (np.trapezoid(X, KNOTS[:5]), {"x": X, "K": KNOTS[:5]}),
    "unwrap(x, axis=0)": (np.unwrap(9 * X, axis=0), {"x": 9 * X}),
    "logmeanexp(x, axis=1)": (np.log(np.mean(np.exp(X), axis=1)), {"x": X}),
    "standardize(x)": ((X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-5), {"x": X}),
}


@pytest.mark.parametrize("call", CALLS)
def test_numpys_values_and_gradients(call: str) -> None:
    wanted, values = CALLS[call]
    found = rg.evaluate(call, **values)
    assert found.shape == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-13)
    if not call.startswith("digitize"):
        assert_gradient(f"sum(sin({call}))", list(values), **values)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_convolutions(name: str, mode: str) -> None:
    """At all lengths up to 6, also where the second array is the longer one."""
    for n in range(1, 7):
        for m in range(1, 7):
            a, v = RNG.normal(size=n), RNG.normal(size=m)
            found = rg.evaluate(f"{name}(a, v, mode='{mode}')", a=a, v=v)
            np.testing.assert_allclose(found, getattr(np, name)(a, v, mode), atol=1e-13, err_msg=f"{n} and {m}")
    a, v = RNG.normal(size=5), RNG.normal(size=3)
    assert_gradient(f"sum(sin({name}(a, v, '{mode}')))", ["a", "v"], a=a, v=v)


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_convolutions_of_matrices(mode: str) -> None:
    signal = pytest.importorskip("scipy.signal")
    kernel = RNG.normal(size=(2, 3))
    np.testing.assert_allclose(rg.evaluate(f"convolve(X, K, '{mode}')", X=X, K=kernel), signal.convolve2d(X, kernel, mode), atol=1e-13)
    assert_gradient(f"sum(sin(convolve(X, K, '{mode}')))", ["X", "K"], X=X, K=kernel)


def test_convolution_of_unknown_sizes() -> None:
    assert str(rg.parse("convolve(a, v)", a="vector[n]", v="vector[m]").shape) == "('max(m + n - 1, 0)',)"
    with pytest.raises(ShapeError, match="needs sizes that are numbers"):
        rg.parse("convolve(a, v, 'same')", a="vector[n]", v="vector[m]")
    with pytest.raises(ShapeError, match="'full', 'same' or 'valid'"):
        rg.parse("convolve(a, v, 'half')", a="vector[4]", v="vector[2]")


@pytest.mark.parametrize(
    ("call", "name", "values"),
    [
        ("convolve(P, V)", "V", {"P": P, "V": V}),
        ("convolve(V, P, 'valid')", "P", {"P": P, "V": V}),
        ("polyval(P, K)", "P", {"P": P, "K": KNOTS}),
        ("polyval(P, K)", "K", {"P": P, "K": KNOTS}),
        ("polyadd(P, V)", "P", {"P": P, "V": V}),
        ("interp(K, V, K)", "V", {"K": KNOTS[:4], "V": KNOTS[3:]}),
        ("unwrap(V)", "V", {"V": 9 * V}),
        ("quantile(X, 0.3, axis=0)", "X", {"X": X}),
    ],
)
def test_jacobians_are_rows_of_gradients(call: str, name: str, values: dict[str, Any]) -> None:
    types = {key: ("vector", "matrix")[np.ndim(value) - 1] + str(list(np.shape(value))) for key, value in values.items()}
    found = rg.evaluate(rg.jacobian(call, name, **types), **values)
    for i in range(len(found)):
        row = rg.evaluate(rg.grad(f"index({call}, {i})", name, **types), **values)
        np.testing.assert_allclose(found[i], row, atol=1e-13)


def test_slope_of_a_line_of_values_at_its_places() -> None:
    """At a place the mean of the slopes on both sides; beyond the places 0, and half of the slope at the ends."""
    slope = rg.diff("interp(x, K, V)", "x", K="vector[3]", V="vector[3]")
    found = [float(rg.evaluate(slope, x=x, K=[0.0, 1.0, 3.0], V=[0.0, 2.0, 4.0])) for x in (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0)]
    assert found == [0.0, 1.0, 2.0, 1.5, 1.0, 0.5, 0.0]


def test_polynomials_at_zero() -> None:
    """x^0 is 1 there, and its derivative 0."""
    values = {"P": [2.0, 3.0, 5.0], "x": [0.0, 1.0]}
    assert rg.evaluate(rg.grad("sum(polyval(P, x))", "x", P="vector[3]", x="vector[2]"), **values).tolist() == [3.0, 7.0]
    assert rg.evaluate(rg.grad("sum(polyval(P, x))", "P", P="vector[3]", x="vector[2]"), **values).tolist() == [1.0, 1.0, 2.0]


def test_attention() -> None:
    special = pytest.importorskip("scipy.special")
    q, k, v = RNG.normal(size=(3, 1, 2, 2, 3))
    weights = special.softmax(np.einsum("btnh,bsnh->bnts", q, k) / np.sqrt(3), -1)
    found = rg.evaluate("dot_product_attention(Q, K, V)", Q=q, K=k, V=v)
    np.testing.assert_allclose(found, np.einsum("bnts,bsnh->btnh", weights, v))
    assert_gradient("sum(sin(dot_product_attention(Q, K, V)))", ["Q", "K", "V"], Q=q, K=k, V=v)


def test_classes_as_vectors() -> None:
    assert rg.evaluate("one_hot(c, 3)", c=[0.0, 2.0, 1.0]).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
