"""Conditions are answered yes only where facts prove them."""

from fractions import Fraction

import pytest

import rewritegrad as rg
from rewritegrad.conditions import WORDS, holds, word_function
from rewritegrad.errors import FormulaError
from rewritegrad.fact import Fact
from rewritegrad.facts import Facts
from rewritegrad.patterns import COMPARISONS, CONDITION_WORDS, GIVEN_ONLY
from rewritegrad.theory import Type

FACTS = Facts(rg.Theory.builtin())
PLUS, TIMES = FACTS.theory.role("sum"), FACTS.theory.role("product")
X = FACTS.variable("x")
POSITIVE = FACTS.variable("p", Type(lower=0, open_lower=True))
NONNEGATIVE = FACTS.variable("q", Type(lower=0))
NEGATIVE = FACTS.variable("n", Type(upper=0, open_upper=True))
UNIT = FACTS.variable("u", Type(lower=0, upper=1, open_lower=True, open_upper=True))
INTEGER = FACTS.variable("k", Type(integer=True))
NATURAL = FACTS.variable("m", Type(integer=True, lower=0))
APART = FACTS.variable("a", Type(nonzero=True))
VECTOR = FACTS.variable("v", Type(shape=("n",)))
MATRIX = FACTS.variable("A", Type(shape=("n", "m")))
SQUARE = FACTS.variable("B", Type(shape=("n", "n")))
TRUE = FACTS.boolean(True)
LOST = FACTS.apply(FACTS.theory.find("log", 1), [X])
ABS = FACTS.apply(FACTS.theory.find("abs", 1), [X])
ZERO_DIVISOR = FACTS.sum(PLUS, [(1, X), (1, ABS)])
AXIS = FACTS.attribute(0)


@pytest.mark.parametrize(
    ("word", "yes", "no"),
    [
        ("constant", [(2,), (TRUE,)], [(X,), (INTEGER,)]),
        ("number", [(2,), (Fraction(1, 3),)], [(X,), (TRUE,), (FACTS.apply(FACTS.theory.find("pi", 0), []),)]),
        ("integer", [(3,), (INTEGER,), (NATURAL,)], [(Fraction(1, 2),), (X,), (LOST,)]),
        ("not_integer", [(Fraction(1, 2),), (UNIT,)], [(3,), (X,), (INTEGER,), (LOST,), (TRUE,)]),
        ("positive", [(2,), (POSITIVE,), (UNIT,)], [(0,), (X,), (NONNEGATIVE,), (LOST,), (NATURAL,), (TRUE,)]),
        ("nonnegative", [(0,), (POSITIVE,), (NONNEGATIVE,), (NATURAL,)], [(X,), (NEGATIVE,), (LOST,)]),
        ("negative", [(-1,), (NEGATIVE,)], [(0,), (X,), (POSITIVE,), (LOST,)]),
        ("nonzero", [(1,), (X,), (POSITIVE,), (APART,), (LOST,)], [(0,), (ZERO_DIVISOR,)]),
        ("real", [(X,), (1,), (VECTOR,)], [(TRUE,), (AXIS,)]),
        ("boolean", [(TRUE,)], [(X,), (1,)]),
        ("analytic", [(X,), (LOST,), (2,)], [(ABS,), (ZERO_DIVISOR,)]),
        ("scalar", [(X,), (1,)], [(VECTOR,), (MATRIX,)]),
        ("vector", [(VECTOR,)], [(X,), (MATRIX,)]),
        ("matrix", [(MATRIX,)], [(X,), (VECTOR,)]),
        ("square", [(SQUARE,)], [(MATRIX,), (VECTOR,), (X,)]),
        ("symmetric", [], [(SQUARE,), (X,)]),
        (
            "powerable",
            [(POSITIVE, X), (X, 2), (X, NATURAL), (X, INTEGER), (APART, INTEGER), (NONNEGATIVE, POSITIVE), (X, -1)],
            [(X, Fraction(1, 2)), (X, X), (NONNEGATIVE, X), (ZERO_DIVISOR, -1), (LOST, Fraction(1, 2))],
        ),
        ("free_of", [(X, POSITIVE), (2, X)], [(X, X), (ABS, X)]),
        ("same_shape", [(X, 1), (VECTOR, VECTOR)], [(X, VECTOR), (MATRIX, SQUARE)]),
        ("between", [(UNIT, 0, 1), (0, 0, 0)], [(X, 0, 1), (UNIT, 0, Fraction(1, 2)), (LOST, -10, 10)]),
        ("=", [(2, 2), (TRUE, TRUE), (AXIS, FACTS.attribute(0)), (AXIS, 0)], [(X, X), (2, 3), (TRUE, 1), (AXIS, FACTS.attribute(False)), (AXIS, 1)]),
        ("!=", [(2, 3), (POSITIVE, NEGATIVE), (POSITIVE, 0), (X, 0), (0, APART), (AXIS, FACTS.attribute(1))], [(2, 2), (X, 1), (ZERO_DIVISOR, 0)]),
        ("<", [(1, 2), (NEGATIVE, 0), (UNIT, 1), (NEGATIVE, POSITIVE)], [(2, 2), (X, 5), (NONNEGATIVE, 5), (LOST, 5)]),
        ("<=", [(2, 2), (UNIT, 1), (0, NONNEGATIVE)], [(3, 2), (X, X)]),
        (">", [(2, 1), (POSITIVE, 0), (1, UNIT)], [(NONNEGATIVE, 0), (X, 0)]),
        (">=", [(2, 2), (NONNEGATIVE, 0)], [(NONNEGATIVE, 1), (X, 0)]),
    ],
)
def test_words(word: str, yes: list[tuple[Fact | int, ...]], no: list[tuple[Fact | int, ...]]) -> None:
    for args in yes:
        assert holds(FACTS, word, args) is True, args
    for args in no:
        assert holds(FACTS, word, args) is False, args


def test_every_word_of_the_language_has_its_function() -> None:
    assert set(WORDS) == {*CONDITION_WORDS, *COMPARISONS} - set(GIVEN_ONLY)
    assert word_function("positive") is WORDS["positive"]


def test_unknown_word() -> None:
    with pytest.raises(FormulaError, match="there is no condition purple"):
        word_function("purple")


def test_an_unsampled_value_is_not_nonzero() -> None:
    unknown = FACTS.apply(FACTS.theory.find("log", 1), [FACTS.number(-1)])
    assert not holds(FACTS, "nonzero", [unknown])
    assert not holds(FACTS, "powerable", [unknown, -1])
