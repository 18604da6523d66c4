"""The words allowed after `if` and `needs`: each is answered from facts, and only a proof is a yes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from . import intervals
from .dimensions import Dimensions
from .errors import FormulaError
from .fact import ATTRIBUTE, BOOLEAN, REAL, Fact
from .term import Number


class Source(Protocol):
    """What conditions ask of the facts of a problem."""

    dimensions: Dimensions

    def nonzero(self, fact: Fact) -> bool: ...


class NumberSource(Source, Protocol):
    """The same, with the facts of numbers."""

    def number(self, value: Number) -> Fact: ...


Word: TypeAlias = Callable[..., bool]
"""A function of the Facts of the problem and of the facts of the arguments."""


def _constant(source: Source, a: Fact) -> bool:
    return not a.free and a.kind is not ATTRIBUTE


def _symbolic(source: Source, a: Fact) -> bool:
    return a.constant is None


def _number(source: Source, a: Fact) -> bool:
    return a.constant is not None and a.kind is REAL


def _integer(source: Source, a: Fact) -> bool:
    return a.integer


def _not_integer(source: Source, a: Fact) -> bool:
    return a.kind is REAL and not a.integer and not intervals.has_integer(a.interval)


def _positive(source: Source, a: Fact) -> bool:
    return intervals.is_positive(a.interval)


def _nonnegative(source: Source, a: Fact) -> bool:
    return a.interval[0] >= 0


def _negative(source: Source, a: Fact) -> bool:
    return intervals.is_negative(a.interval)


def _nonzero(source: Source, a: Fact) -> bool:
    return a.nonzero or source.nonzero(a)


def _real(source: Source, a: Fact) -> bool:
    return a.kind is REAL


def _boolean(source: Source, a: Fact) -> bool:
    return a.kind is BOOLEAN


def _defined(source: Source, a: Fact) -> bool:
    return a.everywhere


def _analytic(source: Source, a: Fact) -> bool:
    return a.analytic


def _scalar(source: Source, a: Fact) -> bool:
    return not a.shape


def _vector(source: Source, a: Fact) -> bool:
    return len(a.shape) == 1


def _matrix(source: Source, a: Fact) -> bool:
    return len(a.shape) == 2


def _matrices(source: Source, a: Fact) -> bool:
    return len(a.shape) >= 2


def _tensor(source: Source, a: Fact) -> bool:
    return len(a.shape) >= 3


def _square(source: Source, a: Fact) -> bool:
    return len(a.shape) == 2 and source.dimensions.find(a.shape[0]) == source.dimensions.find(a.shape[1])


def _symmetric(source: Source, a: Fact) -> bool:
    """No declared type says so yet, and nothing else proves it: the answer is unknown."""
    return False


def _full_rank(source: Source, a: Fact) -> bool:
    """Likewise."""
    return False


def _single(source: Source, a: Fact) -> bool:
    return a.kind is ATTRIBUTE and type(a.value) is int


def _positive_definite(source: Source, a: Fact) -> bool:
    """Likewise."""
    return False


def _powerable(source: Source, a: Fact, b: Fact) -> bool:
    """Whether a^b is defined (but for a thin set) where a and b are."""
    if _positive(source, a) or (_nonnegative(source, a) and _positive(source, b)):
        return True
    return b.integer and (_nonnegative(source, b) or _nonzero(source, a))


def _free_of(source: Source, a: Fact, b: Fact) -> bool:
    return a.free.isdisjoint(b.free)


def _same_shape(source: Source, a: Fact, b: Fact) -> bool:
    return a.shape == b.shape or source.dimensions.same(a.shape, b.shape)


def _between(source: Source, a: Fact, low: Fact, high: Fact) -> bool:
    return _at_most(source, low, a) and _at_most(source, a, high)


def _less(source: Source, a: Fact, b: Fact) -> bool:
    return intervals.below(a.interval, b.interval)


def _at_most(source: Source, a: Fact, b: Fact) -> bool:
    return a.interval[1] <= b.interval[0]


def _greater(source: Source, a: Fact, b: Fact) -> bool:
    return _less(source, b, a)


def _at_least(source: Source, a: Fact, b: Fact) -> bool:
    return _at_most(source, b, a)


def _same_setting(a: Fact, b: Fact) -> bool:
    """Whether two settings, or a setting and a literal, are the same."""
    x, y = [v.value if v.kind is ATTRIBUTE else v.constant for v in (a, b)]
    return type(x) is type(y) and bool(x == y)


def _equal(source: Source, a: Fact, b: Fact) -> bool:
    if a.kind is ATTRIBUTE or b.kind is ATTRIBUTE:
        return _same_setting(a, b)
    if a.kind is not b.kind:
        return False
    return a.constant is not None and a.constant == b.constant


def _differ(source: Source, a: Fact, b: Fact) -> bool:
    if a.kind is ATTRIBUTE or b.kind is ATTRIBUTE:
        return not _same_setting(a, b)
    if a.kind is not b.kind:
        return False
    if a.constant is not None and b.constant is not None:
        return a.constant != b.constant
    if _less(source, a, b) or _less(source, b, a):
        return True
    return (b.constant == 0 and _nonzero(source, a)) or (a.constant == 0 and _nonzero(source, b))


WORDS: dict[str, Word] = {
    "constant": _constant,
    "symbolic": _symbolic,
    "number": _number,
    "integer": _integer,
    "not_integer": _not_integer,
    "positive": _positive,
    "nonnegative": _nonnegative,
    "negative": _negative,
    "nonzero": _nonzero,
    "real": _real,
    "boolean": _boolean,
    "analytic": _analytic,
    "defined": _defined,
    "scalar": _scalar,
    "vector": _vector,
    "matrix": _matrix,
    "matrices": _matrices,
    "tensor": _tensor,
    "square": _square,
    "symmetric": _symmetric,
    "full_rank": _full_rank,
    "single": _single,
    "positive_definite": _positive_definite,
    "powerable": _powerable,
    "free_of": _free_of,
    "same_shape": _same_shape,
    "between": _between,
    "=": _equal,
    "!=": _differ,
    "<": _less,
    "<=": _at_most,
    ">": _greater,
    ">=": _at_least,
}
"""Every word with the function that answers it: patterns.CONDITION_WORDS without what only `gives` says, and the comparisons."""

SHAPE_WORDS = frozenset({"scalar", "vector", "matrix", "matrices", "tensor", "square", "same_shape"})
"""Words that look at shapes only, which a term has as well as a fact."""


def word_function(word: str) -> Word:
    """The function that answers a word, to be called with the Facts of the problem and the facts of its arguments."""
    try:
        return WORDS[word]
    except KeyError:
        raise FormulaError(f"there is no condition {word}") from None


def holds(source: NumberSource, word: str, args: Sequence[Fact | Number]) -> bool:
    """Whether the facts prove a condition on facts and exact numbers; FormulaError where there is no such word.

    >>> import rewritegrad as rg
    >>> from rewritegrad.facts import Facts
    >>> facts = Facts(rg.Theory.builtin())
    >>> x = facts.variable("x", rg.Type(lower=0))
    >>> holds(facts, "nonnegative", [x]), holds(facts, "positive", [x]), holds(facts, "<", [x, -1])
    (True, False, False)
    """
    given = [a if isinstance(a, Fact) else source.number(a) for a in args]
    return word_function(word)(source, *given)
