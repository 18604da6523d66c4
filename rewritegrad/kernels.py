"""What computes the value of an operator: the names that the `numpy` field of an op block may use, and the NumPy
functions that neither NumPy nor SciPy has.

    np.NAME              a ufunc, or a function or constant on the lists below
    np.linalg.NAME       a function on the list below
    scipy.special.NAME   a ufunc, or a function on the list below; SciPy is imported when such a name is first resolved
    kernels.NAME         a function or constant of this module, or of its siblings, that is listed in OWN
    adjoint.NAME         the adjoint of one of these that only copies entries of its first argument (see movements.adjoint)

A name is one of these prefixes and one identifier that is looked up on its module, so that no text of a rule file
reaches anything else. Kernels get float64 arrays (or numbers, or booleans), and attributes such as an axis as the
Python values that they are.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import movements
from .accurate_kernels import ACCURATE_KERNELS
from .axis_kernels import AXIS_KERNELS
from .degree_kernels import DEGREE_KERNELS
from .errors import EvaluationError
from .linalg_kernels import LINALG_KERNELS
from .matrix_kernels import MATRIX_KERNELS
from .parameter_kernels import PARAMETER_KERNELS
from .shapes import reduced_axes
from .signal_kernels import SIGNAL_KERNELS
from .special_kernels import SPECIAL_KERNELS
from .zeta_kernels import ZETA_KERNELS

Array: TypeAlias = NDArray[Any]
Kernel: TypeAlias = Callable[..., Any]

NUMPY_FUNCTIONS = frozenset(
    {
        "amax", "amin", "atleast_1d", "atleast_2d", "atleast_3d", "average", "broadcast_to", "clip", "concatenate", "cross", "cumprod", "cumsum",
        "diag", "diagonal", "diff", "dot", "einsum", "expand_dims", "flip", "inner", "interp", "kron", "matrix_transpose", "max", "mean", "median",
        "min", "moveaxis", "nanmax", "nanmin", "outer", "prod", "ravel", "repeat", "reshape", "roll", "rollaxis", "rot90", "sinc", "sort", "squeeze",
        "std", "sum", "swapaxes", "take", "tensordot", "tile", "trace", "transpose", "tril", "triu", "var", "where",
    }
)
"""Functions of NumPy that are no ufuncs; each gives float64 where the array arguments it returns values of are float64."""

NUMPY_PREDICATES = frozenset({"all", "any", "argmax", "argmin", "count_nonzero", "searchsorted", "size"})
"""The same, where the result is boolean or an integer whatever the arguments are."""

NUMPY_CONSTANTS = frozenset({"e", "euler_gamma", "pi"})

SCIPY_FUNCTIONS = frozenset({"comb", "diric", "factorial", "log_softmax", "logsumexp", "multigammaln", "polygamma", "sinc", "softmax", "zeta"})
"""The same for scipy.special."""

LINALG_FUNCTIONS = frozenset({"cond", "det", "inv", "matrix_power", "pinv", "solve"})
"""The same for numpy.linalg: functions of one matrix or of a stack of them, with one array as their result."""

SCIPY_LINALG_FUNCTIONS = frozenset({"expm"})
"""The same for scipy.linalg."""

_NAME = re.compile(r"(np|np\.linalg|scipy\.special|scipy\.linalg|kernels)\.([A-Za-z][A-Za-z0-9_]*)")
_ADJOINT = "adjoint."


def fill(like: ArrayLike, value: ArrayLike) -> Array:
    """The value, broadcast to the common shape of both (a read-only view: no memory is filled).

    >>> fill([[1, 2, 3]], 0.5)
    array([[0.5, 0.5, 0.5]])
    """
    return np.broadcast_to(value, np.broadcast_shapes(np.shape(like), np.shape(value)))


def sum_to(array: ArrayLike, like: ArrayLike) -> Any:
    """The array summed down to the shape of `like`: over leading axes that `like` lacks, and over those where it has 1.

    >>> sum_to([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0]])
    array([[4., 6.]])
    """
    array = np.asarray(array)
    target = np.shape(like)
    extra = array.ndim - len(target)
    kept = tuple(i for i, size in enumerate(target, start=extra) if size == 1 and array.shape[i] != 1)
    summed = np.sum(array, axis=kept, keepdims=True) if kept else array
    return np.sum(summed, axis=tuple(range(extra))) if extra else summed


def expand_to(array: ArrayLike, like: ArrayLike, axis: object = None, keepdims: bool = False) -> Array:
    """What sum(like, axis, keepdims) could have given, with the summed axes filled again to the shape of `like`.

    >>> expand_to([5.0, 6.0], [[0, 0, 0], [0, 0, 0]], axis=1)
    array([[5., 5., 5.],
           [6., 6., 6.]])
    """
    array, shape = np.asarray(array), np.shape(like)
    if not keepdims:
        axes = reduced_axes(axis, len(shape))
        array = array.reshape([1 if i in axes else size for i, size in enumerate(shape)])
    return np.broadcast_to(array, shape)


def size(array: ArrayLike, axis: object = None) -> float:
    """The number of entries along an axis, several, or all of them.

    >>> size([[1, 2, 3], [4, 5, 6]], axis=(1,))
    3.0
    """
    shape = np.shape(array)
    count = 1
    for i in reduced_axes(axis, len(shape)):
        count *= shape[i]
    return float(count)


def powlog(base: ArrayLike, exponent: ArrayLike) -> Any:
    """base^exponent * log(base), and 0 where the base is 0 and the exponent is not negative.

    >>> powlog([0.0, 1.0, 2.0], 1.0).round(3)
    array([0.   , 0.   , 1.386])
    """
    base = np.asarray(base)
    return np.power(base, exponent) * np.log(np.where(base == 0, 1.0, base))


def powslope(count: ArrayLike, base: ArrayLike, exponent: ArrayLike) -> Any:
    """The derivative of base^exponent by the base, `count` times: 0 where the exponent is 0, 1, ..., count - 1, at base 0 too.

    >>> powslope(1.0, 0.0, [0.0, 1.0, 2.0])
    array([0., 1., 0.])
    """
    count, base, exponent = np.broadcast_arrays(*[np.asarray(a, dtype=float) for a in (count, base, exponent)])
    factor = np.ones(count.shape)
    for i in range(int(count.max(initial=0.0))):
        factor = np.where(i < count, factor * (exponent - i), factor)
    return factor * np.power(np.where(factor == 0, 1.0, base), exponent - count)


def direction(x: ArrayLike, y: ArrayLike) -> Any:
    """x / hypot(x, y), and 0 where both are 0.

    >>> direction([3.0, 0.0], [4.0, 0.0])
    array([0.6, 0. ])
    """
    length = np.hypot(x, y)
    return np.divide(x, np.where(length == 0, 1.0, length))


def basis(like: ArrayLike) -> Array:
    """The identity matrix with as many rows as `like` has entries along its axis.

    >>> basis([3.0, 4.0])
    array([[1., 0.],
           [0., 1.]])
    """
    return np.eye(len(np.asarray(like)))


def over(array: ArrayLike, rows: ArrayLike) -> Array:
    """The array repeated along a new first axis, as long as `rows`.

    >>> over([1.0, 2.0], [0.0, 0.0, 0.0])
    array([[1., 2.],
           [1., 2.],
           [1., 2.]])
    """
    return np.broadcast_to(array, (len(np.asarray(rows)), *np.shape(array)))


def flat_rows(array: ArrayLike) -> Array:
    """The entries along all axes but the first in one row.

    >>> flat_rows([[[1, 2], [3, 4]]])
    array([[1, 2, 3, 4]])
    """
    array = np.asarray(array)
    return array.reshape(len(array), int(np.prod(array.shape[1:], dtype=int)))


def first(*arrays: ArrayLike) -> Array:
    """The first of several arrays, broadcast against the others.

    >>> first([1.0, 2.0], -1.0, 1.0)
    array([1., 2.])
    """
    return np.broadcast_to(arrays[0], np.broadcast_shapes(*map(np.shape, arrays)))


catalan = 0.915965594177219015
"""Catalan's constant, which NumPy and SciPy lack."""

OWN: dict[str, Any] = {
    "fill": fill,
    "sum_to": sum_to,
    "expand_to": expand_to,
    "size": size,
    "basis": basis,
    "over": over,
    "flat_rows": flat_rows,
    "first": first,
    "powlog": powlog,
    "powslope": powslope,
    "direction": direction,
    "catalan": catalan,
    **ACCURATE_KERNELS,
    **AXIS_KERNELS,
    **DEGREE_KERNELS,
    **LINALG_KERNELS,
    **movements.KERNELS,
    **MATRIX_KERNELS,
    **PARAMETER_KERNELS,
    **SIGNAL_KERNELS,
    **SPECIAL_KERNELS,
    **ZETA_KERNELS,
}
"""What a rule file may name with the prefix `kernels`."""


OF_SHAPES = frozenset({"kernels.size"})
"""The kernels whose value follows from the shapes of their arguments."""


def _numpy(name: str) -> Any:
    """The ufunc, listed function or listed constant of NumPy; None where the name is none of them."""
    found = getattr(np, name, None)
    listed = name in NUMPY_FUNCTIONS or name in NUMPY_PREDICATES or name in NUMPY_CONSTANTS
    return found if isinstance(found, np.ufunc) or listed else None


def is_allowed(name: str) -> bool:
    """Whether an op block may name this kernel. SciPy is not imported for the answer: of its names only the form is judged.

    >>> is_allowed("np.exp"), is_allowed("np.save"), is_allowed("os.system"), is_allowed("scipy.special.expit")
    (True, False, False, True)
    """
    match = _NAME.fullmatch(name.removeprefix(_ADJOINT))
    if match is None:
        return False
    module, identifier = match.groups()
    if module == "np":
        return _numpy(identifier) is not None
    listed = {"np.linalg": LINALG_FUNCTIONS, "scipy.linalg": SCIPY_LINALG_FUNCTIONS, "kernels": OWN.keys()}
    return module not in listed or identifier in listed[module]


def resolve(name: str) -> Any:
    """The function or the constant that a `numpy` field names; EvaluationError where there is none of that name."""
    if name.startswith(_ADJOINT):
        return movements.adjoint(resolve(name.removeprefix(_ADJOINT)))
    match = _NAME.fullmatch(name)
    found: Any = None
    if match is not None:
        module, identifier = match.groups()
        if module == "np":
            found = _numpy(identifier)
        elif module == "kernels":
            found = OWN.get(identifier)
        elif is_allowed(name):
            module = module.replace("np.", "numpy.")
            found = getattr(importlib.import_module(module), identifier, None)
            if module == "scipy.special" and not isinstance(found, np.ufunc) and identifier not in SCIPY_FUNCTIONS:
                found = None
    if found is None:
        known = "np.NAME, np.linalg.NAME, scipy.special.NAME, scipy.linalg.NAME or kernels.NAME"
        raise EvaluationError(f"there is no kernel {name}: write {known}, or adjoint. before one of them")
    return found


def keywords(kernel: Any) -> frozenset[str]:
    """The names of the arguments that a kernel takes by keyword; none where Python cannot tell."""
    if not callable(kernel) or isinstance(kernel, np.ufunc):
        return frozenset()
    try:
        parameters = inspect.signature(kernel).parameters.values()
    except ValueError:
        return frozenset()
    return frozenset(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))


def branches(kernel: Kernel) -> tuple[int, ...]:
    """The positions of the arguments from which a kernel takes some entries and leaves others: what is wrong with an
    entry that is left (0/0 in a branch that is not taken) is nobody's concern."""
    return (1, 2) if kernel is np.where else ()


def result_kind(kernel: Kernel, kinds: Sequence[str]) -> str:
    """The kind of the result from those of the array arguments: "f" (float64), "b" (boolean), or "" where it is not known.

    Arithmetic over booleans counts as float64: the compiler asks ufuncs for that type.
    """
    if isinstance(kernel, np.ufunc):
        if kernel.nin != len(kinds) or kernel.nout != 1:
            return ""
        try:
            result = kernel.resolve_dtypes((*(np.dtype(np.float64),) * kernel.nin, None))[-1]
        except TypeError:
            return ""
        return {"d": "f", "?": "b"}.get(result.char, "")
    if kernel in (size, *(getattr(np, name) for name in NUMPY_PREDICATES)):
        return ""
    taken = [kinds[i] for i in branches(kernel)] or list(kinds)
    return "f" if "f" in taken and "" not in taken else ""
