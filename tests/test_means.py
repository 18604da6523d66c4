"""Operators that mean something else come back where they are shorter, and sizes that are known are numbers."""

from __future__ import annotations

import pytest

import rewritegrad as rg
from rewritegrad.check import check_rule
from rewritegrad.choosing import choices


@pytest.mark.parametrize(
    ("text", "types", "printed"),
    [
        ("sum(X)/size(X)", {"X": "vector"}, "mean(X)"),
        ("2*sum(X^2)*y/size(X^2)", {"X": "matrix"}, "2*y*mean(X^2)"),
        ("sum(X, axis=0)/size(X, axis=0)", {"X": "matrix"}, "mean(X, axis=0)"),
        ("(sum(X)/size(X))^2", {"X": "vector"}, "mean(X)^2"),
        ("size(X)/sum(X)", {"X": "vector"}, "1/mean(X)"),
        ("sum(X)/size(Y)", {"X": "vector", "Y": "vector"}, "sum(X)/size(Y)"),
        ("sum(X)*size(X)", {"X": "vector"}, "sum(X)*size(X)"),
    ],
)
def test_a_mean_is_written_as_one(text: str, types: dict[str, str], printed: str) -> None:
    assert rg.simplify(text, **types) is rg.simplify(printed, **types)
    assert rg.simplify(text, **types).count_ops() == rg.parse(printed, **types).count_ops()


def test_a_users_operator_is_chosen_too() -> None:
    theory = rg.Theory.parse("op ratio(x, y)   numpy np.divide   means sin(x) / cos(y)", base=rg.Theory.builtin())
    assert [c.op.name for c in theory.derived(choices)] == ["mean", "ratio"]
    assert str(rg.simplify("a*sin(t)/cos(u)", theory=theory)) == "a*ratio(t, u)"


@pytest.mark.parametrize(
    ("text", "shape", "value"),
    [("size(X)", "matrix[2, 3]", "6"), ("size(X, axis=1)", "matrix[2, 3]", "3"), ("size(X^2 + 1)", "vector[4]", "4"), ("size(X)", "scalar", "1")],
)
def test_a_known_size_is_a_number(text: str, shape: str, value: str) -> None:
    assert str(rg.simplify(text, X=shape)) == value


def test_gradients_of_means() -> None:
    assert str(rg.grad("mean(X^2)", "X", X="matrix[2, 3]")) == "X/3"
    assert str(rg.grad("mean(X^2)", "X", X="matrix")) == "2*X/size(X)"


@pytest.mark.parametrize("name", ["size-scaled", "size-power", "size-sum", "size-product"])
def test_the_laws_of_sizes_hold(name: str) -> None:
    theory = rg.Theory.builtin()
    (rule,) = [rule for ruleset in theory.rulesets.values() for rule in ruleset.rules if rule.name == name]
    assert check_rule(rule, theory, points=20).holds
