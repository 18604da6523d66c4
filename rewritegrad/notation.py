"""How terms are written, read and stored: what a theory is given so that its terms can do these things.

A term is stored as a flat list of its parts beside the texts of its theory, so that it can be pickled however deep it is,
and is the identical object again where the same theory reads it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .latex import latex
from .printer import count_ops, infix
from .reader import read_one
from .term import Term, make_term, postorder
from .theory import Theory, Type

Record: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Notation:
    """The notation of this package: infix text, LaTeX, and storage as a list. All of them are equal."""

    def read(self, text: str, theory: Theory, types: Mapping[str, str | Type]) -> Term:
        """The term that a formula means; FormulaError where it is none, or several."""
        return read_one(text, theory, types)

    def show(self, term: Term) -> str:
        """The term as text that reads back as the same object."""
        return infix(term)

    def show_latex(self, term: Term) -> str:
        """The term as LaTeX."""
        return latex(term)

    def operations(self, term: Term) -> int:
        """The number of operations on the DAG of the printed text."""
        return count_ops(term)

    def recipe(self, roots: Sequence[Term]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """What pickle needs to make one term of a theory again."""
        (root,) = roots
        return restore, (root.theory, flatten(root))


NOTATION: Final = Notation()


def flatten(root: Term) -> tuple[Record, ...]:
    """A term as records, arguments before the terms that use them.

    A record is (kind, value, detail) for a leaf, and (number of the operator in its theory, places of the arguments
    among the records) for an application.
    """
    numbers = {op: i for i, op in enumerate(root.theory.operators)}
    places: dict[Term, int] = {}
    records: list[Record] = []
    for term in postorder(root):
        places[term] = len(records)
        if term.op.leaf:
            records.append((term.op.leaf, term.value, term.detail))
        else:
            records.append((numbers[term.op], *[places[arg] for arg in term.args]))
    return tuple(records)


def restore(theory: Theory, records: Sequence[Record]) -> Term:
    """The term that `flatten` took apart."""
    made: list[Term] = []
    for kind, *parts in records:
        match kind:
            case "variable":
                made.append(theory.variable(*parts))
            case "number":
                made.append(theory.number(*parts))
            case "boolean":
                made.append(theory.boolean(parts[0]))
            case "attribute":
                made.append(theory.attribute(parts[0]))
            case _:
                made.append(make_term(theory.operators[kind], tuple([made[i] for i in parts])))
    return made[-1]
