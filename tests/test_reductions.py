"""Reductions where rules of thumb fail: zeros in products, ties, no spread, entries at +-1000, several axes, settings by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.testing import assert_gradient

A = np.array([[0.5, -1.5, 2.0], [3.0, 0.25, -0.75]])


def value(text: str, **values: Any) -> Any:
    return rg.evaluate(rg.parse(text, **{n: rg.Type(np.shape(v)) for n, v in values.items()}), **values)


def gradient(text: str, **values: Any) -> Any:
    """The gradient by X, as written and simplified, which must be the same."""
    cost = rg.parse(text, **{n: rg.Type(np.shape(v)) for n, v in values.items()})
    written, simplified = (rg.evaluate(rg.grad(cost, "X", simplify=how), **values) for how in (False, True))
    np.testing.assert_allclose(np.broadcast_to(simplified, np.shape(written)), written, rtol=1e-12, atol=1e-300)
    return written


@pytest.mark.parametrize(
    "entries, wanted",
    [
        ([2.0, 3.0, 5.0], [15, 10, 6]),
        ([2.0, 0.0, 5.0], [0, 10, 0]),
        ([0.0, 0.0, 5.0], [0, 0, 0]),
        ([7.0], [1]),
        ([], []),
    ],
)
def test_the_gradient_of_a_product_is_right_at_zeros(entries: list[float], wanted: list[float]) -> None:
    assert gradient("prod(X)", X=np.array(entries)).tolist() == wanted


def test_the_second_derivative_of_a_product_at_zeros() -> None:
    first = rg.grad("prod(X)", "X", X="vector")
    rows = [rg.evaluate(rg.grad(f"({first})[{i}]", "X", X="vector"), X=[0.0, 0.0, 5.0]).tolist() for i in range(3)]
    assert rows == [[0, 5, 0], [5, 0, 0], [0, 0, 0]]


def test_cumulative_products_of_several_axes() -> None:
    cost = "sum(prod(X, axis=(0, 2))^2) + sum(prod(X, axis=-1, keepdims=True))"
    assert_gradient(cost, "X", X=np.array([[[1.0, 2.0], [0.0, 3.0]], [[-1.0, 0.5], [2.0, 4.0]]]))


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("max(X)", [0, 0.5, 0.5]),
        ("min(X)", [1, 0, 0]),
        ("amax(X, axis=0)", [0, 0.5, 0.5]),
        ("max(X) + min(-X)", [0, 0, 0]),
        ("ptp(X)", [-1, 0.5, 0.5]),
    ],
)
def test_ties_share_equally(text: str, wanted: list[float]) -> None:
    assert gradient(text, X=np.array([1.0, 2.0, 2.0])).tolist() == wanted


def test_several_arguments_are_compared_entry_by_entry() -> None:
    assert value("max(X, 1)", X=A).tolist() == np.maximum(A, 1).tolist()
    assert value("max(X, 1, 2)", X=A).tolist() == np.maximum(A, 2).tolist()
    assert value("max(X, axis=1)", X=A).tolist() == A.max(axis=1).tolist()
    assert value("min(X, axis=(0, 1), keepdims=True)", X=A).tolist() == [[-1.5]]


@pytest.mark.parametrize("text", ["std(X)", "sum(std(X, axis=0))", "sum(std(X, axis=0, ddof=1, keepdims=True))"])
def test_without_spread_the_derivative_of_the_standard_deviation_is_0(text: str) -> None:
    assert gradient(text, X=np.full((2, 3), 4.0)).tolist() == np.zeros((2, 3)).tolist()


@pytest.mark.parametrize(
    "text",
    ["var(X)", "std(X, ddof=1)", "sum(var(X, axis=1, ddof=1)^2)", "sum(std(X, axis=(0, 1), keepdims=True))", "sum(weighted_average(X, X^2, axis=1))"],
)
def test_moments(text: str) -> None:
    assert_gradient(text, "X", X=A)


def test_moments_are_numpys() -> None:
    for text, wanted in {
        "var(X, axis=1, ddof=1)": A.var(axis=1, ddof=1),
        "std(X, keepdims=True)": A.std(keepdims=True),
        "weighted_average(X, W, axis=1)": np.average(A, axis=1, weights=[1, 2, 3]),
    }.items():
        np.testing.assert_allclose(value(text, X=A, W=np.array([1.0, 2.0, 3.0])), wanted, rtol=1e-14)


@pytest.mark.parametrize("shift", [1000.0, -1000.0])
def test_sums_of_exponentials_far_from_0(shift: float) -> None:
    near = np.array([0.0, 1.0, -2.0])
    weights = np.exp(near) / np.exp(near).sum()
    np.testing.assert_allclose(value("logsumexp(X)", X=near + shift), np.log(np.exp(near).sum()) + shift, rtol=1e-15)
    np.testing.assert_allclose(gradient("logsumexp(X)", X=near + shift), weights, rtol=1e-12)
    np.testing.assert_allclose(gradient("softmax(X)[0]", X=near + shift), weights[0] * (np.eye(3)[0] - weights), rtol=1e-12)
    np.testing.assert_allclose(gradient("log_softmax(X)[0]", X=near + shift), np.eye(3)[0] - weights, rtol=1e-12)


def test_log_sum_exp_as_people_write_it_is_computed_without_overflow() -> None:
    f = rg.function(["X"], rg.parse("log(sum(exp(X)))", X="vector"))
    assert f([1000.0, 1000.0]) == 1000 + np.log(2)


@pytest.mark.parametrize("text", ["sum(X[0]) * argmax(X)", "any(X > 0) * sum(X)", "count_nonzero(X) * sum(X)", "all(X) * sum(X) + argmin(X)"])
def test_what_decides_is_constant(text: str) -> None:
    assert_gradient(text, "X", X=A)


def test_places_and_counts_are_numpys() -> None:
    for text, wanted in {
        "argmax(X, axis=1)": A.argmax(axis=1),
        "argmin(X)": A.argmin(),
        "argmax(X, axis=0, keepdims=True)": A.argmax(axis=0, keepdims=True),
        "any(X > 2, axis=0)": (A > 2).any(axis=0),
        "all(X > -1, axis=-1)": (A > -1).all(axis=-1),
        "count_nonzero(X > 0, axis=0)": np.count_nonzero(A > 0, axis=0),
    }.items():
        found = value(text, X=A)
        assert found.shape == np.shape(wanted) and found.tolist() == np.asarray(wanted).tolist(), text


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "var", "std", "logsumexp"])
@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 3, 2), (2, 1, 3, 2)], ids=str)
def test_every_rank_and_axis(name: str, shape: tuple[int, ...]) -> None:
    """Values are NumPy's, and derivatives those of differences, over each axis, pairs of axes and all."""
    places = np.arange(int(np.prod(shape)))
    x = ((-1.0) ** places * (0.4 + 0.13 * places)).reshape(shape)
    rank = len(shape)
    for axis in dict.fromkeys([None, *([0, -1, (0, rank - 1)] if rank > 1 else [0] * rank)]):
        for keepdims in (False, True):
            if keepdims and axis == 0:
                continue
            text = f"{name}(X, axis={axis}, keepdims={keepdims})"
            if name != "logsumexp":
                np.testing.assert_allclose(value(text, X=x), getattr(np, name)(x, axis=axis, keepdims=keepdims), rtol=1e-13)
            if x.size > 1 or name != "std":
                assert_gradient(f"sum(({text} + 0.5)^2)", "X", X=x)


@pytest.mark.parametrize(
    "cost, gradient",
    [
        ("norm(x)^2", "2*x"),
        ("norm(A@x - b)^2", "2*(transpose(A) @ (A @ x - b))"),
        ("sum(norm(A, axis=1)^2)", "2*A"),
        ("exp(-norm(x)^2/2)", "-x*exp(-sum(x^2)/2)"),
    ],
)
def test_squares_of_norms_need_no_guard(cost, gradient):
    types = {"x": "vector[n]", "A": "matrix[m, n]", "b": "vector[m]"}
    assert rg.grad(cost, "A" if "axis" in cost else "x", **types) is rg.parse(gradient, **types)


def test_hessians_of_squares_are_right_at_0():
    at = {"x": np.zeros(3), "A": np.eye(3)[:2], "b": np.zeros(2)}
    types = {"x": "vector[3]", "A": "matrix[2, 3]", "b": "vector[2]"}
    np.testing.assert_allclose(rg.evaluate(rg.hessian("norm(x)^2", "x", **types), **at), 2 * np.eye(3))
    np.testing.assert_allclose(rg.evaluate(rg.hessian("norm(A@x - b)^2", "x", **types), **at), np.diag([2, 2, 0]))
