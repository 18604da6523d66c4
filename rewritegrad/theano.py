"""Theano's names for the same things, so that the lines of its tutorials run.

    >>> from rewritegrad.theano import tensor as T, function, pp
    >>> x = T.dscalar('x')
    >>> gy = T.grad(x ** 2, x)
    >>> pp(gy)
    '((fill((x ** 2), 1.0) * 2) * (x ** (2 - 1)))'
    >>> f = function([x], gy)
    >>> f(4)
    array(8.)
    >>> pp(f.maker.env.outputs[0])
    '(2.0 * x)'

`T.grad` gives the derivative as the rules wrote it; `function` simplifies and compiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

from . import api, calculus
from .errors import FormulaError
from .options import Form, Gradient
from .printer import theano_pp as pp
from .rulefile import builtin_theory
from .term import Term, make_term, rebuild
from .theory import Theory

__all__ = ["Tensor", "function", "pp", "tensor"]

_DTYPES = {"": "", "d": "", "f": "", "b": "integer", "w": "integer", "i": "integer", "l": "integer"}
_SHAPES = {"scalar": "scalar", "vector": "vector", "matrix": "matrix", "row": "matrix[1, {0}_columns]", "col": "matrix[{0}_rows, 1]"}
_PLURALS = {"scalars": "scalar", "vectors": "vector", "matrices": "matrix", "rows": "row", "cols": "col"}
_CONSTRUCTORS = {dtype + kind: (kind, assumption) for kind in _SHAPES for dtype, assumption in _DTYPES.items()}
_OPERATORS = {
    **{"add": "+", "sub": "-", "mul": "*", "true_div": "/", "eq": "==", "neq": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="},
    **{"and_": "and", "or_": "or", "switch": "where", "sgn": "sign", "abs_": "abs"},
}


class Tensor:
    """What Theano has in `theano.tensor`: variables by type (`dscalar`, `fmatrix`, `lvectors`, ...), the gradients, and
    every operator of the theory under its name, attributes by keyword (`T.sum(X, axis=0)`)."""

    Rop = staticmethod(calculus.pushforward)
    Lop = staticmethod(calculus.pullback)
    jacobian = staticmethod(calculus.jacobian)
    hessian = staticmethod(calculus.hessian)

    def __init__(self, theory: Theory) -> None:
        self._theory = theory
        self.nnet = self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _CONSTRUCTORS:
            return partial(self._variable, *_CONSTRUCTORS[name])
        for plural, kind in _PLURALS.items():
            if name.endswith(plural) and name.removesuffix(plural) + kind in _CONSTRUCTORS:
                make = getattr(self, name.removesuffix(plural) + kind)
                return lambda *names: [make(n) for n in names]
        spelling = _OPERATORS.get(name, name)
        operators = self._theory.named(spelling)
        if not operators:
            raise AttributeError(f"there is no {name} in rewritegrad.theano.tensor{self._theory.suggestion(name)}")
        return self._theory.make(operators[0], ()) if operators[0].fixity == "constant" else partial(self._apply, spelling)

    def _variable(self, kind: str, assumption: str, name: str) -> Term:
        made: Term = api.parse(name, theory=self._theory, types={name: f"{_SHAPES[kind].format(name)} {assumption}".strip()})
        return made

    def _apply(self, name: str, *args: Any, **attributes: Any) -> Term:
        op = self._theory.find(name, len(args))
        unknown = [key for key in attributes if key not in [p.name for p in op.parameters[len(args) :] if p.attribute]]
        if unknown:
            raise FormulaError(f"{name} has no setting {unknown[0]}")
        return self._theory.make(op, [*args, *(attributes.get(p.name, p.default) for p in op.parameters[len(args) :])])

    @staticmethod
    def grad(cost: Term | None, wrt: Form[Term], *args: Any, **options: Any) -> Form[Gradient]:
        """The gradient, not simplified: `consider_constant` and `disconnected_inputs` also by position, as in Theano."""
        given = dict(zip(("consider_constant", "disconnected_inputs"), args, strict=False)) | options
        if "return_disconnected" in given:
            given["return_disconnected"] = given["return_disconnected"].lower()
        return calculus.grad(cost, wrt, **given)

    def zeros_like(self, model: Term) -> Term:
        """Zeros in the shape of a term."""
        return self._theory.make(self._theory.role("fill"), (model, self._theory.number("0.0")))

    def ones_like(self, model: Term) -> Term:
        """Ones in the shape of a term."""
        return self._theory.make(self._theory.role("fill"), (model, self._theory.number("1.0")))

    def constant(self, value: Any) -> Term:
        """A Python number as a term."""
        return self._theory.lift(value)


class CompiledFunction:
    """A compiled function; `maker.env.outputs` are its optimised outputs, their constants as the floats that they are computed with."""

    def __init__(self, inputs: Sequence[Term], outputs: Form[Term]) -> None:
        self._run = api.function(inputs, outputs)
        self.maker = SimpleNamespace(env=SimpleNamespace(inputs=list(self._run.inputs), outputs=_as_floats(self._run.outputs)))

    def __call__(self, *values: Any, **by_name: Any) -> Any:
        return self._run(*values, **by_name)


def function(inputs: Sequence[Term], outputs: Form[Term]) -> CompiledFunction:
    """The outputs simplified together and compiled to NumPy: one array for a single output, a list for several."""
    return CompiledFunction(inputs, outputs)


def _as_floats(terms: Sequence[Term]) -> list[Term]:
    """The terms with every integer spelt as a float."""

    def change(term: Term, args: tuple[Term, ...]) -> Term:
        if term.op.leaf == "number":
            spelt: Term = term.theory.number(repr(float(term.value)))
            return spelt
        return term if term.op.leaf else make_term(term.op, args)

    return rebuild(terms, change)


tensor = Tensor(builtin_theory())
