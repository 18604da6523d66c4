"""The reference of the operators: it says what the op blocks say, and the pages in docs/ are what is generated."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

import rewritegrad as rg
from rewritegrad import cli, reference
from rewritegrad.patterns import Pattern
from rewritegrad.patterntext import condition_text, derivative_text, gives_text, pattern_text
from rewritegrad.rulepatterns import PatternReader
from rewritegrad.syntax import Source, parse_tree, trees
from rewritegrad.theory import Operator

DOCS = Path(__file__).resolve().parent.parent / "docs"
BUILTIN = rg.Theory.builtin()


def read_back(text: str, names: list[str]) -> Pattern:
    """The pattern of a formula in a rule file."""
    line = f"def reading({', '.join(names)}) = {text}\n"
    (block,) = trees(parse_tree(line, "rules", "<text>"))
    reader = PatternReader(BUILTIN, Source(line, "<text>"), names)
    reader.computes = True
    return reader.pattern(trees(block)[1])


@pytest.mark.parametrize("op", [op for op in BUILTIN.operators if op.derivatives or op.definition], ids=lambda op: op.name)
def test_what_a_block_says_reads_back(op: Operator) -> None:
    names = [*[p.name for p in op.parameters], *[s for s in ("g", "d") if s not in [p.name for p in op.parameters]]]
    for body in [d.body for d in op.derivatives] + ([op.definition] if op.definition is not None else []):
        assert read_back(pattern_text(body), names) == body


def test_laws_as_text() -> None:
    law = "a^n*x.. + ... => a^min(n..)*(a^(n - min(n..))*x.. + ...)  if number(n), min(n..) != 0"
    theory = rg.Theory.parse(f"ruleset r in reduce\nrule t: {law}\n", base=BUILTIN)
    (rule,) = theory.rulesets["r"].rules
    assert pattern_text(rule.left) == "a^n*x.. + ..." and pattern_text(rule.right) == "a^min(n..)*(a^(n - min(n..))*x.. + ...)"
    assert [condition_text(c) for c in rule.conditions] == ["number(n)", "min(n..) != 0"]


def test_lines_are_as_in_the_block() -> None:
    theory = rg.Theory.parse(
        "op F(x, y, axis=None)   needs positive(x), x < y   gives positive if nonzero(y), x < 2   gives < 2, between(x, y)   is odd\n"
        "    d/dx  F(-y, (x + 1)*y - (x - y), axis=axis) * (2*x)^(-1)   if positive(x)\n    pull y  g / (x / y)\n",
        base=BUILTIN,
    )
    (op,) = theory.named("F")
    assert [derivative_text(op, d) for d in op.derivatives] == [
        "d/dx  F(-y, (x + 1)*y - (x - y), axis=axis)*(2*x)^(-1) if positive(x)",
        "pull y  g/(x/y)",
    ]
    assert [condition_text(c) for c in op.needs] == ["positive(x)", "x < y"]
    assert [gives_text(g) for g in op.gives] == ["positive if nonzero(y), x < 2", "< 2", "between(x, y)"]


def test_entries_are_found_by_any_name() -> None:
    names = [entry.name for entry in reference.entries(BUILTIN, ["arctan"])]
    assert {"atan", "atan2"} <= set(names)
    (entry,) = [e for e in reference.entries(BUILTIN) if e.name == "log"]
    assert entry.domain == "positive(x)" and entry.derivatives == ("pull x  g/x",) and entry.sympy == "log"
    assert "ln" in entry.also and entry.source == "rules/elementary.rules" and entry.laws


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ops", "log1p"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("log1p(x)\n    doc         log(1 + x)") and "    domain      x > -1" in shown
    assert cli.main(["ops", "log1p", "--json"]) == 0
    (entry,) = [row for row in json.loads(capsys.readouterr().out)["result"] if row["name"] == "log1p"]
    assert {"name": "log1p", "kernel": "np.log1p", "domain": "x > -1"}.items() <= entry.items()
    assert cli.main(["ops"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["operator", "domain", "derivative", "NumPy", "SymPy", "also"] and len(lines) == len(BUILTIN.operators) + 1
    assert cli.main(["ops", "emperor"]) == 1
    assert "no operator emperor" in capsys.readouterr().err


def test_the_pages_are_what_is_generated() -> None:
    """`python docs/generate.py` writes them again, after every change of rules/."""
    for name, text in runpy.run_path(str(DOCS / "generate.py"))["pages"]().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is out of date: run python docs/generate.py"


@pytest.mark.parametrize("path", sorted((DOCS / "coverage").glob("*.txt")), ids=lambda path: path.stem)
def test_lists_of_other_systems_are_well_made(path: Path) -> None:
    _, parts = runpy.run_path(str(DOCS / "generate.py"))["read"](path.read_text(encoding="utf-8"))
    for part in parts:
        assert sorted(part.names) == sorted(set(part.names)), part.title
        assert set(part.called) <= set(part.names) and all(part.reasons), part.title
