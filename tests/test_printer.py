"""Terms as text: what is printed reads back as the same object, with no parentheses more than needed."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewritegrad.declarations import read_type
from rewritegrad.errors import ShapeError
from rewritegrad.latex import latex, name_latex
from rewritegrad.printer import count_ops, infix, theano_pp
from rewritegrad.reader import read
from rewritegrad.rulefile import Theory, builtin_theory
from rewritegrad.term import Term, make_term, variable_terms


@pytest.fixture(scope="module")
def theory() -> Theory:
    return builtin_theory()


def parse(text: str, **types: str) -> Term:
    term = read(text, builtin_theory(), types)
    assert isinstance(term, Term)
    return term


def reread(term: Term) -> Term:
    found = read(infix(term), term.theory, {v.value: v.detail for v in variable_terms(term)})
    assert isinstance(found, Term)
    return found


# ---- the round trip ----

TYPES = {"X": "matrix[n, m]", "Y": "matrix[n, m]", "v": "vector[m]", "t": "scalar > 0", "k": "integer", "pi": "scalar", "α": "scalar"}
LITERALS = ("0", "1", "2", "-2", "12", "0.5", "-0.5", "1e-5", "-1E5", ".5", "5.", "1.0", "007", "123456789012345678901234567890")
SETTINGS = (None, 0, 1, -1, (0, 1), (0,), (), True, False, "ij,jk->ik", "it's", Fraction(1, 8), Fraction(-5, 2))


@st.composite
def terms(draw: st.DrawFn, theory: Theory) -> Term:
    """A term grown step by step from a pool of leaves, so that parts are shared and every operator of the theory occurs."""
    pool = [theory.variable(name, read_type(type, name)) for name, type in TYPES.items()]
    pool += [theory.variable("x"), theory.variable("sin"), theory.boolean(True), theory.boolean(False)]
    pool += [theory.number(spelling) for spelling in LITERALS]
    pool += [make_term(op) for op in theory.operators if op.fixity == "constant"]
    operators = [op for op in theory.operators if op.parameters]
    written = [op for op in operators if op.fixity != "call"]
    for _ in range(draw(st.integers(1, 14))):
        op = draw(st.sampled_from(written if draw(st.booleans()) else operators))
        args = []
        for parameter in op.parameters:
            if parameter.attribute:
                args.append(theory.attribute(draw(st.sampled_from((parameter.default, *SETTINGS)))))
            else:
                recent = draw(st.booleans())
                args.append(draw(st.sampled_from(pool[-4:] if recent else pool)))
        try:
            pool.append(make_term(op, tuple(args)))
        except ShapeError:
            continue
    return pool[-1]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_is_printed_reads_back_as_the_same_object(data: st.DataObject) -> None:
    term = data.draw(terms(builtin_theory()))
    assert reread(term) is term


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_same_with_indices(data: st.DataObject) -> None:
    theory = builtin_theory()
    array = data.draw(terms(theory))
    bound = st.none() | st.integers(-3, 3)
    place = st.integers(-3, 3) | st.tuples(st.just("slice"), bound, bound, bound)
    places = tuple(data.draw(st.lists(place, min_size=1, max_size=3)))
    try:
        term = theory.make(theory.role("index"), (array, theory.attribute(places)))
    except ShapeError:
        return
    assert reread(term) is term
    assert reread(-(term**2)) is -(term**2)


SQUARE = "matrix[n, n]"


def square(theory: Theory) -> list[Term]:
    """Three variables that every operator takes."""
    return [theory.variable(name, read_type(SQUARE, name)) for name in "xyz"]


def test_precedences_are_those_of_the_grammar(theory: Theory) -> None:
    """Every operator between or before its arguments within every other, on either side."""
    x, y, z = square(theory)
    written = [op for op in theory.operators if op.fixity in ("infix", "prefix")]
    assert len(written) > 12
    for outer, inner in product(written, repeat=2):
        part = make_term(inner, (x, y)[: inner.arity])
        for args in [(part, z)[: outer.arity], (z, part)[-outer.arity :]]:
            term = make_term(outer, args)
            assert reread(term) is term, infix(term)


def test_no_parentheses_could_be_left_out(theory: Theory) -> None:
    x, y, z = square(theory)
    leaves = [theory.number("-2"), theory.number("2")]
    written = [op for op in theory.operators if op.fixity in ("infix", "prefix")]
    for outer, inner in product(written, repeat=2):
        part = make_term(inner, (x, y)[: inner.arity])
        literals = [] if outer.name == "@" else [(leaf, z)[: outer.arity] for leaf in leaves]
        for args in [(part, z)[: outer.arity], (z, part)[-outer.arity :], *literals]:
            term = make_term(outer, args)
            text = infix(term)
            if "(" in text:
                bare = text.replace("(", "").replace(")", "")
                try:
                    found = read(bare, theory, {"x": SQUARE, "y": SQUARE, "z": SQUARE})
                except ValueError:
                    continue
                assert found is not term, text


@pytest.mark.parametrize(
    "text",
    """x^2 + sin(x)*y|-x^2|(-x)^2|(-2)^2|-2^2|2 - -3|-(2)|--2|a - (b - c)|a - b - c|a/(b/c)|a/b/c|a*(b/c)|a*b/c|2^3^2|(2^3)^2|2^-x|2^-x^y
    |(2^-x)^y|2^-1*x|-x*y|-(x*y)|x*-2|a + -b|(a < b) == (c < d)|not (a and b)|not a and b|(not a) == b|a and (b or c)|a or b and c|1/2*x|(1/2)^x
    |x^(1/2)|x^0.5|exp(-x)|max(max(a, b), c)|where(x > 0, log(x), 0)|1e-5*x|.5|True|pi*pi^2|D(sin(x^2), x)""".replace("\n", "").split("|"),
)
def test_printing_is_the_shortest_spelling(text: str) -> None:
    assert infix(parse(text.strip())) == text.strip()


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("sum(X, axis=None)", "sum(X)"),
        ("sum(X, 0)", "sum(X, axis=0)"),
        ("sum(X, keepdims=True, axis=(0, 1))", "sum(X, axis=(0, 1), keepdims=True)"),
        ("X.T @ X", "transpose(X) @ X"),
        ("((x)) ** (y)", "x^y"),
        ("add(x, pow(y, 2))", "x + y^2"),
        ("a+b*( c )", "a + b*c"),
    ],
)
def test_one_spelling_for_several(text: str, printed: str) -> None:
    assert infix(parse(text, X="matrix")) == printed


def test_indices() -> None:
    for text in ("X[0]", "X[-1, 2]", "X[:, 0]", "X[1:]", "X[:-1, ::2]", "X[1:5:2][0]", "(X + 1)[0]", "-X[0]", "X[0]^2", "(-X)[0]", "sin(X)[0]"):
        assert infix(parse(text, X="tensor[9, 9, 9]")) == text


def test_other_values_of_numbers() -> None:
    theory = builtin_theory()
    x = theory.variable("x")
    assert infix(theory.number(Fraction(-1, 3)) * x) == "-1/3*x"
    third = theory.number(Fraction(1, 3), "1/3")
    assert infix(third**x) == "(1/3)^x"
    assert infix(theory.lift(0.1) + x) == "0.1 + x"


def test_a_constant_beside_a_variable_of_its_name(theory: Theory) -> None:
    term = theory.variable("pi") + theory.apply("pi")
    assert infix(term) == "pi + pi()"
    assert reread(term) is term
    assert infix(parse("pi() + 1")) == "pi + 1"


# ---- programs ----


def chain(length: int, theory: Theory) -> Term:
    term = theory.variable("x")
    for _ in range(length):
        term = term * term
    return term


def test_a_much_shared_term_is_a_program(theory: Theory) -> None:
    assert infix(chain(3, theory)) == "x*x*(x*x)*(x*x*(x*x))"
    term = chain(12, theory)
    text = infix(term)
    assert text.startswith("t1 = x*x; t2 = t1*t1; ")
    assert text.endswith("; t11*t11")
    assert reread(term) is term
    assert count_ops(term) == 12


def test_names_of_a_program_collide_with_nothing(theory: Theory) -> None:
    term = chain(12, theory) + theory.variable("t1") + theory.variable("t3") ** 2
    text = infix(term)
    assert text.startswith("t2 = x*x; t4 = t2*t2; ")
    assert reread(term) is term


def test_a_large_tree_is_no_program(theory: Theory) -> None:
    term = theory.variable("x")
    for i in range(1500):
        term = theory.apply("sin", term) + i
    assert "=" not in infix(term)
    assert reread(term) is term


@pytest.mark.parametrize("length", [10**5])
def test_programs_of_any_length(theory: Theory, length: int) -> None:
    term = chain(length, theory)
    assert infix(term).count(";") == length - 1
    assert theano_pp(term).count(";") == length - 1
    assert latex(term).count("&=") == length - 1
    assert count_ops(term) == length


# ---- counting ----


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("x", 0),
        ("pi", 0),
        ("-2", 0),
        ("-(2)", 1),
        ("1/2", 1),
        ("-x", 1),
        ("x^2 + x^2", 2),
        ("sin(x)*sin(x)", 2),
        ("sum(X, axis=0)", 1),
        ("a - b - c", 2),
        ("x < y and y < z", 3),
        ("1.5*x^-2", 2),
    ],
)
def test_operations(text: str, operations: int) -> None:
    assert parse(text, X="matrix").count_ops() == operations


# ---- Theano's pp ----


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("fill(x^2, 1.0)*2*x^(2 - 1)", "((fill((x ** 2), 1.0) * 2) * (x ** (2 - 1)))"),
        ("exp(-x)", "exp((-x))"),
        ("not x < -1", "(not (x < -1))"),
        ("X @ transpose(X)", "(X @ transpose(X))"),
        ("sum(X, axis=0) / 2", "(sum(X, axis=0) / 2)"),
        ("1/3 + 1e-5", "((1 / 3) + 1e-5)"),
    ],
)
def test_pp(text: str, printed: str) -> None:
    assert theano_pp(parse(text, X="matrix")) == printed


def test_pp_with_floats() -> None:
    assert theano_pp(parse("2*x - 1/4"), floats=True) == "((2.0 * x) - (1.0 / 4.0))"


# ---- LaTeX ----


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("x^2/(1 + x)", r"\frac{x^{2}}{1 + x}"),
        ("(x/y)^2", r"\left(\frac{x}{y}\right)^{2}"),
        ("sqrt(x)^2*y", r"\sqrt{x}^{2} y"),
        ("exp(-x)^2", r"\left(e^{-x}\right)^{2}"),
        ("exp(-x)*2", r"e^{-x} \cdot 2"),
        ("2*3^x", r"2 \cdot 3^{x}"),
        ("2*(x + 1)", r"2 \left(x + 1\right)"),
        ("x*-2", r"x \left(-2\right)"),
        ("x - -2", r"x - \left(-2\right)"),
        ("abs(x + 1)", r"\left|{x + 1}\right|"),
        ("sin(2*pi*nu_0)", r"\sin\left(2 \pi \nu_{0}\right)"),
        ("sigmoid(x)", r"\sigma\left(x\right)"),
        ("asin(x)", r"\arcsin\left(x\right)"),
        ("transpose(X + Y) @ X", r"\left(X + Y\right)^{\mathsf{T}} X"),
        ("transpose(transpose(X))", r"\left(X^{\mathsf{T}}\right)^{\mathsf{T}}"),
        ("sum(X, axis=0)", r"\operatorname{sum}\left(X, axis=0\right)"),
        ("x <= 1 and not y == 2", r"x \le 1 \wedge \neg y = 2"),
        ("where(x > 0, 1, 2)", r"\begin{cases} {1} & \text{if } {x > 0} \\ {2} & \text{otherwise} \end{cases}"),
        ("1.5e-3*x", r"1.5 \cdot 10^{-3} x"),
        ("x*1e5", r"x \left(1 \cdot 10^{5}\right)"),
        ("D(x^2, x)", r"\frac{d}{d {x}}\left[{x^{2}}\right]"),
        ("x^y^z", r"x^{y^{z}}"),
        ("(x^y)^z", r"\left(x^{y}\right)^{z}"),
        ("-(x + y)", r"-\left(x + y\right)"),
        ("--x", r"-\left(-x\right)"),
    ],
)
def test_latex(text: str, printed: str) -> None:
    assert latex(parse(text, X="matrix[n, n]", Y="matrix[n, n]")) == printed


def test_latex_of_a_program(theory: Theory) -> None:
    text = latex(chain(12, theory))
    assert text.startswith(r"\begin{aligned} t_{1} &= x x \\ t_{2} &= t_{1} t_{1} \\ ")
    assert text.endswith(r"\\ & t_{11} t_{11} \end{aligned}")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("x_1", "x_{1}"),
        ("Gamma", r"\Gamma"),
        ("beta2", r"\beta_{2}"),
        ("k_B", "k_{B}"),
        ("v_max", r"v_{\mathrm{max}}"),
        ("learning_rate", r"\mathrm{learning}_{\mathrm{rate}}"),
        ("a_b_c", r"a_{\mathrm{b\_c}}"),
        ("_x", r"\mathrm{\_x}"),
    ],
)
def test_latex_of_names(name: str, printed: str) -> None:
    assert name_latex(name) == printed
