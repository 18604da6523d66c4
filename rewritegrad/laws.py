"""Rules on their way into the engine: the core form of both sides and of the conditions.

Definitions are expanded, sums and products flattened, numbers folded; which variables are numbers follows from the
conditions: those inside number(...), integer(...) and not_integer(...), and one that `=` ties to numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from .egraph.language import Language, Law
from .lawnumbers import expanded
from .leftsides import LeftSide
from .patterns import Pattern, Rule
from .rightsides import RightSide
from .theory import Theory


def law_of(rule: Rule, theory: Theory, language: Language) -> Law:
    """A rule in core form; RuleFileError where the left side is beyond what patterns can say."""
    prepare: Callable[[Pattern], Pattern] = (lambda p: p) if language.linear is None else expanded
    right = RightSide(rule, theory, language)
    return Law(
        rule.name,
        LeftSide(rule, theory, language).whole(prepare(rule.left)),
        right.build(prepare(rule.right)),
        tuple(right.test(c, prepare) for c in rule.conditions),
        rule,
    )
