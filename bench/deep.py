"""Formulas nested 10,000 and 100,000 deep, under the default recursion limit: `python bench/deep.py`.

For each kind of formula: parse, str, diff and grad with simplify=False, function and pickle, in milliseconds of the
processor, and how many times longer the ten times larger formula takes (at most 15 wanted, what takes less than
SHORTEST counted as that); simplify must return within its `seconds`, by the clock on the wall.
"""

from __future__ import annotations

import gc
import pickle
import sys
import time
from collections.abc import Callable
from typing import Any

import rewritegrad as rg

SIZES = (10_000, 100_000)
LIMIT = 15.0
SECONDS = 5.0
OVERRUN = 1.2  # what a run may take beyond its seconds, as a factor
SHORTEST = 5.0  # milliseconds

FORMULAS: dict[str, Callable[[int], str]] = {
    "nested parentheses": lambda n: "(" * n + "x" + ")" * n + " * x",
    "nested calls": lambda n: "sin(" * n + "x" + ")" * n,
    "chain of additions": lambda n: " + ".join(["x", *(f"{i} * x" for i in range(1, n + 1))]),
    "shared chain": lambda n: "\n".join(["y0 = x", *(f"y{i + 1} = sin(y{i}) * y{i}" for i in range(n)), f"y{n}"]),
}


def timed(action: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> tuple[Any, float]:
    """What the action answers, and the milliseconds that it took."""
    gc.collect()
    start = clock()
    answer = action()
    return answer, 1000 * (clock() - start)


def measure(text: str) -> dict[str, float]:
    """The times of everything for one formula."""
    times: dict[str, float] = {}
    term, times["parse"] = timed(lambda: rg.parse(text))
    printed, times["str"] = timed(lambda: str(term))
    assert rg.parse(printed) is term, "what str prints must parse to the same object"
    derivative, times["diff"] = timed(lambda: rg.diff(term, "x", simplify=False))
    del derivative
    gradient, times["grad"] = timed(lambda: rg.grad(term, "x", simplify=False))
    del gradient
    function, times["function"] = timed(lambda: rg.function(["x"], term))
    function(0.5)
    copy, times["pickle"] = timed(lambda: pickle.loads(pickle.dumps(term)))
    assert copy is term, "a pickled term must come back as the same object"
    _, times["simplify"] = timed(lambda: rg.simplify(term, seconds=SECONDS), time.perf_counter)
    return times


def main() -> int:
    """The table; the exit status says whether everything is as wanted."""
    good = True
    measure(FORMULAS["shared chain"](3))  # grammar, rules and matchers are read before the clock runs
    limit = sys.getrecursionlimit()
    for name, build in FORMULAS.items():
        small, large = (measure(build(size)) for size in SIZES)
        print(f"{name}\n{'':10} {SIZES[0]:>10,} {SIZES[1]:>10,} {'ratio':>6}   (ms)")
        for action, before in small.items():
            ratio = max(large[action], SHORTEST) / max(before, SHORTEST)
            if action == "simplify":
                late = large[action] > 1000 * SECONDS * OVERRUN
                note = f"given {SECONDS:g} s" + ("  TOO LATE" if late else "")
            else:
                late = ratio > LIMIT
                note = "TOO SLOW" if late else ""
            good = good and not late
            print(f"{action:10} {before:10.1f} {large[action]:10.1f} {ratio:6.1f}   {note}".rstrip())
        print(flush=True)
    assert sys.getrecursionlimit() == limit
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
