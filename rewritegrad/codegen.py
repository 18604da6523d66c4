"""Terms compiled to straight-line NumPy code: every distinct subterm is computed once, by one line of the form

    r1 = k0(r1, c2, out=r1)  # r1 * 2.0

Kernels, constants and settings are handed over as objects under names of our own, so that no text of a formula or of
a rule file becomes code, and nothing goes through the printer. Intermediate results live in registers: a register is
free after the last use of what it holds, and an elementwise operation writes into an operand that it is the last to use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from . import kernels
from .definitions import expand
from .derivative_rules import shorten
from .dimensions import Dimensions
from .errors import EvaluationError, InputError, ShapeError
from .inputs import Equality, Inputs
from .kernels import Array, Kernel
from .shapes import show
from .term import Dimension, Term, postorder, substitute, variable_terms
from .theory import Operator


class Function:
    """A compiled function of NumPy arrays, made by `compile_terms`.

    Values are given by position or by name and are converted to float64. Results are new float64 arrays (of no
    dimension for scalars; boolean for conditions): one for a single output, else a list.

    >>> import rewritegrad as rg
    >>> f = rg.function(["x", "y"], "x^2 + y")
    >>> f(3, y=1)
    array(10.)
    """

    inputs: tuple[Term, ...]
    outputs: tuple[Term, ...]
    source: str

    def __init__(self, program: _Program, arguments: Inputs, outputs: Sequence[Term], single: bool, originals: Sequence[Term]) -> None:
        self.inputs = arguments.variables
        self.outputs = tuple(outputs)
        self.source = program.source
        self._single = single
        self._originals = tuple(originals)
        self._bind = arguments.bind
        self._copied = program.copied
        namespace = dict(program.objects)
        exec(compile(self.source, "<rewritegrad>", "exec"), namespace)  # the source has no text but our own: see _Program
        self._run: Callable[..., list[Any]] = namespace["compiled"]

    def __call__(self, /, *values: Any, **by_name: Any) -> Any:
        results = [_result(v, copied) for v, copied in zip(self._run(*self._bind(values, by_name)), self._copied, strict=True)]
        return results[0] if self._single else results

    def __repr__(self) -> str:
        return f"<function of {', '.join(v.value for v in self.inputs[:10])}{', ...' * (len(self.inputs) > 10)}>"

    def __reduce__(self) -> tuple[Callable[..., Function], tuple[Any, ...]]:
        return compile_terms, (self.inputs, self.outputs, self._single, self._originals)


def compile_terms(inputs: Sequence[Term], outputs: Sequence[Term], single: bool, originals: Sequence[Term] = ()) -> Function:
    """A function of the variables `inputs` that computes `outputs`: one array where `single`, else a list.

    `originals` are terms that the outputs were made from: the dimensions that they take for equal are checked, too.
    EvaluationError where an operator has neither kernel nor definition, InputError where an output has a variable
    that is not among the inputs.
    """
    arguments = Inputs(inputs)
    outputs = _with_inputs(outputs, arguments)
    expanded = expand(outputs, keep=lambda op: op.numpy is not None)
    order = postorder(*expanded)
    dimensions = Dimensions()
    equalities = list(_equalities(chain(order, postorder(*originals)), dimensions))
    program = _Program(arguments.variables, order, expanded, dimensions)
    used = set(variable_terms(*outputs, *originals))
    return Function(program, Inputs(inputs, equalities, [x for x in inputs if x not in used]), outputs, single, originals)


def evaluate(term: Term, values: Mapping[str, Any]) -> Array:
    """The value of a term, given the values of its variables by name; a name that does not occur is ignored."""
    function = compile_terms(variable_terms(term), [term], single=True)
    value: Array = function(**{v.value: values[v.value] for v in function.inputs if v.value in values})
    return value


def _with_inputs(outputs: Sequence[Term], arguments: Inputs) -> list[Term]:
    """The outputs over the inputs: a variable is meant by its name, which must have the same shape in both."""
    by_name = {variable.value: variable for variable in arguments.variables}
    replaced: dict[Term, Term] = {}
    for variable in variable_terms(*outputs):
        found = by_name.get(variable.value)
        if found is None:
            raise InputError(f"{variable.value} occurs in an output, but is not among the inputs")
        if found.shape != variable.shape:
            raise ShapeError(f"{variable.value} is declared {show(found.shape)} as an input, but {show(variable.shape)} in an output")
        if found is not variable:
            replaced[variable] = found
    return substitute(outputs, replaced) if replaced else list(outputs)


def _equalities(terms: Iterable[Term], dimensions: Dimensions) -> Iterable[Equality]:
    """What the operators of the terms take for equal, each equality once; ShapeError where that cannot be."""
    seen: set[tuple[Dimension, Dimension]] = set()
    for term in terms:
        heard: list[tuple[Dimension, Dimension]] = []
        if any(arg.shape for arg in term.args):
            term.op.shape_rule(term.args, lambda left, right, heard=heard: heard.append((left, right)))
        for pair in heard:
            if pair not in seen:
                seen.add(pair)
                try:
                    dimensions.learn(*pair)
                except ShapeError as error:
                    raise ShapeError(f"{term.op.name}: {error.message}, in {shorten(term)}") from None
                yield Equality(*pair, term.op.name)


def _result(value: Any, copied: bool) -> Array:
    """A computed value as an array that is the caller's own."""
    array = np.asarray(value)
    if array.dtype.kind != "b":
        array = array.astype(np.float64, copy=False)
    return array.copy() if copied else array


def _quiet() -> np.errstate:
    """Around what only branches use: a warning there may be about entries that are not taken."""
    return np.errstate(all="ignore")


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a value is while the code runs, how comments show it, its kind (see kernels.result_kind), and whether an
    elementwise operation may write its result there."""

    name: str
    shown: str
    kind: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class _Call:
    """The kernel of an operator, under its name in the code. `shown` is how comments write an application (for str.format),
    `keywords` are the attributes that the kernel takes by keyword."""

    name: str
    kernel: Kernel
    shown: str
    keywords: frozenset[str]
    is_ufunc: bool
    elementwise: bool


class _Program:
    """The code for `outputs`, whose subterms are `order`: `source` defines `compiled(v0, v1, ...)`, whose other names are in `objects`.

    Names are a letter and a number. What a rule file or a formula says goes into `objects`, and into comments with
    every character replaced that could end the comment. `copied` says which results are not the program's own.
    """

    def __init__(self, variables: Sequence[Term], order: Sequence[Term], outputs: Sequence[Term], dimensions: Dimensions) -> None:
        self.objects: dict[str, Any] = {"quiet": _quiet}
        self._header = [f"# v{i} = {_comment(v.value)}" for i, v in enumerate(variables)]
        self._values = {v: _Value(f"v{i}", f"v{i}", "f") for i, v in enumerate(variables)}
        self._dimensions = dimensions
        self._free: list[str] = []
        self._registers = 0
        self._calls: dict[Operator, _Call] = {}
        self._kinds: dict[tuple[Operator, tuple[str, ...]], str] = {}
        for term in order:
            if not term.op.leaf and term.op not in self._calls:
                self._calls[term.op] = self._call(term)
        self._uses = Counter(chain(outputs, *(term.args for term in order)))
        body = self._body(order, self._always_needed(order, outputs))
        self.copied = self._not_own(outputs)
        parameters = ", ".join(f"v{i}" for i in range(len(variables)))
        results = ", ".join(self._values[output].name for output in outputs)
        self.source = "\n".join([*self._header, f"def compiled({parameters}):", *body, f"    return [{results}]", ""])

    def _object(self, letter: str, value: Any, shown: str) -> str:
        name = f"{letter}{len(self.objects)}"
        self.objects[name] = value
        self._header.append(f"# {name} = {_comment(shown)}")
        return name

    def _call(self, term: Term) -> _Call:
        op = term.op
        if op.numpy is None:
            raise EvaluationError(f"{op.name} has no NumPy kernel and no definition, so that {shorten(term)} has no value")
        kernel = kernels.resolve(op.numpy)
        if op.parameters and not callable(kernel):
            raise EvaluationError(f"the kernel {op.numpy} of {op.name} is a constant, not a function")
        is_ufunc = isinstance(kernel, np.ufunc)
        keywords = frozenset(p.name for p in op.parameters if p.attribute) & kernels.keywords(kernel)
        return _Call(self._object("k", kernel, op.numpy), kernel, _written(op), keywords, is_ufunc, is_ufunc and kernel.signature is None)

    def _always_needed(self, order: Sequence[Term], outputs: Sequence[Term]) -> set[Term]:
        """The terms whose every entry counts, because they are not only used inside branches."""
        branches = {op: kernels.branches(call.kernel) for op, call in self._calls.items()}
        needed = set(outputs)
        for term in reversed(order):
            if term in needed and term.args:
                needed.update(arg for i, arg in enumerate(term.args) if i not in branches[term.op])
        return needed

    def _not_own(self, outputs: Sequence[Term]) -> list[bool]:
        """Which outputs may be, or be views of, an input, a constant or another output: only ufuncs surely make new arrays."""
        seen: set[Term] = set()
        result = []
        for output in outputs:
            result.append(output.op.leaf != "" or output in seen or not self._calls[output.op].is_ufunc)
            seen.add(output)
        return result

    def _body(self, order: Sequence[Term], needed: set[Term]) -> list[str]:
        lines: list[str] = []
        loud = True
        for term in order:
            if term in self._values:
                continue
            if term.op.leaf:
                self._values[term] = self._leaf(term)
                continue
            call = self._calls[term.op]
            if not callable(call.kernel):
                self._values[term] = _Value(call.name, _comment(term.op.name), "f")
                continue
            if loud and term not in needed:
                lines.append("    with quiet():")
            loud = term in needed
            lines.append(f"{'    ' if loud else '        '}{self._line(term, call)}")
        return lines

    def _leaf(self, term: Term) -> _Value:
        value, kind = term.value, ""
        if term.op.leaf == "number":
            kind = "f"
            try:
                value = float(value)
            except OverflowError:
                raise EvaluationError(f"the number {shorten(term)} is beyond the range of float64") from None
        elif term.op.leaf == "boolean":
            kind = "b"
        shown = repr(value)
        return _Value(self._object("c", value, shown), _comment(shown), kind)

    def _line(self, term: Term, call: _Call) -> str:
        """The assignment of one term's value, and the comment that says what it is."""
        op, values = term.op, [self._values[arg] for arg in term.args]
        kinds = tuple([v.kind for v, p in zip(values, op.parameters, strict=True) if not p.attribute])
        kind = self._kinds.get((op, kinds))
        if kind is None:
            kind = self._kinds[op, kinds] = kernels.result_kind(call.kernel, kinds)
        given = [f"{p.name}={v.name}" if p.name in call.keywords else v.name for v, p in zip(values, op.parameters, strict=True)]
        if call.is_ufunc and kind == "f" and "f" not in kinds:
            given.append("dtype=float")  # arithmetic with truth values is arithmetic with 0 and 1
        writable = call.is_ufunc and kind == "f" and term.shape != ()
        register = self._last_used(term) if writable and call.elementwise else None
        if register is not None:
            given.append(f"out={register}")
        freed = self._release(term, call)
        if register is None:
            register = self._register()
        self._free.extend(name for name in freed if name != register)
        self._values[term] = _Value(register, register, kind, writable)
        return f"{register} = {call.name}({', '.join(given)})  # {call.shown.format(*[v.shown for v in values])}"

    def _last_used(self, term: Term) -> str | None:
        """The register of an argument of the same shape that may be written to and is not used again."""
        for arg in term.args:
            value = self._values[arg]
            if value.writable and self._uses[arg] == term.args.count(arg) and self._dimensions.same(arg.shape, term.shape):
                return value.name
        return None

    def _release(self, term: Term, call: _Call) -> list[str]:
        """Count one use of the arguments less; those that have none left are forgotten: their registers."""
        freed = []
        for arg in term.args:
            self._uses[arg] -= 1
            if not self._uses[arg]:
                value = self._values.pop(arg)
                if value.name[0] == "r":
                    freed.append(value.name)
            elif self._values[arg].writable and not call.is_ufunc:  # what it returns may be a view of its argument
                self._values[arg] = replace(self._values[arg], writable=False)
        return freed

    def _register(self) -> str:
        if self._free:
            return self._free.pop()
        self._registers += 1
        return f"r{self._registers - 1}"


def _comment(text: str, width: int = 60) -> str:
    """Text that is safe, and not too long, in a comment."""
    short = text if len(text) <= width else f"{text[:width]}..."
    return "".join(c if c.isprintable() else "?" for c in short)


def _written(op: Operator) -> str:
    """An application of the operator with {} for each argument."""
    name = _comment(op.name).replace("{", "{{").replace("}", "}}")
    if op.fixity == "infix" and op.arity == 2:
        return f"{{}} {name} {{}}"
    return f"{name}{{}}" if op.fixity == "prefix" and op.arity == 1 else f"{name}({', '.join(['{}'] * op.arity)})"
