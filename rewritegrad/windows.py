"""Formulas under a tight deadline, from the top: windows of the DAG's postorder, the last one first.

What a window uses of the terms below it nobody has looked at: it enters as variables of which nothing is known, not even where
they are defined; only small terms are seen. So a window costs what its own operations cost, however large the formula is, and
what was found for some windows is put together without a walk over all the others. Pieces (pieces.py) find more, for what is
known of one comes to the next, but need several walks over the whole formula first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .pieces import VISIBLE, bounded, filled_in, unused_prefix
from .printer import operations
from .term import Term, make_term
from .theory import Type


@dataclass(slots=True)
class Window:
    """Some operations of a formula by themselves: `results` stand for the `originals` that are used above, `visible` has small
    terms from below and what they have become, and `unknown` the variables that stand for other terms from there."""

    originals: list[Term]
    results: list[Term]
    visible: dict[Term, Term]
    unknown: dict[Term, Term]

    @property
    def terms(self) -> list[Term]:
        """The results and what is visible."""
        return [*self.results, *self.visible.values()]


class Windows:
    """The windows of a formula; `order` is its postorder. With `everywhere` the new forms of small terms are put in below the windows too,
    which is a walk over everything; else they are taken to stay as they are there."""

    def __init__(self, roots: Sequence[Term], order: Sequence[Term], everywhere: bool = True) -> None:
        self.roots = list(roots)
        self.everywhere = everywhere
        self.gained = 0
        self._order = order
        self._end = len(order)
        self._used: dict[Term, None] = dict.fromkeys(roots)  # what roots or windows above are in need of
        self._stand_ins: dict[Term, Term] = {}
        self._found: dict[Term, Term] = {}
        self._small: dict[Term, Term] = {}  # the forms of small terms, the same in all windows
        self._forms: set[Term] = set()
        self._prefix = unused_prefix([t.value for t in order if t.op.leaf == "variable"])

    @property
    def is_done(self) -> bool:
        """Whether there are no more windows."""
        return self._end == 0

    def next(self, size: int) -> Window | None:
        """The next window, of about so many operations; None where there is none."""
        nodes: list[Term] = []
        used = False
        while self._end and (len(nodes) < size or not used):
            self._end -= 1
            term = self._order[self._end]
            if not term.op.leaf:
                nodes.append(term)
                used = used or term in self._used
        if not used:
            return None
        nodes.reverse()
        local: dict[Term, Term] = {}
        visible: dict[Term, Term] = {}
        unknown: dict[Term, Term] = {}
        for term in nodes:
            args = []
            for arg in term.args:
                here = local.get(arg)
                if here is None:
                    here = arg
                    if not arg.op.leaf:
                        if len(parts := bounded(arg, VISIBLE)) <= VISIBLE:
                            here = self._small.get(arg, arg)
                            visible.update((part, self._small.get(part, part)) for part in parts if not part.op.leaf)
                        else:
                            here = self._stand_in(arg)
                            unknown[here] = arg
                args.append(here)
            local[term] = make_term(term.op, tuple(args))
        originals = [term for term in nodes if term in self._used]
        return Window(originals, [local[term] for term in originals], visible, unknown)

    def _stand_in(self, term: Term) -> Term:
        found = self._stand_ins.get(term)
        if found is None:
            self._used[term] = None
            found = self._stand_ins[term] = term.theory.variable(f"{self._prefix}{len(self._stand_ins) + 1}", Type(term.shape))
        return found

    def take(self, window: Window, found: Sequence[Term]) -> int:
        """The terms of a window in other forms, where these are shorter; how many operations shorter they are."""
        count = len(window.results)
        kept = () if self.everywhere else window.visible
        gain = operations([*window.terms, *kept]) - operations([*(found if self.everywhere else found[:count]), *kept])
        self._found.update(zip(window.originals, found if gain > 0 else window.results, strict=False))
        if gain > 0 and self.everywhere:
            for old, new in zip(window.visible, found[count:], strict=True):
                if old is not new and old not in self._forms and new not in self._small and operations([new]) <= operations([old]):
                    self._small[old] = new
                    self._forms.add(new)
        self.gained += max(gain, 0)
        return gain

    def terms(self) -> list[Term]:
        """The roots over what was found so far."""
        whole: dict[Term, Term]
        shown = {stand_in: self._found.get(term, term) for term, stand_in in self._stand_ins.items()}
        if self.everywhere:
            shown, whole = {**self._small, **shown}, {}
        else:
            whole = {term: term for term in self._used if term not in self._found}
        return [filled_in(self._found.get(root, root), whole, shown) for root in self.roots]
