"""Pooling and windows against loops; select, choose and glu against NumPy; families of distributions as SciPy spells them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.testing import assert_gradient

RNG = np.random.default_rng(3)


def pooled(x: Any, size: tuple[int, ...], whole: bool, step: tuple[int, ...], border: tuple[int, ...], mode: str) -> Any:
    """Theano's pooling over the last axes, window by window."""
    count = len(size)
    lengths = x.shape[-count:]
    numbers = []
    for n, s, t, p in zip(lengths, size, step, border, strict=True):
        starts = [i * t - p for i in range(n + 2 * p) if i * t - p < (n + 2 * p - p if whole else n)]
        starts = [a for a in starts if (a + s <= n + p if whole else a < n)]
        if not whole and t < s:
            starts = [a for i, a in enumerate(starts) if i == 0 or starts[i - 1] + s < n]
        numbers.append(starts)
    out = np.empty((*x.shape[:-count], *map(len, numbers)))
    for place in itertools.product(*(range(len(s)) for s in numbers)):
        inside = tuple(slice(max(0, s[i]), min(n, s[i] + k)) for s, i, k, n in zip(numbers, place, size, lengths, strict=True))
        entries = x[(..., *inside)].reshape(*x.shape[:-count], -1)
        cells = np.prod(size) if mode == "average_inc_pad" and whole else entries.shape[-1]
        value = entries.max(-1) if mode == "max" else entries.sum(-1) if mode == "sum" else entries.sum(-1) / cells
        out[(..., *place)] = value
    return out


@pytest.mark.parametrize("mode", ["max", "sum", "average_inc_pad", "average_exc_pad"])
@pytest.mark.parametrize(
    ("shape", "size", "whole", "step", "border"),
    [
        ((10,), (3,), True, None, (0,)),
        ((2, 7), (3,), False, (2,), (0,)),
        ((4, 5), (2, 2), True, None, (0, 0)),
        ((4, 5), (2, 3), False, None, (0, 0)),
        ((2, 3, 5, 4), (2, 2), True, (1, 2), (1, 1)),
        ((2, 5, 5), (3, 2), False, (1, 3), (0, 0)),
        ((3, 4, 5), (2, 2, 2), True, None, (0, 1, 1)),
    ],
)
def test_pooling(mode: str, shape: tuple[int, ...], size: Any, whole: bool, step: Any, border: Any) -> None:
    x = RNG.normal(size=shape)
    text = f"pool_{len(size)}d(x, {size}, {whole}, {step}, {border}, mode='{mode}')"
    np.testing.assert_allclose(rg.evaluate(text, x=x), pooled(x, size, whole, step or size, border, mode), rtol=1e-13)
    assert_gradient(f"sum(sin({text}))", ["x"], x=x)


def test_windows_that_do_not_fit() -> None:
    for text in ("pool_2d(x, 2)", "pool_1d(x, 2, True, None, 2)", "pool_1d(x, 2, False, None, 1)", "pool_1d(x, (2, 2))"):
        with pytest.raises(rg.ShapeError):
            rg.parse(text, x="vector[5]")


@pytest.mark.parametrize(
    "text",
    [
        "np.select([x > 1, x > 0], [x**2, 3*x], 0.5)",
        "np.select([x > 1], [x**2], default=1.1)",
        "np.select([x < 0, x > 1], [x, x**2])",
        "np.choose([0, 1, 0, 1], [x, x**2])",
        "np.max(x, 1)",
        "x.min(0)",
        "np.quantile(x, [0.1, 0.5, 0.9], axis=0)",
        "np.percentile(x, [25, 75])",
        "np.percentile(x, [25, 75], axis=1)",
        "np.median(x, axis=1, keepdims=True)",
        "np.median(x, keepdims=True)",
    ],
)
def test_as_numpy_has_them(text: str) -> None:
    x = RNG.normal(size=(3, 4))
    np.testing.assert_allclose(rg.evaluate(text, x=x), eval(text, {"np": np, "x": x}), rtol=1e-13)
    assert_gradient(f"sum(sin({text}))", ["x"], x=x)


def test_the_branch_that_is_not_selected_has_no_part() -> None:
    gradient = rg.grad("sum(select([x > 0, x < -1], [sqrt(x), x^2], 0))", "x", x="vector")
    np.testing.assert_allclose(rg.evaluate(gradient, x=[4.0, -2.0, -0.5]), [0.25, -4, 0])


def test_glu() -> None:
    x = RNG.normal(size=(4, 3))
    np.testing.assert_allclose(rg.evaluate("glu(x, 0)", x=x), x[:2] / (1 + np.exp(-x[2:])))
    with pytest.raises(rg.ShapeError, match="3 entries cannot be split into 2 parts"):
        rg.parse("glu(x)", x="matrix[4, 3]")


@pytest.mark.parametrize("family", ["expon", "laplace", "logistic", "cauchy", "uniform", "norm", "pareto", "gamma", "chi2", "t", "beta"])
@pytest.mark.parametrize("method", ["pdf", "logpdf", "cdf", "sf", "logcdf", "logsf"])
def test_families_with_location_and_scale(family: str, method: str) -> None:
    stats = pytest.importorskip("scipy.stats")
    shapes = {"pareto": (1.5,), "gamma": (2.5,), "chi2": (3.0,), "t": (4.0,), "beta": (1.5, 2.5)}.get(family, ())
    x, more = np.array([1.3, 1.6, 1.9]), ", ".join(map(str, (*shapes, 0.25, 2.0)))
    if family == "pareto":
        x = x * 2
    text = f"scipy.stats.{family}.{method}(x, {more})"
    np.testing.assert_allclose(rg.evaluate(text, x=x), getattr(getattr(stats, family), method)(x, *shapes, 0.25, 2.0), rtol=1e-12)
    assert_gradient(f"sum({text})", ["x"], x=x)
