"""Operators that are associative and not commutative: the laws that the loader makes for them."""

from __future__ import annotations

import pytest

import rewritegrad as rg
from rewritegrad.check import check_rule

MATRICES = {"A": "matrix", "B": "matrix", "C": "matrix", "D": "matrix", "u": "vector", "v": "vector"}


def laws(theory: rg.Theory) -> dict[str, tuple[str, list[str]]]:
    """The generated laws: stage and conditions by name."""
    return {
        rule.name: (ruleset.stage, [c.word for c in rule.conditions])
        for ruleset in theory.rulesets.values()
        for rule in ruleset.rules
        if ruleset.name.startswith("associativity")
    }


def test_matrix_products_have_their_law_both_ways_and_it_holds() -> None:
    theory = rg.Theory.builtin()
    products = {name: law for name, law in laws(theory).items() if "@" in name}
    assert products == {"associativity of @": ("explore", ["matrix"]), "associativity of @~": ("explore", ["matrix"])}
    for rule in theory.rulesets["associativity of @"].rules:
        verdict = check_rule(rule, theory, points=20)
        assert verdict.holds, verdict


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A @ B @ C @ D", "A @ (B @ (C @ D))"),
        ("A @ B @ v", "A @ (B @ v)"),
        ("u @ A @ v", "u @ (A @ v)"),
        ("u @ A @ B", "u @ (A @ B)"),
    ],
)
def test_both_groupings_are_one_class(one: str, other: str) -> None:
    graph = rg.EGraph(rg.Theory.builtin())
    i, j = graph.add_all([rg.parse(one, **MATRICES), rg.parse(other, **MATRICES)])
    assert graph.run(["associativity of @"]).stop_reason.value == "Saturated"
    assert graph.equal(i, j)


def test_a_vector_in_the_middle_does_not_associate() -> None:
    # u @ v is a number for vectors, and A @ u a vector: (A @ u) @ B is another thing than A @ (u @ B)
    types = {"A": "matrix[2, 2]", "B": "matrix[2, 2]", "u": "vector[2]"}
    assert rg.equal("(A @ u) @ B", "A @ (u @ B)", **types) is False


def test_an_operator_without_shapes_is_associative_without_conditions() -> None:
    theory = rg.Theory.parse("op then(x, y)   is associative\nop F(x)")
    assert laws(theory) == {"associativity of then": ("explore", []), "associativity of then~": ("explore", [])}
    assert rg.equal("then(then(x, F(y)), z)", "then(x, then(F(y), z))", theory=theory)


def test_settings_stay_what_they_are() -> None:
    theory = rg.Theory.parse("op join(x, y, axis=0)   is associative")
    assert rg.equal("join(join(x, y, 1), z, 1)", "join(x, join(y, z, 1), 1)", theory=theory)
    assert rg.equal("join(join(x, y, 1), z, 0)", "join(x, join(y, z, 0), 1)", theory=theory) is None


def test_a_grouping_is_left_as_written_where_no_other_is_shorter() -> None:
    assert str(rg.simplify("A @ B @ v", **MATRICES)) == "A @ B @ v"
    assert str(rg.simplify("A @ (B @ v)", **MATRICES)) == "A @ (B @ v)"
    assert str(rg.simplify("u @ (A @ B @ v) * (u @ A @ (B @ v))", **MATRICES)).count("@") == 3
