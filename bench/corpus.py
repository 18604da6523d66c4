"""Simplified derivatives beside SymPy's: `python bench/corpus.py --cache FILE`.

For every partial derivative of the formulas in tests/corpus.jsonl: the operations that rg.diff leaves and those that SymPy's
simplify(diff) leaves, both counted by count_ops. SymPy's symbols have the same assumptions; its result is read back by
rg.parse, once as it is and once with decimals for fractions where the formula has decimals, and the shorter one counts.
Where SymPy runs out of time (in a worker process) its unsimplified derivative counts, and is listed.

    --formulas FILE  the formulas of a text file instead, one a line as in bench/heldout.txt, which no law was chosen for; in
                     groups whose names start with "simplify" the formula itself is simplified, not its derivatives
    --patience S     SymPy's processor time for each answer, in seconds (20)
    --cache FILE     keep SymPy's answers there (they take half an hour; nothing is kept without it)
    --limit N        the first N formulas only;  --every N: one formula of N;  --only TEXT: those whose id contains it
    --cached         only derivatives whose answer is in the cache
    --list-losses    print the derivatives where SymPy's form is shorter, the greatest loss first
    --list-gains N   the N greatest gains
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sympy_answers import Answer, Answers, has_decimals, key_of

import rewritegrad as rg
from rewritegrad.errors import RewritegradError
from rewritegrad.term import Term, variable_terms
from rewritegrad.testing import to_sympy
from rewritegrad.testing.oracle import symbol

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus.jsonl"
_CALL = re.compile(r"([A-Za-z_]\w*)\(")


def read_sympy(text: str, types: dict[str, str]) -> Term:
    """SymPy's printed result as a term; functions that rewritegrad lacks become operators without a meaning (one operation each)."""
    builtin = rg.Theory.builtin()
    unknown = sorted({name for name in _CALL.findall(text) if not builtin.named(name)})
    theory = rg.Theory.parse("\n".join(f"op {name}(x)" for name in unknown) + "\n", base=builtin) if unknown else builtin
    return rg.parse(text, theory, types)


def formulas_of(path: Path) -> list[dict[str, Any]]:
    """The formulas of a text file: name | formula | variables that are positive | what it is; [group] before those of a group."""
    entries: list[dict[str, Any]] = []
    group = path.stem
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = line.strip("[] ")
        elif line and not line.startswith("#"):
            name, formula, positive, source = (part.strip() for part in line.split("|"))
            types = {v: "scalar > 0" if v in positive.split() else "scalar" for v in rg.parse(formula).variables}
            entries.append({"id": f"{group}/{name}", "formula": formula, "types": types, "source": source, "itself": group.startswith("simplify")})
    return entries


@dataclass(frozen=True)
class Row:
    """One derivative (or, where `variable` is empty, a formula itself): our simplified term and what it took, SymPy's shortest form."""

    formula: str
    types: dict[str, str]
    group: str
    variable: str
    ours: Term
    seconds: float
    rows: int
    theirs: str
    their_operations: int
    answer: Answer

    @property
    def operations(self) -> int:
        return self.ours.count_ops()

    @property
    def loss(self) -> int:
        return self.operations - self.their_operations


def sympy_form(answer: Answer, types: dict[str, str]) -> tuple[str, int]:
    """The shorter of SymPy's two texts, and its operations."""
    index = 1 if answer.timed_out else 0
    texts = dict.fromkeys([answer.derivative if answer.timed_out else answer.simplified, answer.decimals[index]])
    counted = [(read_sympy(text, types).count_ops(), text) for text in texts]
    operations, text = min(counted, key=lambda c: c[0])
    return text, operations


def rows_of(entry: dict[str, Any], answers: Answers, cached: bool) -> Iterable[Row]:
    """The derivatives of one formula, or the formula itself."""
    types: dict[str, str] = entry["types"]
    term: Term = rg.parse(entry["formula"], types=types)
    for variable in [None] if entry.get("itself") else variable_terms(term):
        name = variable.value if variable is not None else ""
        key = key_of(entry["formula"], types, name)
        if cached and not answers.has(key):
            continue
        start = time.process_time()
        found = rg.simplification(rg.diff(term, variable, simplify=False) if variable is not None else term)
        seconds = time.process_time() - start
        expr = None if answers.has(key) else to_sympy(term)
        by = symbol(name, variable.detail) if variable is not None else None
        answer = answers.ask(key, expr, by, has_decimals(entry["formula"]))
        theirs, operations = sympy_form(answer, types)
        yield Row(entry["formula"], types, entry["id"].split("/")[0], name, found.terms[0], seconds, found.rows, theirs, operations, answer)


def summary(name: str, rows: Sequence[Row]) -> str:
    """One line of the table."""
    not_worse = 100 * sum(r.loss <= 0 for r in rows) / len(rows)
    better = 100 * sum(r.loss < 0 for r in rows) / len(rows)
    times, theirs = [1000 * r.seconds for r in rows], [1000 * r.answer.seconds for r in rows]
    return (
        f"{name:12} {len(rows):5}  {statistics.mean(r.operations for r in rows):7.2f} {statistics.mean(r.their_operations for r in rows):7.2f}"
        f"  {not_worse:8.1f}% {better:7.1f}%  {statistics.mean(times):7.1f} {statistics.median(times):7.1f}"
        f"  {statistics.mean(theirs):8.1f} {statistics.median(theirs):7.1f}  {statistics.mean(r.rows for r in rows):7.0f}"
    )


HEADER = (
    f"{'':12} {'':5}  {'operations':>15}  {'not':>9} {'':>8}  {'ms':>15}  {'SymPy, ms':>16}\n"
    f"{'corpus':12} {'count':>5}  {'ours':>7} {'SymPy':>7}  {'worse':>9} {'better':>8}  {'mean':>7} {'median':>7}"
    f"  {'mean':>8} {'median':>7}  {'e-nodes':>7}"
)


def shortened(text: str, width: int = 400) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def show_rows(rows: Sequence[Row]) -> None:
    """Derivatives in full: the formula, both results, both counts."""
    for r in rows:
        declared = "; ".join(f"{name}: {text}" for name, text in r.types.items() if text != "scalar")
        print(f"\n{r.loss:+d}  {f'd/d{r.variable} of ' if r.variable else ''}{shortened(r.formula)}    {declared}")
        print(f"    ours  {r.operations:3}: {shortened(str(r.ours))}")
        print(f"    SymPy {r.their_operations:3}: {shortened(r.theirs)}{'   (unsimplified: out of time)' if r.answer.timed_out else ''}")


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--formulas", type=Path)
    parser.add_argument("--patience", type=float, default=20.0)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--cached", action="store_true")
    parser.add_argument("--list-losses", action="store_true")
    parser.add_argument("--list-gains", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = options(arguments)
    if chosen.formulas is None:
        entries = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    else:
        entries = formulas_of(chosen.formulas)
    entries = [e for e in entries if chosen.only in e["id"]][:: chosen.every][: chosen.limit]
    answers = Answers(chosen.cache, chosen.patience)
    rows: list[Row] = []
    failed: list[str] = []
    for entry in entries:
        try:
            rows.extend(rows_of(entry, answers, chosen.cached))
        except RewritegradError as error:
            failed.append(f"{entry['id']}: {error}")
    answers.close()
    if rows:
        print(HEADER)
        for group in dict.fromkeys(r.group for r in rows):
            print(summary(group, [r for r in rows if r.group == group]))
        print(summary("all", rows))
    late = [r for r in rows if r.answer.timed_out]
    if late:
        print(f"\nSymPy ran out of time {len(late)} times (its unsimplified derivative counts):")
        print("\n".join(f"    d/d{r.variable} of {shortened(r.formula, 100)}" for r in late))
    for line in failed:
        print(f"failed: {line}")
    if chosen.list_losses:
        show_rows(sorted((r for r in rows if r.loss > 0), key=lambda r: -r.loss))
    show_rows(sorted((r for r in rows if r.loss < 0), key=lambda r: r.loss)[: chosen.list_gains])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
