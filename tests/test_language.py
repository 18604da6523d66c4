"""The language of formulas: what texts mean."""

from __future__ import annotations

import pickle
import sys
from fractions import Fraction

import pytest

from rewritegrad.declarations import read_type, type_text
from rewritegrad.errors import RuleFileError
from rewritegrad.printer import infix
from rewritegrad.reader import read
from rewritegrad.rulefile import Theory, builtin_theory
from rewritegrad.syntax import first_token, fold, parse_tree, trees
from rewritegrad.term import Term, postorder
from rewritegrad.theory import Type


def parse(text: str, **types: str | Type) -> Term:
    term = read(text, builtin_theory(), types)
    assert isinstance(term, Term)
    return term


def structure(term: Term) -> str:
    """A term written with every operator as a call."""
    done: dict[Term, str] = {}
    for t in postorder(term):
        if t.op.leaf:
            done[t] = repr(t.value) if t.op.leaf == "attribute" else str(t.value if t.op.leaf != "number" else t.detail)
        else:
            done[t] = f"{t.op.name}({', '.join(done[a] for a in t.args)})"
    return done[term]


# ---- what expressions mean ----


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a or b and not c", "or(a, and(b, not(c)))"),
        ("not a == b", "not(==(a, b))"),
        ("a + 1 < b*2", "<(+(a, 1), *(b, 2))"),
        ("a - b + c", "+(-(a, b), c)"),
        ("a*b/c", "/(*(a, b), c)"),
        ("-x^2", "-(^(x, 2))"),
        ("-x*y", "*(-(x), y)"),
        ("x**-y**2", "^(x, -(^(y, 2)))"),
        ("2^3^2", "^(2, ^(3, 2))"),
        ("2^-x", "^(2, -(x))"),
        ("-2", "-2"),
        ("- 2", "-2"),
        ("-2^2", "-(^(2, 2))"),
        ("(-2)^2", "^(-2, 2)"),
        ("-(2)", "-(2)"),
        ("--2", "-(-2)"),
        ("a - 2", "-(a, 2)"),
        ("a -2", "-(a, 2)"),
        ("a - -2", "-(a, -2)"),
        ("-2*x", "*(-2, x)"),
        ("2^-2", "^(2, -2)"),
        ("12 + .5 + 1e-5 + 3.", "+(+(+(12, .5), 1e-5), 3.)"),
        ("True or False", "or(True, False)"),
        ("max(a, b, c)", "max(max(a, b), c)"),
        ("pow(x, 2)", "^(x, 2)"),
        ("ln(x)", "log(x)"),
        ("pi*r^2", "*(pi(), ^(r, 2))"),
        ("D(sin(x), x)", "D(sin(x), x)"),
        ("gamma + S + D", "+(+(gamma, S), D)"),
        ("cost + unit*is + d/dx", "+(+(cost, *(unit, is)), /(d, dx))"),
        ("orange and android", "and(orange, android)"),
        ("sum(X)", "sum(X, None, False)"),
        ("sum(X, 0, True)", "sum(X, 0, True)"),
        ("sum(X, axis=(0, -1), keepdims=True,)", "sum(X, (0, -1), True)"),
        ("sum(X=X, axis=0)", "sum(X, 0, False)"),
        ("X.T @ v", "@(transpose(X), v)"),
    ],
)
def test_expressions(text: str, meaning: str) -> None:
    assert structure(parse(text, X="matrix", v="vector")) == meaning


def test_equal_formulas_are_one_object() -> None:
    assert parse("x + 2*y") is parse("  (x) + (2*y)  # a comment")
    assert parse("x + 1") is not parse("x + 1.0")
    assert parse("x").value == "x"


def test_literals_are_exact() -> None:
    assert parse("0.1").value == Fraction(1, 10)
    assert parse("1e3").value == 1000
    assert parse("-1e-2").value == Fraction(-1, 100)
    assert isinstance(parse("5.0").value, int)


def test_names_are_pythons() -> None:
    assert parse("α + lambda + _x1").variables == ("α", "lambda", "_x1")
    assert parse("µ") is parse("μ"), "the micro sign is mu, as in Python"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("X[0]", (0,)),
        ("X[-1, 2]", (-1, 2)),
        ("X[1:]", (("slice", 1, None, None),)),
        ("X[:, 0]", (("slice", None, None, None), 0)),
        ("X[::2, 1:3]", (("slice", None, None, 2), ("slice", 1, 3, None))),
    ],
)
def test_indices(text: str, places: object) -> None:
    term = parse(text, X="matrix")
    assert term.op is builtin_theory().role("index")
    assert term.args[1].value == places


# ---- programs ----


def test_a_program() -> None:
    text = """
        # logistic regression
        X: matrix[n, m];  w: vector[m]
        p = 1 / (1 + exp(-(X @ w)))   # a name for a subterm

        sum(p * (1 - p)), sum(
            p
        )
    """
    found = read(text, builtin_theory(), {})
    assert isinstance(found, tuple)
    assert [infix(term) for term in found] == ["sum(1/(1 + exp(-(X @ w)))*(1 - 1/(1 + exp(-(X @ w)))))", "sum(1/(1 + exp(-(X @ w))))"]
    assert found[0].args[0].shape == ("n",)


def test_statements_may_be_separated_in_any_way() -> None:
    assert parse(";;\n a = x;\n\n;a^2;\n") is parse("x^2")
    assert parse("a = (x +\r\n  y)\r\na") is parse("x + y")


def test_a_program_may_use_the_name_of_a_constant() -> None:
    assert parse("pi: scalar; pi").op.leaf == "variable"
    assert parse("pi = 3; pi^2") is parse("3^2")
    assert parse("pi", pi="scalar").op.leaf == "variable"


def test_several_names_are_declared_at_once() -> None:
    term = parse("x, y: scalar > 0; x*y")
    assert [t.detail for t in postorder(term)[:2]] == [Type(lower=0, open_lower=True)] * 2


def test_a_program_may_repeat_what_is_declared_beside_it() -> None:
    assert parse("x: vector[3]; x: vector[3]; x", x="vector[3]").shape == (3,)
    assert parse("X: matrix; X", X="matrix") is parse("X", X="matrix")
    assert parse("p = x; p", p="vector") is parse("x"), "the program's own meaning counts"


# ---- types ----


@pytest.mark.parametrize(
    ("text", "type", "shown"),
    [
        ("scalar", Type(), "scalar"),
        ("real", Type(), "scalar"),
        ("scalar > 0", Type(lower=0, open_lower=True), "scalar > 0"),
        ("scalar >= 0", Type(lower=0), "scalar >= 0"),
        ("scalar < 0", Type(upper=0, open_upper=True), "scalar < 0"),
        ("scalar != 0", Type(nonzero=True), "scalar != 0"),
        ("scalar nonnegative", Type(lower=0), "scalar >= 0"),
        ("scalar, 0 < x < 1", Type(lower=0, upper=1, open_lower=True, open_upper=True), "scalar > 0, < 1"),
        ("scalar -1 <= x", Type(lower=-1), "scalar >= -1"),
        ("scalar, x > 0.5, x <= 3/2", Type(lower=Fraction(1, 2), upper=Fraction(3, 2), open_lower=True), "scalar > 1/2, <= 3/2"),
        ("scalar > 0, > -3, >= 0", Type(lower=0, open_lower=True), "scalar > 0"),
        ("integer", Type(integer=True), "integer"),
        ("integer > 0", Type(integer=True, lower=0, open_lower=True), "integer > 0"),
        ("scalar, integer", Type(integer=True), "integer"),
        ("vector", Type(shape=("x.0",)), "vector"),
        ("vector[3], integer", Type(shape=(3,), integer=True), "vector[3] integer"),
        ("matrix", Type(shape=("x.0", "x.1")), "matrix"),
        ("matrix[2, m] >= 0", Type(shape=(2, "m"), lower=0), "matrix[2, m] >= 0"),
        ("tensor[2, 3, 4]", Type(shape=(2, 3, 4)), "tensor[2, 3, 4]"),
    ],
)
def test_types(text: str, type: Type, shown: str) -> None:
    assert read_type(text, "x") == type
    assert type_text(type) == shown
    assert read_type(shown, "x") == type


# ---- rule files: the grammar alone ----


def test_a_block_is_one_logical_line() -> None:
    text = "# laws\nop f(x)   cost 1\n    # a comment\n\n  is odd\n\top = 1\n".replace("\top = 1\n", "")
    (block,) = trees(parse_tree(text, "rules", "f.rules"))
    assert [node.data for node in trees(block)] == ["call", "cost", "is"]
    tree = parse_tree("rule a: f(x) =>\n    x\n    if x > 1,\n    x < 2\nrule b: (\nx) => x", "rules", "f.rules")
    assert [str(first_token(node.children[1])) for node in trees(tree)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foo", "f.rules:1:1: expected a block (roles, op, def, ruleset, rule or reject), not `foo`"),
        ("op exp(x) kost 5", "f.rules:1:11: expected an operator, a field of the block or the end of the line, not `kost`; did you mean cost?"),
        ("op f(x)\n  cost", "f.rules:2:7: expected a number, but the text ends here"),
        ("op f(x)\ncost 4", "f.rules:2:1: expected a block (roles, op, def, ruleset, rule or reject), not `cost`"),
        ("rule a-b: x = y", "f.rules:1:13: expected an operator or `=>` or `<=>`, not `=`; to compare write =="),
        ("rule a: x => y iff z", "f.rules:1:16: expected an operator, `if` or the end of the line, not `iff`; did you mean if?"),
        ("rule a: x => (y\nrule b: x => y", "f.rules:1:14: this `(` is never closed"),
        ("ruleset a of b", "f.rules:1:11: expected `in`, not `of`"),
        ("op f(x) doc foo", "f.rules:1:13: expected a text in quotes, not `foo`"),
        ("op f(x)\n  d/dx", "f.rules:2:7: expected an expression, but the text ends here"),
    ],
)
def test_errors_of_rule_files(text: str, expected: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        parse_tree(text, "rules", "f.rules")
    assert str(caught.value).splitlines()[0] == expected


# ---- depth (bench/deep.py goes further, and measures) ----

DEPTH = 20_000


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("(" * DEPTH + "x" + ")" * DEPTH, 1),
        ("sin(" * DEPTH + "x" + ")" * DEPTH, DEPTH + 1),
        ("-" * DEPTH + "x", DEPTH + 1),
        ("^".join(["x"] * DEPTH), DEPTH),
        (" + ".join(f"x{i % 9}" for i in range(DEPTH)), DEPTH + 8),
    ],
    ids=["parentheses", "calls", "signs", "powers", "sums"],
)
def test_depth(text: str, size: int) -> None:
    assert sys.getrecursionlimit() <= 1000
    term = parse(text)
    assert len(postorder(term)) == size
    assert parse(infix(term)) is term


def test_storage_of_what_is_very_deep() -> None:
    term = parse("x")
    for _ in range(10**5):
        term = builtin_theory().apply("sin", term)
    assert pickle.loads(pickle.dumps(term)) is term


def test_fold_goes_from_below_and_from_the_left() -> None:
    seen: list[str] = []
    tree = parse_tree("f(a, b + c)[1:]", "formula", "f")
    fold(tree, lambda node, children: seen.append(str(node.data)))
    assert seen == ["name", "name", "name", "binary", "call", "number", "slice", "indexed", "results", "formula"]


# ---- storage ----


def test_pickled_terms_are_the_same_objects() -> None:
    term = parse("x: vector[n] > 0; k: integer; sum(where(x < 0.5, -1.0, k^2)*pi, axis=0) + 1e-5")
    assert pickle.loads(pickle.dumps(term)) is term
    assert pickle.loads(pickle.dumps([term, term.args[0]])) == [term, term.args[0]]
    assert pickle.loads(pickle.dumps(builtin_theory())) is builtin_theory()


def test_terms_of_other_theories_are_pickled_with_them() -> None:
    theory = Theory.parse('op twice(x)   numpy np.add   means x + x\n', base=builtin_theory())
    term = read("twice(x)^2", theory)
    assert pickle.loads(pickle.dumps(term)) is term
