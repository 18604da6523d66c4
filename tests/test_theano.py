"""Theano's tutorial on derivatives, executed line by line, and the rest of Theano's names."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.theano import function, pp
from rewritegrad.theano import tensor as T  # noqa: N812 - Theano's own idiom

TUTORIAL = (Path(__file__).parent / "tutorial_gradients.txt").read_text(encoding="utf-8")
OWN_IMPORT = "from theano import pp\n"


def test_every_line_of_the_tutorial_runs():
    names: dict[str, Any] = {}
    exec("from rewritegrad.theano import tensor as T, function, pp", names)
    examples = doctest.DocTestParser().get_examples(TUTORIAL)
    sources = [example.source for example in examples]
    assert len(sources) == 13 and sources.count(OWN_IMPORT) == 1
    for example in examples:
        if example.source == OWN_IMPORT:
            continue
        if not example.want:
            exec(example.source, names)
            continue
        got = eval(example.source, names)
        want = eval(example.want, {"array": np.array})
        if isinstance(want, str):
            assert got == want
        else:
            assert isinstance(got, np.ndarray) and got.dtype == np.float64 and got.shape == want.shape
            np.testing.assert_allclose(got, want, rtol=1e-7)  # the tutorial prints 8 digits


def test_the_optimised_graph_is_the_one_in_the_tutorial():
    x = T.dscalar("x")
    f = function([x], T.grad(x**2, x))
    block = TUTORIAL.split(".. code-block:: python")[1].split("After optimization")[0]
    call, printed = [line.strip() for line in block.splitlines() if line.strip()]
    assert eval(call, {"pp": pp, "f": f}) == printed.strip("'") == "(2.0 * x)"


def test_the_logistic_derivative_is_the_stated_formula():
    x = T.dmatrix("x")
    s = 1 / (1 + T.exp(-x))
    slope = function([x], T.grad(T.sum(s), x))
    closed = function([x], s * (1 - s))
    points = np.linspace(-30, 30, 24).reshape(4, 6)
    np.testing.assert_allclose(slope(points), closed(points), rtol=1e-12)


def test_grad_does_not_simplify_but_function_does():
    x = T.dscalar("x")
    gradient = T.grad(x**2 / x, x)
    assert "fill" in pp(gradient)
    assert pp(function([x], gradient).maker.env.outputs[0]) == "1.0"


def test_the_cost_must_be_a_scalar():
    x = T.dmatrix("x")
    with pytest.raises(TypeError, match="must be a scalar, not a matrix"):
        T.grad(1 / (1 + T.exp(-x)), x)


def test_a_list_gives_a_list_in_its_order():
    x, y, z = T.dscalars("x", "y", "z")
    cost = x * y**2 + z
    gradients = T.grad(cost, [z, x, y])
    assert isinstance(gradients, list)
    f = function([x, y, z], gradients)
    assert [float(v) for v in f(2, 3, 4)] == [1, 9, 12]
    assert isinstance(T.grad(cost, (z, x)), tuple)


@pytest.mark.parametrize("name", ["dscalar", "fscalar", "scalar", "lscalar"])
def test_scalars_of_every_dtype_are_scalars(name):
    assert getattr(T, name)("x").shape == ()


@pytest.mark.parametrize(("name", "rank"), [("dvector", 1), ("fmatrix", 2), ("vector", 1), ("imatrix", 2), ("row", 2), ("col", 2)])
def test_arrays_have_their_rank(name, rank):
    assert len(getattr(T, name)("x").shape) == rank


def test_rows_broadcast_as_in_theano():
    x, b = T.dmatrix("x"), T.row("b")
    gradient = function([x, b], T.grad(T.sum((x + b) ** 2), b))
    np.testing.assert_allclose(gradient([[1, 2], [3, 4], [5, 6]], [[1, 1]]), [[24, 30]])


def test_operators_by_theano_s_names():
    x, y = T.dvectors("x", "y")
    np.testing.assert_allclose(function([x, y], T.dot(x, y))([1, 2], [3, 4]), 11)
    np.testing.assert_allclose(function([x], T.sum(x, axis=0))([1, 2]), 3)
    np.testing.assert_allclose(function([x, y], T.switch(T.gt(x, y), x, 0))([1, 5], [2, 3]), [0, 5])
    np.testing.assert_allclose(function([x], T.nnet.sigmoid(x))([0, 1]), [0.5, 0.7310585786300049])
    assert T.pi is rg.parse("pi")


def test_unknown_names_are_attribute_errors_with_a_suggestion():
    with pytest.raises(AttributeError, match=r"there is no tanhh .*did you mean tanh"):
        T.tanhh  # noqa: B018
    with pytest.raises(rg.RewritegradError, match="sum has no setting axes"):
        T.sum(T.dvector("x"), axes=0)


def test_known_grads_and_disconnected_inputs_by_theano_s_names():
    x, y = T.dscalars("x", "y")
    u = T.exp(x)
    assert function([x], T.grad(None, x, known_grads={u: T.constant(3)}))(0.0) == 3
    assert T.grad(x, [x, y], disconnected_inputs="ignore", return_disconnected="None")[1] is None
