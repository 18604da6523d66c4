"""Large formulas are simplified in pieces: nothing is lost, nothing gets longer, what is shared stays shared."""

from __future__ import annotations

import math

import pytest

import rewritegrad as rg
from rewritegrad import anysize
from rewritegrad.anysize import simplify_all
from rewritegrad.limits import Limits
from rewritegrad.pieces import SEGMENT, UNIT, split
from rewritegrad.printer import operations
from rewritegrad.term import postorder
from rewritegrad.windows import Windows

CHAIN = "\n".join(["y0 = x", *(f"y{i + 1} = x*sin(y{i}) + x*cos(y{i}) + x*x/x" for i in range(120)), "y120"])
MINMAX = "x"
for i in range(1, 60):
    MINMAX = f"{('min', 'max')[i % 2]}({MINMAX}, sqrt((x - 0.{i})^2 + (y - 0.{60 - i})^2) - 0.{i}5)"


def _in_pieces(terms: list[rg.Term], **limits: object) -> list[rg.Term]:
    return simplify_all(terms, Limits(whole=0, **limits)).terms


def test_every_application_is_in_one_piece_and_pieces_use_earlier_ones() -> None:
    root = rg.diff(rg.parse(CHAIN), "x", simplify=False)
    pieces = split([root])
    nodes = [term for piece in pieces for term in piece.nodes]
    assert sorted(map(id, nodes)) == sorted(id(t) for t in postorder(root) if not t.op.leaf)
    known: set[rg.Term] = set()
    for piece in pieces:
        inside = set(piece.nodes)
        outside = {arg for term in piece.nodes for arg in term.args if not arg.op.leaf} - inside
        assert outside <= known
        known.update(piece.results)
        assert len(piece.nodes) <= SEGMENT + UNIT
    assert root in known


@pytest.mark.parametrize("text", [CHAIN, MINMAX])
def test_pieces_are_equal_to_the_input_and_shorter(text: str) -> None:
    term = rg.parse(text)
    derivative = rg.diff(term, "x", simplify=False)
    found = _in_pieces([term, derivative])
    assert operations(found) < 0.95 * operations([term, derivative])
    for x, y in ((0.3, 0.7), (-0.4, 0.4), (0.7, 1.5)):
        for before, after in zip([term, derivative], found, strict=True):
            assert math.isclose(rg.evaluate(after, x=x, y=y), rg.evaluate(before, x=x, y=y), rel_tol=1e-7)


def test_what_stands_in_for_a_part_keeps_its_facts() -> None:
    long = " + ".join(f"sin({i}*x)^2" for i in range(1, 40))  # not negative, by itself and as a variable that stands for it
    term = rg.parse(f"p = {long}\nq = 1 + p; sqrt(q^2) + log(exp(q)) + abs(q)*{'*'.join(f'cos({i}*q)' for i in range(60))}")
    (found,) = _in_pieces([term])
    assert not {t.op.name for t in postorder(found)} & {"abs", "sqrt", "log", "exp"}
    assert set(found.variables) == {"x"}


def test_a_zero_divisor_stays_one_behind_a_stand_in() -> None:
    zero_on_half = "(x + abs(x))" + "".join(f"*(2 + sin({i}*x))" for i in range(1, 30))
    term = rg.parse(f"p = {zero_on_half}; p/p + {' + '.join(f'exp({i}*p)' for i in range(60))}")
    (found,) = _in_pieces([term])
    assert math.isnan(rg.evaluate(found, x=-1.5))


def test_like_terms_of_a_wide_sum_are_found_across_pieces() -> None:
    (found,) = _in_pieces([rg.parse(" + ".join(f"{i}*x*sin(y)" for i in range(400)))])
    assert str(found) == f"{sum(range(400))}*x*sin(y)"


def test_a_deadline_that_is_over_gives_the_input() -> None:
    term = rg.parse(CHAIN)
    found = simplify_all([term], Limits(whole=0, seconds=0.0))
    assert found.terms == [term]
    assert found.stop_reason.value == "TimeLimit"


def _by_windows(term: rg.Term, size: int, monkeypatch: pytest.MonkeyPatch) -> rg.Term:
    for name, value in (("ENOUGH", math.inf), ("WALK", math.inf), ("SEGMENT", size)):
        monkeypatch.setattr(anysize, name, value)
    return simplify_all([term], Limits(seconds=60.0)).terms[0]


@pytest.mark.parametrize("size", [20, 200])
@pytest.mark.parametrize("text", [CHAIN, MINMAX])
def test_windows_are_equal_to_the_input_and_shorter(text: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    term = rg.diff(rg.parse(text), "x", simplify=False)
    found = _by_windows(term, size, monkeypatch)
    assert set(found.variables) == set(term.variables)
    assert operations([found]) < 0.99 * operations([term])
    for x, y in ((0.3, 0.7), (-0.4, 0.4), (0.7, 1.5)):
        assert math.isclose(rg.evaluate(found, x=x, y=y), rg.evaluate(term, x=x, y=y), rel_tol=1e-7)


def test_windows_put_together_unchanged_are_the_input() -> None:
    term = rg.diff(rg.parse(CHAIN), "x", simplify=False)
    windows, count = Windows([term], postorder(term)), 0
    while (window := windows.next(30)) is not None:
        count += 1
        assert windows.take(window, window.terms) == 0
    assert windows.is_done
    assert count > 10
    assert windows.terms() == [term]


def test_nothing_is_known_of_what_stands_for_the_terms_below_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    zero_on_half = "(x + abs(x))" + "".join(f"*(2 + sin({i}*x))" for i in range(1, 30))
    term = rg.parse(f"p = {zero_on_half}; q = exp(p + {'+'.join(f'cos({i}*p)' for i in range(9))}); p/p + abs(q) + sin(q)^2 + cos(q)^2")
    found = _by_windows(term, 8, monkeypatch)
    assert operations([found]) < operations([term])
    assert math.isnan(rg.evaluate(found, x=-1.5))
