"""What the gradient tests of Theano and PyTensor (tests/test_gradient.py of both) demand, each named as there.

The tables have a formula, the types of its variables, and the answer in closed form; numbers are drawn from a fixed seed.
"""

from __future__ import annotations

import numpy as np
import pytest

import rewritegrad as rg

SIZES = {"vector[2]": (2,), "vector[3]": (3,), "vector[10]": (10,), "matrix[2, 2]": (2, 2), "matrix[4, 4]": (4, 4), "matrix[5, 5]": (5, 5)}


def draw(types):
    rng = np.random.default_rng(1729)
    return {name: np.float64(3) if kind == "integer" else rng.normal(size=SIZES.get(kind, ())) for name, kind in types.items()}


def compute(terms, types, values, simplify=True):
    found = rg.function(list(types), list(terms) if isinstance(terms, list | tuple) else [terms], simplify=simplify, **types)
    return found(*[values[name] for name in types])


XA = {"x": "vector[2]", "A": "matrix[2, 2]"}
X5 = {"x": "matrix[5, 5]"}

GRADIENTS = {
    "quadratic": ("dot(x, dot(A, x))", XA, {"x": lambda x, a: (a + a.T) @ x, "A": lambda x, a: np.outer(x, x)}),
    "cubic": (
        "dot(x * x, dot(A, x))",
        XA,
        {"x": lambda x, a: 2 * x * (a @ x) + a.T @ x**2, "A": lambda x, a: np.outer(x**2, x)},
    ),
    "stop1": ("sum(x * stop_gradient(x))", X5, {"x": lambda x: x}),
    "stop2": ("sum(x * stop_gradient(exp(x)))", X5, {"x": lambda x: np.exp(x)}),
    "stop4": ("sum(x^2 * stop_gradient(x))", X5, {"x": lambda x: 2 * x**2}),
    "zero1": ("sum(x * zero_grad(x))", X5, {"x": lambda x: x}),
    "zero2": ("sum(x * zero_grad(exp(x)))", X5, {"x": lambda x: np.exp(x)}),
    "zero3": ("sum(zero_grad(x))", X5, {"x": lambda x: 0 * x}),
    "zero4": ("sum(x^2 * zero_grad(x))", X5, {"x": lambda x: 2 * x**2}),
    "disconnected_grad": ("sum(x * disconnected_grad(x^2))", X5, {"x": lambda x: x**2}),
    "consider_constant": ("sum(consider_constant(x^2) * x)", X5, {"x": lambda x: x**2}),
    "shape_dependent_fill": ("sum(fill(x, sum(x) / size(x)))", {"x": "vector[3]"}, {"x": lambda x: np.ones(3)}),
    "dxdx": ("x", {"x": "scalar"}, {"x": lambda x: 1.0}),
    "dxdx_integer": ("k", {"k": "integer"}, {"k": lambda k: 1.0}),
}


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name, simplify):
    cost, types, wanted = GRADIENTS[name]
    values = draw(types)
    found = compute(rg.grad(cost, list(wanted), simplify=simplify, **types), types, values, simplify)
    for gradient, closed, variable in zip(found, wanted.values(), wanted, strict=True):
        assert gradient.dtype == np.float64 and gradient.shape == np.shape(values[variable])
        np.testing.assert_allclose(gradient, closed(*values.values()), rtol=1e-12)


PULLBACKS = {
    "duplicate_input": ("x * x", XA, {"x": lambda x, a, c: 2 * x * c}),
    "quadratic_vector": (
        "dot(x * x, A)",
        XA,
        {"x": lambda x, a, c: 2 * x * (a @ c), "A": lambda x, a, c: np.outer(x**2, c)},
    ),
    "scalar_pullback": ("t^2", {"t": "scalar"}, {"t": lambda t, c: 2 * t * c}),
}


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("name", PULLBACKS)
def test_pullback(name, simplify):
    output, types, wanted = PULLBACKS[name]
    whole = {**types, "c": "vector[2]" if "A" in types else "scalar"}
    values = draw(whole)
    found = compute(rg.pullback(output, list(wanted), "c", simplify=simplify, **whole), whole, values, simplify)
    for gradient, closed in zip(found, wanted.values(), strict=True):
        np.testing.assert_allclose(gradient, closed(*values.values()), rtol=1e-12)


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize(
    ("cost", "by_x", "by_a"),
    [
        ("dot(x, dot(A, x))", lambda x, a, c: (a + a.T) @ c, lambda x, a, c: np.outer(c, x) + np.outer(x, c)),
        (
            "dot(x * x, dot(A, x))",
            lambda x, a, c: 2 * c * (a @ x) + 2 * a.T @ (x * c) + 2 * x * (a @ c),
            lambda x, a, c: np.outer(2 * x * c, x) + np.outer(x**2, c),
        ),
    ],
    ids=["quadratic", "cubic"],
)
def test_gradients_of_gradients(cost, by_x, by_a, simplify):
    types = {**XA, "c": "vector[2]"}
    values = draw(types)
    gradient = rg.grad(cost, "x", simplify=simplify, **XA)
    found = compute(rg.pullback(gradient, ["x", "A"], rg.parse("c", **types), simplify=simplify), types, values, simplify)
    np.testing.assert_allclose(found[0], by_x(*values.values()), rtol=1e-12)
    np.testing.assert_allclose(found[1], by_a(*values.values()), rtol=1e-12)


def test_integers_have_the_gradient_of_the_same_floats():
    types = {"W": "matrix[3, 4]", "b": "vector[4]"}
    rng = np.random.default_rng(0)
    weights, bias, points = rng.normal(size=(3, 4)), rng.normal(size=4), rng.integers(-6, 7, size=(5, 3))
    for kind in ("matrix[5, 3] integer", "matrix[5, 3]"):
        gradient = rg.grad("sum(sigmoid(dot(X, W) + b))", "X", X=kind, **types)
        s = 1 / (1 + np.exp(-(points @ weights + bias)))
        found = rg.function(["X", "W", "b"], gradient)(points, weights, bias)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, (s * (1 - s)) @ weights.T, rtol=1e-10)


def test_the_gradient_of_what_does_not_depend_has_the_shape_of_its_input():
    gradient = rg.grad("s", "X", disconnected_inputs="ignore", X="matrix[3, 7]")
    np.testing.assert_array_equal(rg.evaluate(gradient, X=np.ones((3, 7))), np.zeros((3, 7)))


def test_known_gradients_restart_from_any_layer():
    """(c[4]*x^4)^2, back-propagated from the cost, its root, the root's factors, and the inputs themselves."""
    c, x = rg.parse("c", c="vector[10]"), rg.parse("x")
    coefficient, power = rg.parse("c[4]", c="vector[10]"), x**4
    y = coefficient * power
    cost = y**2
    values = {"c": np.random.default_rng(3).normal(size=10), "x": 1.375}
    expected = np.zeros(10)
    expected[4] = 2 * values["c"][4] * 1.375**8
    for layer in ([cost], [y], [coefficient, power], [c, x]):
        known = dict(zip(layer, rg.grad(cost, layer), strict=True))
        by_c, by_x = rg.grad(None, [c, x], known_grads=known)
        np.testing.assert_allclose(rg.evaluate(by_c, **values), expected, rtol=1e-12)
        np.testing.assert_allclose(rg.evaluate(by_x, **values), 8 * values["c"][4] ** 2 * 1.375**7, rtol=1e-12)


def test_back_propagation_in_stages_is_that_of_the_whole():
    """Theano's subgraph_grad: a two-layer network, with costs of its own for each layer's weights."""
    types = {"x": "vector[3]", "t": "vector[2]", "w1": "matrix[3, 4]", "w2": "matrix[4, 2]"}
    program = "a1 = tanh(dot(x, w1)); a2 = tanh(dot(a1, w2)); a1, a2, sum((a2 - t)^2) + sum(w2)^2 + sum(w1)^2, sum((a2 - t)^2)"
    a1, _, whole, error = rg.parse(program, **types)
    w1, w2 = rg.parse("w1", **types), rg.parse("w2", **types)
    rng = np.random.default_rng(5)
    values = {name: rng.normal(size=rg.parse(name, **types).shape) for name in types}
    from_a1, from_w2 = rg.grad(error, [a1, w2])
    staged_w1 = rg.grad(rg.parse("sum(w1)^2", **types), w1, known_grads={a1: from_a1})
    staged_w2 = from_w2 + rg.grad(rg.parse("sum(w2)^2", **types), w2)
    for staged, direct in zip((staged_w1, staged_w2), rg.grad(whole, [w1, w2]), strict=True):
        np.testing.assert_allclose(rg.evaluate(staged, **values), rg.evaluate(direct, **values), rtol=1e-10)
    rg.verify_grad(whole, values, wrt=["w1", "w2"])


@pytest.mark.parametrize("simplify", [True, False])
def test_clip_and_scale(simplify):
    assert float(rg.evaluate(rg.grad("grad_clip(x, -1, 1)^2", "x", simplify=simplify), x=2.0)) == 1
    assert float(rg.evaluate(rg.grad("grad_clip(x, -1, 1)^2", "x", simplify=simplify), x=-2.0)) == -1
    assert float(rg.evaluate(rg.grad("grad_clip(x, -1, 1)^2", "x", simplify=simplify), x=0.25)) == 0.5
    assert float(rg.evaluate("grad_clip(x, -1, 1)^2", x=2.0)) == 4
    assert float(rg.evaluate(rg.grad("grad_scale(x, 2)^2", "x", simplify=simplify), x=2.0)) == 8
    assert float(rg.evaluate(rg.diff("grad_scale(x, -1)*y", "x", simplify=simplify), x=2.0, y=3.0)) == -3
    clipped = rg.grad("sum(grad_clip(v, -1, 1)^2)", "v", v="vector[3]", simplify=simplify)
    np.testing.assert_array_equal(rg.evaluate(clipped, v=[2.0, -3.0, 0.25]), [1, -1, 0.5])


def test_the_same_as_functions_of_python():
    x = rg.parse("x")
    assert rg.grad(x * rg.stop_gradient(x), x) is rg.parse("stop_gradient(x)")
    assert rg.disconnected_grad("x") is rg.stop_gradient(x)
    assert rg.consider_constant("x") is rg.zero_grad("x") is rg.parse("zero_grad(x)")
    assert float(rg.evaluate(rg.grad(rg.grad_clip(x, -1, 1) ** 2, x), x=2.0)) == 1
    assert float(rg.evaluate(rg.grad(rg.grad_scale("x", 2) ** 2, "x"), x=2.0)) == 8
    assert rg.stop_gradient("v", v="vector[3]").shape == (3,)


JACOBIANS = {
    "vector": ("2 * x", {"x": "vector[10]"}, {"x": lambda x: 2 * np.eye(10)}),
    "vector_two": ("x * z", {"x": "vector[10]", "z": "vector[10]"}, {"x": lambda x, z: np.diag(z), "z": lambda x, z: np.diag(x)}),
    "matrix": ("2 * sum(x, axis=0)", {"x": "matrix[4, 4]"}, {"x": lambda x: 2 * np.einsum("ik,j->ijk", np.eye(4), np.ones(4))}),
    "matrix_two": (
        "sum(x * z, axis=1)",
        {"x": "matrix[4, 4]", "z": "matrix[4, 4]"},
        {"x": lambda x, z: np.einsum("ij,jk->ijk", np.eye(4), z), "z": lambda x, z: np.einsum("ij,jk->ijk", np.eye(4), x)},
    ),
    "scalar": ("x * z", {"x": "scalar", "z": "scalar"}, {"x": lambda x, z: z, "z": lambda x, z: x}),
    "outer": (
        "outer(x, x)",
        {"x": "vector[3]"},
        {"x": lambda x: np.einsum("ik,j->ijk", np.eye(3), x) + np.einsum("i,jk->ijk", x, np.eye(3))},
    ),
    "outer_slice": (
        "outer(x, x)[:, 1:]",
        {"x": "vector[3]"},
        {"x": lambda x: (np.einsum("ik,j->ijk", np.eye(3), x) + np.einsum("i,jk->ijk", x, np.eye(3)))[:, 1:]},
    ),
}


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("name", JACOBIANS)
def test_jacobian(name, simplify):
    output, types, wanted = JACOBIANS[name]
    values = draw(types)
    jacobians = rg.jacobian(output, list(wanted), simplify=simplify, **types)
    for term, found, closed in zip(jacobians, compute(jacobians, types, values, simplify), wanted.values(), strict=True):
        np.testing.assert_allclose(found, closed(*values.values()), rtol=1e-12, atol=1e-15)
        assert term.shape == found.shape


def test_the_jacobian_by_what_it_does_not_depend_on():
    types = {"m1": "matrix[4, 4]", "m2": "matrix[4, 4]"}
    with pytest.raises(rg.DisconnectedInputError):
        rg.jacobian("1 + m1[1:, 2:]", "m2", **types)
    with pytest.warns(UserWarning, match="m2"):
        rg.jacobian("1 + m1[1:, 2:]", "m2", disconnected_inputs="warn", **types)
    found = rg.jacobian("1 + m1[1:, 2:]", "m2", disconnected_inputs="ignore", **types)
    np.testing.assert_array_equal(rg.evaluate(found, m1=np.ones((4, 4)), m2=np.ones((4, 4))), np.zeros((3, 2, 4, 4)))


def test_hessian():
    found = rg.evaluate(rg.hessian("sum(x^2)", "x", x="vector[10]"), x=np.arange(10.0))
    np.testing.assert_array_equal(found, 2 * np.eye(10))


@pytest.mark.parametrize("simplify", [True, False])
def test_the_hessian_of_rosenbrocks_function_times_a_vector(simplify):
    cost = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
    types = {"x": "vector[9]", "p": "vector[9]"}
    values = {"x": 0.1 * np.arange(9), "p": 0.5 * np.arange(9)}
    wanted = [0, 27, -10, -95, -192, -265, -278, -195, -180]
    found = rg.evaluate(rg.hvp(cost, "x", "p", simplify=simplify, **types), **values)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    hessian = rg.evaluate(rg.hessian(cost, "x", simplify=simplify, **types), **values)
    np.testing.assert_allclose(hessian @ values["p"], wanted, atol=1e-9)


def test_the_product_with_a_hessian_by_several_inputs():
    types = {"x": "vector[3]", "y": "vector[3]", "p": "vector[3]", "q": "vector[3]"}
    found = rg.hvp("sum(x^2 - y^2)", ["x", "y"], ["p", "q"], **types)
    values = {"x": np.ones(3), "y": np.ones(3), "p": [1.0, 2.0, 3.0], "q": [3.0, 2.0, 1.0]}
    np.testing.assert_array_equal([rg.evaluate(f, **values) for f in found], [[2, 4, 6], [-6, -4, -2]])


# ---- how things behave ----


@pytest.mark.parametrize("kind", ["vector", "matrix", "vector[3]"])
def test_the_cost_is_a_scalar(kind):
    with pytest.raises(TypeError):
        rg.grad("x^2", "x", x=kind)
    with pytest.raises(TypeError):
        rg.hessian("x^2", "x", x=kind)
    with pytest.raises(TypeError):
        rg.hvp("x^2", "x", "x", x=kind)
    with pytest.raises(TypeError):
        rg.value_and_grad("x^2", "x", x=kind)


@pytest.mark.parametrize("function", [rg.grad, rg.jacobian, rg.hessian])
def test_the_answer_has_the_type_of_what_was_asked_for(function):
    assert isinstance(function("x^2", ["x"]), list)
    assert isinstance(function("x^2", ("x",)), tuple)
    assert isinstance(function("x^2", "x"), rg.Term)


@pytest.mark.parametrize("cost", ["sum(stop_gradient(x))", "sum(disconnected_grad(x))", "3"])
def test_disconnected_inputs_raise_unless_ignored(cost):
    with pytest.raises(rg.DisconnectedInputError):
        rg.grad(cost, "x", x="vector[3]")
    gradient = rg.grad(cost, "x", disconnected_inputs="ignore", x="vector[3]")
    np.testing.assert_array_equal(rg.evaluate(gradient, x=np.ones(3)), np.zeros(3))


@pytest.mark.parametrize("how", [rg.grad, rg.diff, rg.jacobian, rg.hessian])
def test_a_missing_gradient_raises_and_is_never_zero(how):
    theory = rg.Theory.parse("op bare(x)\nop half(x, y)\n    d/dx  x + y\n", base=rg.Theory.builtin())
    with pytest.raises(rg.MissingDerivativeError, match="bare"):
        how("x*bare(x)", "x", theory=theory)
    with pytest.raises(NotImplementedError, match="argument y"):
        how("half(x, x)", "x", theory=theory)
    if how is not rg.hessian:
        assert str(how("half(x, y)", "x", theory=theory)) == "x + y"


def test_the_gradient_by_a_constant_is_that_by_a_literal():
    values = {"x": np.array([1.0, 2.0, 3.0])}
    for constant in ("consider_constant(2*x)", "stop_gradient(2*x)"):
        found = rg.evaluate(rg.grad(f"sum(x^2 * {constant})", "x", x="vector[3]"), **values)
        np.testing.assert_array_equal(found, 2 * values["x"] * (2 * values["x"]))
    x = rg.parse("x", x="vector[3]")
    found = rg.grad(rg.parse("sum(x^2 * (2*x))", x="vector[3]"), x, consider_constant=[2 * x])
    np.testing.assert_array_equal(rg.evaluate(found, **values), 4 * values["x"] ** 2)


def test_a_gradient_of_floats_of_single_precision_is_as_exact_as_any():
    """There is one precision here, float64: what is given in float32 is taken exactly, and nothing is rounded down."""
    x = np.array([0.1, 0.2], dtype=np.float32)
    found = rg.evaluate(rg.grad("sum(x^3)", "x", x="vector[2]"), x=x)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, 3 * x.astype(np.float64) ** 2)


def test_gradients_inside_formulas():
    types = {"x": "vector[2]", "A": "matrix[2, 2]"}
    for name, closed in {"quadratic": "(A + A.T) @ x", "cubic": "2*x*(A @ x) + A.T @ x^2"}.items():
        inner = rg.parse(f"grad({GRADIENTS[name][0]}, x)", **types)
        assert rg.parse(str(inner), **types) is inner
        for wrt in ("x", "A"):
            values = draw({**types, "c": "vector[2]"})
            pulled = [rg.pullback(term, wrt, "c", c="vector[2]") for term in (inner, rg.parse(closed, **types))]
            first, second = compute(pulled, {**types, "c": "vector[2]"}, values)
            np.testing.assert_allclose(first, second, rtol=1e-12)
    assert str(rg.diff("x*grad(grad(x^4, x), x)", "x")) == "36*x^2"
    with pytest.raises(rg.DisconnectedInputError, match="does not depend on x"):
        rg.simplify("grad(y^2, x)")
    with pytest.raises(TypeError, match="with respect to a variable"):
        rg.simplify("grad(y^2, y + 1)")
