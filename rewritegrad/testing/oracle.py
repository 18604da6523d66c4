"""The oracle: terms as SymPy objects and as numbers of fifty digits, for tests of formulas, derivatives and laws.

SymPy and mpmath (the extra `check`) are imported when a function of this module is called, and nowhere else in the
package but in check.py. Terms become SymPy objects operator by operator, never through their text: by the name in the
op block's `sympy` field; by the operator's definition; by its NumPy kernel, run over arrays of SymPy objects, where it
works on whole arrays; or by a law of the theory that says what the operator is in terms of others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..definitions import expand, instantiate
from ..dimensions import Derived, Dimensions, value_of
from ..errors import EvaluationError, RewritegradError
from ..kernels import keywords, resolve
from ..patterns import PApply, Pattern, PVar, walk
from ..term import Dimension, Shape, Term, make_term, postorder, rebuild, variable_terms
from ..theory import Operator, Theory, Type
from .objects import OBJECT_KERNELS, runs_on_objects
from .written import WRITTEN

Objects: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]
Sizes: TypeAlias = dict[str, int]


def sympy_module() -> Any:
    """SymPy; RewritegradError names the extra that brings it where it is missing."""
    try:
        import sympy
    except ImportError:
        raise RewritegradError("this needs SymPy and mpmath: pip install 'rewritegrad[check]'") from None
    return sympy


# ---- what an operator is in SymPy ----


Meaning: TypeAlias = tuple[tuple[str, ...], Pattern]


def meanings(theory: Theory) -> dict[Operator, Meaning]:
    """Parameters and body of a formula for each operator that SymPy lacks: what an unconditional law equates its bare application with.

    Only formulas that lead to operators of SymPy in the end: two operators that are each other's meaning have none. Of
    several such laws the shortest counts, of equally short ones the first.
    """
    stated: dict[Operator, list[Meaning]] = {}
    for rule in [rule for ruleset in theory.rulesets.values() for rule in ruleset.rules if not rule.conditions]:
        arrays = any(op.shape_text for op in _operators(rule.left) | _operators(rule.right))
        for bare, body in ((rule.left, rule.right), (rule.right, rule.left)):
            # What a law makes a product of matrices of says nothing about products of other arrays.
            if isinstance(bare, PApply) and _is_bare(bare) and (bare is rule.left or not arrays):
                stated.setdefault(bare.op, []).append((tuple(a.name for a in bare.args if isinstance(a, PVar)), body))
    for several in stated.values():
        several.sort(key=lambda meaning: sum(1 for _ in walk(meaning[1])))
    known = {op for op in theory.operators if op.sympy or (_is_array_operator(op) and op not in stated)}
    found: dict[Operator, Meaning] = {}
    while True:
        ready: list[Operator] = []
        for op in theory.operators:
            if op in known:
                continue
            meaning = next((m for m in stated.get(op, ()) if _operators(m[1]) <= known), None)
            if meaning is not None:
                found[op] = meaning
            if meaning is not None or (op.definition is not None and _operators(op.definition) <= known):
                ready.append(op)
        if not ready:
            return found
        known.update(ready)


def _is_bare(pattern: PApply) -> bool:
    """Whether a pattern is an application to distinct variables."""
    return all(isinstance(a, PVar) for a in pattern.args) and len(set(pattern.args)) == len(pattern.args)


def _operators(pattern: Pattern) -> set[Operator]:
    return {p.op for p in walk(pattern) if isinstance(p, PApply)}


def _is_array_operator(op: Operator) -> bool:
    """Whether the kernel is a function of whole arrays, which can be run on arrays of objects."""
    if op.numpy is None or not runs_on_objects(op.numpy):
        return False
    kernel = resolve(op.numpy)
    return not isinstance(kernel, np.ufunc) or kernel.signature is not None


def spelled_out(roots: Sequence[Term]) -> list[Term]:
    """The terms in operators that SymPy or a kernel of whole arrays knows: definitions and meanings put in."""
    terms = expand(roots, keep=lambda op: False)
    others = dict.fromkeys(t.op for t in postorder(*terms) if not (t.op.leaf or t.op.sympy))
    known = terms[0].theory.derived(meanings) if others else {}
    lacking = {op for op in others if op in known or not _is_array_operator(op)}
    if not lacking:
        return terms
    for op in sorted(lacking, key=lambda op: (op.name, op.arity)):
        if op not in known:
            raise EvaluationError(f"SymPy has no {op.name}: its op block names no SymPy function, and no law says what it is")

    def change(term: Term, args: tuple[Term, ...]) -> Term:
        if term.op in lacking:
            names, body = known[term.op]
            return instantiate(body, dict(zip(names, args, strict=True)), term.theory)
        return term if args == term.args else make_term(term.op, args)

    return spelled_out(rebuild(terms, change))


def sympy_object(op: Operator) -> Any:
    """The class, constant or function that the `sympy` field of an op block names."""
    sympy = sympy_module()
    found = getattr(sympy, str(op.sympy), None)
    is_class = isinstance(found, type) and issubclass(found, sympy.Basic)
    if not (is_class or isinstance(found, sympy.Basic) or op.sympy in WRITTEN):
        raise EvaluationError(f"the op block of {op.name} names {op.sympy}, which is no function class or constant of SymPy")
    return found


def _is_condition(value: Any) -> bool:
    """Whether a SymPy object is a truth value (SymPy's symbols are Boolean too; ours are numbers)."""
    sympy = sympy_module()
    return isinstance(value, sympy.logic.boolalg.Boolean) and not isinstance(value, sympy.Expr)


def _as_number(value: Any) -> Any:
    """A truth value that stands where a number is expected is 0 or 1."""
    return sympy_module().Piecewise((1, value), (0, True)) if _is_condition(value) else value


def _as_condition(value: Any) -> Any:
    """A number that stands where a truth value is expected is true unless it is 0."""
    return value if _is_condition(value) else sympy_module().Ne(value, 0)


def sympy_function(op: Operator) -> Callable[..., Any]:
    """The function of SymPy objects that an operator with a `sympy` field is, entry by entry."""
    sympy = sympy_module()
    found = sympy_object(op)
    if found is sympy.Piecewise:
        return lambda c, x, y: sympy.Piecewise((_as_number(x), _as_condition(c)), (_as_number(y), True))
    if op.sympy in WRITTEN:
        written = WRITTEN[op.sympy]
        return lambda *args: written(sympy, *[_as_number(a) for a in args])
    if isinstance(found, type) and issubclass(found, sympy.logic.boolalg.BooleanFunction):
        return lambda *args: found(*[_as_condition(a) for a in args])
    return lambda *args: found(*[_as_number(a) for a in args])


# ---- terms as SymPy objects ----


def symbol(name: str, type: Type = Type()) -> Any:  # noqa: B008 - frozen
    """The SymPy symbol of a variable, with what its type says of sign and integrality.

    >>> symbol("x", Type(lower=0, open_lower=True)).is_positive
    True
    """
    assumptions = {"integer" if type.integer else "real": True}
    if type.lower is not None and type.lower >= 0:
        assumptions["positive" if type.lower > 0 or type.open_lower else "nonnegative"] = True
    if type.upper is not None and type.upper <= 0:
        assumptions["negative" if type.upper < 0 or type.open_upper else "nonpositive"] = True
    if type.nonzero:
        assumptions["zero"] = False
    return sympy_module().Symbol(name, **assumptions)


def concrete(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """A shape with sizes for its named dimensions."""
    return tuple(d if isinstance(d, int) else sizes[d] for d in shape)


def choose_sizes(terms: Sequence[Term], given: Mapping[str, int] | None = None) -> Sizes:
    """A size for every named dimension: the given one, else 2, 3, 2, 3, ... in order, the same for dimensions that must be equal."""
    dimensions = Dimensions()
    found: Sizes = {}
    order = postorder(*terms)
    for term in order:
        if not term.op.leaf:
            term.op.shape_rule(term.args, dimensions.learn)
    for name, size in (given or {}).items():
        dimensions.learn(name, size)
    known: dict[Any, int] = {}

    def size_of(dim: Dimension) -> int:
        root = dimensions.find(dim)
        if isinstance(root, Derived) and root not in known:
            known[root] = 2
            known[root] = value_of(root, size_of) or 0
        return root if isinstance(root, int) else known.setdefault(root, 2 + len(known) % 2)

    for variable in variable_terms(*terms):
        found.update((dim, size_of(dim)) for dim in variable.shape if isinstance(dim, str))
    return {**found, **(given or {})}


def _box(value: Any) -> Objects:
    """One object as an array without dimensions (NumPy would look inside some)."""
    box = np.empty((), dtype=object)
    box[()] = value
    return box


def symbols_of(variable: Term, sizes: Mapping[str, int]) -> Objects:
    """The symbols of a variable's entries: x for a scalar, X[0, 1] and so on for arrays."""
    shape = concrete(variable.shape, sizes)
    entries = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        name = variable.value + (f"[{', '.join(map(str, index))}]" if index else "")
        entries[index] = symbol(name, variable.detail)
    return entries


def entries_of(terms: Sequence[Term], leaf: Callable[[Term], Any], function: Callable[[Operator], Callable[..., Any]]) -> list[Objects]:
    """The terms as arrays of objects: `leaf` gives variables and constants, `function` what an operator does to entries.

    Operators of whole arrays (sums, products of matrices, transposes, ...) run their own NumPy kernels on the objects.
    """
    done: dict[Term, Any] = {}
    terms = spelled_out(terms)
    functions: dict[Operator, Any] = {}
    for term in postorder(*terms):
        op = term.op
        if op.leaf == "attribute":
            done[term] = term.value
        elif op.leaf or op.fixity == "constant":
            done[term] = leaf(term)
        elif op.sympy:
            if op not in functions:
                functions[op] = np.frompyfunc(function(op), op.arity, 1)
            done[term] = functions[op](*[done[a] for a in term.args])
        else:
            done[term] = _run_kernel(op, [done[a] for a in term.args])
        if not isinstance(done[term], np.ndarray) and op.leaf != "attribute":
            done[term] = _box(done[term])
    return [done[term] for term in terms]


def _run_kernel(op: Operator, args: Sequence[Any]) -> Any:
    """The kernel of an operator of whole arrays, run on arrays of objects."""
    kernel = OBJECT_KERNELS.get(str(op.numpy)) or resolve(str(op.numpy))
    named = keywords(kernel)
    arrays = [_numbers(a) for a, p in zip(args, op.parameters, strict=True) if not (p.attribute and p.name in named)]
    try:
        result = kernel(*arrays, **{p.name: a for a, p in zip(args, op.parameters, strict=True) if p.attribute and p.name in named})
    except TypeError as error:  # numbers are sorted, and symbols have no order
        raise EvaluationError(f"SymPy cannot tell what {op.name} is: {error}") from None
    if isinstance(result, float) and result.is_integer():
        return int(result)  # a number of entries is exact
    return np.frompyfunc(lambda e: e[()] if isinstance(e, np.ndarray) else e, 1, 1)(result)  # NumPy nests arrays that are assigned to entries


def _numbers(entries: Any) -> Any:
    if not isinstance(entries, np.ndarray):
        return entries
    converted: Objects = np.asarray(np.frompyfunc(_as_number, 1, 1)(entries), dtype=object)
    return converted


def sympy_entries(terms: Sequence[Term], sizes: Mapping[str, int] | None = None) -> list[Objects]:
    """The terms as arrays of SymPy objects, entry by entry; named dimensions get small sizes unless `sizes` gives them."""
    sympy = sympy_module()
    chosen = choose_sizes(terms, sizes)

    def leaf(term: Term) -> Any:
        if term.op.leaf == "variable":
            return symbols_of(term, chosen)
        if term.op.leaf == "number":
            return sympy.Rational(term.value.numerator, term.value.denominator)
        return sympy_object(term.op) if term.op.fixity == "constant" else sympy.sympify(term.value)

    try:
        return entries_of(terms, leaf, sympy_function)
    except RecursionError:
        raise EvaluationError("the terms are nested more deeply than SymPy can hold: it recurses") from None


def to_sympy(term: Term, sizes: Mapping[str, int] | None = None) -> Any:
    """A term as a SymPy object: an expression or a condition; for vectors (as columns) and matrices an explicit Matrix of scalars.

    Variables become real symbols with the declared assumptions, entries of arrays the symbols X[0, 1] and so on, decimals exact
    rationals. Named dimensions get the sizes 2 and 3 unless `sizes` gives them. EvaluationError where an operator has no
    counterpart in SymPy.

    >>> import rewritegrad as rg
    >>> to_sympy(rg.parse("sin(x)^2 / 0.5"))
    2*sin(x)**2
    >>> to_sympy(rg.parse("A @ v", A="matrix[2, 2]", v="vector[2]"))
    Matrix([
    [A[0, 0]*v[0] + A[0, 1]*v[1]],
    [A[1, 0]*v[0] + A[1, 1]*v[1]]])
    """
    sympy = sympy_module()
    (entries,) = sympy_entries([term], sizes)
    if entries.ndim == 0:
        return entries[()]
    if entries.ndim <= 2:
        rows = entries.reshape(entries.shape[0], -1)
        return sympy.ImmutableDenseMatrix(*rows.shape, list(rows.flat))
    return sympy.ImmutableDenseNDimArray(list(entries.flat), entries.shape)
