"""What may be asked of a gradient, and what is refused: Theano's options, forms and errors."""

from __future__ import annotations

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.codegen import evaluate
from rewritegrad.options import Disconnected

THEORY = rg.Theory.builtin()


def value(term, **values):
    return float(evaluate(term, values))


# --- what cannot be done ------------------------------------------------------------------------------------------


def test_a_missing_derivative_names_operator_argument_and_place():
    theory = rg.Theory.parse("op F(x, y)\n", base=THEORY)
    term = rg.parse("sin(3 + F(a, b^2))", theory=theory)
    message = r"F has no derivative for its argument y \(number 2 of 2\), needed in F\(a, b\^2\)"
    with pytest.raises(rg.MissingDerivativeError, match=message):
        rg.diff(term, "b")
    with pytest.raises(rg.MissingDerivativeError, match=message):
        rg.grad(term, "b")
    with pytest.raises(NotImplementedError):
        rg.grad(term, "a")


def test_a_derivative_whose_conditions_do_not_hold_is_missing_too():
    theory = rg.Theory.parse("op H(X)\n    shape \"like X\"\n    pull X  g   if vector(X)\n    push X  d   if vector(X)\n", base=THEORY)
    good = rg.parse("sum(H(v))", theory=theory, v="vector[n]")
    assert rg.grad(good, "v", simplify=False).shape == ("n",)
    with pytest.raises(rg.MissingDerivativeError, match=r"H has no derivative for its argument X .*needed in H\(A\)"):
        rg.grad(rg.parse("sum(exp(H(A)))", theory=theory, A="matrix[n, m]"), "A")


@pytest.mark.parametrize("types", [{"x": "vector"}, {"x": "matrix[2, 3]"}])
def test_the_cost_must_be_a_scalar(types):
    with pytest.raises(TypeError, match="the cost of a gradient must be a scalar, not a"):
        rg.grad("x^2", "x", **types)
    with pytest.raises(rg.CostError):
        rg.grad(None, "x")


def test_disconnected_inputs():
    with pytest.raises(rg.DisconnectedInputError, match="with respect to y"):
        rg.grad("x^2", ["x", "y"])
    with pytest.raises(rg.DisconnectedInputError):
        rg.grad("x * stop_gradient(y)", "y")
    with pytest.raises(rg.DisconnectedInputError):
        rg.grad("x * (y + 1)", "y", consider_constant=["y + 1"])
    with pytest.warns(UserWarning, match="with respect to y"):
        rg.grad("x^2", ["x", "y"], disconnected_inputs="warn")
    zeros = rg.grad("x^2", "v", disconnected_inputs="ignore", v="vector[3]")
    np.testing.assert_array_equal(evaluate(zeros, {"v": [1, 2, 3]}), np.zeros(3))
    assert rg.grad("x^2", ("x", "y"), disconnected_inputs="ignore", return_disconnected="none")[1] is None
    assert rg.grad("x^2", "y", disconnected_inputs="ignore", return_disconnected="disconnected") is Disconnected.DISCONNECTED
    with pytest.raises(ValueError, match="disconnected_inputs is raise, warn or ignore"):
        rg.grad("x^2", "x", disconnected_inputs="whatever")
    with pytest.raises(ValueError, match="return_disconnected is zero, none or disconnected"):
        rg.grad("x^2", "y", disconnected_inputs="ignore", return_disconnected="whatever")


@pytest.mark.parametrize("text", ["where(v > 0, 1, 2)", "floor(v)", "argmax(v)", "heaviside(v, 1)", "copysign(1, v)", "fill(v, 1)", "v == 1"])
def test_what_has_no_slope_is_no_disconnection(text):
    """As in Theano, JAX and autograd: the value depends on v, with the derivative zero."""
    gradient = rg.grad(f"sum({text})", "v", v="vector[2]", return_disconnected="none")
    np.testing.assert_array_equal(evaluate(gradient, {"v": [1, 2]}), np.zeros(2))
    assert rg.pushforward(text, "v", "u", v="vector[2]", u="vector[2]") is not None


def test_a_derivative_that_is_zero_everywhere_is_no_disconnection():
    assert rg.grad("sign(x)", "x") is rg.parse("0")
    assert rg.diff("sign(x) * y", "x", simplify=False) is rg.parse("y * 0")
    vanishing = rg.grad("sum(sign(v))", "v", v="vector[2]")
    np.testing.assert_array_equal(evaluate(vanishing, {"v": [1.0, -2.0]}), [0, 0])


def test_stopped_gradients_are_disconnected():
    with pytest.raises(rg.DisconnectedInputError):
        rg.grad("sum(stop_gradient(x))", "x", x="vector[n]")
    gradient = rg.grad("sum(x^2 * stop_gradient(x))", "x", x="vector[n]")
    np.testing.assert_allclose(evaluate(gradient, {"x": [1.0, 3.0]}), [2, 18])


# --- grad's options and forms -------------------------------------------------------------------------------------


def test_the_answer_has_the_form_of_wrt():
    assert isinstance(rg.grad("x * y", ["y", "x"]), list)
    assert isinstance(rg.grad("x * y", ("y",)), tuple)
    assert rg.grad("x * y", ["y", "x"]) == [rg.parse("x"), rg.parse("y")]
    assert rg.grad("x * y", "y") is rg.parse("x")
    assert rg.grad("x * y", ["x", "x"]) == [rg.parse("y")] * 2


def test_constants_let_nothing_through():
    x = rg.parse("x")
    cost = x**2 * THEORY.apply("exp", x**2)
    gradient = rg.grad(cost, x, consider_constant=[THEORY.apply("exp", x**2)])
    np.testing.assert_allclose(value(gradient, x=0.5), 2 * 0.5 * np.exp(0.25))
    with pytest.raises(rg.DisconnectedInputError):
        rg.grad(cost, x, consider_constant=[x])


def test_wrt_may_be_an_intermediate_term():
    x = rg.parse("x")
    inner = THEORY.apply("sin", x)
    by_inner, by_x = rg.grad(inner**2 * x, [inner, x])
    np.testing.assert_allclose(value(by_inner, x=0.8), 2 * np.sin(0.8) * 0.8)
    np.testing.assert_allclose(value(by_x, x=0.8), 2 * np.sin(0.8) * np.cos(0.8) * 0.8 + np.sin(0.8) ** 2)


def test_known_gradients_restart_the_sweep_at_any_layer():
    x, c = rg.parse("x"), rg.parse("c")
    power = x**4
    y = c * power
    cost = y**2
    whole = rg.grad(cost, [c, x])
    layers = [[cost], [y], [c, power], [c, x]]
    for layer in layers:
        known = dict(zip(layer, rg.grad(cost, layer), strict=True))
        restarted = rg.grad(None, [c, x], known_grads=known)
        for a, b in zip(whole, restarted, strict=True):
            np.testing.assert_allclose(value(a, x=1.375, c=0.7), value(b, x=1.375, c=0.7))


def test_a_known_gradient_stands_instead_of_the_one_that_would_be_found():
    x = rg.parse("x")
    u = x**2
    assert value(rg.grad(u**3, x, known_grads={u: THEORY.number(5)}), x=2.0) == 20


def test_known_gradients_must_fit():
    v = rg.parse("v", v="vector[3]")
    with pytest.raises(rg.ShapeError, match=r"the cotangent of v must be a vector\[3\], not a scalar"):
        rg.grad(None, v, known_grads={v: THEORY.number(1)})


def test_integers_have_the_gradient_of_the_same_numbers():
    np.testing.assert_allclose(evaluate(rg.grad("sum(k^2 / 4)", "k", k="integer"), {"k": 3}), 1.5)


def test_quadratic_forms_and_their_gradients():
    types = {"x": "vector[2]", "A": "matrix[2, 2]"}
    by_x, by_a = rg.grad("dot(x, dot(A, x))", ["x", "A"], **types)
    x, a = np.array([-0.098, -0.239]), np.array([[-0.86, -1.53], [-0.3, -0.5]])
    np.testing.assert_allclose(evaluate(by_x, {"x": x, "A": a}), (a + a.T) @ x)
    np.testing.assert_allclose(evaluate(by_a, {"x": x, "A": a}), np.outer(x, x))
    second = rg.pullback(by_x, ["x", "A"], rg.parse("c", c="vector[2]"), **types)
    c = np.array([0.5, -1.25])
    np.testing.assert_allclose(evaluate(second[0], {"x": x, "A": a, "c": c}), (a + a.T) @ c)
    np.testing.assert_allclose(evaluate(second[1], {"x": x, "A": a, "c": c}), np.outer(x, c) + np.outer(c, x))


def test_what_is_asked_for_wrongly_is_a_type_error():
    for wrong in (3, None):
        with pytest.raises(TypeError, match="what is differentiated by is a name or a term, not"):
            rg.grad("x^2", wrong)
    with pytest.raises(TypeError, match="jacobian takes no known_grads"):
        rg.jacobian("x^2", "x", known_grads={"x": "1"})
    with pytest.raises(ValueError, match="return_disconnected is"):
        rg.grad("x", "x", return_disconnected="whatever")
    with pytest.raises(rg.CostError, match="1 terms need as many cotangents, not 2"):
        rg.pullback("x", "x", ["a", "b"])
    with pytest.raises(rg.ShapeError, match="the tangent of v must be a"):
        rg.pushforward("v", "v", "t", v="vector[3]")


def test_one_constant_needs_no_list_and_no_inputs_give_no_gradients():
    assert rg.grad("x * y", "x", consider_constant="y") is rg.parse("y")
    assert rg.grad("x", []) == [] and rg.grad("x", ()) == ()


# --- products with Jacobians and Hessians ---------------------------------------------------------------------------


def test_pullback_adds_up_outputs_that_contain_one_another():
    x = rg.parse("x")
    inner = x**2
    found = rg.pullback([inner, THEORY.apply("exp", inner)], x, [rg.parse("a"), rg.parse("b")])
    np.testing.assert_allclose(value(found, x=0.5, a=2.0, b=3.0), 2 * 0.5 * (2 + 3 * np.exp(0.25)))


def test_pushforward_answers_in_the_form_of_the_outputs():
    found = rg.pushforward(["x * y", "x + z"], ["x", "y"], ["a", "b"])
    assert isinstance(found, list)
    values = {"x": 2.0, "y": 3.0, "z": 0.0, "a": 5.0, "b": 7.0}
    assert [float(evaluate(f, values)) for f in found] == [29, 5]
    assert rg.pushforward("z", "x", "a", disconnected_inputs="ignore") is rg.parse("0")
    with pytest.raises(rg.DisconnectedInputError):
        rg.pushforward("z", "x", "a")


def test_hessian_vector_products():
    found = rg.hvp("sum(x^2 - y^2)", ["x", "y"], ["p", "q"], x="vector[3]", y="vector[3]", p="vector[3]", q="vector[3]")
    values = {"x": np.ones(3), "y": np.ones(3), "p": [1.0, 2, 3], "q": [3.0, 2, 1]}
    np.testing.assert_allclose(evaluate(found[0], values), [2, 4, 6])
    np.testing.assert_allclose(evaluate(found[1], values), [-6, -4, -2])


def test_value_and_gradient_together():
    cost, gradient = rg.value_and_grad("exp(x)^2", "x")
    np.testing.assert_allclose([value(cost, x=0.3), value(gradient, x=0.3)], [np.exp(0.6), 2 * np.exp(0.6)])


def test_jacobians_where_one_side_is_a_scalar():
    assert rg.jacobian("x * z", ["x", "z"]) == [rg.parse("z"), rg.parse("x")]
    np.testing.assert_allclose(evaluate(rg.jacobian("v * t^2", "t", v="vector[2]"), {"v": [1.0, 2], "t": 3.0}), [6, 12])
    assert value(rg.hessian("x^3", "x"), x=2.0) == 12
    assert value(rg.hessian("3 * x", "x")) == 0
