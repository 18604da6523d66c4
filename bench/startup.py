"""What a start costs: `python bench/startup.py [runs]`.

Programs are started in turn, in processes of their own, as many times as asked for (15): one that imports NumPy and Lark,
which is the measure, one that imports rewritegrad, one that uses it, and the command line, with what it keeps in the
user's cache (docs/engine.md, "Starting") and without. All of them find their bytecode, as installed packages do. Printed are medians of
processor time and of time on the clock, the ratio of the processor times, and below it where the time of the command
goes, step by step in one process. The last command has a rule file of as many operators and laws as there are built in, which
shows how a start grows with the rules.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

MEASURE = "import numpy, lark"

STEPS = """
import gc, json, time
times = {}
def step(name):
    global start
    now = time.process_time()
    times[name] = now - start
    start = time.process_time()
start = 0.0
import numpy, lark
step("Python, NumPy and Lark")
from rewritegrad import answers, calculus, cli, rulefile
step("modules of rewritegrad")
gc.set_threshold(cli.PATIENT)  # as the command does
theory = rulefile.builtin_theory()
step("theory, from the cache")
from rewritegrad import anysize, parsers, reader
parsers.parser("formula")
step("parser, from the cache")
term = reader.read_one("x^3", theory, {})
x = theory.variable("x")
step("reading the formula")
derivative = calculus.diff(term, x)
step("differentiating")
simple = anysize.simplify_all([derivative]).terms
step("simplifying, laws compiled")
str(simple[0]), simple[0].latex()
step("printing")
laws = sum(len(ruleset.rules) for ruleset in theory.rulesets.values())
from rewritegrad.graph import law_table
core = len(law_table(theory)._laws)
print(json.dumps({"times": times, "operators": len(theory.operators), "laws": laws, "core": core}))
"""


def more_rules(operators: int, laws: int) -> str:
    """A rule file of so many operators and laws that are like the built-in ones and have nothing to do with any formula."""
    lines = []
    for i in range(operators):
        lines += [f'op more{i}(x)   numpy np.exp   cost 20   is analytic, increasing   gives positive\n    doc "One of many."\n    d/dx  more{i}(x)']
    lines.append("ruleset more in reduce")
    for i in range(laws):
        f, g = f"more{i % operators}", f"more{(i + 1) % operators}"
        lines.append(f"rule more-{i}: {f}(a) * {g}(b)^2 => {f}(a + 2*b)  if constant(b)")
    return "\n".join(lines) + "\n"


def run(arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Processor time and time on the clock of a Python program."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, end - start


def steps(environment: dict[str, str]) -> Any:
    """What one run of STEPS printed."""
    done = subprocess.run([sys.executable, "-c", STEPS], check=True, capture_output=True, text=True, cwd=ROOT, env=environment)
    return json.loads(done.stdout)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        kept |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": f"{folder}/bytecode", "REWRITEGRAD_CACHE": f"{folder}/cache"}
        not_kept = {**kept, "REWRITEGRAD_CACHE": ""}
        found = steps(kept)
        counts = found["operators"], found["laws"]
        more = Path(folder) / "more.rules"
        more.write_text(more_rules(*counts))
        diff = ["-m", "rewritegrad", "diff", "x^3", "--wrt", "x"]
        programs = {
            MEASURE: (["-c", MEASURE], kept),
            "import rewritegrad": (["-c", "import rewritegrad"], kept),
            "import rewritegrad; rewritegrad.diff": (["-c", "import rewritegrad; rewritegrad.diff"], kept),
            'rewritegrad diff "x^3" --wrt x': (diff, kept),
            "    without the cache": (diff, not_kept),
            "    twice the rules": ([*diff, "--rules", str(more)], kept),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
        for i in range(runs + 1):
            for name, program in programs.items():
                taken = run(*program)
                if i:  # the first run fills the cache
                    times[name].append(taken)
        base = median(cpu for cpu, _ in times[MEASURE])
        print(f"{'':40} processor      clock   ratio     ({runs} runs each, medians)")
        for name, taken_all in times.items():
            cpu, clock = median(t[0] for t in taken_all), median(t[1] for t in taken_all)
            print(f"{name:40} {1000 * cpu:6.0f} ms  {1000 * clock:6.0f} ms  {cpu / base:6.2f}")
        parts = [steps(kept)["times"] for _ in range(runs)]
        print(f"\nWhere the time of diff goes ({counts[0]} operators, {counts[1]} laws, of which {found['core']} were put into core form):")
        for name in parts[0]:
            print(f"{name:40} {1000 * median(part[name] for part in parts):6.1f} ms")


if __name__ == "__main__":
    main()
