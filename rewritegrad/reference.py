"""The operators of a theory as a reference: a table, entries, and the page docs/operators.md. Everything is told by the op blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from .patterns import PApply, PEach, Rule, walk
from .patterntext import condition_text, derivative_text, gives_text, pattern_text, signature_text
from .theory import Operator, Theory

MANY = 12
"""Of an operator that occurs in more laws than this, such as a sum, only the number of laws is told."""

EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Entry:
    """One operator: texts as its block writes them; `laws` are the names of the laws in which it occurs."""

    name: str
    signature: str
    doc: str
    domain: str
    meaning: str
    derivatives: tuple[str, ...]
    constant: tuple[str, ...]
    refused: tuple[str, ...]
    facts: tuple[str, ...]
    shape: str
    kernel: str | None
    sympy: str | None
    also: tuple[str, ...]
    laws: tuple[str, ...]
    source: str

    def data(self) -> dict[str, object]:
        """The entry as JSON has it."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """The entry as a block of text: what there is to say, each after its word."""
        yield f"{self.signature}"
        for word, text in self._told():
            yield f"    {word:12}{text}"

    def markdown(self) -> Iterator[str]:
        """The entry as a section of a page."""
        yield f"### `{self.signature}`"
        yield ""
        if self.doc:
            yield self.doc
            yield ""
        for word, text in self._told():
            if word == "laws" or text == EVERYWHERE:
                yield f"* {word}: {text}"
            elif word != "doc":
                yield f"* {word}: `{text}`"
        yield ""

    def _told(self) -> Iterator[tuple[str, str]]:
        if self.doc:
            yield "doc", self.doc
        yield "domain", self.domain
        if self.meaning:
            yield "means", self.meaning
        for line in self.derivatives:
            yield "derivative", line
        if self.constant:
            yield "constant in", ", ".join(self.constant)
        if self.refused:
            yield "no derivative by", ", ".join(self.refused)
        if self.facts:
            yield "facts", "; ".join(self.facts)
        if self.shape:
            yield "shape", self.shape
        if self.kernel:
            yield "NumPy", self.kernel
        if self.sympy:
            yield "SymPy", self.sympy
        if self.also:
            yield "also", ", ".join(self.also)
        if self.laws:
            yield "laws", ", ".join(self.laws) if len(self.laws) <= MANY else f"occurs in {len(self.laws)}"


def entries(theory: Theory, names: Sequence[str] = ()) -> list[Entry]:
    """The operators in the order of the rule files; with names, those whose name or other spelling contains one of them."""
    laws = _occurrences(theory)
    wanted = [op for op in theory.operators if not names or any(name in spelling for name in names for spelling in (op.name, *op.spellings))]
    return [_entry(op, laws.get(op, ())) for op in wanted]


def _entry(op: Operator, laws: Sequence[str]) -> Entry:
    return Entry(
        name=op.name,
        signature=signature_text(op),
        doc=op.doc,
        domain=", ".join(map(condition_text, op.needs)) or EVERYWHERE,
        meaning="" if op.definition is None else pattern_text(op.definition),
        derivatives=tuple(derivative_text(op, d) for d in op.derivatives),
        constant=tuple(p.name for p in op.parameters if p.constant),
        refused=tuple(p.name for p in op.parameters if p.refused),
        facts=(*sorted(op.flags), *map(gives_text, op.gives)),
        shape=op.shape_text,
        kernel=op.numpy,
        sympy=op.sympy,
        also=op.spellings,
        laws=tuple(laws),
        source="" if op.position is None else op.position.source,
    )


def _occurrences(theory: Theory) -> dict[Operator, list[str]]:
    """The names of the laws in which each operator occurs, each law once, by the way there."""
    found: dict[Operator, list[str]] = {}
    for ruleset in theory.rulesets.values():
        for rule in ruleset.rules:
            if not rule.reverse:
                for op in _operators_of(rule):
                    found.setdefault(op, []).append(rule.name)
    return found


def _operators_of(rule: Rule) -> dict[Operator, None]:
    return dict.fromkeys(p.op for side in (rule.left, rule.right) for p in walk(side) if isinstance(p, PApply | PEach))


def table(listed: Sequence[Entry]) -> list[str]:
    """A line for each operator, in columns."""
    rows = [("operator", "domain", "derivative", "NumPy", "SymPy", "also")]
    for entry in listed:
        derivative = "; ".join(" ".join(line.split()) for line in entry.derivatives if not line.startswith("push"))
        other = f"of {entry.meaning}" if entry.meaning else f"constant in {', '.join(entry.constant)}" if entry.constant else "-"
        rows.append((entry.signature, entry.domain, derivative or other, entry.kernel or "-", entry.sympy or "-", ", ".join(entry.also)))
    widths = [min(max(len(row[i]) for row in rows), WIDEST) for i in range(len(rows[0]))]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


WIDEST = 48
"""A cell that is wider pushes the rest of its line to the right instead of widening its column."""


def page(theory: Theory, listed: Sequence[Entry]) -> str:
    """The reference of operators in Markdown, by rule file."""
    lines = [
        "# The operators",
        "",
        "Generated from the op blocks of rules/ by `python docs/generate.py`; docs/rule-language.md says what the words mean. A domain is",
        "where an operator is defined. In a derivative, g is the cotangent of the result and d the tangent of the argument. What a function",
        "takes at a tie or a kink (`abs`, `max`, `sign`) is said in its first line.",
        "",
    ]
    heads = {name: _head(text) for name, text in theory.sources}
    for source in dict.fromkeys(entry.source for entry in listed):
        lines += [f"## {heads.get(source, source)}", "", f"`{source}`", ""]
        for entry in listed:
            if entry.source == source:
                lines += entry.markdown()
    return "\n".join(lines).rstrip() + "\n"


def _head(text: str) -> str:
    """What the first comment of a rule file says in its first sentence."""
    first = text.lstrip().partition("\n")[0]
    return re.split(r"[.:](?:\s|$)", first.lstrip("# "))[0] if first.startswith("#") else "Operators"
