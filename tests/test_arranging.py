"""Compiled functions compute array formulas in the order that takes least time for the declared sizes."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg
from rewritegrad.costs import NOMINAL, entries, time_of
from rewritegrad.term import postorder


def _output(text: str, **types: str) -> Any:
    term = rg.parse(text, **types)
    return rg.function(list(term.variables), term).outputs[0]


@pytest.mark.parametrize(
    ("text", "types", "wanted"),
    [
        ("(A @ B) @ v", {"A": "matrix[n, m]", "B": "matrix[m, k]", "v": "vector[k]"}, "A @ (B @ v)"),
        ("v @ (A @ B)", {"A": "matrix[n, m]", "B": "matrix[m, k]", "v": "vector[n]"}, "v @ A @ B"),
        ("A @ (B @ C)", {"A": "matrix[10, 100]", "B": "matrix[100, 5]", "C": "matrix[5, 50]"}, "A @ B @ C"),
        ("A @ B @ C", {"A": "matrix[50, 5]", "B": "matrix[5, 100]", "C": "matrix[100, 10]"}, "A @ (B @ C)"),
        ("A @ B @ C @ D", {"A": "matrix[10, 100]", "B": "matrix[100, 5]", "C": "matrix[5, 50]", "D": "matrix[50, 1]"}, "A @ (B @ (C @ D))"),
        ("A @ B @ v", {"A": "matrix[n, 2]", "B": "matrix[2, k]", "v": "vector[k]"}, "A @ (B @ v)"),
        ("sum(A @ B)", {"A": "matrix[n, m]", "B": "matrix[m, k]"}, "sum(A, axis=0) @ sum(B, axis=1)"),
    ],
)
def test_the_order_follows_from_the_shapes(text: str, types: dict[str, str], wanted: str) -> None:
    assert str(_output(text, **types)) == wanted


def test_chains_take_the_best_order() -> None:
    draw = random.Random(5)
    for _ in range(6):
        sizes = [draw.choice([2, 3, 5, 20, 50, 200]) for _ in range(6)]

        @cache
        def least(i: int, j: int) -> int:
            """The multiplications of the best order of the matrices i to j."""
            return 0 if i == j else min(least(i, k) + least(k + 1, j) + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j))  # noqa: B023 - called before the next sizes are drawn

        names = "ABCDE"
        types = {name: f"matrix[{sizes[i]}, {sizes[i + 1]}]" for i, name in enumerate(names)}
        found = _output(" @ ".join(names), **types)
        products = [t for t in postorder(found) if t.op.name == "@"]
        assert sum(t.args[0].shape[0] * t.args[0].shape[1] * t.args[1].shape[1] for t in products) == least(0, 4)


def test_what_is_arranged_has_the_same_value() -> None:
    draw = np.random.default_rng(0)
    a, b, v = draw.normal(size=(4, 3)), draw.normal(size=(3, 5)), draw.normal(size=5)
    term = rg.parse("sum(A @ B) + sum((A @ B) @ v)", A="matrix[n, m]", B="matrix[m, k]", v="vector[k]")
    f = rg.function(["A", "B", "v"], term)
    assert time_of(f.outputs) < time_of([term])
    np.testing.assert_allclose(f(a, b, v), (a @ b).sum() + (a @ b @ v).sum())


def test_named_dimensions_have_a_nominal_size() -> None:
    assert entries(("n", 3)) == 3 * NOMINAL
    assert entries(()) == 1


def test_scalar_formulas_stay_as_they_are() -> None:
    assert str(_output("x*y + x*z")) == "x*(y + z)"


def test_what_a_kernel_runs_over_is_a_dimension_of_its_signature() -> None:
    with pytest.raises(rg.RuleFileError, match="no dimension q"):
        rg.Theory.parse('op f(A, B)  numpy np.matmul  cost 1 over "q"   shape "(n, k), (k, m) -> (n, m)"   constant A, B\n')
