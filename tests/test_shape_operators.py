"""Indexing and shape operators beside NumPy's functions of these names: value, shape, text and gradient, the sizes of the
variables being given, or only names for them."""

# ruff: noqa: N803 - arrays have capital names here as in formulas

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.dimensions import value_of
from rewritegrad.errors import FormulaError, ShapeError
from rewritegrad.sweeps import influences
from rewritegrad.term import Term, variable_terms
from rewritegrad.testing import assert_gradient
from rewritegrad.theory import Type

SIZES: dict[str, tuple[int, ...]] = {
    **{"x": (), "v": (3,), "w": (3,), "u": (4,), "X": (2, 3), "Y": (2, 3)},
    **{"Z": (4, 3), "S": (3, 3), "T": (2, 3, 4), "R": (2, 1, 3, 2)},
}

CASES: dict[str, Callable[..., Any]] = {
    "v[0]": lambda v: v[0],
    "v[-1]": lambda v: v[-1],
    "v[1:]": lambda v: v[1:],
    "v[:-1]": lambda v: v[:-1],
    "v[-2:]": lambda v: v[-2:],
    "v[::-1]": lambda v: v[::-1],
    "v[::2]": lambda v: v[::2],
    "v[2:0:-1]": lambda v: v[2:0:-1],
    "v[5:]": lambda v: v[5:],
    "v[1:1]": lambda v: v[1:1],
    "v[None]": lambda v: v[None],
    "v[:, newaxis]": lambda v: v[:, np.newaxis],
    "v[[0, 2, 2]]": lambda v: v[[0, 2, 2]],
    "v[[0, -1, 2, 0]]": lambda v: v[[0, -1, 2, 0]],
    "v[[[0, 1], [1, 2]]]": lambda v: v[[[0, 1], [1, 2]]],
    "v[[True, False, True]]": lambda v: v[[True, False, True]],
    "X[1]": lambda X: X[1],
    "X[1, -1]": lambda X: X[1, -1],
    "X[(1, 0)]": lambda X: X[1, 0],
    "X[:, 1:]": lambda X: X[:, 1:],
    "X[::-1, ::-2]": lambda X: X[::-1, ::-2],
    "X[..., 0]": lambda X: X[..., 0],
    "X[0, ...]": lambda X: X[0, ...],
    "X[...]": lambda X: X[...],
    "X[..., None]": lambda X: X[..., None],
    "X[None, :, None, 0]": lambda X: X[None, :, None, 0],
    "X[[1, 1, 0]]": lambda X: X[[1, 1, 0]],
    "X[:, [2, 0]]": lambda X: X[:, [2, 0]],
    "X[[0, 1, 1], [2, 0, 0]]": lambda X: X[[0, 1, 1], [2, 0, 0]],
    "X[[[0], [1]], [0, 2]]": lambda X: X[[[0], [1]], [0, 2]],
    "X[1, [0, 0, 2]]": lambda X: X[1, [0, 0, 2]],
    "T[1, :, 2]": lambda T: T[1, :, 2],
    "T[..., 1:3]": lambda T: T[..., 1:3],
    "T[[0, 1], :, [2, 3]]": lambda T: T[[0, 1], :, [2, 3]],
    "T[:, [0, 2], [3, 3]]": lambda T: T[:, [0, 2], [3, 3]],
    "T[:, [0, 2], None, 1]": lambda T: T[:, [0, 2], None, 1],
    "T[1, ..., [0, 0]]": lambda T: T[1, ..., [0, 0]],
    "T[::-1, 0, ::2]": lambda T: T[::-1, 0, ::2],
    "R[0, 0][::2]": lambda R: R[0, 0][::2],
    "R[..., ::-1]": lambda R: R[..., ::-1],
    "concatenate(v, u)": lambda v, u: np.concatenate([v, u]),
    "concatenate((v, u, w))": lambda v, u, w: np.concatenate([v, u, w]),
    "concatenate([X, Z, Y], axis=0)": lambda X, Z, Y: np.concatenate([X, Z, Y], axis=0),
    "concatenate((X, Y), 1)": lambda X, Y: np.concatenate((X, Y), 1),
    "concatenate(X, Y, X, axis=-1)": lambda X, Y: np.concatenate([X, Y, X], axis=-1),
    "concatenate(T, T[:, :1], axis=1)": lambda T: np.concatenate([T, T[:, :1]], axis=1),
    "stack(v, w)": lambda v, w: np.stack([v, w]),
    "stack((v, w, v), axis=1)": lambda v, w: np.stack([v, w, v], axis=1),
    "stack([X, Y], axis=-1)": lambda X, Y: np.stack([X, Y], axis=-1),
    "stack(x, v[0], x)": lambda x, v: np.stack([x, v[0], x]),
    "stack([x])": lambda x: np.stack([x]),
    "vstack((v, X, Z))": lambda v, X, Z: np.vstack((v, X, Z)),
    "hstack(v, u, v)": lambda v, u: np.hstack([v, u, v]),
    "hstack((X, Y))": lambda X, Y: np.hstack([X, Y]),
    "dstack(X, Y)": lambda X, Y: np.dstack([X, Y]),
    "column_stack((v, w))": lambda v, w: np.column_stack((v, w)),
    "column_stack(S, v)": lambda S, v: np.column_stack((S, v)),
    "append(X, v)": lambda X, v: np.append(X, v),
    "reshape(X, (3, 2))": lambda X: np.reshape(X, (3, 2)),
    "reshape(X, [3, -1])": lambda X: np.reshape(X, [3, -1]),
    "reshape(X, -1)": lambda X: np.reshape(X, -1),
    "reshape(x, (1, 1))": lambda x: np.reshape(x, (1, 1)),
    "reshape(T, (4, 6), )": lambda T: np.reshape(T, (4, 6)),
    "ravel(T)": np.ravel,
    "flatten(X)": np.ravel,
    "transpose(T)": lambda T: T.T,
    "R.T": lambda R: R.T,
    "transpose(T, (1, 2, 0))": lambda T: np.transpose(T, (1, 2, 0)),
    "transpose(R, axes=(0, -1, 2, 1))": lambda R: np.transpose(R, (0, -1, 2, 1)),
    "swapaxes(T, 0, -1)": lambda T: np.swapaxes(T, 0, -1),
    "moveaxis(T, 0, -1)": lambda T: np.moveaxis(T, 0, -1),
    "moveaxis(R, (0, 1), (-1, 0))": lambda R: np.moveaxis(R, (0, 1), (-1, 0)),
    "rollaxis(T, 2)": lambda T: np.rollaxis(T, 2),
    "expand_dims(v, 0)": lambda v: np.expand_dims(v, 0),
    "expand_dims(X, (0, -1))": lambda X: np.expand_dims(X, (0, -1)),
    "squeeze(R)": np.squeeze,
    "squeeze(R, axis=1)": lambda R: np.squeeze(R, 1),
    "broadcast_to(v, (2, 3))": lambda v: np.broadcast_to(v, (2, 3)),
    "broadcast_to(x, (2, 0))": lambda x: np.broadcast_to(x, (2, 0)),
    "broadcast_to(v[:, None], (3, 2))": lambda v: np.broadcast_to(v[:, None], (3, 2)),
    "tile(v, 2)": lambda v: np.tile(v, 2),
    "tile(X, (2, 1, 2))": lambda X: np.tile(X, (2, 1, 2)),
    "tile(T, 3)": lambda T: np.tile(T, 3),
    "tile(v, 0)": lambda v: np.tile(v, 0),
    "repeat(v, 2)": lambda v: np.repeat(v, 2),
    "repeat(X, 3, axis=0)": lambda X: np.repeat(X, 3, axis=0),
    "repeat(X, (1, 0, 2), axis=1)": lambda X: np.repeat(X, (1, 0, 2), axis=1),
    "repeat(T, 2)": lambda T: np.repeat(T, 2),
    "flip(X)": np.flip,
    "flip(T, (0, 2))": lambda T: np.flip(T, (0, 2)),
    "fliplr(X)": np.fliplr,
    "flipud(X)": np.flipud,
    "rot90(X)": np.rot90,
    "rot90(X, 3)": lambda X: np.rot90(X, 3),
    "rot90(T, -1, (2, 0))": lambda T: np.rot90(T, -1, (2, 0)),
    "roll(v, 1)": lambda v: np.roll(v, 1),
    "roll(X, -4)": lambda X: np.roll(X, -4),
    "roll(X, (1, 2), axis=(0, 1))": lambda X: np.roll(X, (1, 2), axis=(0, 1)),
    "roll(T, 2, -1)": lambda T: np.roll(T, 2, -1),
    "pad(v, 2)": lambda v: np.pad(v, 2),
    "pad(X, (1, 2))": lambda X: np.pad(X, (1, 2)),
    "pad(X, ((0, 1), (2, 0)), constant_values=5)": lambda X: np.pad(X, ((0, 1), (2, 0)), constant_values=5),
    "pad(X, 2, 'edge')": lambda X: np.pad(X, 2, "edge"),
    "pad(X, 1, mode='reflect')": lambda X: np.pad(X, 1, mode="reflect"),
    "pad(v, (4, 5), 'symmetric')": lambda v: np.pad(v, (4, 5), "symmetric"),
    "pad(T, 1, 'wrap')": lambda T: np.pad(T, 1, "wrap"),
    "sort(v)": np.sort,
    "sort(X, 0)": lambda X: np.sort(X, 0),
    "sort(T, axis=None)": lambda T: np.sort(T, axis=None),
    "sort(T, axis=1)": lambda T: np.sort(T, axis=1),
    "sort(R)[..., 0]": lambda R: np.sort(R)[..., 0],
    "triu(X)": np.triu,
    "triu(T, 1)": lambda T: np.triu(T, 1),
    "tril(S, -1)": lambda S: np.tril(S, -1),
    "tril(R, k=1)": lambda R: np.tril(R, k=1),
    "diag(v)": np.diag,
    "diag(v, -2)": lambda v: np.diag(v, -2),
    "diag(X)": np.diag,
    "diag(S, 1)": lambda S: np.diag(S, 1),
    "diag(X, 2)": lambda X: np.diag(X, 2),
    "diag(X, -1)": lambda X: np.diag(X, -1),
    "diag(X, 7)": lambda X: np.diag(X, 7),
    "diagonal(T, 1, 2, 0)": lambda T: np.diagonal(T, 1, 2, 0),
    "diagonal(T)": np.diagonal,
    "make_diagonal(X)": lambda X: np.stack([np.diag(row) for row in X]),
    "diff(v)": np.diff,
    "diff(v, 2)": lambda v: np.diff(v, 2),
    "diff(v, 5)": lambda v: np.diff(v, 5),
    "diff(X, axis=0)": lambda X: np.diff(X, axis=0),
    "diff(T, 2, -2)": lambda T: np.diff(T, 2, -2),
    "take(v, [0, 2, 2])": lambda v: np.take(v, [0, 2, 2]),
    "take(X, 4)": lambda X: np.take(X, 4),
    "take(X, [[0, 1], [1, 2]], axis=1)": lambda X: np.take(X, [[0, 1], [1, 2]], axis=1),
    "take(T, -1, 0)": lambda T: np.take(T, -1, 0),
    "where(v > 0, X, x)": lambda v, X, x: np.where(v > 0, X, x),
    "where(X[:1] > 0, v, Y)": lambda X, v, Y: np.where(X[:1] > 0, v, Y),
    "atleast_1d(x)": np.atleast_1d,
    "atleast_2d(v)": np.atleast_2d,
    "atleast_3d(v)": np.atleast_3d,
    "atleast_3d(X)": np.atleast_3d,
    "T @ T.T[:, :, 0]": lambda T: T @ T.T[:, :, 0],
    "T @ u": lambda T, u: T @ u,
    "v @ T": lambda v, T: v @ T,
    "X @ T": lambda X, T: X @ T,
    "T @ swapaxes(T, 1, 2)": lambda T: T @ np.swapaxes(T, 1, 2),
    "R @ R[:, :, :2]": lambda R: R @ R[:, :, :2],
    "sum(T, axis=(0, -1))": lambda T: np.sum(T, axis=(0, -1)),
    "sum(R, axis=(1, 2), keepdims=True)": lambda R: np.sum(R, axis=(1, 2), keepdims=True),
    "mean(R, axis=(0, 3))": lambda R: np.mean(R, axis=(0, 3)),
    "T + X[..., None]": lambda T, X: T + X[..., None],
    "T * v[:, None] + u": lambda T, v, u: T * v[:, None] + u,
    "fill_diagonal(X, x)": lambda X, x: np.where(np.eye(2, 3) == 1, x, X),
    "fill_diagonal(S, u[:2], 1)": lambda S, u: np.where(np.eye(3, k=1) == 1, np.array([0, *u[:2]]), S),
    "fill_diagonal_offset(X, x, -1)": lambda X, x: np.where(np.eye(2, 3, k=-1) == 1, x, X),
    "diagflat(X, 1)": lambda X: np.diagflat(X, 1),
    "ediff1d(X)": np.ediff1d,
    "zeros((2, 3)) + v": lambda v: np.zeros((2, 3)) + v,
    "eye(3) @ v + eye(3, k=-1) @ v": lambda v: v + np.eye(3, k=-1) @ v,
    "fill(T, x)": lambda T, x: np.full(T.shape, x),
}


BY_SIZE = {"where(X[:1] > 0, v, Y)"}
"""What broadcasts axes whose size is known to be 1 only where sizes are given: a named dimension never does."""


def differentiable(term: Term) -> list[str]:
    return [t.value for t in variable_terms(term) if t in influences([term])]


def declared(named: bool) -> dict[str, str]:
    """The types of the variables, with sizes or (two arrays with equal sizes sharing them) with names."""
    if not named:
        return {name: f"tensor{list(size)}" if size else "scalar" for name, size in SIZES.items()}
    return {**dict.fromkeys("XY", "matrix[n, m]"), "x": "scalar", "v": "vector[m]", "w": "vector[m]", "u": "vector[p]", "Z": "matrix[p, m]",
            "S": "matrix[m, m]", "T": "tensor[n, m, p]", "R": "tensor[n, 1, m, 2]"}  # fmt: skip


NAMED = {"n": 2, "m": 3, "p": 4}


def drawn(names: list[str], seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: np.asarray(rng.uniform(-2, 2, SIZES[name])) for name in names}


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("named", [False, True], ids=["sizes", "names"])
def test_as_numpy(text: str, named: bool) -> None:
    if named and text in BY_SIZE:
        return
    types = declared(named)
    term = rg.parse(text, **types)
    assert rg.parse(str(term), **types) is term
    values = drawn(list(term.variables))
    wanted = np.asarray(CASES[text](*values.values()))
    assert tuple(value_of(d, NAMED.__getitem__) for d in term.shape) == wanted.shape
    found = rg.function(list(values), term)(**values)
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


@pytest.mark.parametrize("text", CASES)
def test_gradients_are_differences(text: str) -> None:
    types = declared(named=False)
    term = rg.parse(text, **types)
    names = differentiable(term)
    weights = term.theory.variable("weights", Type(term.shape))
    values = drawn(list(term.variables), 1)
    cost = term.theory.apply("sum", term.theory.apply("sin", term) * weights)
    given = {**values, "weights": np.random.default_rng(2).uniform(0.5, 2, term.shape)}
    assert_gradient(cost, names, rtol=1e-5, **given)
    for name, gradient in zip(names, rg.grad(cost, names), strict=True):
        assert gradient.shape == SIZES[name]


@pytest.mark.parametrize("text", CASES)
def test_gradients_with_names_for_sizes(text: str) -> None:
    """The same values as with the sizes declared."""
    found = []
    for named in (False, True) if text not in BY_SIZE else ():
        term = rg.parse(f"sum(sin({text}))", **declared(named))
        values = drawn(list(term.variables), 3)
        gradients = rg.grad(term, differentiable(term))
        found.append([rg.function(list(values), g)(**values) for g in gradients])
    for sized, by_name in zip(*found, strict=True) if found else ():
        np.testing.assert_allclose(by_name, sized, rtol=1e-12, atol=1e-12)


# ---- edges ----


def shape_of(text: str, **types: str) -> tuple[int | str, ...]:
    return tuple(rg.parse(text, **types).shape)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X[2]", "index 2 is out of bounds for a dimension of size 2"),
        ("X[0, [0, 3]]", "index 3 is out of bounds for a dimension of size 3"),
        ("X[0, 0, 0]", "3 indices for an array of 2 axes"),
        ("X[..., ...]", "... stands once in an index"),
        ("X[[0, 1], [0, 1, 2]]", "shapes do not broadcast: vector[2] with vector[3]"),
        ("v[::0]", "the step of a slice is not 0"),
        ("concatenate(X, v)", "arrays of one rank, 1 or more, are joined, not matrix[2, 3], vector[3]"),
        ("concatenate(X, Z, axis=1)", "matrix[2, 3], matrix[4, 3] do not fit together along axis 1"),
        ("stack(v, u)", "matrix[1, 3], matrix[1, 4] do not fit together along axis 0"),
        ("reshape(X, (4, 2))", "matrix[2, 3] cannot take the shape (4, 2)"),
        ("reshape(X, (4, -1))", "matrix[2, 3] cannot take the shape (4, -1)"),
        ("reshape(X, 'a')", "a shape is an integer or a tuple of them, not 'a'"),
        ("transpose(X, (0, 0))", "an axis is named twice in (0, 0)"),
        ("transpose(T, (0, 1))", "axes names 2 of the 3 axes of tensor[2, 3, 4]"),
        ("squeeze(X, 0)", "axis 0 of matrix[2, 3] has more than one entry"),
        ("expand_dims(v, 3)", "axis 3 is out of bounds for an array of 2 dimensions"),
        ("broadcast_to(X, (3, 2))", "matrix[2, 3] does not broadcast to the shape (3, 2)"),
        ("repeat(v, (1, 2))", "2 repeats for 3 entries"),
        ("pad(X, ((1, 2), (3, 4), (5, 6)))", "widths are a number, (before, after) or one such pair for each of the 2 axes"),
        ("pad(X, 1, 'median')", "the modes are constant, edge, reflect, symmetric, wrap, not median"),
        ("triu(v)", "shapes vector[3] do not fit (..., n, m)"),
        ("diag(v, 'k')", "k is an integer, not 'k'"),
        ("moveaxis(T, (0, 1), 0)", "2 axes cannot be moved to 1 places"),
        ("X @ u", "shapes matrix[2, 3], vector[4] do not fit"),
    ],
)
def test_errors_name_operator_and_shapes(text: str, expected: str) -> None:
    with pytest.raises(ShapeError) as caught:
        rg.parse(text, **declared(False))
    assert expected in str(caught.value)
    assert str(caught.value).splitlines()[1].strip() == text


@pytest.mark.parametrize("text", ["X[0.5]", "X[x]", "X['a']", "stack()", "stack(v, axes=1)", "concatenate(v, u, 'a', 3)", "v[...] + ...", "[]"])
def test_errors_of_calls(text: str) -> None:
    with pytest.raises(FormulaError):
        rg.parse(text, **declared(False))


def test_sizes_that_are_computed() -> None:
    assert shape_of("concatenate(v, w, v)", v="vector[n]", w="vector[m]") == ("m + 2*n",)
    assert shape_of("v[1:] - v[:-1]", v="vector[n]") == ("max(n - 1, 0)",)
    assert shape_of("v[1:][:-2]", v="vector[n]") == ("max(n - 3, 0)",)
    assert shape_of("reshape(X, (2, -1))", X="matrix[n, 4]") == (2, "2*n")
    assert shape_of("reshape(X, -1)", X="matrix[n, m]") == ("m*n",)
    assert shape_of("pad(v, 1)[1:-1]", v="vector[n]") == ("n",)
    assert shape_of("diag(diag(S))", S="matrix[n, n]") == ("n", "n")
    assert shape_of("leading(concatenate(v, w), v) + v", v="vector[n]", w="vector[m]") == ("n",)
    assert shape_of("trailing(concatenate(v, w), v) + w", v="vector[n]", w="vector[m]") == ("m",)


def test_computed_sizes_are_checked_when_a_function_is_called() -> None:
    f = rg.function(["v", "w"], rg.parse("sum(v[1:] * w)", v="vector[n]", w="vector[m]"))
    assert f([1.0, 2.0, 3.0], [4.0, 5.0]) == 23
    with pytest.raises(ShapeError, match=r"takes axis 0 of input w \(of size 1\) and the size max\(n - 1, 0\) \(which is 2\) for equal"):
        f([1.0, 2.0, 3.0], [4.0])  # NumPy would broadcast
    g = rg.function(["X"], rg.parse("reshape(X, (3, 2))", X="matrix[n, m]"))
    assert g(np.zeros((2, 3))).shape == (3, 2)
    with pytest.raises(ShapeError, match="takes"):
        g(np.zeros((2, 2)))


def test_entries_that_are_indexed_twice_add_up() -> None:
    gradient = rg.grad("sum(w * v[[0, 2, 2]])", "v", v="vector[3]", w="vector[3]")
    np.testing.assert_array_equal(rg.function(["v", "w"], gradient)([0.0] * 3, [1.0, 2.0, 4.0]), [1, 0, 6])
    hessian_column = rg.grad("sum(D(sum(v[[0, 0]]^2*t), t) * w)", "v", v="vector[2]", w="vector[2]", t="scalar")
    found = rg.function(["v", "w"], hessian_column)([3.0, 5.0], [1.0, 0.0])
    np.testing.assert_array_equal(found, [12, 0])


def test_constants_in_the_shape_of_others() -> None:
    f = rg.function(["X"], rg.parse("zeros_like(X) + 2*ones_like(X) + full_like(X, 3)", X="matrix[n, m]"))
    np.testing.assert_array_equal(f(np.zeros((2, 3))), np.full((2, 3), 5.0))


def test_of_equal_entries_the_first_is_sorted_first() -> None:
    gradient = rg.grad("sum(w * sort(v))", "v", v="vector[4]", w="vector[4]")
    np.testing.assert_array_equal(rg.function(["v", "w"], gradient)([2.0, 1.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]), [3, 1, 4, 2])


EMPTY = ["v[1:]", "v[::-1]", "concatenate(v, v)", "stack(v, v)", "reshape(v, (0, 2))", "tile(v, 2)", "repeat(v, 2)", "pad(v, 1)", "sort(v)",
         "diag(v)", "diff(v)", "flip(v)", "roll(v, 1)", "v[[]]", "expand_dims(v, 1)", "broadcast_to(v, (2, 0))"]  # fmt: skip


@pytest.mark.parametrize("text", EMPTY)
def test_empty_arrays(text: str) -> None:
    term = rg.parse(f"sum(exp({text}))", v="vector[0]")
    gradient = rg.grad(term, "v")
    value, found = rg.function(["v"], [term, gradient])(np.zeros(0))
    assert found.shape == (0,)
    assert value == np.prod(rg.parse(text, v="vector[0]").shape, dtype=float)


def test_an_operator_of_a_user_needs_no_python() -> None:
    """Blocks, a transposition of a grid of blocks, and a definition for any number of arguments, each with what calculus needs."""
    theory = rg.Theory.parse(
        """
        op middle(X, n=1)   numpy np.roll   shape "like X"   is linear
            try n  2
            pull X  unmiddle(g, X, n)
        op unmiddle(G, X, n=1)   numpy adjoint.np.roll   shape "like G X"   is linear
            constant X
            pull G  middle(g, n)
        def norms(X.., p=2) = (sum(X^p) + ...)^(1/p)
        def columns_of(X.., axis=1) = concatenate(expand_dims(ravel(X), 1), ..., axis)
        def product_of(X..) = X @ ...
        """.replace("\n        ", "\n"),
        base=rg.Theory.builtin(),
    )
    types = {"v": "vector[3]", "w": "vector[3]", "X": "matrix[3, 3]"}
    assert str(rg.parse("product_of(X, X, v)", theory=theory, **types)) == "X @ X @ v"
    assert rg.parse("columns_of(v, w, X[0])", theory=theory, **types).shape == (3, 3)
    values = {"v": np.array([1.0, 2.0, 4.0]), "w": np.array([3.0, -1.0, 0.5])}
    assert_gradient(rg.parse("norms(middle(v, 2)*w, v)", theory=theory, **types), ["v", "w"], **values)
    with pytest.raises(FormulaError, match="norms has no setting q"):
        rg.parse("norms(v, q=3)", theory=theory, **types)
