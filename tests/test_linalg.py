"""Linear algebra against NumPy and SciPy, single matrices and stacks, and its derivatives of first and second order against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import rewritegrad as rg
from rewritegrad.testing import assert_gradient

RNG = np.random.default_rng(7)
A = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
STACK = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)
SPD = A @ A.T + np.eye(3)
SPDS = STACK @ np.matrix_transpose(STACK) + np.eye(3)
TALL = RNG.normal(size=(4, 2))
B, V = RNG.normal(size=(3, 2)), RNG.normal(size=3)


def value(text: str, **values: Any) -> Any:
    return rg.evaluate(rg.parse(text, **{n: rg.Type(np.shape(v)) for n, v in values.items()}), **values)


@pytest.mark.parametrize(
    "text, function",
    [
        ("det(A)", np.linalg.det),
        ("logdet(A)", lambda a: np.linalg.slogdet(a)[1]),
        ("det_sign(A)", lambda a: np.linalg.slogdet(a)[0]),
        ("inv(A)", np.linalg.inv),
        ("pinv(A)", np.linalg.pinv),
        ("matrix_power(A, -2)", lambda a: np.linalg.matrix_power(a, -2)),
        ("expm(A)", scipy.linalg.expm),
        ("matrix_transpose(A)", np.matrix_transpose),
    ],
)
@pytest.mark.parametrize("matrix", [A, STACK], ids=["matrix", "stack"])
def test_values(text: str, function: Any, matrix: Any) -> None:
    np.testing.assert_allclose(value(text, A=matrix), function(matrix), rtol=1e-12)


@pytest.mark.parametrize("matrix", [SPD, SPDS], ids=["matrix", "stack"])
def test_values_of_symmetric_matrices(matrix: Any) -> None:
    np.testing.assert_allclose(value("cholesky(A)", A=matrix), np.linalg.cholesky(matrix), rtol=1e-12)
    np.testing.assert_allclose(value("eigvalsh(A)", A=matrix), np.linalg.eigvalsh(matrix), rtol=1e-12)
    vectors, values = value("eigenvectors(A)", A=matrix), np.linalg.eigvalsh(matrix)
    np.testing.assert_allclose(matrix @ vectors, vectors * values[..., None, :], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("a, b", [(A, V), (A, B), (STACK, B), (A, RNG.normal(size=(2, 3, 1))), (STACK, STACK)], ids=lambda x: str(x.shape))
def test_systems_of_equations(a: Any, b: Any) -> None:
    np.testing.assert_allclose(value("solve(A, B)", A=a, B=b), np.linalg.solve(a, b), rtol=1e-12)
    np.testing.assert_allclose(value("solve_triangular(A, B)", A=a, B=b), np.linalg.solve(np.triu(a), b), rtol=1e-12)
    np.testing.assert_allclose(value("solve_triangular(A, B, lower=True)", A=a, B=b), np.linalg.solve(np.tril(a), b), rtol=1e-12)
    for text in ("solve(A, B)", "solve_triangular(A, B)", "solve_triangular(A, B, lower=True)"):
        assert_gradient(f"sum({text}^2)", ["A", "B"], A=a, B=b)


SHAPES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((1, 3), (3, 1)), ((2, 1), (1, 2)),
    ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 2, 3), (2, 3, 1)),
    ((2, 1, 2, 3), (3, 3, 2)), ((1, 2, 3), (2, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 2)),
]  # fmt: skip


@pytest.mark.parametrize("a, b", SHAPES, ids=str)
def test_products_of_vectors_matrices_and_stacks(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    left, right = RNG.normal(size=a), RNG.normal(size=b)
    np.testing.assert_allclose(value("A @ B", A=left, B=right), left @ right, rtol=1e-13)
    assert_gradient("sum((A @ B)^2 + A @ B)", ["A", "B"], A=left, B=right)
    second = rg.grad("sum((A @ B)^3)", "A", A=rg.Type(a), B=rg.Type(b))
    assert_gradient(second.theory.apply("sum", second.theory.apply("sin", second)), ["A", "B"], A=left, B=right)


FUNCTIONS = {
    "det(A)^2": A,
    "logdet(A)": A,
    "inv(A)^2": A,
    "pinv(A)^3": TALL,
    "pinv(matrix_transpose(A))^3": TALL,
    "matrix_power(A, 3)": A,
    "matrix_power(A, -2)": A,
    "matrix_power(A, 0) * A": A,
    "expm(A / 4)^2": A[:2, :2],
    "cholesky(A)^3": SPD,
    "eigvalsh(A)^3": SPD,
    "eigenvectors(A)^4": SPD,
    "svdvals(A)^3": A,
    "qr_q(A)^3": A,
    "qr_r(A)^3": A,
    "qr_q(A)^4": TALL,
    "qr_r(A)^4": TALL,
    "solve_continuous_lyapunov(A, sin(A))": A,
    "solve_discrete_lyapunov(A / 9, sin(A))": A,
    "solve_sylvester(A, A[:2, :2], A[:, 1:])": A,
    "svdvals(A)^4": TALL,
    "svdvals(A - 1)^4": TALL.T,
    "right_vectors(A)^4": A,
    "right_vectors(A - 1)^2 * 3": TALL.T,
    "logdet(A @ matrix_transpose(A) + 1)": A,
}


@pytest.mark.parametrize("text", [pytest.param(t, marks=[pytest.mark.slow] * ("expm" in t)) for t in FUNCTIONS])
def test_first_and_second_derivatives(text: str) -> None:
    """The gradient, and the gradient of a function of the gradient, as written."""
    at = FUNCTIONS[text]
    cost = rg.parse(f"sum({text})", A=rg.Type(at.shape))
    assert_gradient(cost, "A", A=at)
    first = rg.grad(cost, "A", simplify=False)
    second = cost.theory.apply("sum", cost.theory.apply("sin", first))
    assert_gradient(second, "A", rtol=1e-5, A=at)


@pytest.mark.parametrize("text", [t for t in FUNCTIONS if FUNCTIONS[t].shape[0] == FUNCTIONS[t].shape[1] and not t.startswith("solve_")])
def test_derivatives_of_stacks_are_those_of_their_matrices(text: str) -> None:
    n = len(FUNCTIONS[text])
    stack = (SPDS if FUNCTIONS[text] is SPD else STACK)[:, :n, :n]
    found = rg.evaluate(rg.grad(f"sum({text})", "A", A=rg.Type(stack.shape)), A=stack)
    single = rg.grad(f"sum({text})", "A", A=rg.Type(stack.shape[1:]))
    np.testing.assert_allclose(found, [rg.evaluate(single, A=matrix) for matrix in stack], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("text", list(FUNCTIONS))
def test_tangents_agree_with_cotangents(text: str) -> None:
    """A product with the Jacobian from the left and from the right is one number."""
    at = FUNCTIONS[text]
    term = rg.parse(text, A=rg.Type(at.shape))
    shape = np.shape(rg.evaluate(term, A=at))
    direction, weights = RNG.normal(size=at.shape), RNG.normal(size=shape)
    types = {"D": rg.Type(at.shape), "W": rg.Type(shape)}
    forward = rg.evaluate(rg.pushforward(term, "A", "D", types=types), A=at, D=direction)
    backward = rg.evaluate(rg.pullback(term, "A", "W", types=types), A=at, W=weights)
    np.testing.assert_allclose(np.sum(forward * weights), np.sum(backward * direction), rtol=1e-9)


def test_gradients_are_what_people_write() -> None:
    for text, wanted in {
        "logdet(A)": "transpose(inv(A))",
        "det(A)": "det(A)*transpose(inv(A))",
        "sum(inv(A) * B)": "-(transpose(inv(A)) @ B @ transpose(inv(A)))",
        "v @ solve(A, w)": "-outer(solve(transpose(A), v), solve(A, w))",
    }.items():
        found = rg.grad(text, "A", A="matrix[n, n]", B="matrix[n, n]", v="vector[n]", w="vector[n]")
        assert str(found) == wanted


NORMS = [
    *(("x", ord, axis, keepdims) for ord in (None, 1, 2, "inf", "-inf") for axis, keepdims in ((None, False), (0, True))),
    *(("X", ord, 1, False) for ord in (None, 1, 2, "inf", "-inf")),
    *(("X", ord, None, False) for ord in (None, "fro", 1, "inf", 2, "nuc")),
    ("X", None, (0, 1), True),
    ("T", None, None, False),
    ("T", "fro", (0, 2), True),
    ("T", 1, -1, True),
]


@pytest.mark.parametrize("name, ord, axis, keepdims", NORMS)
def test_norms(name: str, ord: Any, axis: Any, keepdims: bool) -> None:
    x = {"x": RNG.normal(size=4), "X": RNG.normal(size=(3, 4)), "T": RNG.normal(size=(2, 3, 2))}[name]
    text = f"norm(A, ord={ord!r}, axis={axis}, keepdims={keepdims})"
    numbers = {"inf": np.inf, "-inf": -np.inf}
    np.testing.assert_allclose(value(text, A=x), np.linalg.norm(x, numbers.get(ord, ord), axis, keepdims), rtol=1e-12)
    cost = rg.parse(f"sum({text}^3)", A=rg.Type(x.shape))
    assert_gradient(cost, "A", A=x)
    again = rg.grad(cost, "A", simplify=False)
    assert_gradient(again.theory.apply("sum", again.theory.apply("^", again, 2)), "A", rtol=1e-5, A=x)
    direction = RNG.normal(size=x.shape)
    forward = rg.evaluate(rg.pushforward(cost, "A", "D", types={"D": rg.Type(x.shape)}), A=x, D=direction)
    np.testing.assert_allclose(forward, np.sum(rg.evaluate(again, A=x) * direction), rtol=1e-9)


@pytest.mark.parametrize("text", ["norm(A)", "norm(A, 2)", "sum(norm(A, axis=0))", "norm(A, 'fro')"])
def test_the_gradient_of_a_norm_is_0_at_0(text: str) -> None:
    for simplify in (False, True):
        shape = (3,) if "2" in text else (2, 3)
        gradient = rg.grad(text, "A", A=rg.Type(shape), simplify=simplify)
        assert rg.evaluate(gradient, A=np.zeros(shape)).tolist() == np.zeros(shape).tolist()


def test_ties_in_norms_are_shared() -> None:
    assert rg.evaluate(rg.grad("norm(A, 'inf')", "A", A="vector"), A=[2.0, -2.0, 1.0]).tolist() == [0.5, -0.5, 0]


def test_the_sign_and_the_logarithm_of_a_determinant() -> None:
    np.testing.assert_allclose([value(f"slogdet(A)[{i}]", A=-A) for i in (0, 1)], np.linalg.slogdet(-A), rtol=1e-12)
    assert_gradient("slogdet(A)[1]", "A", A=-A)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("shape, axis", [((4,), None), ((4,), 0), ((2, 3), None), ((2, 3), 0), ((2, 3), -1), ((2, 3, 2), 1), ((1,), 0)], ids=str)
def test_running_sums_and_products(name: str, shape: tuple[int, ...], axis: Any) -> None:
    x = RNG.normal(size=shape)
    if x.size > 2:
        x.flat[1] = x.flat[2] = 0
    text = f"{name}(A, axis={axis})"
    np.testing.assert_allclose(value(text, A=x), getattr(np, name)(x, axis), rtol=1e-13)
    cost = rg.parse(f"sum(({text} + 1)^3)", A=rg.Type(shape))
    assert_gradient(cost, "A", A=x)
    again = rg.grad(cost, "A", simplify=False)
    assert_gradient(again.theory.apply("sum", again.theory.apply("^", again, 2)), "A", rtol=1e-5, A=x)
    direction = RNG.normal(size=shape)
    forward = rg.evaluate(rg.pushforward(cost, "A", "D", types={"D": rg.Type(shape)}), A=x, D=direction)
    np.testing.assert_allclose(forward, np.sum(rg.evaluate(again, A=x) * direction), rtol=1e-9)


@pytest.mark.parametrize("offset, axes", [(0, (0, 1)), (1, (0, 1)), (-1, (1, 0)), (0, (-1, -2))], ids=str)
def test_traces(offset: int, axes: tuple[int, int]) -> None:
    for x in (RNG.normal(size=(3, 4)), RNG.normal(size=(3, 2, 4))):
        text = f"trace(A, {offset}, {axes[0]}, {axes[1]})"
        np.testing.assert_allclose(value(text, A=x), np.trace(x, offset, *axes), rtol=1e-13)
        assert_gradient(f"sum({text}^2)", "A", A=x)


def test_logarithms_of_stacks_are_those_of_single_matrices():
    from rewritegrad.matrix_kernels import logm

    matrices = np.random.default_rng(5).normal(size=(60, 3, 3)) * np.geomspace(1e-3, 1e3, 60)[:, None, None]
    matrices[:3] = [np.zeros((3, 3)), np.full((3, 3), np.nan), np.ones((3, 3))]
    singles = np.array([logm(matrix) for matrix in matrices])
    known = ~np.isnan(singles).any((1, 2))
    assert 5 < known.sum() < 57 and not known[:3].any()
    np.testing.assert_allclose(logm(matrices), singles, rtol=1e-11, atol=1e-11)


def test_exponentials_of_stacks_are_scipys():
    from rewritegrad.matrix_kernels import expm

    matrices = np.random.default_rng(6).normal(size=(40, 3, 3)) * np.geomspace(1e-9, 30, 40)[:, None, None]
    matrices[0] = 0
    for matrix, found in zip(matrices, expm(matrices), strict=True):
        wanted = scipy.linalg.expm(matrix)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11 * np.abs(wanted).max())
    assert np.isnan(expm(np.full((2, 2, 2), np.inf))).all() and expm(np.zeros((0, 2, 2))).shape == (0, 2, 2)
