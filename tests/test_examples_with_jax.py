"""The formulas of examples/ and their derivatives against JAX, where it is installed."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from test_peers import QUICK_TO_COMPILE

os.environ.setdefault("XLA_FLAGS", QUICK_TO_COMPILE)  # read when JAX is imported
jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = pytest.importorskip("jax.numpy")
norm = pytest.importorskip("jax.scipy.stats").norm
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
RNG = np.random.default_rng(11)


def named(example: str, name: str) -> rg.Term:
    """A formula of an example."""
    formula = runpy.run_path(str(EXAMPLES / f"{example}.py"))[name]
    return formula if isinstance(formula, rg.Term) else rg.parse(formula)


def likelihood(D: Any, y: Any, eye: Any, a: Any, l: Any, s: Any) -> Any:  # noqa: E741, N803
    k = a**2 * jnp.exp(-D / (2 * l**2)) + s**2 * eye
    return -(y @ jnp.linalg.solve(k, y) + jnp.linalg.slogdet(k)[1]) / 2


def price(S: Any, K: Any, v: Any, t: Any, r: Any) -> Any:  # noqa: N803
    d1 = (jnp.log(S / K) + (r + v**2 / 2) * t) / (v * jnp.sqrt(t))
    return S * norm.cdf(d1) - K * jnp.exp(-r * t) * norm.cdf(d1 - v * jnp.sqrt(t))


def logistic(X: Any, w: Any, y: Any) -> Any:  # noqa: N803
    p = 1 / (1 + jnp.exp(-(X @ w)))
    return -jnp.sum(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))


def two_layers(X: Any, W: Any, b: Any, v: Any, y: Any) -> Any:  # noqa: N803
    return jnp.sum((jnp.tanh(X @ W + b) @ v - y) ** 2)


def rosenbrock(x: Any) -> Any:
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


ROWS = RNG.normal(size=(20, 3))
PLACES = np.sort(RNG.uniform(0, 5, size=8))
CASES: dict[str, tuple[str, str, Callable[..., Any], dict[str, Any]]] = {
    "logistic regression": ("logistic_regression", "LOSS", logistic, {"X": ROWS, "w": RNG.normal(size=3), "y": (ROWS[:, 0] > 0) * 1.0}),
    "two layers": (
        "two_layers",
        "LOSS",
        two_layers,
        {"X": ROWS, "W": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4), "v": RNG.normal(size=4), "y": RNG.normal(size=20)},
    ),
    "Black-Scholes": ("black_scholes", "PRICE", price, {"S": 105.0, "K": 100.0, "v": 0.25, "t": 0.75, "r": 0.03}),
    "Rosenbrock": ("rosenbrock", "F", rosenbrock, {"x": RNG.normal(size=9)}),
    **{
        f"Gaussian process {name}": (
            "gaussian_process",
            name,
            likelihood,
            {"D": (PLACES[:, None] - PLACES) ** 2, "y": np.sin(PLACES), "eye": np.eye(8), "a": 1.0, "l": 0.8, "s": 0.2},
        )
        for name in ("BY_LOGDET", "BY_CHOLESKY")
    },
}


QUICK = ("Rosenbrock", "two layers")


@pytest.mark.parametrize("case", [pytest.param(c, marks=[] if c in QUICK else [pytest.mark.slow]) for c in CASES])
def test_value_gradient_and_second_derivative(case: str) -> None:
    """The second derivative is the Hessian's product with a vector, by each input on its own."""
    example, name, function, values = CASES[case]
    formula, inputs, given = named(example, name), list(values), [np.asarray(v, dtype=float) for v in values.values()]
    moved = [n for n in inputs if n not in ("D", "eye")]
    np.testing.assert_allclose(rg.function(inputs, formula)(*given), function(*given), rtol=1e-12)
    for x, found in zip(moved, rg.function(inputs, rg.grad(formula, moved))(*given), strict=True):
        place = inputs.index(x)
        slope = jax.grad(function, place)
        np.testing.assert_allclose(found, slope(*given), rtol=1e-9, atol=1e-10, err_msg=x)
        direction = RNG.normal(size=np.shape(values[x]))
        along = rg.hvp(formula, x, rg.parse("along", along=f"tensor{list(direction.shape)}" if direction.shape else "scalar"))
        _, wanted = jax.jvp(lambda v, slope=slope, place=place: slope(*given[:place], v, *given[place + 1 :]), (given[place],), (direction,))
        product = rg.function([*inputs, "along"], along)(*given, direction)
        np.testing.assert_allclose(product, wanted, rtol=1e-8, atol=1e-8, err_msg=f"second derivative by {x}")
