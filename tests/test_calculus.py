"""Derivatives: right in value, shared like the formula, and honest about what they cannot do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.codegen import compile_terms, evaluate
from rewritegrad.derivative_rules import derivative_rules, differentiable, states_derivative
from rewritegrad.patterns import PApply, walk
from rewritegrad.term import postorder, variable_terms

THEORY = rg.Theory.builtin()


def raw_grad(text, wrt, **types):
    """The gradient as the rules wrote it."""
    return rg.grad(text, wrt, simplify=False, **types)


# --- the form of the answer -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "wrt", "printed"),
    [
        ("x^2", "x", "fill(x^2, 1.0) * 2 * x^(2 - 1)"),
        ("x", "x", "fill(x, 1.0)"),
        ("x + y", "x", "fill(x + y, 1.0)"),
        ("x - y", "y", "-fill(x - y, 1.0)"),
        ("x * x", "x", "fill(x * x, 1.0) * x + fill(x * x, 1.0) * x"),
        ("sin(x) + y", "x", "fill(sin(x) + y, 1.0) * cos(x)"),
        ("sin(x) * y + exp(x)", "x", "fill(sin(x) * y + exp(x), 1.0) * y * cos(x) + fill(sin(x) * y + exp(x), 1.0) * exp(x)"),
    ],
)
def test_the_gradient_is_what_the_rules_wrote(cost, wrt, printed):
    assert raw_grad(cost, wrt) is rg.parse(printed)


@pytest.mark.parametrize(
    ("term", "printed"),
    [
        ("x", "1"),
        ("y", "0"),
        ("sin(x)", "cos(x)"),
        ("x * y", "y"),
        ("x * x", "x + x"),
        ("x^2", "2 * x^(2 - 1)"),
        ("y - x", "-1"),
        ("sqrt(x)", "1 / (2 * sqrt(x))"),
        ("sin(x^2)", "cos(x^2) * (2 * x^(2 - 1))"),
        ("where(y > 0, x, y)", "where(y > 0, 1, 0)"),
    ],
)
def test_the_forward_derivative_is_what_the_rules_wrote(term, printed):
    assert rg.diff(term, "x", simplify=False) is rg.parse(printed)


def test_a_power_with_a_constant_exponent_never_meets_a_logarithm():
    assert "log" not in str(rg.diff("x^3", "x", simplify=False))
    assert "log" not in str(raw_grad("x^3", "x"))


# --- numbers ----------------------------------------------------------------------------------------------------

POINTS = (0.37, -0.61, 1.7, 0.83, -1.4, 2.3)


def directional(function, values, i, direction, h=1e-5):
    """A central difference of fourth order along one argument."""

    def at(step):
        moved = list(values)
        moved[i] = values[i] + step * direction
        return function(*moved)

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def check_derivatives(term, values, orders=2):
    """Pullback and pushforward of a term against differences of its value, then the same for its gradient."""
    variables = variable_terms(term)
    given = [np.asarray(values[v.value], dtype=float) for v in variables]
    rng = np.random.default_rng(7)
    function = compile_terms(variables, [term], single=True)
    cotangent = THEORY.variable(f"cotangent{orders}_", rg.Type(term.shape))
    seed = rng.uniform(0.5, 1.5, np.shape(function(*given)))
    live = [v for v in variables if v.op.leaf == "variable"]
    pulled = rg.pullback(term, live, cotangent, disconnected_inputs="ignore", simplify=False)
    pulled_at = compile_terms([*variables, cotangent], pulled, single=False)(*given, seed)
    for i, v in enumerate(live):
        direction = rng.uniform(-1, 1, given[i].shape)
        expected = directional(function, given, i, direction)
        assert np.all(np.isfinite(expected))
        tangent = THEORY.variable("tangent_", rg.Type(v.shape))
        pushed = rg.pushforward(term, v, tangent, disconnected_inputs="ignore", simplify=False)
        got = compile_terms([*variables, tangent], [pushed], single=True)(*given, direction)
        assert got.shape == expected.shape and pushed.shape == term.shape
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=2e-8, err_msg=f"push of {term} along {v}")
        assert pulled_at[i].shape == given[i].shape
        np.testing.assert_allclose(np.sum(pulled_at[i] * direction), np.sum(seed * expected), rtol=2e-6, atol=2e-8, err_msg=f"pull of {term} to {v}")
    if orders > 1:
        for gradient in pulled:
            check_derivatives(gradient, {**values, f"cotangent{orders}_": seed}, orders - 1)


SMOOTH = [
    op
    for op in THEORY.operators
    if states_derivative(op) and differentiable(op) and all(p.elementwise for p in op.parameters) and "surrogate" not in op.flags
]


@pytest.mark.parametrize("op", SMOOTH, ids=lambda op: f"{op.name}/{op.arity}")
def test_elementwise_operators_have_their_derivatives_to_second_order(op):
    checked = 0
    for shift, stride in itertools.product(range(len(POINTS)), (1, 0)):
        if checked and not stride:
            break  # equal values only where no others will do
        values = {f"{p.name}_": POINTS[(shift + stride * i) % len(POINTS)] for i, p in enumerate(op.parameters)}
        args = [
            THEORY.boolean(v > 0) if p.constant else THEORY.number(1 if op.arity > 3 else 2) if p.refused else THEORY.variable(name)
            for (name, v), p in zip(values.items(), op.parameters, strict=True)
        ]
        term = THEORY.make(op, args)
        with np.errstate(all="ignore"):
            near = [evaluate(term, {k: v + h for k, v in values.items()}) for h in (-1e-3, 0.0, 1e-3)]
        if np.all(np.isfinite(near)):
            check_derivatives(term, values)
            checked += 1
    assert checked


ARRAYS = {
    "A @ B": [("A", (2, 3)), ("B", (3, 4))],
    "A @ v": [("A", (2, 3)), ("v", (3,))],
    "u @ A": [("u", (2,)), ("A", (2, 3))],
    "u @ v": [("u", (3,)), ("v", (3,))],
    "dot(A, v)": [("A", (2, 3)), ("v", (3,))],
    "outer(u, v)": [("u", (2,)), ("v", (3,))],
    "transpose(A)": [("A", (2, 3))],
    "sum(A)": [("A", (2, 3))],
    "sum(A, axis=0)": [("A", (2, 3))],
    "sum(A, axis=-1)": [("A", (2, 3))],
    "sum(A, axis=1, keepdims=True) * A": [("A", (2, 3))],
    "mean(A)": [("A", (2, 3))],
    "mean(A, axis=1)": [("A", (2, 3))],
    "A * v": [("A", (2, 3)), ("v", (3,))],
    "A / s": [("A", (2, 3)), ("s", ())],
    "A + v * s": [("A", (2, 3)), ("v", (3,)), ("s", ())],
    "A^2 @ exp(v)": [("A", (2, 3)), ("v", (3,))],
    "fill(A, s)": [("A", (2, 3)), ("s", ())],
    "max(A, v)": [("A", (2, 3)), ("v", (3,))],
    "where(A > 0, v, s)": [("A", (2, 3)), ("v", (3,)), ("s", ())],
    "A * C": [("A", (2, 3)), ("C", (2, 1))],
    "R - A": [("A", (2, 3)), ("R", (1, 3))],
    "1 / (1 + exp(-A))": [("A", (2, 3))],
    "sin(v @ v) * v": [("v", (3,))],
}


@pytest.mark.parametrize("text", ARRAYS)
def test_array_operators_have_their_derivatives_to_second_order(text):
    rng = np.random.default_rng(3)
    shapes = dict(ARRAYS[text])
    types = {name: f"tensor{list(shape)}" if shape else "scalar" for name, shape in shapes.items()}
    values = {name: np.asarray(rng.uniform(0.3, 1.7, shape)) for name, shape in shapes.items()}
    check_derivatives(rg.parse(text, **types), values)


def test_an_inactive_branch_does_not_reach_the_gradient():
    gradient = raw_grad("where(x > 0, log(x), 0)", "x")
    assert evaluate(gradient, {"x": 2.0}) == 0.5


# --- broadcasting -----------------------------------------------------------------------------------------------


def test_sum_to_stands_only_where_an_argument_was_stretched():
    same = raw_grad("sum(x * y)", "x", x="vector[n]", y="vector[n]")
    assert "sum_to" not in str(same)
    stretched = raw_grad("sum(A * v)", ["A", "v"], A="matrix[n, m]", v="vector[m]")
    assert "sum_to" not in str(stretched[0]) and str(stretched[1]).count("sum_to") == 1
    assert stretched[1].shape == ("m",)


def test_dimensions_of_different_names_are_not_taken_for_stretched():
    assert "sum_to" not in str(raw_grad("sum(x * y)", "y", x="vector[n]", y="vector[k]"))


@pytest.mark.parametrize("text", ["sum(A + s)", "sum(A * C)", "sum(exp(R) * A + s * C)"])
def test_a_gradient_has_the_shape_of_its_input(text):
    types = {"A": "matrix[2, 3]", "C": "matrix[2, 1]", "R": "matrix[1, 3]", "s": "scalar"}
    names = list(rg.parse(text, **types).variables)
    for name, gradient in zip(names, rg.grad(text, names, **types), strict=True):
        assert gradient.shape == rg.parse(name, **types).shape


# --- sharing ----------------------------------------------------------------------------------------------------


def chain(k):
    y = THEORY.variable("x")
    for _ in range(k):
        y = THEORY.apply("sin", y) * y
    return y


def test_the_nodes_of_a_gradient_grow_linearly_with_a_shared_formula():
    sizes = [len(postorder(raw_grad(chain(k), "x"))) for k in (10, 20, 30)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]


def test_the_nodes_of_a_forward_derivative_too():
    sizes = [len(postorder(rg.diff(chain(k), "x", simplify=False))) for k in (10, 20, 30)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]


def test_the_nodes_of_a_gradient_grow_linearly_with_its_inputs():
    def size(n):
        names = [f"x{i}" for i in range(n)]
        return len(postorder(*raw_grad(" + ".join(f"{name}^2" for name in names), names)))

    assert size(60) - size(40) == size(40) - size(20)


def test_parts_that_do_not_depend_on_the_input_are_not_visited():
    theory = rg.Theory.parse("op opaque(a)\n", base=THEORY)
    term = rg.parse("x * opaque(y)", theory=theory)
    assert rg.diff(term, "x", simplify=False) is rg.parse("opaque(y)", theory=theory)
    rg.grad(term, "x", simplify=False)


def test_a_term_nested_deeply_is_differentiated_without_recursion():
    x = y = THEORY.variable("x")
    for _ in range(5000):
        y = THEORY.apply("sin", y)
    assert rg.diff(y, "x", simplify=False).shape == ()
    assert len(postorder(rg.grad(y, x, simplify=False))) > 5000


# --- derivatives inside formulas, higher orders -------------------------------------------------------------------


def value(term, **values):
    return float(evaluate(rg.parse(term) if isinstance(term, str) else term, values))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D(sin(x^2), x)", lambda x, y: 2 * x * np.cos(x**2)),
        ("D(D(x^4, x), x)", lambda x, y: 12 * x**2),
        ("D(x * D(x^2 * y, y), x) + y", lambda x, y: 3 * x**2 + y),
        ("D(y, x)", lambda x, y: 0.0),
        ("D(x^2 * D(y^2, y), y)", lambda x, y: 2 * x**2),
    ],
)
def test_derivatives_inside_formulas_are_resolved_innermost_first(text, expected):
    simplified = rg.simplify(text)
    assert THEORY.role("derivative") not in {t.op for t in postorder(simplified)}
    np.testing.assert_allclose(value(simplified, x=1.3, y=0.7), expected(1.3, 0.7))
    gradient = rg.grad(text, "x", disconnected_inputs="ignore")
    h = 1e-6
    np.testing.assert_allclose(value(gradient, x=1.3, y=0.7), (expected(1.3 + h, 0.7) - expected(1.3 - h, 0.7)) / (2 * h), rtol=1e-6, atol=1e-6)


def test_a_derivative_inside_a_formula_needs_a_scalar_variable():
    with pytest.raises(rg.CostError, match=r"with respect to a scalar variable, not x\^2"):
        rg.simplify("D(sin(x^2), x^2)")
    with pytest.raises(rg.CostError, match=r"not the vector\[n\] v"):
        rg.simplify("D(sum(v * 2), v)", v="vector[n]")


@pytest.mark.parametrize("simplify", [True, False])
def test_higher_orders_one_variable_after_the_other(simplify):
    third = rg.diff("x^3 * sin(y)", "x", "y", "x", simplify=simplify)
    np.testing.assert_allclose(value(third, x=1.5, y=0.4), 6 * 1.5 * np.cos(0.4))
    assert value(rg.diff("x^5", "x", "x", simplify=simplify), x=2.0) == 160


def test_the_derivative_by_an_absent_variable_is_zero_in_the_shape_of_the_term():
    assert rg.diff("y", "x", simplify=False) is rg.parse("0")
    assert rg.diff("v * 2", "x", simplify=False, v="vector[n]").shape == ("n",)


def test_a_scalar_may_be_differentiated_by_an_array():
    gradient = rg.diff("sum(v^2)", "v", v="vector[n]")
    np.testing.assert_allclose(evaluate(gradient, {"v": [1.0, 2.0]}), [2, 4])


def test_operators_that_are_names_are_differentiated_through_their_definitions():
    theory = rg.Theory.parse("def cube(x) = x^3\ndef twice_cube(x) = 2 * cube(x)\n", base=THEORY)
    derivative = rg.diff(rg.parse("twice_cube(sin(x))", theory=theory), "x")
    np.testing.assert_allclose(value(derivative, x=0.5), 6 * np.sin(0.5) ** 2 * np.cos(0.5))


# --- the rules themselves -------------------------------------------------------------------------------------------


def test_the_derivative_rules_are_made_once_for_a_theory():
    assert derivative_rules(THEORY) is derivative_rules(THEORY)


def test_every_law_removes_one_pull_or_push():
    rules = derivative_rules(THEORY)
    laws = rules.ruleset().rules
    assert {law.left.op for law in laws} == rules.operators
    assert not rules.operators & {p.op for law in laws for p in walk(law.right) if isinstance(p, PApply)}
    assert len({law.name for law in laws}) == len(laws)


def test_only_the_laws_that_a_formula_needs_are_run():
    rules = derivative_rules(THEORY)
    x = THEORY.variable("x")
    pulled = rules.pull(THEORY.apply("sin", x), 0, x)
    assert [law.name for law in rules.ruleset([pulled]).rules] == ["pull x of sin(x)"]


def test_every_argument_has_both_directions():
    rules = derivative_rules(THEORY)
    for op in THEORY.operators:
        for position in differentiable(op) if states_derivative(op) else ():
            for kind in ("pull", "push", "slope"):
                parameter = op.parameters[position]
                assert rules.has(kind, op, position) is not parameter.refused, f"{op.name} has no {kind} for {parameter.name}"


def test_parameters_may_have_the_names_of_the_seeds():
    theory = rg.Theory.parse("op F(g, d)\n    d/dg  d\n    d/dd  g\n", base=THEORY)
    found = rg.diff(rg.parse("F(x, y)", theory=theory), "x", simplify=False)
    assert found is rg.parse("y", theory=theory)
    assert rg.grad(rg.parse("F(x, y)", theory=theory), "y", simplify=False) is rg.parse("fill(F(x, y), 1.0) * x", theory=theory)


def test_a_theory_without_fill_is_scalar_throughout():
    theory = rg.Theory.parse(
        "roles sum +  product *\n"
        "op a + b   prec 40 left\n    d/da  1\n    d/db  1\n"
        "op a * b   prec 50 left\n    d/da  b\n    d/db  a\n"
        "op step(x)\n    d/dx  0\n",
        base=None,
    )
    term = rg.parse("step(x) + x * y", theory=theory)
    assert rg.grad(term, "x", simplify=False) is rg.parse("0 + 1.0 * y", theory=theory)
    assert rg.diff(term, "x", simplify=False) is rg.parse("0 + y", theory=theory)


@pytest.mark.parametrize("formula", ["polygamma(n, x)", "sin(spherical_jn(n, x))", "expn(x*n, x)", "polylog(n, x)"])
def test_a_refused_derivative_is_an_error_and_no_zero(formula):
    for derive in (rg.diff, rg.grad):
        with pytest.raises(rg.MissingDerivativeError, match=r"has no derivative for its argument . \(number . of 2\): it is an integer, needed in"):
            derive(formula, "n")
    assert str(rg.diff("jv(2, x)", "x", simplify=False)) == "(jv(2 - 1, x) - jv(2 + 1, x))/2"
