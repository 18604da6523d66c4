"""egglog's benchmark `calc`, word problems in a group: `python bench/groups.py [ITERATIONS ...]`.

Seven laws: a group, of which one element has order 4. The product a^-1*a between b and b^-1 is found to be 1 in three
iterations; then associativity in both directions goes on without a goal, and most of what it finds is there already or
becomes equal to something: a benchmark of joins and of congruence, beside egglog (beside_egglog.py says how). 7 iterations
make 7.9 million e-nodes.
"""

from __future__ import annotations

import sys

from beside_egglog import Problem, main

RULES = """
op One()
op Turn()
op Times(a, b)
op Inverse(a)

ruleset group in explore
rule associates:    Times(Times(a, b), c)  <=>  Times(a, Times(b, c))
rule left-one:      Times(One(), a)        =>  a
rule right-one:     Times(a, One())        =>  a
rule left-inverse:  Times(Inverse(a), a)    =>  One()
rule right-inverse: Times(a, Inverse(a))    =>  One()
rule order-four:    Times(Turn(), Times(Turn(), Times(Turn(), Turn())))  =>  One()
"""

TWICE = "Times(Turn(), Turn())"
FOUR = f"Times({TWICE}, {TWICE})"
TERMS = (f"Times({FOUR}, {FOUR})", "Times(Times(b, Times(Inverse(a), a)), Inverse(b))")
EXPECTED = {6: {"Times": 50_110}, 7: {"Times": 7_923_802}}

PROBLEM = Problem(RULES, TERMS, EXPECTED)


def repeats(iterations: int) -> int:
    """How often a size is measured."""
    return 15 if iterations < 7 else 1


if __name__ == "__main__":
    sys.exit(main(PROBLEM, (4, 5, 6), repeats, sys.argv[1:]))
