"""Rules on their way into the engine: the core form of both sides and of the conditions.

Definitions are expanded, sums and products flattened, numbers folded; which variables are numbers follows from the
conditions: those inside number(...), integer(...) and not_integer(...), and one that `=` ties to numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from .egraph.language import Kind, Language, Law
from .lawnumbers import expanded
from .leftsides import LeftSide
from .patterns import PApply, Pattern, PEach, PVar, Rule, walk
from .rightsides import RightSide
from .theory import Operator, Theory


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


def needed_operators(rule: Rule, language: Language) -> tuple[Operator, ...]:
    """Operators without whose nodes the left side of a rule matches nothing, in the order of their first occurrence.

    Told from the pattern as written, before it is put into core form: operators that are stored as they are, and a
    sum or a pattern for every child at the root; a power where its exponent has to be symbolic. What is inside an operator
    whose definition drops arguments is left out.
    """
    found: dict[Operator, None] = {}
    left = rule.left
    symbolic = [a for c in rule.conditions if c.word == "symbolic" for a in c.args]
    if isinstance(left, PEach) or (isinstance(left, PApply) and language.kind(left.op) is Kind.LINEAR):
        found[left.op] = None
    stack: list[Pattern] = [left]
    while stack:
        part = stack.pop()
        if isinstance(part, PEach):
            stack.append(part.body)  # there is a child at least, and every child has to match
        if not isinstance(part, PApply):
            continue
        if language.spelled or part.op.definition is None:
            if language.kind(part.op) is Kind.PLAIN and (part.op != language.raised or part.args[1] in symbolic):
                found[part.op] = None
            stack.extend(reversed(part.args))
        else:
            kept = {p.name for p in walk(part.op.definition) if isinstance(p, PVar)}
            stack.extend([arg for p, arg in zip(part.op.parameters, part.args, strict=True) if p.name in kept])
    return tuple(found)
