"""Settings that definitions compute from other settings and from shapes: `def f(A, axes=2) = g(A, h(A, axes))`, h being one of these.

Each takes values of settings, and the shapes of arrays, and gives the value of a setting. A definition names one where a
setting is expected; nothing else of a rule file reaches Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import matrixsettings, partsettings, windowsettings
from .axes import EVERYTHING
from .errors import ShapeError
from .shapewords import contracted_axes, dot_axes, einsum_labels, inner_axes
from .term import Shape


def einsum_adjoint(subscripts: str, position: int, operands: int) -> str:
    """The subscripts with which einsum makes, of the cotangent of its result and of the other operands, that of one operand:
    along the axes that this operand shares with the result or with another, each once.

    >>> einsum_adjoint("ij,jk->ik", 0, 2), einsum_adjoint("ij,jk->ik", 1, 2), einsum_adjoint("iij->j", 0, 1)
    ('ik,jk->ij', 'ij,ik->jk', 'j->j')
    """
    inputs, output = einsum_labels(subscripts, operands)
    others = [*inputs[:position], output, *inputs[position + 1 :]]
    return f"{','.join(others)}->{_shared(inputs, output, position)}"


def einsum_without(subscripts: str, position: int, operands: int) -> str:
    """The same without the cotangent, which multiplies the result where it is a number.

    >>> einsum_without("i,ij,j->", 0, 3)
    'ij,j->i'
    """
    inputs, output = einsum_labels(subscripts, operands)
    return f"{','.join(inputs[:position] + inputs[position + 1 :])}->{_shared(inputs, output, position)}"


def einsum_own(subscripts: str, position: int, operands: int) -> str:
    """The subscripts of one operand alone, summed to the axes that it shares with the result or with another operand.

    >>> einsum_own("...i,i->...", 1, 2)
    'i->...i'
    >>> einsum_own("iij,k->k", 0, 2)
    'iij->'
    """
    inputs, output = einsum_labels(subscripts, operands)
    return f"{inputs[position]}->{_shared(inputs, output, position)}"


def _shared(inputs: list[str], output: str, position: int) -> str:
    """The labels of an operand that stand elsewhere too, each once; what `...` means in other operands is kept in front."""
    elsewhere = output + "".join(inputs[:position] + inputs[position + 1 :])
    before, dots, after = inputs[position].partition("...")
    kept = dict.fromkeys(label for label in before + after if label in elsewhere)
    if not dots:
        return "..." * ("..." in elsewhere) + "".join(kept)
    return "".join(label for label in kept if label in before) + dots + "".join(label for label in kept if label not in before)


def tensordot_subscripts(first: Shape, second: Shape, axes: Any) -> str:
    """What tensordot is in einsum's terms.

    >>> tensordot_subscripts((2, 3), (3, 4), 1)
    'ab,bc->ac'
    """
    a, b = contracted_axes(axes, len(first), len(second))
    if len(first) + len(second) > 26:
        raise ShapeError("tensordot takes arrays of 26 axes in all")
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    left = [next(letters) for _ in first]
    shared = dict(zip(b, (left[i] for i in a), strict=True))
    right = [shared[j] if j in shared else next(letters) for j in range(len(second))]
    result = [x for i, x in enumerate(left) if i not in a] + [x for j, x in enumerate(right) if j not in b]
    return f"{''.join(left)},{''.join(right)}->{''.join(result)}"


def batched_dot_subscripts(first: Shape, second: Shape) -> str:
    """What Theano's batched_dot is in einsum's terms.

    >>> batched_dot_subscripts((9, 2, 3), (9, 3)), batched_dot_subscripts((9,), (9, 3))
    ('zab,zb->za', 'z,za->za')
    """
    if not first or not second:
        raise ShapeError("batched_dot takes arrays of one axis or more")
    axes = ((-1,), (0,)) if len(first) > 1 and len(second) > 1 else 0
    left, _, rest = tensordot_subscripts(first[1:], second[1:], axes).partition(",")
    right, _, result = rest.partition("->")
    return f"z{left},z{right}->z{result}"


def convolve_part(first: Shape, second: Shape, mode: str) -> Any:
    """The part of the full convolution of two arrays that NumPy's mode names, as an index.

    >>> convolve_part((5,), (3,), "same"), convolve_part((3,), (5,), "valid"), convolve_part(("n",), (5,), "full")
    ((('slice', 1, 6, None),), (('slice', 2, 5, None),), (('slice', None, None, None),))
    """
    return tuple([_part(n, m, mode, (min(n, m) - 1) // 2 if mode == "same" else 0) for n, m in _lengths(first, second, mode)])


def correlate_part(first: Shape, second: Shape, mode: str) -> Any:
    """The same for NumPy's correlate, which takes the middle of an even number of places otherwise where the second one is longer.

    >>> correlate_part((3,), (4,), "same"), correlate_part((4,), (3,), "same")
    ((('slice', 1, 5, None),), (('slice', 1, 5, None),))
    """
    return tuple([_part(n, m, mode, n // 2 if n < m else (m - 1) // 2) for n, m in _lengths(first, second, mode)])


def _lengths(first: Shape, second: Shape, mode: str) -> list[tuple[Any, Any]]:
    if mode not in ("full", "same", "valid"):
        raise ShapeError(f"the mode of a convolution is 'full', 'same' or 'valid', not {mode!r}")
    if len(first) != len(second):
        raise ShapeError(f"a convolution takes arrays with equally many axes, not {len(first)} and {len(second)}")
    pairs = list(zip(first, second, strict=True))
    if mode == "full":
        return [(0, 0) for _ in pairs]
    for n, m in pairs:
        if not (isinstance(n, int) and isinstance(m, int)):
            raise ShapeError(f"the mode {mode!r} of a convolution needs sizes that are numbers, not {n} and {m}: declare them, or take mode 'full'")
    return pairs


def _part(n: int, m: int, mode: str, before: int) -> tuple[Any, ...]:
    if mode == "full":
        return EVERYTHING
    if mode == "same":
        return ("slice", before, before + max(n, m), None)
    return ("slice", min(n, m) - 1, max(n, m), None)


def einsum_first(subscripts: str, operands: int) -> str:
    """The subscripts with which einsum contracts the first two of more operands: what it keeps stands in another operand or in the result.

    >>> einsum_first("ij,jk,kl,lm->im", 4)
    'ij,jk->ik'
    """
    first, second, kept = _pair(subscripts, operands)
    return f"{first},{second}->{kept}"


def einsum_others(subscripts: str, operands: int) -> str:
    """The subscripts of what is left to do then: of that product and of the other operands.

    >>> einsum_others("ij,jk,kl,lm->im", 4)
    'ik,kl,lm->im'
    """
    inputs, output = einsum_labels(subscripts, operands)
    return f"{','.join([_pair(subscripts, operands)[2], *inputs[2:]])}->{output}"


def _pair(subscripts: str, operands: int) -> tuple[str, str, str]:
    """The labels of the first two operands, and of their product."""
    inputs, output = einsum_labels(subscripts, operands)
    first, second, *others = inputs
    elsewhere = output + "".join(others)
    kept = dict.fromkeys(c for c in (first + second).replace(".", "") if c in elsewhere)
    return first, second, "..." * ("..." in first + second) + "".join(kept)


def batched_tensordot_subscripts(first: Shape, second: Shape, axes: Any) -> str:
    """What Theano's batched_tensordot is in einsum's terms; axes are counted without the first one where they are a number.

    >>> batched_tensordot_subscripts((9, 2, 3), (9, 3, 4), 1)
    'zab,zbc->zac'
    """
    pair = axes if isinstance(axes, int) else tuple(tuple(a - 1 for a in side) for side in axes)
    left, _, rest = tensordot_subscripts(first[1:], second[1:], pair).partition(",")
    right, _, result = rest.partition("->")
    return f"z{left},z{right}->z{result}"


_OWN: tuple[Callable[..., Any], ...] = (
    *(einsum_adjoint, einsum_without, einsum_own, einsum_first, einsum_others),
    *(tensordot_subscripts, batched_dot_subscripts, batched_tensordot_subscripts, inner_axes, dot_axes),
    *(convolve_part, correlate_part),
)

LISTS: dict[str, Callable[..., Any]] = {function.__name__: function for function in partsettings.LISTS}
"""Those that give a list of settings: a definition of several results has one for each."""

SETTINGS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (*_OWN, *partsettings.SETTINGS, *partsettings.LISTS, *matrixsettings.SETTINGS, *windowsettings.SETTINGS)
}
"""What a definition may name where a setting is expected."""
