"""Functions with several results, parts of arrays that are replaced or computed, lists as arrays, methods, names of modules, Python's operators."""

# ruff: noqa: N803 - arrays have capital names here as in formulas

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.testing import assert_gradient

RNG = np.random.default_rng(3)
SHAPES = {"x": (4,), "y": (), "A": (4, 4), "B": (2, 6), "T": (2, 3, 4), "w": (2,), "u": (1, 4), "q": (5, 3), "r": (5,), "s": (2, 2), "p": (3, 3)}
VALUES = {name: RNG.uniform(0.5, 2, shape) for name, shape in SHAPES.items()} | {"A": RNG.normal(size=(4, 4)) + 4 * np.eye(4)}


def types_of(text: str) -> dict[str, str]:
    names = [name for name in VALUES if name in text]
    return {name: f"tensor[{', '.join(map(str, SHAPES[name]))}]" if SHAPES[name] else "scalar" for name in names}


def put(array: Any, at: Any, value: Any, add: bool = False) -> Any:
    array = array.copy()
    if add:
        np.add.at(array, at, value)
    else:
        array[at] = value
    return array


def lu(matrix: Any) -> Any:
    from scipy.linalg import lu as factors

    return factors(matrix)


CASES: dict[str, Callable[..., Any]] = {
    "split(B, 3, axis=1)[1]": lambda B: np.split(B, 3, axis=1)[1],
    "split(x, [1, 3])[-1]": lambda x: np.split(x, [1, 3])[-1],
    "array_split(x, 3)[0]": lambda x: np.array_split(x, 3)[0],
    "hsplit(B, [1, 4])[1]": lambda B: np.hsplit(B, [1, 4])[1],
    "vsplit(A, 2)[1]": lambda A: np.vsplit(A, 2)[1],
    "dsplit(T, 2)[0]": lambda T: np.dsplit(T, 2)[0],
    "a, b = unstack(B); a*b": lambda B: B[0] * B[1],
    "gradient(x)": np.gradient,
    "gradient(T, 0.5, axis=1)": lambda T: np.gradient(T, 0.5, axis=1),
    "gradient(T)[2]": lambda T: np.gradient(T)[2],
    "set_subtensor(x[1:3], w)": lambda x, w: put(x, np.s_[1:3], w),
    "set_subtensor(A[:, 1], y)": lambda y, A: put(A, np.s_[:, 1], y),
    "inc_subtensor(x[[0, 0, 2]], y)": lambda x, y: put(x, [0, 0, 2], y, add=True),
    "inc_subtensor(A[:2], u)": lambda A, u: put(A, np.s_[:2], u, add=True),
    "partition(B, 2)": lambda B: np.partition(B, 2),
    "partition(A, 1, axis=0)": lambda A: np.partition(A, 1, axis=0),
    "take_along_axis(B, argsort(B), axis=1)": lambda B: np.sort(B, axis=1),
    "delete(A, [0, -1], axis=1)": lambda A: np.delete(A, [0, -1], axis=1),
    "resize(x, (2, 3))": lambda x: np.resize(x, (2, 3)),
    "flatten(T, 2)": lambda T: T.reshape(2, 12),
    "dimshuffle(u, (1, 'x'))": lambda u: u.T,
    "append(A, A, axis=1)": lambda A: np.append(A, A, axis=1),
    "concatenate((A, A), axis=1)": lambda A: np.concatenate((A, A), axis=1),
    "concatenate((x, [1, 2]))": lambda x: np.concatenate((x, [1, 2])),
    "block_diag(s, w, y*s)": lambda y, w, s: np.block([[s, np.zeros((2, 4))], [np.zeros((1, 2)), w, np.zeros((1, 2))], [np.zeros((2, 4)), y * s]]),
    "vander(x)": np.vander,
    "vander(w, 4, increasing=True)": lambda w: np.vander(w, 4, increasing=True),
    "linspace(y, 3, 5)": lambda y: np.linspace(y, 3, 5),
    "[y, 2*y]": lambda y: np.array([y, 2 * y]),
    "array([[1, 2], [3, y]]) @ w": lambda y, w: np.array([[1, 2], [3, y]]) @ w,
    "x * [1, 2.5, -3, 0]": lambda x: x * [1, 2.5, -3, 0],
    "A.T.dot(x).sum(axis=0)": lambda x, A: A.T.dot(x).sum(axis=0),
    "np.linalg.norm(B, 'nuc')": lambda B: np.linalg.norm(B, "nuc"),
    "norm(T, 'nuc', axis=(2, 0))": lambda T: np.linalg.norm(T, "nuc", axis=(2, 0)),
    "norm(B, -inf)": lambda B: np.linalg.norm(B, -np.inf),
    "norm(T, 1, axis=(0, 2), keepdims=True)": lambda T: np.linalg.norm(T, 1, axis=(0, 2), keepdims=True),
    "norm(B, 1.5, axis=1)": lambda B: np.linalg.norm(B, 1.5, axis=1),
    "norm(B, -2)": lambda B: np.linalg.norm(B, -2),
    "logsumexp(B, axis=1, b=w[:, None])": lambda B, w: np.log((w[:, None] * np.exp(B)).sum(1)),
    "average(B, axis=0, weights=w)": lambda B, w: np.average(B, axis=0, weights=w),
    "eigh(A @ A.T)[0]": lambda A: np.linalg.eigh(A @ A.T)[0],
    "w, v = eigh(A @ A.T); v @ diag(sin(w)) @ v.T": lambda A: (lambda w, v: v @ np.diag(np.sin(w)) @ v.T)(*np.linalg.eigh(A @ A.T)),
    "slogdet(A)[1]": lambda A: np.linalg.slogdet(A)[1],
    "U, S, V = svd(q, full_matrices=False); U @ diag(S^3) @ V": lambda q: q @ q.T @ q,
    "qr(B)[1]": lambda B: np.linalg.qr(B)[1],
    "lu(A)[1]": lambda A: lu(A)[1],
    "lu(A)[2]": lambda A: lu(A)[2],
    "lstsq(q, r)[0]": lambda q, r: np.linalg.lstsq(q, r, rcond=None)[0],
    "sqrtm(s @ s.T + eye(2))": lambda s: (lambda w, v: v @ np.diag(w**0.5) @ v.T)(*np.linalg.eigh(s @ s.T + np.eye(2))),
    "solve_banded((1, 1), q.T, r)": lambda q, r: np.linalg.solve(np.diag(q[:, 1]) + np.diag(q[1:, 0], 1) + np.diag(q[:-1, 2], -1), r),
    "solve_discrete_lyapunov(s/8, s)": lambda s: np.linalg.solve(np.eye(4) - np.kron(s / 8, s / 8), s.ravel()).reshape(2, 2),
    "solve_triangular(A, x, trans=1, lower=True)": lambda x, A: np.linalg.solve(np.tril(A).T, x),
    "tensorinv(reshape(A, (2, 2, 4)))": lambda A: np.linalg.tensorinv(A.reshape(2, 2, 4)),
    "tensorsolve(reshape(A, (2, 2, 4)), s)": lambda A, s: np.linalg.tensorsolve(A.reshape(2, 2, 4), s),
    "cond(A)": np.linalg.cond,
    "einsum('ij,jk,kl,l->i', A, A, A, x)": lambda x, A: A @ A @ A @ x,
    "einsum('i,ij,jk,kl,lm,m', x, A, A, A, A, x)": lambda x, A: x @ A @ A @ A @ A @ x,
    "cross(p, p.T, axisa=0, axisc=0)": lambda p: np.cross(p, p.T, axisa=0, axisc=0),
    "x % [0.3, 0.7, 5, 2] + 7 // 2": lambda x: x % [0.3, 0.7, 5, 2] + 3,
    "x.shape[0]*x + x.ndim*B.size": lambda x: 4 * x + 12,
    "x[: len(x) - 2] * ones(w.shape)": lambda x: x[:2],
    "reshape(B, (T.shape[2] - 1, -1))": lambda B: B.reshape(3, 4),
    "n, m = shape(B); full((m, n), y)": lambda y: np.full((6, 2), y),
    "T.mT.reshape(6, 4).transpose(1, 0)": lambda T: np.swapaxes(T, 1, 2).reshape(6, 4).T,
    "reshape(B, (4, 3), order='F')": lambda B: B.reshape(4, 3, order="F"),
    "kron(T, w)": lambda T, w: np.kron(T, w),
    "kron(T, T[:, 1:])": lambda T: np.kron(T, T[:, 1:]),
    "outer(T, w)": lambda T, w: np.outer(T, w),
    "einsum('ij,kj->ik', u, x[:, None])": lambda x, u: np.einsum("ij,kj->ik", u, x[:, None]),
    "einsum('...ij,jk->i...k', T[:, :, :1], A)": lambda A, T: np.einsum("...ij,jk->i...k", T[:, :, :1], A),
    "cross(w, s)": lambda w, s: w[0] * s[:, 1] - w[1] * s[:, 0],
    "insert(x, 1, w)": lambda x, w: np.insert(x, 1, w),
    "insert(s, -1, w, axis=1)": lambda w, s: np.insert(s, -1, w, axis=1),
    "insert(B, 1, y, axis=0)": lambda y, B: np.insert(B, 1, y, axis=0),
    "compress([True, False, True], q, axis=1)": lambda q: np.compress([True, False, True], q, axis=1),
    "join(1, s, B, s)": lambda B, s: np.concatenate((s, B, s), 1),
    "diff(x, prepend=y)": lambda x, y: np.diff(x, prepend=y),
    "diff(B, n=2, axis=0, append=s @ B)": lambda B, s: np.diff(B, n=2, axis=0, append=s @ B),
    "gradient(q, 0.5, axis=0, edge_order=2)": lambda q: np.gradient(q, 0.5, axis=0, edge_order=2),
    "gradient(x, y)": np.gradient,
    "trapezoid(B, dx=0.5, axis=0)": lambda B: np.trapezoid(B, dx=0.5, axis=0),
    "x * arange(0, 1, 0.25) + arange(1, 5)": lambda x: x * np.arange(0, 1, 0.25) + np.arange(1, 5),
    "pad(B, ((1, 2), (0, 1)), 'mean')": lambda B: np.pad(B, ((1, 2), (0, 1)), "mean"),
    "pad(x, 1, 'maximum') - pad(x, 1, 'minimum')": lambda x: np.pad(x, 1, "maximum") - np.pad(x, 1, "minimum"),
    "lu_solve(lu_factor(A), x)": lambda x, A: np.linalg.solve(A, x),
    "c, p = lu_factor(A); lu_solve((c, p), x, trans=1)": lambda x, A: np.linalg.solve(A.T, x),
    "cho_solve((s, False), w)": lambda w, s: np.linalg.solve(np.triu(s).T @ np.triu(s), w),
    "solveh_banded(q[:, :2].T, r)": lambda q, r: np.linalg.solve(np.diag(q[:, 1]) + np.diag(q[1:, 0], 1) + np.diag(q[1:, 0], -1), r),
    "solveh_banded(q[:, :2].T, r, lower=True)": lambda q, r: np.linalg.solve(np.diag(q[:, 0]) + np.diag(q[:-1, 1], 1) + np.diag(q[:-1, 1], -1), r),
    "companion(x) @ hilbert(3)": lambda x: np.vstack((-x[1:] / x[0], np.eye(2, 3))) @ (1 / (np.arange(3)[:, None] + np.arange(3) + 1.0)),
    "solve_toeplitz(x, w[[0, 1, 1, 0]])": lambda x, w: np.linalg.solve(x[abs(np.arange(4)[:, None] - np.arange(4))], w[[0, 1, 1, 0]]),
    "solve_circulant(x, A)": lambda x, A: np.linalg.solve(x[(np.arange(4)[:, None] - np.arange(4)) % 4], A),
    "multi_dot([B.T, s, B])": lambda B, s: B.T @ s @ B,
}


@pytest.mark.parametrize("text", CASES)
def test_values_and_derivatives(text: str) -> None:
    types = types_of(text.replace("concatenate", "").replace("; ", ";"))
    term = rg.parse(text, **types)
    assert isinstance(term, rg.Term)
    at = {name: VALUES[name] for name in term.variables}
    wanted = CASES[text](*[VALUES[name] for name in VALUES if name in at])
    np.testing.assert_allclose(rg.evaluate(term, **at), wanted, rtol=1e-9, atol=1e-9)
    assert rg.parse(str(term), **types) is term
    assert_gradient(term, list(at), **at)


def test_indices_that_are_computed() -> None:
    types = {"x": "vector[4]", "A": "matrix[2, 4]", "i": "integer", "v": "vector[3], integer"}
    x, matrix = VALUES["x"], VALUES["B"][:, :4]
    assert rg.evaluate(rg.parse("x[i]^2", **types), x=x, i=2) == x[2] ** 2
    np.testing.assert_array_equal(rg.evaluate(rg.grad("x[i]^2", "x", **types), x=x, i=2), [0, 0, 2 * x[2], 0])
    np.testing.assert_array_equal(rg.evaluate(rg.parse("A[:, v]", **types), A=matrix, v=[3, 0, 3]), matrix[:, [3, 0, 3]])
    np.testing.assert_array_equal(rg.evaluate(rg.grad("sum(A[1, v])", "A", **types), A=matrix, v=[3, 0, 3]), [[0, 0, 0, 0], [1, 0, 0, 2]])
    np.testing.assert_array_equal(rg.evaluate(rg.jacobian("x[v]", "x", **types), x=x, v=[1, 1, 0]), np.eye(4)[[1, 1, 0]])
    for wrong in ("x[t]", "x[x > 0]", "A[v, v]"):
        with pytest.raises(rg.FormulaError, match=r"declare t: integer|where\(condition, x, 0\)|take_along_axis"):
            rg.parse(wrong, **types)


@pytest.mark.parametrize("kind", ["discrete", "continuous"])
@pytest.mark.parametrize("stack", [(), (2,)])
def test_riccati_equations(kind: str, stack: tuple[int, ...]) -> None:
    text = f"solve_{kind}_are(A, B, Q, R)"
    sizes = {"A": (2, 2), "B": (2, 1), "Q": (2, 2), "R": (1, 1)}
    at = {name: RNG.normal(size=(*stack, *size)) for name, size in sizes.items()}
    at |= {name: at[name] @ np.swapaxes(at[name], -1, -2) + np.eye(at[name].shape[-1]) for name in "QR"}
    assert_gradient(rg.parse(text, **{name: f"tensor[{', '.join(map(str, a.shape))}]" for name, a in at.items()}), list(at), **at)


def test_gathering_along_axes() -> None:
    types = {"B": "matrix[2, 6]", "I": "matrix[2, 2], integer", "v": "vector[2], integer"}
    at = {"B": VALUES["B"], "I": np.array([[0, 3], [5, 5]])}
    np.testing.assert_array_equal(rg.evaluate(rg.parse("take_along_axis(B, I, 1)", **types), **at), np.take_along_axis(at["B"], at["I"], 1))
    assert_gradient(rg.parse("take_along_axis(B, I, 1)^2", **types), ["B"], **at)
    for axis in (0, 1):
        along = rg.parse(f"take_at(B, v, axis={axis})^2", **types)
        assert_gradient(along, ["B"], B=at["B"], v=[1, 1])
        jacobian = rg.evaluate(rg.jacobian(along, "B"), B=at["B"], v=[1, 0])
        np.testing.assert_allclose(jacobian.sum(axis=(0, 1)), 2 * at["B"] * np.isin(np.arange(6) if axis else np.arange(2)[:, None], [0, 1]))


@pytest.mark.parametrize(
    "text, message",
    [
        ("sum(eigh(A))", "these are 2 results"),
        ("a, b = split(A, 4); a", "2 names are given 4 meanings"),
        ("split(A, 3)[0]", "4 entries cannot be split into 3 parts of one size"),
        ("eigh(A)[2]", "one of 2 results is chosen by an integer below 2"),
        ("set_subtensor(A, 1)", "a part of an array is expected here"),
        ("eigh(A, 1, 2)", "eigh takes"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(rg.RewritegradError, match=message):
        rg.parse(text, A="matrix[4, 4]")


def test_functions_that_are_constant_between_jumps() -> None:
    x = VALUES["x"]
    for text, wanted in {
        "searchsorted([0.5, 1, 1.5], x)": np.searchsorted([0.5, 1, 1.5], x),
        "digitize(x, [0.5, 1, 1.5])": np.digitize(x, [0.5, 1, 1.5]),
        "x[argpartition(x, 1)][1]": np.sort(x)[1],
    }.items():
        np.testing.assert_array_equal(rg.evaluate(rg.parse(text, x="vector[4]"), x=x), wanted)
    assert rg.grad("sum(x * searchsorted([0, 1], x))", "x", x="vector[4]") is rg.parse("searchsorted([0, 1], x)", x="vector[4]")


def test_lengths_that_are_named_are_computed() -> None:
    found = rg.parse("x.shape[0] + x.size + len(x)", x="vector[n]")
    assert rg.evaluate(found, x=[1, 2, 3]) == 9
    with pytest.raises(rg.RewritegradError, match="a setting is a number"):
        rg.parse("reshape(x, (x.size, 1))", x="vector[n]")


def test_a_function_with_several_results_is_several_results() -> None:
    assert rg.parse("eigh(A)", A="matrix[2, 2]") == rg.parse("eigvalsh(A), eigenvectors(A)", A="matrix[2, 2]")
