"""egglog's math-microbenchmark: `python bench/microbenchmark.py [ITERATIONS ...]`.

Seven terms over bare operators and 24 laws without limits, commutativity and associativity spelled out: what the engine
does with plain e-nodes, and nothing else. egglog (the Rust engine, through its Python package) runs the same laws on the
same terms, written out from the same theory. Both must have the same e-nodes, operator by operator.

The two systems run in turn in one process, each time on a new e-graph; seconds are of the clock and begin when the laws have
been compiled and the terms are in. Memory is the peak of a process of its own above what it held before the run. 12 iterations
make 16 million e-nodes and take 3.5 GB in either system; egglog needs minutes for them.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import rewritegrad as rg
from rewritegrad.graph import law_table
from rewritegrad.patterns import PApply, Pattern, PNumber, PVar
from rewritegrad.term import Term

RULES = """
op Diff(x, e)
op Integral(e, x)
op Add(a, b)
op Sub(a, b)
op Mul(a, b)
op Div(a, b)
op Pow(a, b)
op Ln(a)
op Sqrt(a)
op Sin(a)
op Cos(a)

ruleset math in explore
rule add-commutes:   Add(a, b)                  => Add(b, a)
rule mul-commutes:   Mul(a, b)                  => Mul(b, a)
rule add-associates: Add(a, Add(b, c))          => Add(Add(a, b), c)
rule mul-associates: Mul(a, Mul(b, c))          => Mul(Mul(a, b), c)
rule sub-as-add:     Sub(a, b)                  => Add(a, Mul(-1, b))
rule add-zero:       Add(a, 0)                  => a
rule mul-zero:       Mul(_, 0)                  => 0
rule mul-one:        Mul(a, 1)                  => a
rule sub-itself:     Sub(a, a)                  => 0
rule distribute:     Mul(a, Add(b, c))          => Add(Mul(a, b), Mul(a, c))
rule factor:         Add(Mul(a, b), Mul(a, c))  => Mul(a, Add(b, c))
rule pow-mul:        Mul(Pow(a, b), Pow(a, c))  => Pow(a, Add(b, c))
rule pow-one:        Pow(x, 1)                  => x
rule pow-two:        Pow(x, 2)                  => Mul(x, x)
rule diff-add:       Diff(x, Add(a, b))         => Add(Diff(x, a), Diff(x, b))
rule diff-mul:       Diff(x, Mul(a, b))         => Add(Mul(a, Diff(x, b)), Mul(b, Diff(x, a)))
rule diff-sin:       Diff(x, Sin(x))            => Cos(x)
rule diff-cos:       Diff(x, Cos(x))            => Mul(-1, Sin(x))
rule integral-one:   Integral(1, x)             => x
rule integral-cos:   Integral(Cos(x), x)        => Sin(x)
rule integral-sin:   Integral(Sin(x), x)        => Mul(-1, Cos(x))
rule integral-add:   Integral(Add(f, g), x)     => Add(Integral(f, x), Integral(g, x))
rule integral-sub:   Integral(Sub(f, g), x)     => Sub(Integral(f, x), Integral(g, x))
rule by-parts:       Integral(Mul(a, b), x)     => Sub(Mul(a, Integral(b, x)), Integral(Mul(Diff(x, a), Integral(b, x)), x))
"""

TERMS = (
    "Integral(Ln(x), x)",
    "Integral(Add(x, Cos(x)), x)",
    "Integral(Mul(Cos(x), x), x)",
    "Diff(x, Add(1, Mul(2, x)))",
    "Diff(x, Sub(Pow(x, 3), Mul(7, Pow(x, 2))))",
    "Add(Mul(y, Add(x, y)), Sub(Add(x, 2), Add(x, x)))",
    "Div(1, Sub(Div(Add(1, Sqrt(five)), 2), Div(Sub(1, Sqrt(five)), 2)))",
)

COUNTED = ("Add", "Mul", "Integral", "Sub", "Diff")
EXPECTED = {
    9: {"Add": 12_067, "Mul": 11_825, "Integral": 2_195, "Sub": 1_311, "Diff": 888},
    11: {"Add": 641_743, "Mul": 345_075, "Integral": 32_434, "Sub": 15_123, "Diff": 13_504},
}
"""What egglog has after so many iterations."""

Run = Callable[[int], dict[str, int]]
"""So many iterations on a graph that stands ready; answers the e-nodes of each operator."""


def ours() -> Run:
    """Our graph, with the terms in it and the laws compiled."""
    theory = rg.Theory.parse(RULES)
    for rule in theory.rulesets["math"].rules:
        law = law_table(theory)(rule)
        assert law.match is not None and law.plan is not None
    graph = rg.EGraph(theory)
    for term in TERMS:
        graph.add(term)

    def run(iterations: int) -> dict[str, int]:
        graph.run(iterations=iterations, rows=None)
        return {{"number": "Const", "variable": "Var"}.get(op, op): n for op, n in graph.rows().items()}

    return run


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


def egglog_program() -> str:
    """The theory and the terms as an egglog program."""
    theory = rg.Theory.parse(RULES)
    constructors = [f"({' '.join([op.name, *['Math'] * op.arity])})" for op in theory.operators]
    rewrites = [f"(rewrite {expression(rule.left)} {expression(rule.right)})" for rule in theory.rulesets["math"].rules]
    terms = [value(rg.parse(term, theory=theory)) for term in TERMS]
    return "\n".join([f"(datatype Math {' '.join(constructors)} (Const i64) (Var String))", *rewrites, *terms])


def theirs() -> Run:
    """egglog's graph, likewise."""
    from egglog.bindings import EGraph

    graph = EGraph()
    graph.run_program(*graph.parse_program(egglog_program()))
    operators = [op.name for op in rg.Theory.parse(RULES).operators if not op.leaf]

    def run(iterations: int) -> dict[str, int]:
        graph.run_program(*graph.parse_program(f"(run {iterations})"))
        return {op: graph.run_program(*graph.parse_program(f"(print-size {op})"))[0].size for op in (*operators, "Const", "Var")}

    return run


SYSTEMS = {"rewritegrad": ours, "egglog": theirs}


def repeats(iterations: int) -> int:
    """How often a size is measured."""
    return 15 if iterations < 10 else 7 if iterations < 11 else 3 if iterations < 12 else 1


def held() -> int:
    """The bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def peak(system: str, iterations: int) -> int:
    """The bytes by which a run's peak of memory lies above what was held before."""
    done = subprocess.run([sys.executable, __file__, "--peak", system, str(iterations)], capture_output=True, text=True, check=True)
    return int(json.loads(done.stdout))


def compare(iterations: int) -> bool:
    """Print both systems' figures; whether their e-nodes agree, with each other and with what is expected."""
    seconds: dict[str, list[float]] = {system: [] for system in SYSTEMS}
    counts: dict[str, dict[str, int]] = {}
    for _ in range(repeats(iterations)):
        for system, ready in SYSTEMS.items():
            run = ready()
            start = time.perf_counter()
            counts[system] = run(iterations)
            seconds[system].append(time.perf_counter() - start)
    rows = sum(counts["rewritegrad"].values())
    for system in SYSTEMS:
        best, median = min(seconds[system]), statistics.median(seconds[system])
        bytes_each = peak(system, iterations) / rows
        print(f"{iterations:>4} {rows:>10,} {system:>12} {best:>9.4f} {median:>9.4f} {rows / best:>11,.0f} {bytes_each:>8.0f}", flush=True)
    ratios = [of(seconds["rewritegrad"]) / of(seconds["egglog"]) for of in (min, statistics.median)]
    print(f"{'':>4} {'':>10} {'ratio':>12} {ratios[0]:>9.2f} {ratios[1]:>9.2f}", flush=True)
    same = {op: n for op, n in counts["egglog"].items() if n} == counts["rewritegrad"]
    expected = EXPECTED.get(iterations, {})
    return same and all(counts["egglog"][op] == n for op, n in expected.items())


def main(arguments: list[str]) -> int:
    """The comparison, or the peak of memory of one run as JSON."""
    if arguments[:1] == ["--peak"]:
        run = SYSTEMS[arguments[1]]()
        before = held()
        run(int(arguments[2]))
        print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before))
        return 0
    print(f"{'iter':>4} {'e-nodes':>10} {'':>12} {'best s':>9} {'median s':>9} {'e-nodes/s':>11} {'B/e-node':>8}")
    same = [compare(int(n)) for n in arguments or ("5", "6", "7", "8", "9", "10", "11")]
    print("the same e-nodes" if all(same) else "THE E-NODES DIFFER")
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
