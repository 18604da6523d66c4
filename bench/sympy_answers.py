"""SymPy's side of bench/corpus.py: simplify(diff(formula, variable)) in a worker process, kept in a cache file.

The worker may use a bounded amount of processor time for each answer; where that does not suffice the answer is the
derivative as SymPy's diff gives it, marked as timed out. Answers are texts in rewritegrad's language, so that they
are read back by rg.parse and counted by the same count_ops as ours.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sympy
from sympy.printing.str import StrPrinter

SHORT_FRACTION = 6


class Notation(StrPrinter):
    """SymPy's own printing, with the names that differ in rewritegrad: Abs, Max, Min, Piecewise, E, and, or, not."""

    def _print_Abs(self, expr: Any) -> str:  # noqa: N802 - the names that SymPy's printers dispatch on
        return f"abs({self._print(expr.args[0])})"

    def _nest(self, name: str, args: list[Any]) -> str:
        text = self._print(args[0])
        for arg in args[1:]:
            text = f"{name}({text}, {self._print(arg)})"
        return text

    def _print_Max(self, expr: Any) -> str:  # noqa: N802
        return self._nest("max", sorted(expr.args, key=sympy.default_sort_key))

    def _print_Min(self, expr: Any) -> str:  # noqa: N802
        return self._nest("min", sorted(expr.args, key=sympy.default_sort_key))

    def _print_Exp1(self, expr: Any) -> str:  # noqa: N802
        return "exp(1)"

    def _print_Piecewise(self, expr: Any) -> str:  # noqa: N802
        *cases, (last, condition) = expr.args
        text = self._print(last) if condition == True else f"where({self._print(condition)}, {self._print(last)}, 0/0)"  # noqa: E712
        for value, test in reversed(cases):
            text = f"where({self._print(test)}, {self._print(value)}, {text})"
        return text

    def _print_ITE(self, expr: Any) -> str:  # noqa: N802
        test, yes, no = (self._print(a) for a in expr.args)
        return f"((({test}) and ({yes})) or ((not ({test})) and ({no})))"

    def _print_And(self, expr: Any) -> str:  # noqa: N802
        return " and ".join(f"({self._print(a)})" for a in sorted(expr.args, key=sympy.default_sort_key))

    def _print_Or(self, expr: Any) -> str:  # noqa: N802
        return " or ".join(f"({self._print(a)})" for a in sorted(expr.args, key=sympy.default_sort_key))

    def _print_Not(self, expr: Any) -> str:  # noqa: N802
        return f"(not ({self._print(expr.args[0])}))"

    def _print_Equality(self, expr: Any) -> str:  # noqa: N802
        return f"({self._print(expr.lhs)} == {self._print(expr.rhs)})"

    def _print_Unequality(self, expr: Any) -> str:  # noqa: N802
        return f"({self._print(expr.lhs)} != {self._print(expr.rhs)})"


def show(expr: Any) -> str:
    """A SymPy expression in rewritegrad's language."""
    return str(Notation().doprint(expr))


def _is_short(value: sympy.Rational) -> bool:
    denominator = value.q
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator != 1 and len(f"{abs(value.p)}{value.q}") <= SHORT_FRACTION


def with_decimals(expr: Any) -> Any:
    """The fractions of a SymPy expression as decimals, by the rule that rewritegrad's own answers follow (1/3 stays).

    Exponents that are multiples of 1/2 stay as they are, so that sqrt is printed.
    """
    marks: dict[Any, Any] = {}

    def mark(value: sympy.Rational) -> Any:
        text = repr(float(Fraction(value.p, value.q)))
        return marks.setdefault(value, sympy.Symbol(text, real=True, **{"positive": True} if value > 0 else {"negative": True}))

    done: dict[Any, Any] = {}
    for node in sympy.postorder_traversal(expr):
        if node in done:
            continue
        if node.is_Rational and not node.is_Integer and not _is_short(node):
            done[node] = mark(node) if node > 0 else sympy.Mul(-1, mark(-node), evaluate=False)
        elif node.is_Pow and node.exp.is_Rational and node.exp.q == 2:
            done[node] = sympy.Pow(done[node.base], node.exp, evaluate=False)
        elif node.args:
            try:
                done[node] = node.func(*[done.get(a, a) for a in node.args], evaluate=False)
            except TypeError:
                done[node] = node.func(*[done.get(a, a) for a in node.args])
        else:
            done[node] = node
    return done[expr]


@dataclass(frozen=True)
class Answer:
    """SymPy's derivative (or the formula itself) and what simplify made of it, as texts; `decimals` are the same two with decimals for fractions."""

    simplified: str
    derivative: str
    decimals: tuple[str, str]
    seconds: float
    timed_out: bool


def key_of(formula: str, types: dict[str, str], variable: str) -> str:
    """What an answer is stored under; without a variable it is the formula itself that is simplified."""
    declared = "; ".join(f"{name}: {text}" for name, text in sorted(types.items()))
    return f"D({formula}, {variable}) | {declared}" if variable else f"{formula} | {declared}"


def _work(connection: Connection, limit: float) -> None:
    os.nice(10)
    while True:
        expr, symbol = connection.recv()
        signal.setitimer(signal.ITIMER_PROF, limit)
        start = time.process_time()
        simplified = sympy.simplify(sympy.diff(expr, symbol) if symbol is not None else expr)
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.send((simplified, seconds))


class Answers:
    """SymPy's answers, from the cache file where it has them, else from the worker (and then stored)."""

    def __init__(self, cache: Path | None, limit: float = 20.0) -> None:
        self.limit = limit
        self._cache = cache
        self._known: dict[str, dict[str, Any]] = {}
        if cache is not None and cache.exists():
            self._known = json.loads(cache.read_text(encoding="utf-8"))
        self._worker: Any = None
        self._connection: Connection | None = None
        self._unsaved = 0

    def has(self, key: str) -> bool:
        return key in self._known

    def ask(self, key: str, expr: Any, symbol: Any, decimal: bool) -> Answer:
        """The answer for d expr / d symbol, or without a symbol for expr itself; `decimal` says whether the formula was written with decimals."""
        if key not in self._known:
            self._known[key] = asdict(self._compute(expr, symbol, decimal))
            self._unsaved += 1
            if self._unsaved >= 50:
                self.save()
        found = dict(self._known[key])
        return Answer(**{**found, "decimals": tuple(found["decimals"])})

    def save(self) -> None:
        """Write the cache file."""
        self._unsaved = 0
        if self._cache is not None:
            temporary = self._cache.with_suffix(".tmp")
            temporary.write_text(json.dumps(self._known, indent=0), encoding="utf-8")
            temporary.replace(self._cache)

    def close(self) -> None:
        """Save, and end the worker."""
        self.save()
        if self._worker is not None:
            self._worker.terminate()
            self._worker.join()
            self._worker = None

    def _start(self) -> Connection:
        if self._worker is None:
            context = multiprocessing.get_context("fork")
            self._connection, theirs = context.Pipe()
            self._worker = context.Process(target=_work, args=(theirs, self.limit), daemon=True)
            self._worker.start()
            theirs.close()
        assert self._connection is not None
        return self._connection

    def _compute(self, expr: Any, symbol: Any, decimal: bool) -> Answer:
        derivative = sympy.diff(expr, symbol) if symbol is not None else expr
        connection = self._start()
        connection.send((expr, symbol))
        try:
            simplified, seconds, timed_out = *connection.recv(), False
        except EOFError:
            self._worker.join()
            self._worker = None
            simplified, seconds, timed_out = derivative, self.limit, True
        forms = (simplified, derivative)
        exact = tuple(show(form) for form in forms)
        texts = tuple(show(with_decimals(form)) for form in forms) if decimal else exact
        return Answer(exact[0], exact[1], (texts[0], texts[1]), seconds, timed_out)


def has_decimals(formula: str) -> bool:
    """Whether a formula has a decimal literal."""
    return re.search(r"\d\.\d|\.\d|\d\.|\d[eE][-+]?\d", formula) is not None
