"""Formulas checked in people's own tests, and in the project's: against SymPy, and against differences.

`to_sympy` and `assert_agrees_with_sympy` need the extra `check` (SymPy and mpmath), which is imported when they are called.
"""

from .assertions import assert_agrees_with_sympy, assert_gradient
from .oracle import to_sympy

__all__ = ["assert_agrees_with_sympy", "assert_gradient", "to_sympy"]
