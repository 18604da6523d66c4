"""Greedy extraction beside the exact one, on e-graphs of the corpus: `python bench/extraction.py [--every N] [--rows N ...] [--seconds S]`.

Each derivative of the corpus is entered, reduced and explored up to so many e-nodes, as in one pulse. For both extractions: the
cost of the chosen DAG (operations, and a little for size) and the milliseconds; how often greedy misses, and by how much.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from time import perf_counter

import rewritegrad as rg
from rewritegrad.costs import OPERATION, node_cost
from rewritegrad.egraph.extract import candidates_of, cheapest_trees, dag_cost, extract
from rewritegrad.exact import solve
from rewritegrad.stages import rulesets_of

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus.jsonl"


def filled(term: rg.Term, rows: int) -> tuple[rg.EGraph, int]:
    """The e-graph of a term after three rounds of reducing and exploring."""
    graph = rg.EGraph(term.theory, problem=[term])
    root = graph.add(term)
    for _ in range(3):
        graph.run(rulesets_of(term.theory, "reduce"), 2, rows)
        graph.run(rulesets_of(term.theory, "explore"), 1, rows)
    return graph, root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=10, metavar="N", help="one formula of N")
    parser.add_argument("--rows", type=int, nargs="+", default=[250, 1000])
    parser.add_argument("--seconds", type=float, default=20.0, help="for each integer program")
    options = parser.parse_args()
    lines = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()][:: options.every]
    print(f"{'rows':>6} {'graphs':>6} {'e-nodes':>8} {'missed':>7} {'ops lost':>8} {'worst':>6} {'greedy ms':>9} {'exact ms':>9} {'no answer':>9}")
    for rows in options.rows:
        sizes, lost, slow, fast, open_ = [], [], [], [], 0
        for line in lines:
            term = rg.parse(line["formula"], types=line.get("types") or {})
            if isinstance(term, tuple) or term.shape:
                continue
            for variable in term.variables:
                graph, root = filled(rg.diff(term, variable, simplify=False), rows)
                engine = graph.engine
                start, cost = [engine.split(root)[1]], node_cost(engine)
                allowed = engine.analysis.is_presentable(engine)
                before = perf_counter()
                greedy = dag_cost(engine, extract(engine, start, cost, allowed), start, cost)
                between = perf_counter()
                candidates = candidates_of(engine, start, cost, allowed)
                solved = solve(candidates, cheapest_trees(candidates)[0], start, options.seconds)
                fast.append(between - before)
                slow.append(perf_counter() - between)
                sizes.append(engine.live)
                if solved is None:
                    open_ += 1
                else:
                    lost.append((greedy - dag_cost(engine, solved, start, cost)) / OPERATION)
        missed = [loss for loss in lost if loss > 0.5]
        print(
            f"{rows:6} {len(sizes):6} {statistics.mean(sizes):8.0f} {len(missed) / max(len(lost), 1):7.1%} {sum(missed):8.0f} "
            f"{max(lost, default=0):6.1f} {1000 * statistics.mean(fast):9.1f} {1000 * statistics.mean(slow):9.1f} {open_:9}",
            flush=True,
        )


if __name__ == "__main__":
    main()
