"""Sums and products of many terms are collected and do not explode; polynomials come out in their shortest form."""

from __future__ import annotations

import pytest

import rewritegrad as rg


def test_like_terms_of_wide_sums_are_collected() -> None:
    assert str(rg.simplify(" + ".join(f"{i}*x" for i in range(200)))) == "19900*x"
    found = rg.simplify(" + ".join(f"{i}*x{i % 7}*y{i % 3}" for i in range(200)))
    assert found.count_ops() <= 60


def test_like_factors_of_wide_products_are_collected() -> None:
    assert str(rg.simplify(" * ".join("x^2*y" for _ in range(100)))) == "x^200*y^100"
    assert rg.simplify(" * ".join(f"(x{i % 7} + 1)^{i % 5}" for i in range(200))).count_ops() <= 20


def test_a_wide_sum_without_like_terms_fills_no_e_graph() -> None:
    found = rg.simplification(" + ".join(f"sin(x{i})*y{i % 11}" for i in range(200)))
    assert found.rows <= 1500


@pytest.mark.parametrize("text", ["(a + b + c + d)^6", "(a + b + c + d)^6 - (a + b + c + d)^5"])
def test_powers_of_sums_are_not_expanded_without_need(text: str) -> None:
    found = rg.simplification(text)
    assert found.terms[0].count_ops() == rg.parse(text).count_ops()
    assert found.rows <= 100


def test_a_difference_of_two_forms_vanishes() -> None:
    assert str(rg.simplify("x*(y + z) - x*y - x*z")) == "0"


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("x^3 + 3*x^2 + 3*x + 1", 2),  # factored
        ("x^2 + 2*x*y + y^2", 2),
        ("3*x^2 + 6*x + 3", 3),
        ("2*x^3 - 4*x^2 + 2*x", 4),
        ("x^2 - 6*x + 9", 2),
        ("a*x^3 + b*x^2 + c*x + d", 6),  # Horner
        ("x^2 - 5*x + 6", 3),
        ("(x - 1)*(x + 1)*(x^2 + 1)", 2),  # expanded
        ("(x + 1)*(x + 2)*(x + 3) - x^3 - 6*x^2 - 11*x", 0),
        ("(x + 1)^2 - (x - 1)^2", 1),
        ("(x + y)*(x - y) + y^2", 1),
        ("x^2 - 1", 2),
    ],
)
def test_polynomials_take_the_shorter_form(text: str, operations: int) -> None:
    assert rg.simplify(text).count_ops() == operations
