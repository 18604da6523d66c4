"""Value, gradient and Hessian of one function simplified together and apart: `python bench/together.py [--every N]`.

For functions of two to four scalar variables of tests/corpus.jsonl: the operations of all results together (what they share counted
once, in both cases), and the seconds of processor time; simplified one after the other, and as one list in one e-graph.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import process_time

import rewritegrad as rg
from rewritegrad.printer import operations

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus.jsonl"


def results(term: rg.Term) -> list[rg.Term]:
    """The value, the gradient and the upper half of the Hessian, as the rules write them."""
    names = term.variables
    gradient = [rg.diff(term, x, simplify=False) for x in names]
    return [term, *gradient, *[rg.diff(g, x, simplify=False) for i, g in enumerate(gradient) for x in names[i:]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=8, metavar="N", help="one formula of N")
    options = parser.parse_args()
    lines = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    print(f"{'operations':>10} {'apart':>6} {'together':>8} {'apart s':>8} {'together s':>10}   function")
    totals = [0.0] * 5
    count = 0
    for line in lines[:: options.every]:
        term = rg.parse(line["formula"], types=line.get("types") or {})
        if isinstance(term, tuple) or term.shape or not 2 <= len(term.variables) <= 4:
            continue
        wanted = results(term)
        rg.simplify(term)  # what is compiled when first needed is there
        start = process_time()
        apart = [rg.simplify(t) for t in wanted]
        between = process_time()
        together = rg.simplify(wanted)
        row = [operations(wanted), operations(apart), operations(together), between - start, process_time() - between]
        totals = [a + b for a, b in zip(totals, row, strict=True)]
        count += 1
        print(f"{row[0]:10} {row[1]:6} {row[2]:8} {row[3]:8.3f} {row[4]:10.3f}   {line['id']}", flush=True)
    print(f"{totals[0]:10.0f} {totals[1]:6.0f} {totals[2]:8.0f} {totals[3]:8.3f} {totals[4]:10.3f}   all {count}")


if __name__ == "__main__":
    main()
