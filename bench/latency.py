"""Latency of small formulas, beside SymPy in the same run: `python bench/latency.py [--formulas 100] [--repeat 3]`.

For formulas spread evenly over tests/corpus.jsonl, the derivative by one of their variables: parse, differentiate, simplify,
print, with the built-in theory, warm; beside it SymPy's diff + simplify of the same expression, its caches cleared before
each (its parsing is not counted). Processor time, the best of `repeat` runs of ours and one of SymPy's, which may use 20 s.
Then the same once more with clocks in the parts, to see where our time goes.

    --kind own|all   the formulas of physics, statistics and engineering only, or all of the corpus (the default)
    --no-sympy       only our side
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any

import sympy
from sympy.core.cache import clear_cache

import rewritegrad as rg
from rewritegrad import anysize, api, calculus, graph
from rewritegrad.egraph.multiset import Engine
from rewritegrad.egraph.saturate import Saturation
from rewritegrad.knowledge import Knowledge
from rewritegrad.raising import Raising
from rewritegrad.term import variable_terms
from rewritegrad.testing import to_sympy
from rewritegrad.testing.oracle import symbol

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus.jsonl"
PATIENCE = 20.0

Case = tuple[str, str, dict[str, str]]


class Clock:
    """Exclusive processor time of named parts: a part inside another is taken out of it."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._open: list[str] = ["other"]
        self._since = process_time()

    def _lap(self) -> None:
        now = process_time()
        self.spent[self._open[-1]] = self.spent.get(self._open[-1], 0.0) + now - self._since
        self._since = now

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with its time counted to a part."""

        def timed(*args: Any, **options: Any) -> Any:
            self._lap()
            self._open.append(part)
            try:
                return function(*args, **options)
            finally:
                self._lap()
                self._open.pop()

        return timed


PARTS: tuple[tuple[Any, str, str], ...] = (
    (api, "read_one", "parse"),
    (calculus, "diff", "differentiate"),
    (anysize, "simplify_all", "other"),
    (graph, "enter", "enter"),
    (Saturation, "_match_all", "match"),
    (Saturation, "_apply_all", "apply"),
    (Saturation, "_flatten", "flatten"),
    (Engine, "rebuild", "rebuild"),
    (graph, "extract", "extract"),
    (Raising, "terms", "raise"),
    (graph, "operations", "raise"),
    *[(Knowledge, name, "facts") for name in ("leaf", "apply", "scale", "sum", "product", "fold", "merge", "nonzero", "audit", "__init__")],
)


@contextmanager
def clocked() -> Iterator[Clock]:
    """The parts of the simplifier with clocks around them."""
    clock = Clock()
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in PARTS]
    for owner, name, part in PARTS:
        setattr(owner, name, clock.around(part, getattr(owner, name)))
    try:
        yield clock
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def cases(count: int, kind: str) -> list[Case]:
    """Formulas spread evenly over the corpus, each with the variable it is differentiated by."""
    entries = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    if kind == "own":
        entries = [e for e in entries if e["id"].startswith("own/")]
    named = [(e, rg.parse(e["formula"], types=e["types"]).variables) for e in entries]
    named = [(e, names) for e, names in named if names]
    chosen = [named[i * len(named) // count] for i in range(min(count, len(named)))]
    return [(e["formula"], names[i % len(names)], e["types"]) for i, (e, names) in enumerate(chosen)]


def ours(case: Case) -> str:
    """Text in, text out."""
    formula, variable, types = case
    return str(rg.diff(formula, variable, types=types))


def theirs(case: Case) -> float:
    """SymPy's processor time for diff + simplify, its caches cleared; `PATIENCE` where it took longer."""
    formula, variable, types = case
    term = rg.parse(formula, types=types)
    expression = to_sympy(term)
    x = next(symbol(v.value, v.detail) for v in variable_terms(term) if v.value == variable)
    clear_cache()
    signal.signal(signal.SIGVTALRM, _out_of_patience)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    start = process_time()
    try:
        sympy.simplify(sympy.diff(expression, x))
    except TimeoutError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return process_time() - start


def _out_of_patience(*_: object) -> None:
    raise TimeoutError


def spent(function: Callable[[Case], Any], case: Case) -> float:
    """The processor time of one call."""
    start = process_time()
    function(case)
    return process_time() - start


def row(name: str, seconds: Sequence[float]) -> str:
    """One line of the table, in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    median, mean = statistics.median(ordered), statistics.fmean(ordered)
    return f"{name:10} median {1e3 * median:8.2f}   mean {1e3 * mean:8.2f}   95th percentile {1e3 * p95:9.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--formulas", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--kind", choices=("own", "all"), default="all")
    parser.add_argument("--no-sympy", action="store_true")
    options = parser.parse_args()
    chosen = cases(options.formulas, options.kind)
    for case in chosen:
        ours(case)  # warm: the laws that they need are compiled
    mine: list[float] = []
    other: list[float] = []
    for case in chosen:
        mine.append(min(spent(ours, case) for _ in range(options.repeat)))
        if not options.no_sympy:
            other.append(theirs(case))
    print(f"{len(chosen)} formulas, milliseconds of processor time")
    print(row("ours", mine))
    if other:
        print(row("SymPy", other))
        late = sum(t >= PATIENCE for t in other)
        medians, means = (f(other) / f(mine) for f in (statistics.median, statistics.fmean))
        print(f"faster by {medians:.1f}x in the median, {means:.1f}x in the mean ({late} of SymPy's were stopped at {PATIENCE:.0f} s)")
    with clocked() as clock:
        for case in chosen:
            ours(case)
    total = sum(clock.spent.values())
    print("where our time goes: " + ", ".join(f"{part} {100 * t / total:.0f}%" for part, t in sorted(clock.spent.items(), key=lambda p: -p[1])))


if __name__ == "__main__":
    main()
