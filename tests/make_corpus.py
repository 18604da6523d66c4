"""Computes tests/corpus.jsonl: the formulas of corpus_formulas.txt with references, beside those that the file already holds.

    python tests/make_corpus.py             recompute the references of corpus_formulas.txt, keep the other entries
    python tests/make_corpus.py --verify    compute every reference of corpus.jsonl anew and compare

Entries from elsewhere (NIST's regression models, SciPy's optimisation benchmarks, the tests of SymPy, math.js and
DiffRules) came with references of 25 digits; --verify holds them against SymPy at 50. Nothing of rewritegrad is used here:
the formulas are read by SymPy, so that a mistake of our reader cannot hide in the references.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import zlib
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.parsing.sympy_parser import convert_xor, parse_expr, rationalize, standard_transformations

HERE = Path(__file__).resolve().parent
FORMULAS = HERE / "corpus_formulas.txt"
CORPUS = HERE / "corpus.jsonl"
DIGITS = 25
GROUP = "own/"

FUNCTIONS = {
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "max": sympy.Max,
    "min": sympy.Min,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "where": lambda condition, chosen, other: sympy.Piecewise((chosen, condition), (other, True)),
}

AWAY_FROM_KINKS = {"DiracDelta": lambda *args: mpmath.mpf(0), "Heaviside": lambda x, *args: mpmath.mpf(x > 0)}
"""What SymPy's derivatives of sign, Max and Min mean where nothing is tied, as at every point of the corpus."""


def type_of(low: float, high: float) -> str:
    """The declaration that the interval of a variable supports."""
    if low > 0:
        return "scalar > 0"
    if low == 0:
        return "scalar >= 0"
    return "scalar < 0" if high < 0 else "scalar"


def symbol(name: str, declared: str) -> sympy.Symbol:
    """The SymPy symbol with the assumptions of a declaration."""
    words = {"scalar > 0": "positive", "scalar >= 0": "nonnegative", "scalar < 0": "negative", "scalar": "real"}
    return sympy.Symbol(name, **{words[declared]: True})


def to_sympy(formula: str, types: dict[str, str]) -> sympy.Expr:
    """A program of the corpus (names for subterms; then the formula) as SymPy reads it, with decimals as exact rationals."""
    scope: dict[str, Any] = {**FUNCTIONS, **{name: symbol(name, declared) for name, declared in types.items()}}
    transformations = (*standard_transformations, convert_xor, rationalize)
    *lets, result = formula.split(";")
    for let in lets:
        name, _, body = let.partition("=")
        scope[name.strip()] = parse_expr(body.strip(), local_dict=scope, transformations=transformations)
    return sympy.sympify(parse_expr(result.strip(), local_dict=scope, transformations=transformations))


def show(value: Any) -> str:
    return str(mpmath.nstr(value, DIGITS, strip_zeros=True, min_fixed=-5, max_fixed=20))


class Evaluator:
    """The value and the partial derivatives of one formula, at 50 digits and as float64; a point's texts mean the nearest doubles."""

    def __init__(self, formula: str, types: dict[str, str]) -> None:
        self.names = list(types)
        symbols = [symbol(name, types[name]) for name in self.names]
        value = to_sympy(formula, types)
        self.forms = [value, *(sympy.diff(value, s) for s in symbols)]
        self.exact = [sympy.lambdify(symbols, form, [AWAY_FROM_KINKS, "mpmath"]) for form in self.forms]
        self.fast = [sympy.lambdify(symbols, form, "numpy") for form in self.forms]

    def at(self, point: dict[str, str]) -> list[Any]:
        with mpmath.workdps(50):
            args = [mpmath.mpf(float(point[name])) for name in self.names]
            return [mpmath.mpmathify(f(*args)) for f in self.exact]

    def differences(self, point: dict[str, str]) -> list[Any]:
        """The partial derivatives from differences of the value at 80 digits."""
        with mpmath.workdps(80):
            args = [mpmath.mpf(float(point[name])) for name in self.names]
            return [
                mpmath.diff(lambda t, i=i: self.exact[0](*args[:i], t, *args[i + 1 :]), args[i], h=mpmath.mpf(10) ** -30)
                for i in range(len(args))
            ]

    def conditioned(self, point: dict[str, str]) -> bool:
        """Whether plain float64 gets value and derivatives right to 1e-11."""
        args = [float(point[name]) for name in self.names]
        with np.errstate(all="ignore"):
            fast = [float(f(*args)) for f in self.fast]
        return all(math.isclose(f, float(e), rel_tol=1e-11, abs_tol=1e-14) for f, e in zip(fast, self.at(point), strict=True))


def sample(rng: random.Random, low: float, high: float) -> str:
    """A point of the interval with 12 binary digits, so that its decimal spelling is exact."""
    value = low + (high - low) * rng.uniform(0.02, 0.98)
    mantissa, exponent = math.frexp(value)
    return repr(math.ldexp(round(mantissa * 4096), exponent - 12))


def entry(name: str, formula: str, domain: dict[str, list[float]], source: str) -> dict[str, Any]:
    """A line of the corpus, with three points inside the domain."""
    types = {variable: type_of(*interval) for variable, interval in domain.items()}
    evaluator = Evaluator(formula, types)
    rng = random.Random(zlib.crc32(name.encode()))
    points: list[dict[str, Any]] = []
    for _ in range(1000):
        if len(points) == 3:
            break
        at = {variable: sample(rng, *interval) for variable, interval in domain.items()}
        value, *grad = evaluator.at(at)
        if not all(mpmath.isfinite(v) and mpmath.im(v) == 0 for v in (value, *grad)) or not evaluator.conditioned(at):
            continue
        for exact, difference in zip(grad, evaluator.differences(at), strict=True):
            if abs(exact - difference) > mpmath.mpf(10) ** -24 * (1 + abs(exact)):
                raise ArithmeticError(f"{name}: SymPy's derivative {exact} is not {difference}")
        points.append({"at": at, "value": show(value), "grad": dict(zip(domain, map(show, grad), strict=True))})
    if len(points) < 3:
        raise ArithmeticError(f"{name}: not enough points of its domain at which it is defined")
    return {"id": GROUP + name, "source": source, "formula": formula, "types": types, "domain": domain, "points": points}


def read_formulas() -> list[tuple[str, str, dict[str, list[float]], str]]:
    rows = []
    for line in FORMULAS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, formula, box, source = (part.strip() for part in line.split(" | "))
            domain = {}
            for item in box.split():
                variable, _, interval = item.partition("=")
                domain[variable] = [float(bound) for bound in interval.split(":")]
            rows.append((name, formula, domain, source))
    return rows


def verify(entries: list[dict[str, Any]]) -> int:
    """The number of references that SymPy and mpmath do not confirm to 20 digits (each is printed)."""
    wrong = 0
    for e in entries:
        evaluator = Evaluator(e["formula"], e["types"])
        for point in e["points"]:
            found = evaluator.at(point["at"])
            wanted = [point["value"], *(point["grad"][name] for name in evaluator.names)]
            for form, f, w in zip(("value", *evaluator.names), found, wanted, strict=True):
                with mpmath.workdps(50):
                    reference = mpmath.mpf(w)
                    if not abs(f - reference) <= mpmath.mpf(10) ** -20 * (mpmath.mpf(10) ** -5 + abs(reference)):
                        wrong += 1
                        print(f"{e['id']} {form} at {point['at']}: {w} in the file, {show(f)} computed")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", action="store_true", help="compare every reference with SymPy and mpmath, write nothing")
    options = parser.parse_args()
    entries = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    if options.verify:
        wrong = verify(entries)
        print(f"{len(entries)} formulas, {wrong} references not confirmed")
        return int(wrong > 0)
    kept = [e for e in entries if not e["id"].startswith(GROUP)]
    made = [entry(*row) for row in read_formulas()]
    with CORPUS.open("w", encoding="utf-8") as out:
        for e in (*made, *kept):
            out.write(json.dumps(e, ensure_ascii=False) + "\n")
    print(f"{len(made)} formulas computed, {len(kept)} kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
