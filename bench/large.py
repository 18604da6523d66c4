"""Formulas of 1,000 to 100,000 operations, differentiated and simplified: `python bench/large.py [FAMILY ...] [--sizes 1000 10000] [--seconds 5]`.

Four generated families: a long chain, a wide sum, the Hessian of a function of 30 variables, a tree of minima and maxima of
quadratic forms. For each size, in a process of its own: operations of the formula, of its derivative as the rules write it and
simplified; seconds of processor time of both steps; how many times longer than for the tenth of the size (10 is linear); peak memory.
The Hessian is differentiated once more, as the others, and simplified as a whole before. SymPy's diff (without simplification)
stands beside ours where it ends within SYMPY_SECONDS.

`--deadlines 0.05 0.5 2 10` shows instead, for each family and size, the seconds that simplify used of those that it was given
(by the clock on the wall) and how many operations shorter the derivative became; exit status 1 where it used more than 10% too many,
beyond what one look at the formula takes.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

SYMPY_SECONDS = 60


def chain(n: int) -> str:
    """y -> y*sin(y) + x, again and again: nested n/3 deep, every link used twice."""
    links = max(1, n // 3)
    return "\n".join(["y0 = x", *(f"y{i + 1} = y{i}*sin(y{i}) + x" for i in range(links)), f"y{links}"])


def wide(n: int) -> str:
    """A sum of monomials times sines, many of them alike."""
    random = Random(1)
    terms = []
    for _ in range(max(1, n // 6)):
        a, b, c = (random.randrange(1, 10) for _ in range(3))
        i, j, k = (random.randrange(10) for _ in range(3))
        terms.append(f"{a}*x0^{b}*x{j}*x{i}*sin({c}*x{k})")
    return " + ".join(terms)


def hessian(n: int) -> str:
    """A sum over triples of 30 variables; its Hessian has about n operations."""
    random = Random(2)
    terms = []
    for _ in range(max(1, n // 60)):
        i, j, k = random.sample(range(30), 3)
        terms.append(f"exp(x{i}*x{j})*sin(x{j} + x{k}^2)")
    return " + ".join(terms)


def minmax(n: int) -> str:
    """A balanced tree of min and max over circles, ellipses and half planes in x and y."""
    random = Random(3)

    def leaf() -> str:
        a, b, r = (random.randrange(1, 100) / 100 for _ in range(3))
        return random.choice([
            f"sqrt((x - {a})^2 + (y - {b})^2) - {r}",
            f"(x - {a})^2/{r} + (y + {b})^2 - 1",
            f"{a}*x - {b}*y + {r}",
        ])

    shapes = [leaf() for _ in range(max(2, n // 7))]
    while len(shapes) > 1:
        pairs = zip(shapes[::2], shapes[1::2], strict=False)
        shapes = [f"{random.choice(('min', 'max'))}({a}, {b})" for a, b in pairs] + shapes[len(shapes) & ~1 :]
    return shapes[0]


FAMILIES: dict[str, Callable[[int], str]] = {"chain": chain, "sum": wide, "hessian": hessian, "min-max": minmax}


def differentiated(family: str, term: Any) -> list[Any]:
    """The Hessian of the family of that name, the derivative by the first variable of others, as the rules write them."""
    import rewritegrad as rg
    from rewritegrad import calculus

    variables = [t for t in rg.term.postorder(term) if t.op.leaf == "variable"]
    if family != "hessian":
        return [rg.diff(term, variables[0], simplify=False)]
    gradient, one = list(rg.grad(term, variables, simplify=False)), term.theory.number(1)
    return [d for x in variables for d in calculus.pushforward(gradient, [x], [one], simplify=None, disconnected_inputs="ignore")]


def measure(family: str, size: int, seconds: float | None) -> dict[str, Any]:
    """One family at one size, in this process."""
    import rewritegrad as rg
    from rewritegrad import anysize, stages

    rg.diff("x*sin(x)^2/sqrt(y)", "x")  # grammar, rules and matchers are there before the clock runs
    text = FAMILIES[family](size)
    found: dict[str, Any] = {}
    start = time.perf_counter()
    term = rg.parse(text)
    found["parse"] = time.perf_counter() - start
    start = time.process_time()
    derivatives = differentiated(family, term)
    found["diff"] = time.process_time() - start
    start, begun = time.process_time(), time.perf_counter()
    result = anysize.simplify_all(derivatives, stages.Limits(seconds=seconds))
    found["simplify"] = time.process_time() - start
    found["late"] = seconds is not None and time.perf_counter() - begun > 1.1 * seconds
    found["formula"] = term.count_ops()
    found["before"], found["after"] = (rg.printer.operations(t) for t in (derivatives, result.terms))
    found["stopped"] = result.stop_reason.value
    found["pulses"] = result.pulses
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def deadlines(families: list[str], sizes: list[int], given: list[float]) -> bool:
    """The table of seconds given and used; whether all were kept."""
    import rewritegrad as rg
    from rewritegrad import anysize, stages

    kept = True
    print(f"{'':8} {'derivative':>10} {'look s':>7} " + " ".join(f"{f'{seconds:g} s':>14}" for seconds in given) + "   used, and operations gained")
    for family in families:
        anysize.simplify_all(differentiated(family, rg.parse(FAMILIES[family](300))))  # matchers are there before the clock runs
        for size in sizes:
            derivatives = differentiated(family, rg.parse(FAMILIES[family](size)))
            before = rg.printer.operations(derivatives)
            cells = []
            for seconds in (0.0, *given):
                start = time.perf_counter()
                found = anysize.simplify_all(derivatives, stages.Limits(seconds=seconds)).terms
                used = time.perf_counter() - start
                if not seconds:
                    look = used
                    continue
                late = used > 1.1 * seconds + look
                kept = kept and not late
                cells.append(f"{used:6.2f} {before - rg.printer.operations(found):6}{'!' if late else ' '}")
            print(f"{family:8} {before:10,} {look:7.2f} " + " ".join(cells), flush=True)
    return kept


def sympy_seconds(family: str, size: int) -> float | None:
    """How long SymPy's diff takes, None where it is too long."""
    code = (
        "import sys, time, sympy; sys.setrecursionlimit(10**6); sys.path.insert(0, 'bench'); import large; from sympy import *\n"
        f"text = large.FAMILIES[{family!r}]({size}); names = {{}}\n"
        "*lines, last = text.split(chr(10))\n"
        "for line in lines:\n    left, right = line.split(' = '); names[left] = sympify(right, names)\n"
        "e = sympify(last.replace('min', 'Min').replace('max', 'Max').replace('^', '**'), names)\n"
        "start = time.perf_counter(); xs = sorted(e.free_symbols, key=str)\n"
        f"d = hessian(e, xs) if {family!r} == 'hessian' else diff(e, xs[0])\n"
        "print(time.perf_counter() - start)"
    )
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SYMPY_SECONDS, check=False)
        return float(done.stdout) if done.returncode == 0 else None
    except subprocess.TimeoutExpired:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000, 100_000])
    parser.add_argument("--seconds", type=float, help="a deadline for simplify")
    parser.add_argument("--deadlines", nargs="+", type=float, metavar="SECONDS", help="what is used of these seconds instead")
    parser.add_argument("--no-sympy", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("FAMILY", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child[0], int(options.child[1]), options.seconds)))
        return 0
    if options.deadlines:
        return 0 if deadlines(options.families or list(FAMILIES), options.sizes, options.deadlines) else 1
    late = False
    columns = (("", 8), ("formula", 9), ("derivative", 10), ("simplified", 10), ("diff s", 7), ("x", 5), ("simplify s", 10), ("x", 5), ("MiB", 6))
    print(" ".join(f"{name:>{width}}" for name, width in (*columns, ("SymPy diff", 10))))
    for family in options.families or FAMILIES:
        before: dict[str, Any] = {}
        for size in options.sizes:
            deadline = [] if options.seconds is None else ["--seconds", str(options.seconds)]
            command = [sys.executable, __file__, "--child", family, str(size), *deadline]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(family, size, done.stderr.splitlines()[-1] if done.stderr else f"exit status {done.returncode}")
                continue
            now = json.loads(done.stdout)
            ratios = [f"{now[k] / before[k]:.1f}" if before else "" for k in ("diff", "simplify")]
            sympy = None if options.no_sympy else sympy_seconds(family, size)
            stopped = now["stopped"] + "  LATE" * now["late"]
            late = late or now["late"]
            print(
                f"{family:8} {now['formula']:9,} {now['before']:10,} {now['after']:10,} {now['diff']:7.2f} {ratios[0]:>5} "
                f"{now['simplify']:10.2f} {ratios[1]:>5} {now['peak']:6.0f} {'-' if sympy is None else f'{sympy:.2f}':>10}  {stopped}",
                flush=True,
            )
            before = now
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
