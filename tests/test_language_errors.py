"""What errors in formulas say: the place, the line, a caret, and what was expected, in words."""

from __future__ import annotations

import pytest

from rewritegrad.errors import FormulaError, RewritegradError, ShapeError, UnknownNameError
from rewritegrad.reader import read
from rewritegrad.rulefile import Theory, builtin_theory

INDEXED = 'roles index item\nop item(X, places=())\n    shape "like X"\n'


def message(text: str, **types: str) -> str:
    with pytest.raises(RewritegradError) as caught:
        read(text, builtin_theory(), types)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("x +", 4, "expected an expression, but the text ends here"),
        ("x + * y", 5, "expected an expression, not `*`"),
        ("(x", 1, "this `(` is never closed"),
        ("f[1", 2, "this `[` is never closed"),
        ("x)", 2, "this `)` closes nothing"),
        ("2x", 2, "expected an operator, `:`, `,`, `=` or the end of the statement, not `x`; a product is written with *"),
        ("sin(x y)", 7, "expected an operator, `,`, `=` or `)`, not `y`; a product is written with *"),
        ("sin(x,, y)", 7, "expected an expression or `)`, not `,`"),
        ("a < b < c", 7, "expected an operator, `:`, `,`, `=` or the end of the statement, not `<`; comparisons do not chain: write a < b and b < c"),
        ("x && y", 3, "expected an operator, `:`, `,`, `=` or the end of the statement, not `&&`; write and"),
        ("!x", 1, "expected an expression, not `!`; write not"),
        ("a = b = c", 7, "expected an operator or the end of the statement, not `=`; to compare write =="),
        ("x $ y", 3, "expected an operator, `:`, `,`, `=` or the end of the statement, not `$`"),
        ("x: scalar >", 12, "expected `-` or a number, but the text ends here"),
        ("x[]", 3, "expected an expression or `:`, not `]`"),
        ("'abc", 1, "expected an expression, not `'`"),
        ("x.y", 3, "arrays have the properties T, shape, ndim, size, mT, real, imag; a function is called, as x.y()"),
        ("", 1, "a formula ends with an expression, its result"),
        ("y = 3", 1, "a formula ends with an expression, its result"),
        ("x; y", 1, "only the last statement is a result; to give this a name write name = ..."),
        ("p = x; p = y; p", 8, "p already has a meaning"),
        ("p = 1; p: scalar; p", 8, "p already has a meaning"),
        ("y = x; x: vector; y", 8, "x is declared after it was used"),
        ("y = pi; pi: scalar; y", 9, "pi is declared after it was used"),
        ("y = x; x = 3; y", 8, "x is given a meaning after it was used"),
        ("x = x + 1; x", 1, "x is given a meaning after it was used"),
        ("x: vector; x: matrix; x", 12, "x is declared both vector and matrix"),
        ("f(x) = x^2; f(2)", 1, "only a name can be given a meaning; to compare write =="),
        ("a, b = x; a", 4, "2 names are given 1 meaning"),
        ("x + 1: scalar; x", 1, "only a name can be declared"),
        ("x: foo; x", 4, "there is no type foo; write scalar, vector, matrix, tensor or integer"),
        ("x: vectr; x", 4, "there is no type vectr; did you mean vector?"),
        ("x: matrix[2]; x", 4, "a matrix has 2 dimensions, not 1"),
        ("x: scalar[2]; x", 4, "a scalar has no dimensions, not 1"),
        ("x: tensor; x", 4, "a tensor needs its dimensions: tensor[2, 3, 4]"),
        ("x: vector[2.5]; x", 11, "a dimension is a name or an integer, not 2.5"),
        ("x: scalar > 0, < 0; x", 16, "no number satisfies these assumptions"),
        ("x: scalar, y > 0; x", 12, "this declaration is about x, not y"),
        ("x: scalar, 0 < y; x", 16, "this declaration is about x, not y"),
        ("x: scalar, positve; x", 12, "there is no assumption positve; did you mean positive?"),
        ("x: scalar == 2; x", 11, "an assumption compares with >, >=, <, <= or != 0"),
        ("x: scalar > 1/0; x", 13, "division by zero"),
        ("sin(x, y)", 1, "sin takes 1 argument, not 2"),
        ("where(x, y)", 1, "where takes 3 arguments, not 2"),
        ("sum(x, axes=0)", 8, "sum has no setting axes; did you mean axis?"),
        ("exp(t = 1)", 5, "exp has no setting t (to compare, write ==)"),
        ("sum(x, 0, axis=1)", 11, "sum gets axis twice"),
        ("sum(x, axis=1, axis=1)", 16, "sum gets axis twice"),
        ("sum(axis=0, x)", 5, "settings by name, such as axis=0, come after the other arguments (to compare, write ==)"),
        ("sum(x, axis=y)", 8, "a setting is a number, a text, True, False, None or a tuple of these"),
        ("(1, 2)", 2, "a tuple, a list or a text can only be a setting of a function, as in sum(X, axis=0)"),
        ("None", 1, "None can only be a setting of a function, as in sum(X, axis=0)"),
        ("pi(x)", 1, "pi is a constant, not a function; a product is written with *"),
        ("x..", 1, "`x..` belongs into rule files"),
        ("x + ...", 5, "`...` belongs into indices and rule files"),
        ("_", 1, "_ is not a name that a variable can have"),
        ("x²", 1, "x² is not a name that a variable can have"),
        ("1e999999999", 1, "a number has at most 4000 digits, those that its exponent stands for counted"),
        ("2 + 1e-9999999999", 5, "a number has at most 4000 digits, those that its exponent stands for counted"),
    ],
)
def test_errors(text: str, column: int, expected: str) -> None:
    assert message(text) == f"<formula>:1:{column}: {expected}\n  {text}\n  {' ' * (column - 1)}^"


def test_errors_of_functions_and_shapes() -> None:
    with pytest.raises(UnknownNameError, match=r"^<formula>:1:5: there is no function arcsinn; did you mean arcsin\?"):
        read("1 + arcsinn(x)", builtin_theory())
    with pytest.raises(UnknownNameError, match=r"^<formula>:1:12: x is a variable, not a function; a product is written with \*"):
        read("x: scalar; x(2)", builtin_theory())
    with pytest.raises(ShapeError, match=r"^<formula>:2:3: \+: shapes do not broadcast: matrix\[2, 3\] with vector\[2\]"):
        read("X: matrix[2, 3]; Y: vector[2]\nX + Y", builtin_theory())
    with pytest.raises(ShapeError, match=r"^<formula>:1:1: sum: axis 2 is out of bounds"):
        read("sum(X, axis=2)", builtin_theory(), {"X": "matrix"})


def test_errors_name_the_source_the_line_and_the_column() -> None:
    with pytest.raises(FormulaError) as caught:
        read("a = 1  # one\n\n\tb = (a + 1\n", builtin_theory(), source="model.txt")
    assert str(caught.value) == "model.txt:3:6: this `(` is never closed\n  \tb = (a + 1\n  \t    ^"
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (3, 6)
    with pytest.raises(FormulaError, match=r"^<formula>:1:4: expected an expression, but the line ends here"):
        read("x +\ny", builtin_theory())


def test_an_error_in_a_long_line_shows_the_part_around_it() -> None:
    shown = message("x + " * 1000 + "! + x" * 1000)
    assert len(shown) < 600
    assert shown.splitlines()[1][shown.splitlines()[2].index("^")] == "!"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scalar; y", "<type of x>:1:1: the type of x must be one declaration such as matrix[n, m] > 0"),
        ("matrix[n m]", "<type of x>:1:13: expected `,` or `]`, not `m`"),
        ("scalr", "<type of x>:1:4: there is no type scalr; did you mean scalar?"),
        ("", "<type of x>:1:3: expected a name, but the text ends here"),
    ],
)
def test_errors_of_types(text: str, expected: str) -> None:
    assert message("x", x=text).splitlines()[0] == expected


def test_a_type_needs_a_name() -> None:
    assert message("x", **{"a b": "scalar"}) == "'a b' is not a name that a variable can have"


def test_indexing_needs_an_operator_for_it() -> None:
    theory = Theory.parse("op f(x)")
    with pytest.raises(FormulaError, match=r"^<formula>:1:2: this theory names no operator for the role index"):
        read("x[0]", theory)
    with pytest.raises(UnknownNameError, match=r"^<formula>:1:3: this theory has no infix operator \+"):
        read("x + y", theory)
    with pytest.raises(FormulaError, match=r"^<formula>:1:3: an index is an integer, a slice such as 1:3, a list of integers, None or ..."):
        read("X[0.5]", Theory.parse(INDEXED))


def test_depth_of_what_is_wrong() -> None:
    depth = 20_000
    assert message("(" * depth).startswith(f"<formula>:1:{depth}: this `(` is never closed")
    assert message("(" * depth + "x" + ")" * (depth + 1)).startswith(f"<formula>:1:{2 * depth + 2}: this `)` closes nothing")
