"""What a formula costs under rules that cannot match it: `python bench/rules.py [formulas]`.

The built-in theory is read together with 100, 400 and 1,600 more laws in the stages reduce and explore, of two kinds:
laws about operators that no formula has, and laws about sums, products, powers and functions that the formulas do have,
beside one that they have not. Formulas of tests/corpus_formulas.txt are read, differentiated, simplified and printed, under one
theory after the other in turn, warm. Printed are the medians of processor time for a formula, and the ratio to the theory as it is.
Answers must be the same under all of them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import mean, median

import rewritegrad as rg

ROOT = Path(__file__).resolve().parent.parent

SIZES = (0, 100, 400, 1600)

SHAPES = (
    "{f}(a) => {g}(a + 1)",
    "{f}(a) + {g}(b) => {f}(a + b)",
    "a^2 * {f}(b) => {g}(a*b)",
    "sin({f}(a)) * x.. => cos({g}(a)) * x..",
    "n*exp(a)*{f}(b)^2 + m*{g}(a) => n*{f}(a*b) + m*{g}(b)   if number(n), number(m)",
    "log(a * {f}(b)) => log(a) + {g}(b)   if positive(a)",
    "a*{f}(b)^n + ... => {g}(b)^min(n..)*(a*{f}(b)^(n - min(n..)) + ...)   if number(n), min(n..) != 0",
    "({f}(a) + {g}(b))^2 => {f}(a)^2 + 2*{f}(a)*{g}(b) + {g}(b)^2",
)


def theory_with(count: int) -> rg.Theory:
    """The built-in theory and so many laws about operators that formulas do not have."""
    operators = max(2, count // 4)
    lines = [f"op unseen{i}(x)" for i in range(operators)] if count else []
    for part, stage in enumerate(("reduce", "explore")):
        lines.append(f"ruleset unseen_{stage} in {stage}")
        for i in range(part, count, 2):
            law = SHAPES[i // 2 % len(SHAPES)].format(f=f"unseen{i % operators}", g=f"unseen{(i + 1) % operators}")
            lines.append(f"rule unseen-{i}: {law}")
    return rg.Theory.parse("\n".join(lines) + "\n", base=rg.Theory.builtin())


def formulas(count: int) -> list[str]:
    """So many formulas, from all parts of the file."""
    lines = (ROOT / "tests" / "corpus_formulas.txt").read_text(encoding="utf-8").splitlines()
    found = [line.split(" | ")[1] for line in lines if line.strip() and not line.startswith("#")]
    return found[:: max(1, len(found) // count)][:count]


def solve(text: str, theory: rg.Theory) -> str:
    """A formula read, differentiated by its first variable, simplified and printed."""
    term = rg.parse(text, theory=theory)
    return str(rg.diff(term, term.variables[0])) if term.variables else str(rg.simplify(term))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    theories = {size: theory_with(size) for size in SIZES}
    texts = formulas(count)
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    for warm in range(3):
        for text in texts:
            answers = set()
            for size, theory in theories.items():
                start = time.process_time()
                answers.add(solve(text, theory))
                if warm:
                    times[size].append(time.process_time() - start)
            assert len(answers) == 1, (text, answers)
    print(f"{len(texts)} formulas, twice each, warm: parse + diff + simplify + print")
    print("more laws   median ms     mean ms   ratio of means")
    for size, taken in times.items():
        print(f"{size:9} {1000 * median(taken):11.2f} {1000 * mean(taken):11.2f} {mean(taken) / mean(times[0]):12.2f}")


if __name__ == "__main__":
    main()
