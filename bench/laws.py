"""What each law does for the corpus: `python bench/laws.py [--every N] [--formulas FILE] [--remove]`.

For every law of the stages reduce and explore: its matches and the derivatives in which it matched at all. With `--remove`
each of these laws is taken out of the rules in turn and the derivatives in which it had matched are simplified again: the
operations that are lost without it, and the share of their processor time that is saved.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from corpus import CORPUS, formulas_of

import rewritegrad as rg
from rewritegrad.files import rule_files
from rewritegrad.term import variable_terms
from rewritegrad.theory import Theory

STAGES = ("reduce", "explore")
Case = tuple[str, dict[str, str], str]


def cases(entries: Iterable[dict[str, Any]]) -> list[Case]:
    """A derivative for each formula, by its variables in turn."""
    found = []
    for index, entry in enumerate(entries):
        names = [variable.value for variable in variable_terms(rg.parse(entry["formula"], types=entry["types"]))]
        if names:
            found.append((entry["formula"], entry["types"], names[index % len(names)]))
    return found


def without(law: str) -> Theory:
    """The built-in theory, one law left out."""
    texts = [path.read_text(encoding="utf-8") for path in rule_files()]
    text = re.sub(rf"^rule {re.escape(law)}:.*\n", "", "\n".join(texts), flags=re.MULTILINE)
    return rg.Theory.parse(text, base=None)


def measured(chosen: list[Case], theory: Theory) -> tuple[list[int], float, list[dict[str, int]]]:
    """Operations of each result, processor time in all, and the matches of the laws in each."""
    operations, matches, spent = [], [], 0.0
    for formula, types, variable in chosen:
        derivative = rg.diff(rg.parse(formula, theory, types), variable, simplify=False)
        start = time.process_time()
        found = rg.simplification(derivative)
        spent += time.process_time() - start
        operations.append(found.terms[0].count_ops())
        matches.append(found.matches())
    return operations, spent, matches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--formulas", type=Path)
    parser.add_argument("--remove", action="store_true")
    options = parser.parse_args()
    entries = formulas_of(options.formulas) if options.formulas else [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    chosen = cases(entries[:: options.every])
    theory = rg.Theory.builtin()
    operations, _, matches = measured(chosen, theory)
    rules = [rule.name for ruleset in theory.rulesets.values() if ruleset.stage in STAGES for rule in ruleset.rules]
    rules = [name for name in rules if name.replace("-", "").isalnum()]  # those that stand on a line of their own
    table = [(sum(name in m for m in matches), sum(m.get(name, 0) for m in matches), name) for name in rules]
    print(f"{len(chosen)} derivatives, {sum(operations)} operations; {sum(1 for row in table if not row[0])} of {len(rules)} laws never matched\n")
    print(f"{'law':26} {'derivatives':>11} {'matches':>8}" + (f" {'operations lost':>16} {'time saved':>11}" if options.remove else ""))
    for used, count, name in sorted(table, key=lambda row: (-row[0], row[2])):
        if not used:
            continue
        line = f"{name:26} {used:11} {count:8}"
        if options.remove:
            here = [case for case, m in zip(chosen, matches, strict=True) if name in m]
            other = without(name)
            measured(here, other)  # which compiles the matchers
            (before, spent, _), (after, less, _) = measured(here, theory), measured(here, other)
            line += f" {sum(after) - sum(before):16} {100 * (spent - less) / spent:10.0f}%"
        print(line, flush=True)
    print("\nnever: " + ", ".join(sorted(name for used, _, name in table if not used)))


if __name__ == "__main__":
    main()
