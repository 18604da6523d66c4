"""Values and first two derivatives of elementary and special functions at ordinary points, edges and far out: special_values.txt,
which make_special_values.py wrote from mpmath alone."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

import rewritegrad as rg

LINES = [
    line.split(" | ")
    for line in (Path(__file__).parent / "special_values.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
FORMULAS = {formula: list(rows) for formula, rows in groupby(LINES, key=lambda row: row[0])}
TOLERANCES = (1e-13, 1e-12, 1e-11)
FIRST = ("log(erfc(x))", "log(i0(x))", "log(exp(x) + exp(2*x))")
"""Of these the second derivative has no stable form far out; logerfc, logi0 and logaddexp have all."""


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("simplify", [True, False], ids=["simplified", "as written"])
def test_values_and_derivatives(formula: str, simplify: bool) -> None:
    orders = (1, 2) if simplify and formula not in FIRST else (1,)
    terms = [rg.parse(formula), *(rg.diff(formula, *["x"] * order, simplify=simplify) for order in orders)]
    compiled = rg.function(["x"], terms)
    for _, x, *wanted in FORMULAS[formula]:
        with np.errstate(all="ignore"):
            found = [float(value) for value in compiled(float(x))]
        references = [float(reference) for reference in wanted]
        for term, value, expected, further, tolerance in zip(terms, found, references, references[1:], TOLERANCES, strict=False):
            rounding = 2.0**-51 * abs(float(x) * further)  # what an argument that is off by a unit or two does
            right = value == expected or abs(value - expected) <= tolerance * abs(expected) + rounding + 1e-300
            assert right, f"{term} at {x} is {value}, not {expected}"
