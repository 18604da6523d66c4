"""Parts of large formulas that are alike: what is found for one holds for all that look the same, and for nothing else."""

from __future__ import annotations

import math

import rewritegrad as rg
from rewritegrad.alike import AGAIN, Alike, Part
from rewritegrad.anysize import simplify_all
from rewritegrad.limits import Limits
from rewritegrad.printer import operations
from rewritegrad.term import Term

THEORY = rg.Theory.builtin()


def chain(links: int, x: str = "x") -> str:
    """Links that are longer than they need to be, each over the one before."""
    return "\n".join([f"y0 = {x}", *(f"y{i + 1} = atan(y{i})*sin(y{i}) + y{i}*atan(y{i}) + 0.{i + 11}" for i in range(links)), f"y{links}"])


def by_parts(term: Term) -> Term:
    return simplify_all([term], Limits(whole=0)).terms[0]


def looked_at(terms: list[Term]) -> list[Part]:
    """The parts of terms that are looked at in one walk."""
    found: list[Part] = []

    def look(part: Part) -> Term:
        found.append(part)
        return part.top

    names = list(dict.fromkeys(name for term in terms for name in term.variables))
    assert Alike(THEORY, names, look).walk(terms, lambda: True) == terms
    return found


def test_one_link_of_a_chain_is_looked_at_for_all() -> None:
    parts = looked_at([rg.parse(chain(200))])
    assert len(parts) <= 6
    assert max(len(part.unknown) for part in parts) >= 2  # the link below, and the number


def test_what_is_found_stands_in_all_links() -> None:
    term = rg.parse(chain(60))
    found = by_parts(term)
    assert operations([found]) <= operations([term]) - 55
    assert math.isclose(rg.evaluate(found, x=-0.7), rg.evaluate(term, x=-0.7), rel_tol=1e-9)


def test_names_do_not_matter() -> None:
    first, second = (by_parts(rg.parse(chain(30, name))) for name in ("z", "part"))
    assert str(first).replace("z", "part") == str(second)


def test_numbers_that_laws_look_at_are_seen() -> None:
    powers = [rg.parse(f"sin(x{i})^{n}") for i in range(2 * AGAIN) for n in ("0.5", "1.5")]
    terms = [part.top for part in looked_at(powers)]
    assert [str(term.args[1]) for term in terms if term.op.name == "^"] == ["0.5", "1.5"]
    sums = [rg.parse(f"sin(x)*{i}.5 + {i}.5") for i in range(2 * AGAIN)]
    assert len([part for part in looked_at(sums) if part.unknown]) == 1


def test_two_numbers_side_by_side_are_seen() -> None:
    terms = [rg.parse(f"sin(x{i} + 0.25/2)") for i in range(AGAIN)]
    parts = looked_at(terms)
    assert parts
    assert not any(part.unknown for part in parts)


def test_nothing_is_supposed_of_what_lies_deeper() -> None:
    """x + abs(x) is zero on half of the line, deep below quotients that look like u/u."""
    zero_on_half = "tanh(sinh(tanh(x + abs(x))))"
    text = " + ".join(f"sin({i}*p/p)" for i in range(2, 3 * AGAIN))
    found = by_parts(rg.parse(f"p = {zero_on_half}; {text}"))
    assert math.isnan(rg.evaluate(found, x=-1.5))
    assert math.isclose(rg.evaluate(found, x=1.5), sum(math.sin(i) for i in range(2, 3 * AGAIN)), rel_tol=1e-9)


def test_a_deadline_is_looked_at() -> None:
    term = rg.parse(chain(60))
    asked: list[int] = []

    def go_on() -> bool:
        asked.append(1)
        return False

    assert Alike(THEORY, ["x"], lambda part: part.top).walk([term], go_on) == [term]
    assert asked
