"""Every partial derivative of the formulas of corpus.jsonl, right to 1e-9 at three points: as the rules wrote it, and simplified.

The references have 25 digits and were computed without rewritegrad (make_corpus.py). Entries with a field `tolerance` are
formulas of which float64 cannot do better: their own evaluation loses that much. One entry of FRACTION is simplified in the
default run, all of them in the slow one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rewritegrad as rg

FRACTION = 4
RTOL = 1e-9
ENTRIES: list[dict[str, Any]] = [json.loads(line) for line in (Path(__file__).parent / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]


def cases(entries: list[dict[str, Any]]) -> list[Any]:
    """The entries as parameters of a test."""
    return [pytest.param(e, id=e["id"]) for e in entries]


def check(entry: dict[str, Any], outputs: list[Any], simplify: bool) -> None:
    """The value and the derivatives (in the order of the types) at all points of an entry."""
    names = list(entry["types"])
    function = rg.function(names, outputs, simplify=simplify, types=entry["types"])
    rtol = entry.get("tolerance", RTOL)
    for point in entry["points"]:
        found = np.array([float(v) for v in function(*[float(point["at"][name]) for name in names])])
        wanted = np.array([float(point["value"]), *(float(point["grad"][name]) for name in names)])
        # where a derivative is exactly 0, or tiny because terms cancel, the others tell what rounding may leave
        rounding = 1e-14 * np.max(np.abs(wanted))
        wrong = ~(np.abs(found - wanted) <= rtol * np.abs(wanted) + rounding)
        labels = ["value", *(f"d/d{name}" for name in names)]
        assert not wrong.any(), f"{labels[int(np.argmax(wrong))]} of {entry['formula']} at {point['at']}: {found[wrong][0]} is not {wanted[wrong][0]}"


def test_the_corpus_is_large_and_documented() -> None:
    assert len(ENTRIES) >= 150
    assert len({e["id"] for e in ENTRIES}) == len(ENTRIES)
    for e in ENTRIES:
        assert e["source"]
        assert len(e["points"]) == 3
        assert e["types"].keys() == e["domain"].keys() == e["points"][0]["grad"].keys()
    assert sum("tolerance" in e for e in ENTRIES) <= 3


@pytest.mark.parametrize("entry", cases(ENTRIES))
def test_derivatives_as_the_rules_write_them(entry: dict[str, Any]) -> None:
    term = rg.parse(entry["formula"], types=entry["types"])
    names = list(entry["types"])
    gradient = rg.grad(term, names, simplify=False, disconnected_inputs="ignore")
    check(entry, [term, *gradient], simplify=False)
    check(entry, [term, *(rg.diff(term, name, simplify=False) for name in names)], simplify=False)


def simplified_derivatives(entry: dict[str, Any]) -> None:
    term = rg.parse(entry["formula"], types=entry["types"])
    derivatives = [rg.diff(term, name) for name in entry["types"]]
    check(entry, [rg.simplify(term), *derivatives], simplify=True)


@pytest.mark.parametrize("entry", cases(ENTRIES[::FRACTION]))
def test_simplified_derivatives(entry: dict[str, Any]) -> None:
    simplified_derivatives(entry)


@pytest.mark.slow
@pytest.mark.parametrize("entry", cases([e for i, e in enumerate(ENTRIES) if i % FRACTION]))
def test_simplified_derivatives_of_all_the_others(entry: dict[str, Any]) -> None:
    simplified_derivatives(entry)
