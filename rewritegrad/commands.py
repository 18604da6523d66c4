"""What the verbs about formulas do: a problem and options in, an Answer out; nothing is printed here.

The JSON keys of answers are stable; docs/command-line.md lists them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import api
from .answers import Answer
from .errors import FormulaError, InputError, RewritegradError
from .kernels import Array
from .limits import Limits
from .reader import declared_names, read
from .shapes import show
from .stages import Simplification
from .term import Term, variable_terms
from .theory import Theory, Type


@dataclass(frozen=True, slots=True)
class Formula:
    """A text, what errors call it, and the declarations (name -> type) that were given beside it."""

    text: str
    source: str = "<formula>"
    types: Mapping[str, str | Type] = field(default_factory=dict)

    def terms(self, theory: Theory) -> list[Term]:
        """The results of the program."""
        found = read(self.text, theory, self.types, self.source)
        return [found] if isinstance(found, Term) else list(found)

    def typed_like(self, values: Mapping[str, Array]) -> Formula:
        """The same, where variables that nobody has declared take the shapes of their values."""
        known = {*self.types, *declared_names(self.text, self.source)}
        found = {name: Type(shape=value.shape) for name, value in values.items() if name not in known}
        return Formula(self.text, self.source, {**self.types, **found})


@dataclass(frozen=True, slots=True)
class Style:
    """How terms are answered: as LaTeX, and with a report of what the simplifier did."""

    latex: bool = False
    report: bool = False


# ---- formulas ----


def differentiate(formula: Formula, theory: Theory, wrt: Sequence[str], limits: Limits | None, style: Style) -> Answer:
    """The derivative by each of `wrt`, one after the other, of every result; as the rules write it where there are no limits."""
    terms = formula.terms(theory)
    found = [api.diff(term, *wrt, simplify=limits is not None and _later) for term in terms]
    return _answer("diff", terms, found, limits, style, wrt=list(wrt))


def gradient(formula: Formula, theory: Theory, wrt: Sequence[str], limits: Limits | None, style: Style) -> Answer:
    """The gradient of the one result with respect to each of `wrt`; as the rules write it where there are no limits."""
    terms = formula.terms(theory)
    if len(terms) != 1:
        raise FormulaError(f"a gradient is of one scalar, and the formula has {len(terms)} results")
    found = api.grad(terms[0], list(wrt), simplify=limits is not None and _later)
    return _answer("grad", terms, found, limits, style, names=wrt, wrt=list(wrt))


def _later(terms: list[Term]) -> list[Term]:
    """The derivatives as they are: the answer simplifies them, within the limits."""
    return terms


def simplify(formula: Formula, theory: Theory, limits: Limits, style: Style) -> Answer:
    """Every result simplified, all of them together."""
    terms = formula.terms(theory)
    return _answer("simplify", terms, terms, limits, style)


def _answer(
    command: str, inputs: Sequence[Term], found: Sequence[Term], limits: Limits | None, style: Style, names: Sequence[str] = (), **data: Any
) -> Answer:
    """Terms, simplified, as an answer: each on a line, after its name where several have names; as data a mapping where they have names."""
    done = Simplification(list(found)) if limits is None else api.simplification(list(found), limits=limits)

    def packed(values: Iterable[Any]) -> Any:
        items = list(values)
        return dict(zip(names, items, strict=True)) if names else items[0] if len(items) == 1 else items

    texts = [t.latex() if style.latex else str(t) for t in done.terms]
    lines = [f"{name}: {text}" for name, text in zip(names, texts, strict=True)] if len(names) > 1 else texts
    facts = {
        "command": command,
        "input": [str(t) for t in inputs] if len(inputs) > 1 else str(inputs[0]),
        **data,
        "result": packed(str(t) for t in done.terms),
        "latex": packed(t.latex() for t in done.terms),
        "shape": packed(show(t.shape) for t in done.terms),
        "operations": packed(t.count_ops() for t in done.terms),
    }
    if not style.report:
        return Answer(lines, facts)
    return Answer([*lines, *_report(done)], {**facts, "report": _reported(done)})


def _report(done: Simplification) -> list[str]:
    """What the simplifier did: why it stopped, what each stage took, and which laws filled the e-graph."""
    told = [f"stopped: {done.stop_reason.value}, after {done.pulses} pulses, with up to {done.rows} e-nodes"]
    told += [
        f"{stage}: {row['iterations']:.0f} iterations, {row['matches']:.0f} matches, {1000 * row['seconds']:.1f} ms"
        for stage, row in done.stages().items()
    ]
    told += [f"{name}: {count} matches" for name, count in done.matches().items() if count]
    if held := done.held_back():
        told.append(f"held back, since they matched too often: {', '.join(held)}")
    return [f"# {line}" for line in told]


def _reported(done: Simplification) -> dict[str, Any]:
    """The same as data."""
    return {
        "stop_reason": done.stop_reason.value,
        "pulses": done.pulses,
        "rows": done.rows,
        "matches": done.matches(),
        "stages": done.stages(),
        "held_back": done.held_back(),
    }


# ---- values ----


def assignments(texts: Iterable[str], theory: Theory) -> dict[str, Array]:
    """Values by name from texts such as `X=[[0, 1], [-1, -2]]` or `t=pi/4`: Python's literals, or formulas without variables."""
    values: dict[str, Array] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            raise InputError(f"a value is given as NAME=VALUE, not {text!r}")
        if name in values:
            raise InputError(f"{name} is given two values")
        values[name] = _value(name, value.strip(), theory)
    return values


def _value(name: str, text: str, theory: Theory) -> Array:
    try:
        literal = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        formula = read(text, theory, source=f"<value of {name}>")
        if not isinstance(formula, Term) or formula.variables:
            raise InputError(f"the value of {name} must be a number, a list of numbers, or a formula without variables, not {text!r}") from None
        return np.asarray(api.evaluate(formula))
    try:
        return np.asarray(literal, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"the value of {name} is neither a number nor a rectangular list of numbers: {text}") from None


def evaluate(formula: Formula, theory: Theory, values: Mapping[str, Array]) -> Answer:
    """The value of every result, computed as it is written; values of names that do not occur are ignored."""
    terms = formula.typed_like(values).terms(theory)
    _check_given(terms, values)
    found: list[Array] = api.function(variable_terms(*terms), terms, simplify=False)(**_used(terms, values))
    data = {
        "command": "eval",
        "input": [str(t) for t in terms] if len(terms) > 1 else str(terms[0]),
        "values": {name: _plain(value) for name, value in values.items()},
        "result": _plain(found[0]) if len(found) == 1 else [_plain(v) for v in found],
    }
    return Answer([repr(v.item()) if v.ndim == 0 else np.array2string(v, separator=", ") for v in found], data)


def _used(terms: Sequence[Term], values: Mapping[str, Array]) -> dict[str, Array]:
    return {v.value: values[v.value] for v in variable_terms(*terms) if v.value in values}


def _check_given(terms: Sequence[Term], values: Mapping[str, Array], free: Sequence[str] = ()) -> None:
    """Every variable has a value, or is among `free`."""
    missing = [v.value for v in variable_terms(*terms) if v.value not in values and v.value not in free]
    if missing:
        raise InputError(f"{missing[0]} has no value: add {missing[0]}=VALUE to the command")


def _plain(value: Array) -> Any:
    """An array as JSON has it: lists of numbers or booleans; what JSON has no number for as a text."""
    if value.ndim:
        return [_plain(entry) for entry in value]
    item = value.item()
    return item if isinstance(item, bool) or math.isfinite(item) else str(item)


# ---- pictures ----


def plot(
    formula: Formula, theory: Theory, wrt: str, values: Mapping[str, Array], span: tuple[float, float], points: int, out: Path
) -> Answer:
    """Writes a picture of a function of one variable and of its derivative."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise RewritegradError("plot needs matplotlib: pip install 'rewritegrad[plot]'") from None
    terms = formula.typed_like(values).terms(theory)
    if len(terms) != 1 or terms[0].shape:
        raise FormulaError("plot draws one scalar function")
    _check_given(terms, values, free=[wrt])
    derivative = api.diff(terms[0], wrt)
    (x,) = [v for v in variable_terms(*terms) if v.value == wrt] or [theory.variable(wrt)]
    function = api.function(list(dict.fromkeys([x, *variable_terms(*terms)])), [terms[0], derivative])
    xs = np.linspace(*span, points)
    with np.errstate(all="ignore"):
        ys = np.array([function(**{**_used(terms, values), wrt: t}) for t in xs], dtype=np.float64)
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot(xlabel=wrt)
    axes.plot(xs, ys[:, 0], label=_short(terms[0]))
    axes.plot(xs, ys[:, 1], label=f"derivative: {_short(derivative)}")
    axes.grid(alpha=0.3)
    axes.legend()
    try:
        figure.savefig(out)
    except ValueError as error:  # an unknown ending of the file's name
        raise InputError(str(error)) from None
    data = {"command": "plot", "input": str(terms[0]), "wrt": [wrt], "result": str(derivative), "out": str(out)}
    return Answer([f"{out}: {terms[0]} and its derivative {derivative}"], data)


def _short(term: Term) -> str:
    text = str(term).replace("$", r"\$")
    return text if len(text) <= 60 else text[:57] + "..."
