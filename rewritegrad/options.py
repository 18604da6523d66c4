"""What gradients and their kin are asked for: forms of `wrt` and of answers, and the options that Theano has."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Literal, TypeAlias, TypedDict, TypeVar

from .derivative_rules import shorten
from .errors import DisconnectedInputError
from .sweeps import zero
from .term import Term


class Disconnected(Enum):
    """What `return_disconnected="disconnected"` answers for an input that the cost does not depend on."""

    DISCONNECTED = "disconnected"


_Item = TypeVar("_Item")
_Other = TypeVar("_Other")
Form: TypeAlias = _Item | list[_Item] | tuple[_Item, ...]
Gradient: TypeAlias = Term | Disconnected | None
Simplify: TypeAlias = Callable[[list[Term]], list[Term]]


class Options(TypedDict, total=False):
    """What `grad` and its kin take by keyword.

    consider_constant: terms through which nothing flows. disconnected_inputs: what an input that the cost does not
    depend on leads to: DisconnectedInputError, a warning, or nothing. return_disconnected: what its gradient then is:
    zeros in its shape, None or `Disconnected.DISCONNECTED`. simplify: applied to all results at once; None leaves them
    as the rules wrote them.
    """

    consider_constant: Iterable[Term] | None
    disconnected_inputs: Literal["raise", "warn", "ignore"]
    return_disconnected: Literal["zero", "none", "disconnected"]
    simplify: Simplify | None


def items(form: Form[_Item]) -> list[_Item]:
    """One thing or several, as a list."""
    return list(form) if isinstance(form, list | tuple) else [form]


def in_form(form: Form[_Item], results: Sequence[_Other]) -> Form[_Other]:
    """The results in the form of what was asked: single, list or tuple."""
    if isinstance(form, list):
        return list(results)
    return tuple(results) if isinstance(form, tuple) else results[0]


def simplified(results: Sequence[Gradient], simplify: Simplify | None) -> list[Gradient]:
    """The results, the terms among them simplified all at once."""
    terms = [result for result in results if isinstance(result, Term)]
    if simplify is None or not terms:
        return list(results)
    better = iter(simplify(terms))
    return [next(better) if isinstance(result, Term) else result for result in results]


def unmoved(x: Term, options: Options) -> Term:
    """The gradient by an input whose changes leave the value where it is: zeros in its shape."""
    return zero(x, "0.0" if options.get("simplify") is None else "0")


def disconnected(x: Term, options: Options) -> Gradient:
    """The gradient by an input that nothing depends on."""
    answer = options.get("return_disconnected", "zero")
    match answer:
        case "zero":
            return unmoved(x, options)
        case "none":
            return None
        case "disconnected":
            return Disconnected.DISCONNECTED


def report(inputs: list[Term], options: Options) -> None:
    """Do what the caller wants done about inputs that nothing depends on; ValueError where the options are no such."""
    wanted, answer = options.get("disconnected_inputs", "raise"), options.get("return_disconnected", "zero")
    if wanted not in ("raise", "warn", "ignore"):
        raise ValueError(f"disconnected_inputs is raise, warn or ignore, not {wanted!r}")
    if answer not in ("zero", "none", "disconnected"):
        raise ValueError(f"return_disconnected is zero, none or disconnected, not {answer!r}")
    if not inputs or wanted == "ignore":
        return
    message = f"the derivative with respect to {', '.join(shorten(x) for x in inputs)} was asked for, on which nothing that is differentiated depends"
    if wanted == "raise":
        raise DisconnectedInputError(message)
    warnings.warn(message, stacklevel=5)
