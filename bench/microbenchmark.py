"""egglog's math-microbenchmark: `python bench/microbenchmark.py [ITERATIONS ...]`.

Seven terms over bare operators and 24 laws without limits, commutativity and associativity spelled out: what the engine
does with plain e-nodes, and nothing else. egglog (the Rust engine, through its Python package) runs the same laws on the
same terms, written out from the same theory. Both must have the same e-nodes, operator by operator. Each measurement is
a process of its own, the two systems in turn; seconds are of the clock, the best of several, and begin when the laws
have been compiled.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import rewritegrad as rg
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

REPEATS = 3


def ours(iterations: int) -> tuple[dict[str, int], float]:
    """The e-nodes of each operator after some iterations, and the seconds of the run."""
    graph = rg.EGraph(rg.Theory.parse(RULES))
    for term in TERMS:
        graph.add(term)
    graph.run(iterations=0)
    start = time.perf_counter()
    graph.run(iterations=iterations, rows=None)
    return graph.rows(), time.perf_counter() - start


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


def theirs(iterations: int) -> tuple[dict[str, int], float]:
    """The same, by egglog."""
    from egglog.bindings import EGraph

    graph = EGraph()
    graph.run_program(*graph.parse_program(egglog_program()))
    run = graph.parse_program(f"(run {iterations})")
    start = time.perf_counter()
    graph.run_program(*run)
    seconds = time.perf_counter() - start
    sizes = {op: graph.run_program(*graph.parse_program(f"(print-size {op})"))[0].size for op in COUNTED}
    return sizes, seconds


SYSTEMS = {"rewritegrad": ours, "egglog": theirs}


def measured(system: str, iterations: int) -> tuple[dict[str, int], float, float]:
    """Counts, seconds and peak memory (MB) of one system in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--one", system, str(iterations)], capture_output=True, text=True, check=True)
    counts, seconds, peak = json.loads(done.stdout)
    return {op: counts[op] for op in COUNTED}, seconds, peak


def compare(iterations: int) -> bool:
    """Print both systems' figures; whether their e-nodes agree, with each other and with what is expected."""
    best: dict[str, tuple[dict[str, int], float, float]] = {}
    for _ in range(REPEATS):
        for system in SYSTEMS:
            found = measured(system, iterations)
            if system not in best or found[1] < best[system][1]:
                best[system] = found
    for system, (counts, seconds, peak) in best.items():
        print(f"{iterations:>4} {system:>12} {seconds:>9.4f} {peak:>7.0f}  {'  '.join(f'{op} {n}' for op, n in counts.items())}")
    print(f"{'':>4} {'ratio':>12} {best['rewritegrad'][1] / best['egglog'][1]:>9.2f}")
    return best["rewritegrad"][0] == best["egglog"][0] == EXPECTED.get(iterations, best["egglog"][0])


def main(arguments: list[str]) -> int:
    """The comparison, or one measurement as JSON."""
    if arguments[:1] == ["--one"]:
        counts, seconds = SYSTEMS[arguments[1]](int(arguments[2]))
        print(json.dumps([counts, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        return 0
    print(f"{'iter':>4} {'':>12} {'seconds':>9} {'MB':>7}  e-nodes")
    same = [compare(int(n)) for n in arguments or ("5", "8", "9", "10", "11")]
    print("the same e-nodes" if all(same) else "THE E-NODES DIFFER")
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
