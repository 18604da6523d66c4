"""Zeros that stay zeros: derivatives through choices are finite wherever the formula is, raw and simplified, both ways."""

from __future__ import annotations

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.guards import Guards
from rewritegrad.term import postorder

POINTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 0.6, 1.0, 2.0)

CASES = {
    "where(x > 0, sqrt(x), 0)": lambda x: 0.5 / np.sqrt(x) if x > 0 else 0,
    "where(x == 0, 1, sin(x)/x)": lambda x: (x * np.cos(x) - np.sin(x)) / x**2 if x else 0,
    "where(x > 0, x*log(x), 0)": lambda x: np.log(x) + 1 if x > 0 else 0,
    "where(x > 0, log(x), 0)": lambda x: 1 / x if x > 0 else 0,
    "where(x <= 0, 0, log(x))": lambda x: 1 / x if x > 0 else 0,
    "where(x > 0, where(x > 1, sqrt(x - 1), 0), 0)": lambda x: 0.5 / np.sqrt(x - 1) if x > 1 else 0,
    "where(x > 1, sqrt(x - 1), where(x > 0, log(x), 0))": lambda x: 0.5 / np.sqrt(x - 1) if x > 1 else 1 / x if x > 0 else 0,
    "where(x > 0, sqrt(x)*log(x) + sqrt(x), 0)": lambda x: (np.log(x) + 3) / (2 * np.sqrt(x)) if x > 0 else 0,
    "where(x > 0, sqrt(x), 0) + where(x > 0.7, log(sqrt(x)), 0)": lambda x: (
        (0.5 / np.sqrt(x) if x > 0 else 0) + (0.5 / x if x > 0.7 else 0)
    ),
    "where(x != 0, x^2*sin(1/x), 0)": lambda x: 2 * x * np.sin(1 / x) - np.cos(1 / x) if x else 0,
    "where(x > 0, exp(-1/x), 0)": lambda x: np.exp(-1 / x) / x**2 if x > 0 else 0,
    "where(x > 0, log(1 - exp(-x)), 0)": lambda x: 1 / np.expm1(x) if x > 0 else 0,
    "where(x > 0 and x < 1, log(x/(1 - x)), 0)": lambda x: 1 / (x * (1 - x)) if 0 < x < 1 else 0,
    "where(abs(x) > 0.55, sqrt(x^2 - 0.3025), 0)": lambda x: x / np.sqrt(x**2 - 0.3025) if abs(x) > 0.55 else 0,
    "where(x < 0, 1, exp(sqrt(x)))^2": lambda x: np.exp(2 * np.sqrt(x)) / np.sqrt(x) if x > 0 else 0 if x < 0 else np.inf,
    "exp(where(x > 0, sqrt(x), 0))*x": lambda x: np.exp(np.sqrt(x)) * (1 + np.sqrt(x) / 2) if x > 0 else 1,
    "where(x < 500, exp(x), 0)": lambda x: np.exp(x),
    "max(sqrt(abs(x)), 1)": lambda x: 0 if abs(x) < 1 else (0.25 if abs(x) == 1 else 0.5 / np.sqrt(abs(x))) * np.sign(x),
    "min(1, 1/x^2)": lambda x: 0 if abs(x) < 1 else (-1 if abs(x) == 1 else -2 / abs(x) ** 3) * np.sign(x),
    "max(x, 0)^0.5": lambda x: 0.5 / np.sqrt(x) if x > 0 else 0 if x < 0 else np.inf,
    "abs(x)^1.5": lambda x: 1.5 * np.sign(x) * np.sqrt(abs(x)),
    "abs(x)^3": lambda x: 3 * x * abs(x),
    "x^2": lambda x: 2 * x,
    "x^3": lambda x: 3 * x**2,
    "(x^2 + 1)^0.5": lambda x: x / np.sqrt(x**2 + 1),
    "where(x > 0, x, 0)^1.5": lambda x: 1.5 * np.sqrt(x) if x > 0 else 0,
}


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("text", CASES)
def test_derivatives_are_right_where_branches_are_undefined(text, simplify):
    expected = [float(CASES[text](x)) for x in POINTS]
    for derivative in (rg.grad(text, "x", simplify=simplify), rg.diff(text, "x", simplify=simplify)):
        with np.errstate(all="ignore"):
            found = [float(rg.function(["x"], derivative, simplify=simplify)(x)) for x in POINTS]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300, err_msg=f"{text} by {derivative}")


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("where(x > 0, x^2*log(x), 0)", lambda x: 2 * np.log(x) + 3 if x > 0 else 0),
        ("where(x > 0, sqrt(x), 0)", lambda x: -0.25 * x**-1.5 if x > 0 else 0),
        ("where(x > 0, where(x < 1, log(x), 0), 0)", lambda x: -(x**-2) if 0 < x < 1 else 0),
    ],
)
def test_second_derivatives_too(text, second, simplify):
    gradient = rg.grad(rg.grad(text, "x", simplify=simplify), "x", simplify=simplify)
    for derivative in (gradient, rg.hessian(text, "x", simplify=simplify), rg.diff(text, "x", "x", simplify=simplify)):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose([float(rg.evaluate(derivative, x=x)) for x in POINTS], [second(x) for x in POINTS], rtol=1e-12)


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(where(v > 0, sqrt(v), 0))", [0, 0, 0.25]),
        ("sum(where(v > 0, sqrt(v), 0)*[w])", [0, 0, 0.75]),
        ("where(t > 0, sum(sqrt(v + 1)), 0)", [0, 0, 0]),
        ("where(t > 0, sum(1/v), sum(v^2))", [-2, 0, 8]),
        ("where(t > 0, w @ log(v), w @ v)", [1, 2, 3]),
        ("where(t > 0, mean(log(v)), 0)", [0, 0, 0]),
    ],
)
def test_choices_among_arrays(text, expected, simplify):
    text = text.replace("[w]", "w")
    types = {"v": "vector[3]", "w": "vector[3]", "t": "scalar"}
    gradient = rg.grad(text, "v", simplify=simplify, **types)
    with np.errstate(all="ignore"):
        found = rg.function(["v", "w", "t"], gradient, simplify=simplify, **types)([-1.0, 0.0, 4.0], [1.0, 2.0, 3.0], -1.0)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("x", [-1000.0, -30.0, 0.0, 30.0, 1000.0])
@pytest.mark.parametrize("simplify", [True, False])
def test_sigmoids_far_out(x, simplify):
    exact = 1 / (1 + np.exp(-x)) if x > 0 else np.exp(x) / (1 + np.exp(x))
    found = rg.function(["x"], rg.grad("softplus(x)", "x", simplify=simplify))(x)
    np.testing.assert_allclose(found, exact, rtol=1e-12)
    np.testing.assert_allclose(rg.function(["x"], rg.grad("logaddexp(x, -x)", "x", simplify=simplify))(x), np.tanh(x), rtol=1e-12)


def test_a_choice_that_nothing_is_multiplied_with_stays_as_it_was_written():
    assert str(rg.diff("where(y > 0, x, y)", "x", simplify=False)) == "where(y > 0, 1, 0)"
    assert str(rg.diff("max(x, 0)", "x", simplify=False)) == "where(x > 0, 1, where(x == 0, 1/2, 0))"
    assert str(rg.diff("where(y > 0, x, y)*cos(y)", "x", simplify=False)) == "where(y > 0, cos(y), 0)"


def test_a_choice_moves_behind_the_products_and_takes_no_more_room():
    raw = rg.grad("where(x > 0, sin(log(x)), 0)", "x", simplify=False)
    assert str(raw) == "where(x > 0, fill(where(x > 0, sin(log(x)), 0), 1.0)*cos(log(x))/x, 0)"
    assert str(rg.grad("where(x == 0, 1, sin(x)/x)", "x")) == "where(x == 0, 0, (cos(x) - sin(x)/x)/x)"


def test_guards_grow_linearly_with_a_chain_of_choices():
    def size(k):
        text = "x"
        for _ in range(k):
            text = f"max({text}, y)*z"
        return len(postorder(*rg.grad(text, ["x", "y", "z"], simplify=False)))

    assert size(30) - size(20) == size(20) - size(10)


def test_a_theory_without_the_roles_guards_nothing():
    theory = rg.Theory.parse(
        "roles sum +  product *\n"
        "op a + b  prec 40 left\n    d/da 1\n    d/db 1\n"
        "op a * b  prec 50 left\n    d/da b\n    d/db a\n",
        base=None,
    )
    assert not theory.derived(Guards).able
    assert str(rg.diff(rg.parse("x*x", theory=theory), "x", simplify=False)) == "x + x"


def test_zeros_stay_zeros_where_entries_are_moved():
    """The choice is over two rows, the logarithm of one of them."""
    text = "Y = stack(log(x), x); sum(where(stack(x, x) > 0, Y, 0)[0])"
    gradient = rg.grad(text, "x", x="vector")
    np.testing.assert_array_equal(rg.evaluate(gradient, x=[2.0, 0.0, -1.0]), [0.5, 0, 0])
