"""What a compiled function is called with: values bound to declared variables, as float64 arrays of the declared shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .dimensions import Derived, value_of
from .errors import InputError, ShapeError
from .kernels import Array
from .shapes import show
from .term import Dimension, Term
from .theory import Type

_FLOAT = np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class Equality:
    """Two dimensions that an operator takes for equal."""

    left: Dimension
    right: Dimension
    operator: str


class Inputs:
    """The variables of a function, in order, with what must hold of the shapes of their values.

    `unused` ones that nobody declared take values of any shape. InputError where a term is no variable or a name comes twice.
    """

    def __init__(self, variables: Iterable[Term], equalities: Sequence[Equality] = (), unused: Iterable[Term] = ()) -> None:
        self.variables = tuple(variables)
        self.equalities = tuple(equalities)
        self._shapeless = {variable for variable in unused if variable.detail == Type()}
        self._by_name: dict[str, Term] = {}
        for variable in self.variables:
            if variable.op.leaf != "variable":
                raise InputError(f"the inputs of a function are variables, not {variable}")
            if variable.value in self._by_name:
                raise InputError(f"{variable.value} is named twice among the inputs")
            self._by_name[variable.value] = variable

    def bind(self, values: Sequence[Any], by_name: Mapping[str, Any]) -> list[Array]:
        """The values of all inputs in order, converted and checked; InputError and ShapeError name the input."""
        given = values if len(values) == len(self.variables) and not by_name else self._collect(values, by_name)
        arrays = [_convert(variable, value) for variable, value in zip(self.variables, given, strict=True)]
        self._check_dimensions(arrays)
        return arrays

    def _collect(self, values: Sequence[Any], by_name: Mapping[str, Any]) -> list[Any]:
        if len(values) > len(self.variables):
            raise InputError(f"{len(values)} values are given, but {self._listing()}")
        found = {variable.value: value for variable, value in zip(self.variables, values, strict=False)}
        for name, value in by_name.items():
            if name not in self._by_name:
                raise InputError(f"there is no input {name}: {self._listing()}")
            if name in found:
                raise InputError(f"input {name} is given twice: by position and by name")
            found[name] = value
        missing = [name for name in self._by_name if name not in found]
        if missing:
            raise InputError(f"input{'s' * (len(missing) > 1)} {shortened(missing)} {'are' if len(missing) > 1 else 'is'} missing: {self._listing()}")
        return [found[name] for name in self._by_name]

    def _listing(self) -> str:
        count = len(self.variables)
        if count < 2:
            return f"the only input is {self.variables[0].value}" if count else "the function has no inputs"
        return f"the {count} inputs are {shortened(list(self._by_name))}"

    def _check_dimensions(self, arrays: Sequence[Array]) -> None:
        """Declared sizes hold, a named dimension has one size, and dimensions that operators take for equal are equal."""
        first: dict[str, tuple[int, int]] = {}  # the size of a named dimension, and the input that told it first
        for i, (variable, array) in enumerate(zip(self.variables, arrays, strict=True)):
            shape = variable.shape
            if variable in self._shapeless:
                continue
            if len(shape) != array.ndim:
                raise ShapeError(_misfit(variable, array))
            for dim, size in zip(shape, array.shape, strict=True):
                if isinstance(dim, int):
                    if dim != size:
                        raise ShapeError(_misfit(variable, array))
                elif first.setdefault(dim, (size, i))[0] != size:
                    known, source = first[dim]
                    if source == i:
                        raise ShapeError(_misfit(variable, array))
                    other = self.variables[source].value
                    raise ShapeError(f"{_misfit(variable, array)}, where {dim} is {known} by input {other} of shape {arrays[source].shape}")
        for equality in self.equalities:
            sizes = [value_of(dim, lambda name: first.get(name, (None, 0))[0]) for dim in (equality.left, equality.right)]
            if sizes[0] != sizes[1] and None not in sizes:
                left, right = (self._whose(dim, first) for dim in (equality.left, equality.right))
                raise ShapeError(f"{equality.operator} takes {left} and {right} for equal")

    def _whose(self, dim: Dimension, first: Mapping[str, tuple[int, int]]) -> str:
        if isinstance(dim, int):
            return f"the size {dim}"
        if isinstance(dim, Derived):
            return f"the size {dim} (which is {value_of(dim, lambda name: first[name][0])})"
        size, source = first[dim]
        variable = self.variables[source]
        return f"axis {variable.shape.index(dim)} of input {variable.value} (of size {size})"


def shortened(names: Sequence[str], most: int = 10) -> str:
    """The names, separated by commas; of many only the first."""
    return ", ".join(names[:most]) + (f", ... ({len(names) - most} more)" if len(names) > most else "")


def _misfit(variable: Term, array: Array) -> str:
    return f"input {variable.value} is declared {show(variable.shape)}, but has shape {array.shape}"


def _convert(variable: Term, value: Any) -> Array:
    """The value as a float64 array; the caller's own array where it is one already."""
    array = value if type(value) is np.ndarray and value.dtype is _FLOAT else _as_float(variable, value)
    if variable.detail.integer:
        wrong = array[~(np.isfinite(array) & (np.floor(array) == array))]
        if wrong.size:
            raise InputError(f"input {variable.value} is declared integer, but {wrong[0]} is not an integer")
    return array


def _as_float(variable: Term, value: Any) -> Array:
    if isinstance(value, Term):
        raise InputError(f"input {variable.value} needs numbers, not the term {value}")
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            return np.array([float(entry) for entry in array.flat]).reshape(array.shape)
        if array.dtype.kind in "biuf":
            return array.astype(_FLOAT, copy=False)
        reason = f"{array.dtype} is no real number"
    except OverflowError:
        reason = "a number is beyond the range of float64"
    except (TypeError, ValueError):
        reason = "it is neither a number nor a rectangular array of numbers"
    raise InputError(f"input {variable.value} cannot be made a float64 array: {reason}")
