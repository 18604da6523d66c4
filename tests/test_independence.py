"""The answer depends on no names of variables, no order of rules in a file or of files, and not on the run."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

import rewritegrad as rg
from rewritegrad.files import rule_files
from rewritegrad.rulefile import read_theory
from rewritegrad.term import substitute, variable_terms

FORMULAS = (
    "(a*x + b*x)/(a^2 - b^2)",
    "sin(x)^2*y + cos(x)^2*y + x*y/(x^2 + y^2)^(3/2)",
    "exp(a*x)*exp(b*x)/(1 + exp(-x))",
    "(x - y)^2/(y - x) + log(exp(x*y))",
    "sqrt(x^2*y^4) + abs(x)*y^2",
    "(x + 1)*(x + 2)*(x + 3) - y^3*x - y^2*x^2",
    "1/(x + y) + 1/(x - y) + x/(x^2 - y^2)",
    "a*b*c + a*b*d + a*c*d + b*c*d",
    "tanh(x)^2 + 1/cosh(x)^2 + x*y*z/(x*y)",
    "max(x, y, z) - max(z, max(y, x)) + min(a, b)*x",
    "where(x > y, x - y, y - x)*2*(x - y)",
    "(x*y + x*z)/(y^2 + 2*y*z + z^2)",
    "x^a*x^b*y^a/x",
    "log(x*y/z) + log(z) - log(y)",
    "0.5*x^2 + 0.25*x^2 - 1.5*y*x",
    "cos(x + y)*cos(x - y) + sin(x + y)*sin(x - y)",
    "x*exp(-x^2/(2*s^2))/(s*sqrt(2*pi))/s^2",
    "((x - a)^2 + (y - b)^2)^(-1/2)*(x - a) + (a - x)/sqrt((a - x)^2 + (b - y)^2)",
    "(1 - x)^2 + 100*(y - x^2)^2",
    "x/(1 + x/(1 + x/(1 + y)))",
)


def _answers(theory: rg.Theory) -> list[str]:
    return [str(rg.simplify(text, theory=theory)) for text in FORMULAS]


@pytest.fixture(scope="module")
def answers() -> list[str]:
    return _answers(rg.Theory.builtin())


def test_names_of_variables_mean_nothing(answers: list[str]) -> None:
    theory = rg.Theory.builtin()
    for text, wanted in zip(FORMULAS, answers, strict=True):
        term = rg.parse(text)
        variables = variable_terms(term)
        for prefix, numbers in (("q", range(len(variables))), ("Z", range(len(variables), 0, -1))):
            others = [theory.variable(f"{prefix}{n}", v.detail) for n, v in zip(numbers, variables, strict=True)]
            (renamed,) = substitute([term], dict(zip(variables, others, strict=True)))
            (back,) = substitute([rg.simplify(renamed)], dict(zip(others, variables, strict=True)))
            assert str(back) == wanted


def _shuffled(text: str, draw: random.Random) -> str:
    """A rule file with the rules of each ruleset in another order."""
    entries: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith((" ", "#")) and entries:
            entries[-1] += line
        else:
            entries.append(line)
    start = 0
    for end in range(len(entries) + 1):
        if end == len(entries) or not entries[end].startswith(("rule ", "reject ", "\n")):
            rules = entries[start:end]
            draw.shuffle(rules)
            entries[start:end] = rules
            start = end + 1
    return "".join(entries)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_of_rules_and_files_means_nothing(answers: list[str], seed: int) -> None:
    draw = random.Random(seed)
    texts = [(path.name, _shuffled(path.read_text(encoding="utf-8"), draw)) for path in rule_files()]
    draw.shuffle(texts)
    assert _answers(read_theory(texts)) == answers


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_the_run_means_nothing(answers: list[str], seed: str) -> None:
    code = "import test_independence as t, rewritegrad as rg\nfor a in t._answers(rg.Theory.builtin()): print(a)"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == answers
