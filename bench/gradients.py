"""What a gradient costs: `python bench/gradients.py`.

Two families, differentiated with simplify=False: a deep formula whose every step uses the one before it twice
(y = sin(y) * y, k times; as a tree it has 2^k leaves), and a wide sum over n scalar inputs with the gradient in all of
them. The nodes of the gradient's DAG must grow by the same number with each step, and the time with the nodes. Times are
of the processor, the best of several runs.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence

import rewritegrad as rg
from rewritegrad.term import Term, postorder

REPEATS = 5


def chain(k: int) -> tuple[Term, list[Term]]:
    """y = sin(y) * y, k times from x."""
    theory = rg.Theory.builtin()
    x = y = theory.variable("x")
    for _ in range(k):
        y = theory.apply("sin", y) * y
    return y, [x]


def wide(n: int) -> tuple[Term, list[Term]]:
    """x0^2 + x1^2 + ... over n inputs."""
    theory = rg.Theory.builtin()
    inputs = [theory.variable(f"x{i}") for i in range(n)]
    total = inputs[0] ** 2
    for x in inputs[1:]:
        total = total + x**2
    return total, inputs


def measure(build: Callable[[int], tuple[Term, list[Term]]], size: int) -> tuple[int, int, float]:
    """Nodes of the formula, nodes of its gradient, and the best time of several runs."""
    cost, wrt = build(size)
    best, nodes = float("inf"), 0
    for _ in range(REPEATS):
        gc.collect()
        start = time.process_time()
        gradient = rg.grad(cost, wrt, simplify=False)
        best = min(best, time.process_time() - start)
        nodes = len(postorder(*gradient))
        del gradient
    return len(postorder(cost)), nodes, best


def table(title: str, build: Callable[[int], tuple[Term, list[Term]]], sizes: Sequence[int]) -> bool:
    """Print one family; whether its nodes are exactly linear and no doubling takes more than 2.5 times as long."""
    print(f"{title}\n{'size':>8} {'nodes':>8} {'gradient':>9} {'per step':>9} {'ms':>9} {'ratio':>6}")
    rows = [(size, *measure(build, size)) for size in sizes]
    steps, ratios = [], []
    for i, (size, nodes, found, seconds) in enumerate(rows):
        step = ratio = ""
        if i:
            steps.append((found - rows[i - 1][2]) / (size - rows[i - 1][0]))
            ratios.append(seconds / rows[i - 1][3])
            step, ratio = f"{steps[-1]:g}", f"{ratios[-1]:.2f}"
        print(f"{size:8} {nodes:8} {found:9} {step:>9} {1000 * seconds:9.2f} {ratio:>6}")
    linear, fast = len(set(steps)) == 1, max(ratios) <= 2.5
    print(f"nodes {'exactly linear' if linear else 'NOT LINEAR'}; largest ratio {max(ratios):.2f} (at most 2.5 wanted)\n")
    return linear and fast


def main() -> int:
    """Both families; the exit status says whether both are as wanted."""
    gc.disable()
    rg.grad(*chain(3), simplify=False)  # rules are read and matchers generated before the clock runs
    good = [
        table("y = sin(y) * y, repeated", chain, (50, 100, 200, 400)),
        table("x0^2 + x1^2 + ..., all inputs", wide, (2500, 5000, 10000, 20000)),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
