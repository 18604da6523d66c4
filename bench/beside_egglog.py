"""Our engine and egglog (the Rust engine, through its Python package) on the same bare laws and terms.

The two run in turn in one process, each time on a new e-graph; seconds are of the processor, so that other programs do not count,
and begin when the laws have been compiled and the terms are in. Memory is the peak of a process of its own above
what it held before the run. The e-nodes of each operator must be the same.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import rewritegrad as rg
from rewritegrad.graph import law_table
from rewritegrad.patterns import PApply, Pattern, PNumber, PVar
from rewritegrad.term import Term

Run = Callable[[int], dict[str, int]]
"""So many iterations on a graph that stands ready; answers the e-nodes of each operator."""


@dataclass(frozen=True)
class Problem:
    """Laws over bare operators, the terms to begin with, and the e-nodes known after some numbers of iterations."""

    rules: str
    terms: Sequence[str]
    expected: Mapping[int, Mapping[str, int]] = field(default_factory=dict)

    def ours(self) -> Run:
        """Our graph, with the terms in it and the laws compiled."""
        theory = rg.Theory.parse(self.rules)
        for ruleset in theory.rulesets.values():
            for rule in ruleset.rules:
                law = law_table(theory)(rule)
                assert law.match is not None and law.plan is not None
        graph = rg.EGraph(theory)
        for term in self.terms:
            graph.add(term)

        def run(iterations: int) -> dict[str, int]:
            graph.run(iterations=iterations, rows=None)
            return {{"number": "Const", "variable": "Var"}.get(op, op): n for op, n in graph.rows().items()}

        return run

    def theirs(self) -> Run:
        """egglog's graph, likewise."""
        from egglog.bindings import EGraph

        graph = EGraph()
        graph.run_program(*graph.parse_program(self.program()))
        operators = [op.name for op in rg.Theory.parse(self.rules).operators if not op.leaf]

        def run(iterations: int) -> dict[str, int]:
            graph.run_program(*graph.parse_program(f"(run {iterations})"))
            sizes = {op: graph.run_program(*graph.parse_program(f"(print-size {op})"))[0].size for op in (*operators, "Const", "Var")}
            return {op: n for op, n in sizes.items() if n}

        return run

    def program(self) -> str:
        """The laws and the terms as an egglog program."""
        theory = rg.Theory.parse(self.rules)
        constructors = [f"({' '.join([op.name, *['Math'] * op.arity])})" for op in theory.operators if not op.leaf]
        rules = [rule for ruleset in theory.rulesets.values() for rule in ruleset.rules]
        rewrites = [f"(rewrite {expression(rule.left)} {expression(rule.right)})" for rule in rules]
        terms = [value(rg.parse(term, theory=theory)) for term in self.terms]
        return "\n".join([f"(datatype Math {' '.join(constructors)} (Const i64) (Var String))", *rewrites, *terms])


def expression(pattern: Pattern) -> str:
    """A side of a law as egglog writes it."""
    match pattern:
        case PVar(name):
            return name
        case PNumber(value):
            return f"(Const {value})"
        case PApply(op, args):
            return f"({' '.join([op.name, *map(expression, args)])})"
        case _:
            raise ValueError(f"egglog has no {type(pattern).__name__}")


def value(term: Term) -> str:
    """A term as egglog writes it."""
    if term.op.leaf:
        return f'(Var "{term.value}")' if term.op.leaf == "variable" else f"(Const {term.value})"
    return f"({' '.join([term.op.name, *map(value, term.args)])})"


SYSTEMS: dict[str, Callable[[Problem], Run]] = {"rewritegrad": Problem.ours, "egglog": Problem.theirs}


def memory(field: str) -> int:
    """The bytes of memory that this process holds now (VmRSS), or held at most (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in status if line.startswith(field))


def peak(system: str, iterations: int) -> int:
    """The bytes by which a run's peak of memory lies above what was held before, by the program that was called."""
    done = subprocess.run([sys.executable, sys.argv[0], "--peak", system, str(iterations)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def compare(problem: Problem, iterations: int, repeats: int) -> bool:
    """Print both systems' figures; whether their e-nodes agree, with each other and with what is expected."""
    seconds: dict[str, list[float]] = {system: [] for system in SYSTEMS}
    counts: dict[str, dict[str, int]] = {}
    for _ in range(repeats):
        for system, ready in SYSTEMS.items():
            run = ready(problem)
            start = time.process_time()
            counts[system] = run(iterations)
            seconds[system].append(time.process_time() - start)
    rows = sum(counts["rewritegrad"].values())
    for system in SYSTEMS:
        best, median = min(seconds[system]), statistics.median(seconds[system])
        each = peak(system, iterations) / rows
        print(f"{iterations:>4} {rows:>10,} {system:>12} {repeats:>3} {best:>9.4f} {median:>9.4f} {rows / best:>11,.0f} {each:>8.0f}", flush=True)
    ratios = [of(seconds["rewritegrad"]) / of(seconds["egglog"]) for of in (min, statistics.median)]
    print(f"{'':>4} {'':>10} {'ratio':>12} {'':>3} {ratios[0]:>9.2f} {ratios[1]:>9.2f}", flush=True)
    expected = problem.expected.get(iterations, {})
    return counts["egglog"] == counts["rewritegrad"] and all(counts["egglog"][op] == n for op, n in expected.items())


def main(problem: Problem, sizes: Sequence[int], repeats: Callable[[int], int], arguments: Sequence[str]) -> int:
    """The comparison for some numbers of iterations, or the peak of memory of one run."""
    if arguments[:1] == ["--peak"]:
        run = SYSTEMS[arguments[1]](problem)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins now
        before = memory("VmRSS")
        run(int(arguments[2]))
        print(memory("VmHWM") - before)
        return 0
    print(f"{'iter':>4} {'e-nodes':>10} {'':>12} {'n':>3} {'best s':>9} {'median s':>9} {'e-nodes/s':>11} {'B/e-node':>8}")
    same = [compare(problem, n, repeats(n)) for n in ([int(n) for n in arguments] or sizes)]
    print("the same e-nodes" if all(same) else "THE E-NODES DIFFER")
    return 0 if all(same) else 1
