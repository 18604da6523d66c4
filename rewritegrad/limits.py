"""How far simplification goes: every limit of the stages as one value, with what it means in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Final

from .egraph.saturate import Backoff
from .errors import InputError

MEANING = "meaning"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far simplification goes. `rg.simplify(..., limits=rg.Limits(...))` and `--limit NAME=VALUE` set any of them;
    `rewritegrad rules --stages` prints them with their meaning.

    >>> import rewritegrad as rg
    >>> str(rg.simplify("x*y + x*z", limits=rg.Limits(pulses=1, rows=100)))
    'x*(y + z)'
    """

    pulses: int = field(default=8, metadata={MEANING: "pulses at most, each from the best terms so far; as many again after spreading"})
    reduce_iterations: int = field(default=3, metadata={MEANING: "iterations of the laws that only shrink (reduce), first in a pulse"})
    explore_iterations: int = field(default=1, metadata={MEANING: "steps in a pulse of one iteration of the laws that may grow (explore)"})
    settle_iterations: int = field(default=2, metadata={MEANING: "iterations of reduce after each such step"})
    spread_iterations: int = field(default=8, metadata={MEANING: "iterations of the laws that multiply out (spread), in an e-graph of their own"})
    rows: int = field(default=200, metadata={MEANING: "e-nodes in a pulse, if the input does not need more than half of them"})
    second_rows: int = field(default=500, metadata={MEANING: "the same once more, where pulses ended at the limit before"})
    joint: int = field(default=3, metadata={MEANING: "several terms together may have as many times those two limits, up to this"})
    explorable: int = field(default=4000, metadata={MEANING: "an input that needs more e-nodes gets the laws that only shrink"})
    whole: int = field(default=1000, metadata={MEANING: "an input of more operations than this is simplified in pieces"})
    explored: int = field(default=10_000, metadata={MEANING: "operations of such an input that are explored at most"})
    seconds: float | None = field(default=None, metadata={MEANING: "a deadline for everything"})
    backoff: Backoff | None = field(default=None, metadata={MEANING: "MATCHES,ITERATIONS: a law of explore that matches more often waits so long"})

    exact: bool = field(default=False, metadata={MEANING: "True: the cheapest terms of each e-graph, by SciPy's integer programming"})

    def among(self, count: int) -> Limits:
        """The limits for so many terms together."""
        times = min(count, self.joint)
        return self if times <= 1 else replace(self, rows=times * self.rows, second_rows=times * self.second_rows, joint=1)

    def described(self) -> Iterator[tuple[str, Any, str]]:
        """Name, value and meaning of every limit."""
        for one in fields(self):
            yield one.name, getattr(self, one.name), one.metadata[MEANING]


USUAL: Final = Limits()


def limited(limits: Limits | None, seconds: float | None, rows: int | None, iterations: int | None) -> Limits:
    """The limits (None: the usual ones) with a deadline, a limit of e-nodes and one of the iterations of each stage, as far as they are given."""
    chosen = USUAL if limits is None else limits
    if seconds is not None:
        chosen = replace(chosen, seconds=seconds)
    if rows is not None:
        chosen = replace(chosen, rows=rows, second_rows=rows, joint=1)
    if iterations is not None:
        chosen = replace(chosen, reduce_iterations=iterations, explore_iterations=iterations)
    return chosen


def with_texts(limits: Limits, texts: Mapping[str, str]) -> Limits:
    """The limits, some of them set by what a person wrote; InputError where there is no such limit or no such value."""
    known = {one.name: one for one in fields(Limits)}
    values = {}
    for name, text in texts.items():
        if name not in known:
            raise InputError(f"there is no limit {name}; there are {', '.join(known)}")
        try:
            values[name] = _value(known[name], text.strip())
        except ValueError:
            raise InputError(f"the limit {name} cannot be {text.strip() or 'nothing'}") from None
    return replace(limits, **values)


def _value(limit: Field[Any], text: str) -> Any:
    if limit.name == "backoff":
        matches, _, iterations = text.partition(",")
        return Backoff(_positive(int(matches)), _positive(int(iterations)) if iterations else Backoff.iterations)
    if limit.name == "exact":
        if text not in ("True", "False"):
            raise ValueError
        return text == "True"
    return _positive(float(text) if limit.name == "seconds" else int(text))


def _positive(value: Any) -> Any:
    if not 0 < value < float("inf"):
        raise ValueError
    return value
