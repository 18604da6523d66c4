"""einsum, tensordot, dot, inner, kron and their like against NumPy, in values and in derivatives of first and second order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.testing import assert_gradient

RNG = np.random.default_rng(11)


def random(*shapes: tuple[int, ...]) -> dict[str, Any]:
    return {name: RNG.uniform(0.3, 1.2, size=shape) * RNG.choice([-1, 1], size=shape) for name, shape in zip("ABC", shapes, strict=False)}


def check(text: str, wanted: Any, values: dict[str, Any]) -> None:
    """The value, and the derivatives of first and second order, by every operand."""
    term = rg.parse(text, **{n: rg.Type(np.shape(v)) for n, v in values.items()})
    found = rg.evaluate(term, **values)
    assert found.shape == np.shape(wanted) == term.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
    cost = term.theory.apply("sum", term.theory.apply("+", term.theory.apply("^", term, 3), term))
    names = list(values)
    assert_gradient(cost, names, **values)
    for gradient in rg.grad(cost, names, simplify=False):
        again = term.theory.apply("sum", term.theory.apply("^", gradient, 2))
        assert_gradient(again, [n for n in names if n in again.variables], rtol=1e-5, **values)


@pytest.mark.parametrize(
    "subscripts, shapes",
    [
        ("ij->ji", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("ij->j", [(2, 3)]),
        ("ii", [(3, 3)]),
        ("ii->i", [(3, 3)]),
        ("iij->j", [(2, 2, 3)]),
        ("abcd->bd", [(3, 2, 3, 2)]),
        ("...i->...", [(2, 3)]),
        ("i...i->...", [(2, 3, 2)]),
        ("ij,jk->ik", [(2, 3), (3, 2)]),
        ("ij,jk", [(2, 3), (3, 2)]),
        ("i,i->", [(3,), (3,)]),
        ("i,j->ij", [(2,), (3,)]),
        ("ij,ij->i", [(2, 3), (2, 3)]),
        ("ij,k->k", [(2, 3), (3,)]),
        ("k,nk->", [(3,), (2, 3)]),
        ("ii,i->i", [(3, 3), (3,)]),
        ("ij,jj->i", [(2, 3), (3, 3)]),
        ("...ij,...jk->...ik", [(2, 2, 3), (3, 2)]),
        ("...i,i->...", [(2, 2, 3), (3,)]),
        (",ij->ji", [(), (2, 3)]),
        ("i,ij,j->", [(2,), (2, 3), (3,)]),
        ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 2)]),
        ("i,i,i->i", [(3,), (3,), (3,)]),
        ("ij,j,k->ik", [(2, 3), (3,), (2,)]),
        ("ij,jk,lm->k", [(2, 2), (2, 2), (1, 3)]),
    ],
)
def test_einsum(subscripts: str, shapes: list[tuple[int, ...]]) -> None:
    values = random(*shapes)
    check(f"einsum('{subscripts}', {', '.join(values)})", np.einsum(subscripts, *values.values()), values)


@pytest.mark.parametrize(
    "a, b, axes",
    [
        ((5,), (5,), 1), ((2,), (3,), 0), ((4, 2), (4, 3), ((0,), (0,))), ((4, 2), (3, 4), ((0,), (1,))), ((2, 3, 4), (3, 4, 2), 2),
        ((2, 3, 2), (3,), ((1,), (0,))), ((2, 2, 3), (3, 2), ((2, 1), (0, 1))), ((2, 3), (2, 3), 0), ((1, 2, 3), (2, 3), 2), ((2, 3), (3, 2), (1, 0)),
    ],
)  # fmt: skip
def test_tensordot(a: tuple[int, ...], b: tuple[int, ...], axes: Any) -> None:
    values = random(a, b)
    check(f"tensordot(A, B, {axes!r})", np.tensordot(values["A"], values["B"], axes), values)


SHAPES = [(), (3,), (2, 3), (3, 3), (2, 2, 3)]


@pytest.mark.parametrize("a", SHAPES, ids=str)
@pytest.mark.parametrize("b", [(), (3,), (3, 2), (2, 3, 2)], ids=str)
def test_dot(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    values = random(a, b)
    check("dot(A, B)", np.dot(values["A"], values["B"]), values)


@pytest.mark.parametrize("a", SHAPES, ids=str)
@pytest.mark.parametrize("b", [(), (3,), (2, 3)], ids=str)
def test_inner(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    values = random(a, b)
    check("inner(A, B)", np.inner(values["A"], values["B"]), values)


@pytest.mark.parametrize("a, b", [((3,), (2,)), ((1, 3), (2,)), ((3,), (1, 2)), ((3,), (2, 2)), ((2, 2), (2, 3)), ((2, 1), (1, 2))], ids=str)
def test_kron(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    values = random(a, b)
    check("kron(A, B)", np.kron(values["A"], values["B"]), values)


@pytest.mark.parametrize("a, b", [((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (3,))], ids=str)
def test_cross(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    values = random(a, b)
    check("cross(A, B)", np.cross(values["A"], values["B"]), values)


@pytest.mark.parametrize("a, b", [((3,), (2,)), ((3, 2), (1, 1)), ((3, 2), (2,)), ((2,), (2, 2))], ids=str)
def test_outer(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    values = random(a, b)
    check("outer(A, B)", np.outer(values["A"], values["B"]), values)


@pytest.mark.parametrize(
    "a, b, subscripts",
    [
        ((2, 3, 2), (2, 2, 3), "zab,zbc->zac"), ((2, 3, 2), (2, 2), "zab,zb->za"), ((2, 3), (2, 3, 2), "za,zab->zb"), ((2,), (2, 2, 3), "z,zab->zab"),
        ((2, 3), (2,), "za,z->za"), ((2, 3), (2, 3), "za,za->z"), ((2,), (2,), "z,z->z"), ((2, 2, 1, 2), (2, 2, 3), "zabc,zcd->zabd"),
    ],
)  # fmt: skip
def test_batched_dot(a: tuple[int, ...], b: tuple[int, ...], subscripts: str) -> None:
    values = random(a, b)
    check("batched_dot(A, B)", np.einsum(subscripts, *values.values()), values)


def test_vdot() -> None:
    values = random((2, 3), (3, 2))
    check("vdot(A, B)", np.vdot(values["A"], values["B"]), values)


def test_derivatives_are_einsums_and_products_of_matrices() -> None:
    types = {"A": "matrix[n, k]", "B": "matrix[k, m]", "x": "vector[k]", "y": "vector[n]"}
    for text, wrt, wanted in [
        ("einsum('i,ij,j->', y, A, x)", "A", "outer(y, x)"),
        ("inner(x, x)", "x", "2*x"),
        ("dot(y, dot(A, x))", "A", "outer(y, x)"),
        ("dot(2, sum(x))", "x", "2*fill(x, 1)"),
    ]:
        assert str(rg.grad(text, wrt, types=types)) == wanted
