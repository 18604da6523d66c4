"""Terms compiled to NumPy: values, what is checked when a function is called, and what can never become code."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad import kernels
from rewritegrad.codegen import Function, compile_terms, evaluate
from rewritegrad.errors import EvaluationError, InputError, ShapeError
from rewritegrad.reader import read
from rewritegrad.rulefile import Theory
from rewritegrad.term import Term, variable_terms

THEORY = Theory.builtin()


def compiled(text: str, *names: str, theory: Theory = THEORY) -> Function:
    """The function of a program, of the variables named (default: all, in order of occurrence)."""
    found = read(text, theory)
    terms = [found] if isinstance(found, Term) else list(found)
    variables = {v.value: v for v in variable_terms(*terms)}
    return compile_terms([variables[n] for n in names or variables], terms, single=isinstance(found, Term))


def message(function: Function, *values: Any, **by_name: Any) -> str:
    """What a call is refused with."""
    with pytest.raises((InputError, ShapeError)) as caught:
        function(*values, **by_name)
    return str(caught.value)


# ---- values ----


def test_a_scalar_result_is_an_array_without_dimensions() -> None:
    result = compiled("x^2 + 1")(3)
    assert isinstance(result, np.ndarray) and result.shape == () and result.dtype == np.float64
    assert repr(compiled("2*x")(4)) == "array(8.)"


def test_the_logistic_function_of_the_tutorial() -> None:
    x = [[0, 1], [-1, -2]]
    np.testing.assert_allclose(compiled("X: matrix; sum(1 / (1 + exp(-X)))")(x), np.sum(1 / (1 + np.exp(-np.array(x)))))
    np.testing.assert_allclose(compiled("X: matrix; s = 1 / (1 + exp(-X)); s*(1 - s)")(x)[1], [0.19661193, 0.10499359], rtol=1e-7)


def test_several_outputs_are_a_list_in_order() -> None:
    results = compiled("x + y, x - y, x*y")(5, 3)
    assert isinstance(results, list) and [float(r) for r in results] == [8, 2, 15]


def test_conditions_are_boolean_and_arithmetic_with_them_counts() -> None:
    result = compiled("x < 1 and x < 2")(0)
    assert result.dtype == np.bool_ and bool(result)
    assert compiled("(x < 1) + (x < 2)")(0) == 2
    assert compiled("-(x < 1)")(0) == -1


def test_constants_are_exact_until_they_are_rounded_once() -> None:
    third = THEORY.number(Fraction(1, 3), "1/3")
    big = THEORY.number(2**70 + 1)
    assert evaluate(third, {}) == 1 / 3
    assert evaluate(big, {}) == float(2**70)
    assert evaluate(read("pi*euler_gamma*catalan", THEORY), {}) == pytest.approx(np.pi * np.euler_gamma * 0.915965594177219)
    with pytest.raises(EvaluationError, match=r"the number 1000.* is beyond the range of float64"):
        compile_terms([], [THEORY.number(10**400)], single=True)


def test_settings_reach_the_kernel_by_name() -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(compiled("X: matrix; sum(X, axis=0, keepdims=True)")(x), [[3, 5, 7]])
    np.testing.assert_array_equal(compiled("X: matrix; mean(X, axis=(1,))")(x), [1, 4])


def test_operators_without_kernel_are_computed_as_they_are_defined() -> None:
    theory = Theory.parse("def my_square(x) = x^2\ndef my_quad(x) = my_square(my_square(x)) + my_square(x)", base=THEORY)
    function = compiled("my_quad(x)", theory=theory)
    assert function(3) == 90
    assert "my_quad" not in function.source


def test_an_operator_without_kernel_and_definition_is_named() -> None:
    theory = Theory.parse("op Int(f, x)", base=THEORY)
    with pytest.raises(EvaluationError, match=r"^Int has no NumPy kernel and no definition, so that Int\(sin\(x\), x\) has no value$"):
        compiled("2 + Int(sin(x), x)", theory=theory)


def test_evaluate_ignores_values_of_names_that_do_not_occur() -> None:
    assert evaluate(read("x + 1", THEORY), {"x": 2, "y": [1, 2]}) == 3
    with pytest.raises(InputError, match=r"^input x is missing: the only input is x$"):
        evaluate(read("x + 1", THEORY), {"y": 2})


# ---- the code ----


def test_common_subterms_are_computed_once() -> None:
    source = compiled("exp(x)*sin(exp(x)) + exp(x)").source
    assert source.count("# exp(v0)") == 1


def test_registers_are_used_again_when_what_they_hold_is_dead() -> None:
    source = compiled("x: vector; exp(sin(cos(exp(sin(cos(x))))))").source
    assert source.count("out=r0") == 5 and "r1" not in source


def test_memory_does_not_grow_with_the_number_of_operations() -> None:
    x = THEORY.variable("x")
    term = x
    for _ in range(50):
        term = THEORY.apply("sin", term) * x
    assert "r2" not in compile_terms([x], [term], single=True).source


def test_an_argument_that_is_used_again_is_not_written_to() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    before = x.copy()
    a, b, c = compiled("X: matrix; A = X + 1; A*2, A, transpose(A)*A")(x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(a, (x + 1) * 2)
    np.testing.assert_array_equal(b, x + 1)
    np.testing.assert_array_equal(c, (x + 1).T * (x + 1))


def test_a_view_keeps_what_it_shows() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(compiled("X: matrix[2, 2]; A = 2*X; B = transpose(A); exp(A) - B")(x), np.exp(2 * x) - 2 * x.T)


def test_broadcasting_never_writes_into_the_smaller_operand() -> None:
    x, b = np.ones((3, 2)), np.array([1.0, 2.0])
    np.testing.assert_array_equal(compiled("X: matrix[n, m]; b: vector[m]; 2*b + X")(b, x), 2 * b + x)


def test_results_are_the_callers_own() -> None:
    x = np.ones((2, 2))
    first, second, third, filled = compiled("X: matrix; X, transpose(X), X, fill(X, 3)")(x)
    for result in (first, second, third, filled):
        result += 1
    np.testing.assert_array_equal(x, np.ones((2, 2)))
    np.testing.assert_array_equal(first, np.full((2, 2), 2.0))
    np.testing.assert_array_equal(third, first)


def test_a_hundred_thousand_operations_in_one_chain() -> None:
    x = THEORY.variable("x")
    term = x
    for i in range(100_000):
        term = THEORY.apply("sin", term) if i % 2 else term + x
    function = compile_terms([x], [term], single=True)
    expected = 0.3
    for i in range(100_000):
        expected = np.sin(expected) if i % 2 else expected + 0.3
    assert function(0.3) == pytest.approx(expected, rel=1e-12)
    assert len(function.source) < 60 * 100_000


def test_thousands_of_inputs_and_outputs() -> None:
    variables = [THEORY.variable(f"x{i}") for i in range(5000)]
    function = compile_terms(variables, [a * b for a, b in pairwise(variables)], single=False)
    assert [float(r) for r in function(*range(5000))] == [float(i * (i + 1)) for i in range(4999)]


@pytest.mark.parametrize("name", ["__import__('os').system('false')", "lambda", "x\nraise SystemExit", "v0", "k1", "self", "return", "é"])
def test_names_never_become_code(name: str) -> None:
    x = THEORY.variable(name)
    function = compile_terms([x], [x * 2], single=True)
    assert function(**{name: 3}) == 6
    code = [line.split("#")[0] for line in function.source.splitlines()]
    assert "\n".join(line.rstrip() for line in code if line.strip()) == "def compiled(v0):\n    r0 = k1(v0, c2)\n    return [r0]"


def test_functions_are_copied_and_pickled() -> None:
    function = compiled("X: matrix[n, m]; w: vector[k]; X @ w, exp(X)")
    for other in (pickle.loads(pickle.dumps(function)), copy.copy(function), copy.deepcopy(function)):
        assert other.source == function.source and other.outputs == function.outputs
        np.testing.assert_array_equal(other([[1, 2]], [3, 4])[0], [11])
        assert message(other, [[1, 2]], [3]) == message(function, [[1, 2]], [3])


# ---- inputs ----


def test_values_by_position_and_by_name() -> None:
    function = compiled("x - y", "x", "y")
    assert function(5, 3) == function(5, y=3) == function(y=3, x=5) == 2
    assert message(function, 1) == "input y is missing: the 2 inputs are x, y"
    assert message(function) == "inputs x, y are missing: the 2 inputs are x, y"
    assert message(function, 1, 2, 3) == "3 values are given, but the 2 inputs are x, y"
    assert message(function, 1, 2, z=3) == "there is no input z: the 2 inputs are x, y"
    assert message(function, 1, x=2) == "input x is given twice: by position and by name"


def test_errors_about_many_inputs_stay_short() -> None:
    function = compiled(" + ".join(f"x{i}" for i in range(2000)))
    assert message(function, z=1) == "there is no input z: the 2000 inputs are x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, ... (1990 more)"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("text", "<U4 is no real number"),
        (1j, "complex128 is no real number"),
        (None, "it is neither a number nor a rectangular array of numbers"),
        ([[1], [2, 3]], "it is neither a number nor a rectangular array of numbers"),
        (10**400, "a number is beyond the range of float64"),
    ],
)
def test_what_is_no_number(value: object, reason: str) -> None:
    assert message(compiled("x + 1"), value) == f"input x cannot be made a float64 array: {reason}"


def test_numbers_of_all_kinds() -> None:
    function = compiled("x/2")
    assert function(True) == 0.5 and function(Fraction(1, 2)) == 0.25 and function(np.float32(3)) == 1.5 and function(np.array(7)) == 3.5


def test_integers_are_integral() -> None:
    function = compiled("k: integer; 2*k")
    assert function(3.0) == 6
    assert message(function, 1.5) == "input k is declared integer, but 1.5 is not an integer"
    assert message(function, np.nan) == "input k is declared integer, but nan is not an integer"


def test_declared_shapes_are_checked() -> None:
    function = compiled("w: vector[3]; X: matrix; sum(w)*sum(X)*t", "w", "X", "t")
    assert message(function, [1, 2], [[1]], 0) == "input w is declared vector[3], but has shape (2,)"
    assert message(function, [1, 2, 3], [1], 0) == "input X is declared matrix, but has shape (1,)"
    assert message(function, [1, 2, 3], [[1]], [0]) == "input t is declared scalar, but has shape (1,)"


def test_named_dimensions_have_one_size() -> None:
    function = compiled("X: matrix[n, m]; w: vector[m]; S: matrix[n, n]; S @ X @ w", "X", "w", "S")
    x = np.ones((2, 3))
    assert function(x, np.ones(3), np.eye(2)).shape == (2,)
    assert message(function, x, [1, 2], np.eye(2)) == "input w is declared vector[m], but has shape (2,), where m is 3 by input X of shape (2, 3)"
    assert message(function, x, np.ones(3), [[1, 2, 3]]) == (
        "input S is declared matrix[n, n], but has shape (1, 3), where n is 2 by input X of shape (2, 3)"
    )
    assert message(compiled("S: matrix[n, n]; S"), np.ones((2, 3))) == "input S is declared matrix[n, n], but has shape (2, 3)"


def test_dimensions_that_operators_take_for_equal() -> None:
    function = compiled("X: matrix; w: vector; b: vector; X @ w + b", "X", "w", "b")
    x = np.ones((2, 3))
    assert function(x, np.ones(3), np.ones(2)).tolist() == [4, 4]
    assert message(function, x, [1, 2], [1, 2]) == "@ takes axis 1 of input X (of size 3) and axis 0 of input w (of size 2) for equal"
    assert message(function, x, np.ones(3), [1]) == "+ takes axis 0 of input X (of size 2) and axis 0 of input b (of size 1) for equal"
    function = compiled("v: vector; w: vector[3]; v*w", "v", "w")
    assert message(function, [1], [1, 2, 3]) == "* takes axis 0 of input v (of size 1) and the size 3 for equal"


def test_a_declared_one_broadcasts() -> None:
    function = compiled("X: matrix[n, 1]; w: vector[m]; X*w")
    assert function([[1], [2]], [3, 4]).tolist() == [[3, 4], [6, 8]]


def test_dimensions_that_only_the_original_takes_for_equal() -> None:
    a, b = THEORY.notation.read("a: vector; a", THEORY, {}), THEORY.notation.read("b: vector; b", THEORY, {})
    function = compile_terms([a, b], [a], single=True, originals=[a + b - b])
    assert message(function, [1, 2], [1]) == "+ takes axis 0 of input a (of size 2) and axis 0 of input b (of size 1) for equal"


def test_dimensions_that_cannot_be_equal() -> None:
    with pytest.raises(ShapeError, match="would have to be 2 and 3 at once"):
        compiled("a: vector[n]; b: vector[2]; c: vector[3]; (a + b), (a + c)")


def test_inputs_are_distinct_variables_and_all_that_occur() -> None:
    x, y = THEORY.variable("x"), THEORY.variable("y")
    assert compile_terms([x, y], [x], single=True)(1, 2) == 1
    with pytest.raises(InputError, match=r"^x is named twice among the inputs$"):
        compile_terms([x, x], [x], single=True)
    with pytest.raises(InputError, match=r"^the inputs of a function are variables, not x \+ 1$"):
        compile_terms([x + 1], [x], single=True)
    with pytest.raises(InputError, match=r"^y occurs in an output, but is not among the inputs$"):
        compile_terms([x], [x + y], single=True)


def test_an_input_is_meant_by_its_name() -> None:
    positive = read("x: scalar > 0; log(x)", THEORY)
    assert isinstance(positive, Term)
    assert compile_terms([THEORY.variable("x")], [positive], single=True)(1) == 0
    matrix = read("x: matrix; x", THEORY)
    assert isinstance(matrix, Term)
    with pytest.raises(ShapeError, match=r"^x is declared matrix as an input, but scalar in an output$"):
        compile_terms([matrix], [positive], single=True)


# ---- warnings ----


@pytest.mark.filterwarnings("error")
def test_our_own_forms_do_not_warn() -> None:
    function = compiled("x: vector; sigmoid(x), sigmoid(x)*sigmoid(-x)")
    value, slope = function([-800, 0, 800])
    assert value.tolist() == [0, 0.5, 1] and slope.tolist() == [0, 0.25, 0]


@pytest.mark.filterwarnings("error")
def test_a_branch_that_is_not_taken_does_not_warn() -> None:
    function = compiled("x: vector; where(x > 0, log(x) + 1/x, where(x < 0, log(-x), 0)) + exp(x)")
    np.testing.assert_allclose(function([-1, 0, 1]), [np.exp(-1), 1, 1 + np.e])


def test_what_is_used_outside_a_branch_warns_as_numpy_does() -> None:
    for text in ("log(x)", "where(x > 0, log(x), 0) + 0*log(x)", "where(log(x) > 0, 1, 0)"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            compiled(text)(-1)
        assert [w.category for w in caught] == [RuntimeWarning], text


# ---- kernels ----


@pytest.mark.parametrize("op", [op for op in THEORY.operators if op.numpy], ids=lambda op: op.name)
def test_every_kernel_of_the_rule_files_resolves(op: Any) -> None:
    assert kernels.is_allowed(op.numpy)
    assert callable(kernels.resolve(op.numpy)) == bool(op.parameters)


@pytest.mark.parametrize(
    "name",
    ["np.save", "np.load", "np.exp.at", "np.__dict__", "numpy.exp", "os.system", "exp", "kernels.importlib", "kernels.resolve", "np.", "np.exp\n"],
)
def test_nothing_else_can_be_named(name: str) -> None:
    assert not kernels.is_allowed(name)
    with pytest.raises(EvaluationError, match="there is no kernel"):
        kernels.resolve(name)


def test_scipy_has_functions_but_nothing_else() -> None:
    assert kernels.resolve("scipy.special.expit")(0.0) == 0.5
    for name in ("scipy.special.test", "scipy.special.np", "scipy.special.SpecialFunctionWarning", "scipy.special.no_such_function"):
        with pytest.raises(EvaluationError):
            kernels.resolve(name)


def test_all_listed_functions_exist_and_keep_float64() -> None:
    for name in kernels.NUMPY_FUNCTIONS | kernels.NUMPY_PREDICATES | kernels.NUMPY_CONSTANTS:
        assert hasattr(np, name), name
    for name in kernels.SCIPY_FUNCTIONS:
        kernels.resolve(f"scipy.special.{name}")


@pytest.mark.parametrize(
    ("shape", "like"), [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 3), ()), ((2, 3), (2, 1)), ((4, 2, 3), (1, 3)), ((4, 2, 3), (4, 1, 1))]
)
def test_sum_to_undoes_broadcasting(shape: Sequence[int], like: Sequence[int]) -> None:
    g, rng = np.arange(float(np.prod(shape))).reshape(shape), np.random.default_rng(0)
    small = rng.normal(size=like)
    summed = kernels.sum_to(g, small)
    assert np.shape(summed) == tuple(like)
    np.testing.assert_allclose(np.sum(summed * small), np.sum(g * small))


@pytest.mark.parametrize(("axis", "keepdims"), [(None, False), (0, False), (-1, True), ((0, 2), False), ((), False), (None, True)])
def test_expand_to_fills_what_sum_took_away(axis: Any, keepdims: bool) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    total = np.sum(x, axis=axis, keepdims=keepdims)
    expected = np.broadcast_to(np.sum(x, axis=axis, keepdims=True), x.shape)
    np.testing.assert_array_equal(kernels.expand_to(total, x, axis, keepdims), expected)
    assert kernels.size(x, axis) * total.size == x.size


def test_fill_has_the_shape_of_both() -> None:
    assert kernels.fill(np.ones((2, 3)), 1.5).tolist() == [[1.5] * 3] * 2
    assert kernels.fill(np.ones((2, 1)), [1.0, 2.0]).tolist() == [[1, 2], [1, 2]]
    assert kernels.fill(0.0, 2.0).shape == ()


def test_declarations_of_the_text_hold_where_values_are_given() -> None:
    assert rg.evaluate("v: vector[n]; w: vector[n]; sum(v*w)", v=[1, 2], w=[3, 4]) == 11
    with pytest.raises(ShapeError, match=r"^input v is declared vector, but has shape \(1, 2\)$"):
        rg.evaluate("v: vector; sum(v)", v=[[1, 2]])
