"""egglog's math-microbenchmark: `python bench/microbenchmark.py [ITERATIONS ...]`.

Seven terms over bare operators and 24 laws without limits, commutativity and associativity spelled out: what the engine
does with plain e-nodes, and nothing else, beside egglog (beside_egglog.py says how). 12 iterations make 16 million e-nodes
and take 3.5 GB in either system; egglog needs a minute or two for them.
"""

from __future__ import annotations

import sys

from beside_egglog import Problem, main

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

PROBLEM = Problem(RULES, TERMS, EXPECTED)


def repeats(iterations: int) -> int:
    """How often a size is measured."""
    return 15 if iterations < 10 else 7 if iterations < 11 else 3 if iterations < 12 else 1


if __name__ == "__main__":
    sys.exit(main(PROBLEM, range(5, 12), repeats, sys.argv[1:]))
