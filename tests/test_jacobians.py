"""Jacobians and Hessians: of every operator, by every argument, against one pullback for each entry of the output."""

from __future__ import annotations

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.batching import REMADE
from rewritegrad.batchwords import SETTINGS
from rewritegrad.shapewords import WORDS
from rewritegrad.term import postorder, variable_terms
from test_operators import ARRAYS, ELEMENTWISE, application, array_cases, differentiable, name_of, sampled

THEORY = rg.Theory.builtin()
SIZES = {"n": 3, "m": 2, "k": 4}


def row_by_row(term, variable, point):
    """The Jacobian made of one pullback for each entry of the output."""
    cotangent = THEORY.variable("cotangent_", rg.Type(term.shape))
    pulled = rg.pullback(term, variable, cotangent, simplify=False, disconnected_inputs="ignore")
    if pulled.shape != variable.shape:
        return None  # an argument whose shape the operator does not ask about
    inputs = variable_terms(term)
    value = rg.function(inputs, term, simplify=False)(**point)
    back = rg.function([*inputs, cotangent], pulled, simplify=False)
    rows = []
    for place in np.ndindex(*value.shape):
        unit = np.zeros(value.shape)
        unit[place] = 1
        rows.append(back(**point, **{cotangent.value: unit}))
    shape = np.shape(point[variable.value])
    return np.array(rows).reshape(value.shape + shape)


def refused(term, variable):
    """Whether the derivative by a variable puts the cotangent where an operator takes only one array."""
    cotangent = THEORY.variable("cotangent_", rg.Type(term.shape))
    pulled = rg.pullback(term, variable, cotangent, simplify=False, disconnected_inputs="ignore")
    depends = {cotangent}
    for t in postorder(pulled):
        if any(arg in depends for arg in t.args):
            depends.add(t)
        if t.op.name in SMALL and len(t.shape) > 2 and depends & set(t.args):
            return True
    return False


SMALL = ("convolve_full", "slide")
"""Operators of arrays of three axes at most, so that there is room for no other one beside these."""


def check(term, names, point, orders=1):
    """The Jacobian by each variable; for order 2, the Jacobian of the pullback of all weights 1, too."""
    inputs = variable_terms(term)
    with np.errstate(all="ignore"):
        for variable in [v for v in inputs if v.value in names]:
            try:
                wanted = row_by_row(term, variable, point)
            except (rg.MissingDerivativeError, rg.ShapeError, ValueError):
                continue  # no value or derivative for these shapes or settings, about which the shape rule does not ask
            if wanted is None:
                continue
            try:
                jacobian = rg.jacobian(term, variable, simplify=False, disconnected_inputs="ignore")
            except rg.MissingDerivativeError:
                assert refused(term, variable)
                continue
            found = rg.function(inputs, jacobian, simplify=False)(**point)
            assert jacobian.shape == (*term.shape, *variable.shape)
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=f"{term} by {variable}")
            if orders > 1:
                gradient = rg.pullback(term, variable, THEORY.make(THEORY.role("fill"), (term, 1)), simplify=False, disconnected_inputs="ignore")
                check(gradient, names, {v.value: point[v.value] for v in variable_terms(gradient)}, orders - 1)


@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if differentiable(op)], ids=name_of)
def test_elementwise_operators(op):
    for shapes in (((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3))):
        term = application(op, shapes)
        point = next(sampled(op, term, 1, special=False))
        check(term, differentiable(op), point)


@pytest.mark.parametrize("op", [op for op in ARRAYS if differentiable(op)], ids=name_of)
@pytest.mark.parametrize("order", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_operators_of_arrays(op, order):
    for term in array_cases(op):
        names = [n for n in differentiable(op) if n in term.variables]
        for point in sampled(op, term, 1, special=False):
            check(term, names, point, order)


FORMULAS = {
    "2*x": {"x": "vector[n]"},
    "sin(x)*x": {"x": "vector[n]"},
    "x*sum(x)": {"x": "vector[n]"},
    "x/(x@x)": {"x": "vector[n]"},
    "A@x": {"A": "matrix[m, n]", "x": "vector[n]"},
    "sin(A@x)": {"A": "matrix[m, n]", "x": "vector[n]"},
    "x@transpose(A)": {"A": "matrix[m, n]", "x": "vector[n]"},
    "outer(x, x)": {"x": "vector[n]"},
    "outer(x, x)[:, 1:]": {"x": "vector[3]"},
    "A*x + y": {"A": "matrix[m, n]", "x": "vector[n]", "y": "scalar"},
    "A@transpose(A)": {"A": "matrix[m, n]"},
    "transpose(A)@A@x": {"A": "matrix[m, n]", "x": "vector[n]"},
    "sum(A, axis=0)": {"A": "matrix[m, n]"},
    "sum(A*x, axis=1)": {"A": "matrix[m, n]", "x": "vector[n]"},
    "A/sum(A)": {"A": "matrix[m, n]"},
    "mean(A, axis=1)": {"A": "matrix[m, n]"},
    "sum(A, axis=1, keepdims=True)*A": {"A": "matrix[m, n]"},
    "x[1:]*x[:-1]": {"x": "vector[n]"},
    "A[0]*x": {"A": "matrix[m, n]", "x": "vector[n]"},
    "A[:, 0]": {"A": "matrix[m, n]"},
    "max(A, x)": {"A": "matrix[m, n]", "x": "vector[n]"},
    "where(x > 1, x^2, sqrt(x - 0.5))": {"x": "vector[n]"},
    "exp(x[0]*v)": {"x": "vector[2]", "v": "vector[5]"},
    "B*C": {"B": "vector[3]", "C": "matrix[2, 1]"},
    "B + C": {"B": "vector[3]", "C": "matrix[2, 1]"},
    "T*x": {"T": "tensor[2, 3, 4]", "x": "vector[4]"},
    "sum(T, axis=1)": {"T": "tensor[2, 3, 4]"},
    "T@M": {"T": "tensor[5, 2, 3]", "M": "matrix[3, 4]"},
    "T*M": {"T": "tensor[2, 3, n]", "M": "matrix[3, n]"},
    "1/(1 + exp(-X))": {"X": "matrix[n, m]"},
    "logaddexp(x, y)": {"x": "vector[n]", "y": "scalar"},
}


def problem(text, types, seed):
    """A formula, its inputs and a point away from kinks."""
    rng = np.random.default_rng(seed)
    term = rg.parse(text, **types)
    inputs = variable_terms(term)
    return term, inputs, {v.value: rng.uniform(0.6, 1.6, [SIZES.get(d, d) for d in v.shape]) for v in inputs}


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("text", FORMULAS)
def test_formulas(text, simplify):
    term, inputs, point = problem(text, FORMULAS[text], 11)
    for variable, jacobian in zip(inputs, rg.jacobian(term, inputs, simplify=simplify), strict=True):
        assert jacobian.shape == (*term.shape, *variable.shape)
        found = rg.function(inputs, jacobian, simplify=simplify)(**point)
        np.testing.assert_allclose(found, row_by_row(term, variable, point), rtol=1e-10, atol=1e-12)


COSTS = {
    "sum(x^3)": {"x": "vector[n]"},
    "x@A@x": {"x": "vector[3]", "A": "matrix[3, 3]"},
    "sum(sin(A@x)^2)": {"A": "matrix[m, n]", "x": "vector[n]"},
    "log(sum(exp(x)))": {"x": "vector[n]"},
    "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)": {"x": "vector[n]"},
    "sum(log(1 + exp(X@w)))": {"X": "matrix[n, m]", "w": "vector[m]"},
    "sum(X@transpose(X))": {"X": "matrix[n, m]"},
    "sum(exp(X)*X)^2": {"X": "matrix[2, 3]"},
    "sum(where(X > 1, X^3, 1/X))": {"X": "matrix[n, m]"},
}


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("text", COSTS)
def test_hessians(text, simplify):
    term, inputs, point = problem(text, COSTS[text], 12)
    hessians = rg.hessian(term, inputs, simplify=simplify)
    for variable, gradient, hessian in zip(inputs, rg.grad(term, inputs, simplify=False), hessians, strict=True):
        assert hessian.shape == (*variable.shape, *variable.shape)
        found = rg.function(inputs, hessian, simplify=simplify)(**point)
        np.testing.assert_allclose(found, row_by_row(gradient, variable, point), rtol=1e-9, atol=1e-10)
        size = int(np.prod(np.shape(point[variable.value])))
        np.testing.assert_allclose(found.reshape(size, size), found.reshape(size, size).T, rtol=1e-9, atol=1e-10)


def test_mixed_second_derivatives_and_third_ones():
    types = {"x": "vector[n]", "A": "matrix[n, n]"}
    rng = np.random.default_rng(13)
    values = {"x": rng.normal(size=3), "A": rng.normal(size=(3, 3))}
    mixed = rg.evaluate(rg.jacobian(rg.grad("x@A@x", "x", **types), "A"), **values)
    eye = np.eye(3)
    np.testing.assert_allclose(mixed, np.einsum("ij,k->ijk", eye, values["x"]) + np.einsum("ik,j->ijk", eye, values["x"]), atol=1e-12)
    third = rg.jacobian(rg.hessian("sum(x^3)", "x", **types), "x")
    assert third.shape == ("n", "n", "n")
    wanted = np.zeros((3, 3, 3))
    wanted[range(3), range(3), range(3)] = 6
    np.testing.assert_allclose(rg.evaluate(third, **values), wanted, atol=1e-12)


@pytest.mark.parametrize("text", ["x*sin(x)", "A@x", "outer(x, x)"])
def test_a_jacobian_is_computed_without_loops(text):
    """As many lines of code whatever the sizes, and no operator that the gradient of a weighted sum has not, but for a few."""
    lines = []
    for n in (3, 300):
        types = {"A": f"matrix[{n}, {n}]", "x": f"vector[{n}]"}
        jacobian = rg.jacobian(text, "x", simplify=False, **types)
        lines.append(len(rg.function(["A", "x"], jacobian, simplify=False, **types).source.splitlines()))
    assert lines[0] == lines[1] < 40


def test_a_hessian_of_thirty_variables():
    types = {"x": "vector[30]"}
    hessian = rg.hessian("sum(x)^4 + x@x*sum(sin(x))", "x", **types)
    x = np.linspace(-1, 1, 30)
    s = x.sum()
    wanted = 12 * s**2 + 2 * np.eye(30) * np.sin(x).sum()
    wanted = wanted + 2 * np.outer(x, np.cos(x)) + 2 * np.outer(np.cos(x), x) - np.diag(x @ x * np.sin(x))
    np.testing.assert_allclose(rg.evaluate(hessian, x=x), wanted, rtol=1e-10, atol=1e-10)


def test_empty_arrays():
    assert rg.evaluate(rg.jacobian("x^2", "x", x="vector[n]"), x=np.zeros(0)).shape == (0, 0)
    assert rg.evaluate(rg.jacobian("A*x", "x", A="matrix[m, n]", x="vector[n]"), A=np.zeros((0, 2)), x=np.ones(2)).shape == (0, 2, 2)


def test_forms_and_options():
    types = {"x": "vector[n]", "y": "vector[n]", "t": "scalar"}
    both = rg.jacobian("x*y*t", ("x", "t"), **types)
    assert isinstance(both, tuple) and [j.shape for j in both] == [("n", "n"), ("n",)]
    assert rg.jacobian("x*y", "t", disconnected_inputs="ignore", return_disconnected="none", **types) is None
    constant = rg.jacobian("x*exp(x)", "x", consider_constant=["exp(x)"], **types)
    np.testing.assert_allclose(rg.evaluate(constant, x=[0.5, 1.0]), np.diag(np.exp([0.5, 1.0])))
    assert rg.jacobian("x@y", "x", **types) is rg.parse("y", **types)


def test_diff_by_arrays_and_by_scalars_inside_arrays():
    types = {"x": "vector[n]", "t": "scalar"}
    assert rg.diff("x*t^2", "x", **types).shape == ("n", "n")
    np.testing.assert_allclose(rg.evaluate(rg.diff("x*t^2", "t", "x", **types), x=[1.0, 2.0], t=3.0), 6 * np.eye(2))
    np.testing.assert_allclose(rg.evaluate(rg.diff("sum(x^3)", "x", "x", **types), x=[1.0, 2.0]), [[6, 0], [0, 12]])


def test_an_operator_whose_shape_tells_nothing_says_what_to_write():
    theory = rg.Theory.parse(
        "op turned(U)   numpy np.sort   shape \"(n) -> (n)\"   is linear\n    pull U  turned(g)\n"
        "op known(U)   numpy np.sort   shape \"(n) -> (n)\"   is linear\n    batch U  2*U\n    pull U  known(g)\n",
        base=THEORY,
    )
    with pytest.raises(rg.MissingDerivativeError, match=r"turned is not known to work on several arrays at once.*state its shape"):
        rg.jacobian(rg.parse("turned(x)", theory=theory, x="vector[n]"), "x")
    assert str(rg.jacobian(rg.parse("known(x)", theory=theory, x="vector[n]"), "x", simplify=False)) == "2*basis(x)"


def test_a_theory_without_arrays_says_what_it_lacks():
    theory = rg.Theory.parse("op F(X)\n    shape \"like X\"\n    pull X  g\n    push X  d\n", base=None)
    with pytest.raises(rg.CostError, match="needs operators for the roles"):
        rg.jacobian(rg.parse("F(x)", theory=theory, x="vector[n]"), "x")


def test_the_units_are_made_of_the_simplest_part_of_that_shape():
    jacobian = rg.jacobian("sin(cos(x)*x)", "x", simplify=False, x="vector[n]")
    units = [t for t in postorder(jacobian) if t.op is THEORY.role("basis")]
    assert [str(t) for t in units] == ["basis(x)"]


def test_every_word_of_shape_rules_is_known():
    assert {w for w, word in WORDS.items() if word.arrays} == {*SETTINGS, *REMADE}
