"""Derivatives by orders and parameters of special functions, against mpmath at fifty digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad import parameter_kernels, zeta_kernels
from rewritegrad.testing import assert_gradient
from rewritegrad.testing.lacking import LACKING, mpmath_module

KERNELS = parameter_kernels.PARAMETER_KERNELS | zeta_kernels.ZETA_KERNELS
ORDERS = [(0.0, 1.0), (0.5, 1e-8), (2.3, 0.1), (10.0, 5.0), (50.0, 20.0), (50.0, 100.0), (-0.5, 2.0), (-3.7, 5.0), (1.0, 300.0)]
SHAPES = [(1e-8, 1e-8), (0.01, 1e-8), (0.01, 0.3), (0.5, 1.0), (2.5, 0.1), (2.5, 2.4), (30.0, 35.0), (1000.0, 900.0), (1000.0, 1100.0)]
TRIPLES = [(0.05, 0.1, 0.3), (1.0, 20.0, 1e-6), (3.5, 1.0, 0.5), (3.5, 20.0, 0.99), (200.0, 150.0, 0.6)]

CASES: dict[str, tuple[list[tuple[int, ...]], list[tuple[float, ...]]]] = {
    **{name: ([(1,), (2,)], list(ORDERS)) for name in ("jv_v", "yv_v", "iv_v", "kv_v", "kve_v")},
    "ive_v": ([(0,), (1,), (2,)], [*ORDERS, (120.0, 900.0), (40.0, 350.0), (45.0, 800.0), (0.5, 730.0)]),  # where iv overflows, too
    **{name: ([(1,), (2,)], list(SHAPES)) for name in ("gammainc_a", "gammaincc_a", "gamma_density_a")},
    **{name: ([(1,), (2,)], [place for place in SHAPES if place[0] < 170]) for name in ("gamma_lower_s", "gamma_upper_s")},
    "zeta_s": ([(1,), (2,)], [(2.0,), (0.5,), (1.001,), (30.0,), (0.0,), (-0.5,), (-2.0,), (-7.3,), (0.5, 0.3), (3.0, 25.0)]),
    **{name: ([(1, 0), (0, 1), (1, 1)], list(TRIPLES)) for name in ("betainc_ab", "beta_density_ab")},
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if name == "yv_v" else []) for name in CASES])
def test_fifty_digits(name: str) -> None:
    """To 11 digits, of the value or of what a change of its arguments by a few units of rounding makes of it."""
    mp = mpmath_module()
    orders, places = CASES[name]
    for order in orders:
        for place in places:
            found = float(KERNELS[name](*map(float, order), *place))
            with mp.workdps(60):
                wanted = LACKING[name](*order, *map(mp.mpf, place))
                moved = LACKING[name](*order, *[mp.mpf(x) * (1 + mp.mpf(2) ** -49) for x in place])
            allowed = 1e-11 * abs(wanted) + 4 * abs(moved - wanted)
            assert abs(found - wanted) <= allowed, f"{name}{(*order, *place)}: {found}, not {mp.nstr(wanted, 17)}"


@pytest.mark.parametrize(
    ("call", "values"),
    [
        *[(f"{name}(v, x)", {"v": 1.3, "x": 2.0}) for name in ("jv", "yv", "iv", "kv", "ive", "kve")],
        *[(f"{name}(a, x)", {"a": 2.0, "x": 1.3}) for name in ("gammainc", "gammaincc", "gamma_lower", "gamma_upper")],
        *[(f"{name}(a, y)", {"a": 2.0, "y": 0.3}) for name in ("gammaincinv", "gammainccinv")],
        *[(f"{name}(a, b, y)", {"a": 2.0, "b": 0.7, "y": 0.3}) for name in ("betainc", "betaincinv")],
        ("zeta(s)", {"s": 0.3}),
        ("zeta(s, a)", {"s": 2.5, "a": 0.7}),
        ("t_cdf(x, k)", {"x": -1.3, "k": 2.5}),
        *[pytest.param("t_cdf(x, k)", {"x": x, "k": 2.5}, marks=pytest.mark.slow) for x in (0.3, 40.0)],
    ],
)
def test_all_derivatives_to_order_two(call: str, values: dict[str, float]) -> None:
    assert_gradient(call, list(values), **values)
    for name in values:
        derivative = rg.diff(call, name)
        known = {v: values[v] for v in derivative.variables}
        assert_gradient(derivative, list(known), **known)


def test_outside_of_their_domains_they_are_no_numbers() -> None:
    outside: list[tuple[str, tuple[Any, ...]]] = [
        ("jv_v", (1, 0.5, -1.0)),
        ("yv_v", (1, 0.5, 0.0)),
        ("kv_v", (0.5, 1.0, 1.0)),
        ("iv_v", (1, 300.0, 1.0)),
        ("jv_v", (1, 1.0, 1e9)),
        ("gammainc_a", (1, -1.0, 1.0)),
        ("gammaincc_a", (1, 1.0, -1.0)),
        ("betainc_ab", (1, 0, 1.0, 1.0, 1.5)),
        ("beta_density_ab", (1, 0, 1.0, 0.0, 0.5)),
    ]
    for name, place in outside:
        assert math.isnan(KERNELS[name](*place)), name


def test_arrays() -> None:
    kernel: Callable[..., Any] = KERNELS["gammainc_a"]
    found = kernel(1.0, np.array([[1.0], [2.0]]), np.array([0.5, 1.0, 1.5]))
    assert found.shape == (2, 3) and found[1, 2] == kernel(1.0, 2.0, 1.5)
