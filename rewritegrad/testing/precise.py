"""Terms as numbers of fifty digits, evaluated operator by operator as they are written: nothing is simplified on the way.

The function of an operator is what SymPy's printer for mpmath makes of its SymPy class. A value that is undefined,
complex, infinite or of more than 60,000 decimal places is nan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..kernels import Array
from ..term import Term
from ..theory import Operator
from .lacking import LACKING, mpmath_module
from .oracle import Objects, entries_of, sympy_function, sympy_module, sympy_object

DIGITS = 50
_LARGEST = 200_000  # in binary digits: beyond the range of float64, and still cheap


def real(value: Any) -> Any:
    """A number as a real of moderate size, else nan; truth values stay what they are."""
    mp = mpmath_module()
    if isinstance(value, bool):
        return value
    value = mp.mpmathify(value)
    if isinstance(value, mp.mpc):
        if value.imag != 0:
            return mp.nan
        value = value.real
    return mp.nan if not mp.isfinite(value) or mp.mag(value) > _LARGEST else value


def guarded(function: Callable[..., Any], lazy: bool = False) -> Callable[..., Any]:
    """A function that is nan where the given one is undefined or an argument is; a `lazy` one may ignore arguments."""
    mp = mpmath_module()

    def call(*args: Any) -> Any:
        if any(isinstance(a, mp.mpf) and mp.isnan(a) for a in (args[:1] if lazy else args)):
            return mp.nan
        try:
            return real(function(*args))
        except (ZeroDivisionError, ValueError, OverflowError, TypeError, RecursionError):  # mpmath's gammainc recurs for ever at some points
            return mp.nan

    return call


def _function(op: Operator) -> Callable[..., Any]:
    sympy = sympy_module()
    names = [sympy.Dummy(f"x{i}", real=True) for i in range(op.arity)]
    function = sympy.lambdify(names, sympy_function(op)(*names), [LACKING, "mpmath"])
    return guarded(function, lazy=sympy_object(op) is sympy.Piecewise)


def as_floats(entries: Objects) -> Array:
    """Numbers of mpmath as float64."""
    with np.errstate(all="ignore"):
        return np.asarray(np.frompyfunc(float, 1, 1)(entries), dtype=float)


class Precise:
    """Evaluates terms at fifty digits; the functions of operators are made once.

    >>> import rewritegrad as rg
    >>> mpmath_module().nstr(Precise().values([rg.parse("x / 3")], {"x": 1.0})[0][()], 20)
    '0.33333333333333333333'
    """

    def __init__(self, digits: int = DIGITS) -> None:
        self.digits = digits
        self._functions: dict[Operator, Callable[..., Any]] = {}

    def function(self, op: Operator) -> Callable[..., Any]:
        """What an operator does to numbers of mpmath."""
        if op not in self._functions:
            self._functions[op] = _function(op)
        return self._functions[op]

    def values(self, terms: Sequence[Term], point: Mapping[str, Any]) -> list[Objects]:
        """The terms as arrays of mpmath numbers, where the variables have the given values (floats, mpmath numbers, arrays of those)."""
        mp = mpmath_module()
        convert = np.frompyfunc(mp.mpmathify, 1, 1)

        def leaf(term: Term) -> Any:
            if term.op.leaf == "variable":
                return np.asarray(convert(np.asarray(point[term.value], dtype=object)), dtype=object)
            if term.op.leaf == "number":
                return mp.mpf(term.value.numerator) / term.value.denominator
            if term.op.fixity == "constant":
                return mp.mpmathify(sympy_object(term.op).evalf(self.digits + 5))
            return term.value

        with mp.workdps(self.digits):
            return entries_of(terms, leaf, self.function)
