"""Immutable, hash-consed terms, and traversals of them that never recurse.

A term is an operator applied to terms, or a leaf. Leaves have an operator too (one of the four leaf
operators of their theory), so that every term knows its theory. Equal terms are one object: the weak
table below is the only state of the process, and `is` is equality of structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol, TypeAlias
from weakref import WeakValueDictionary

Dimension: TypeAlias = int | str
Shape: TypeAlias = tuple[Dimension, ...]
Number: TypeAlias = int | Fraction


LITERAL_DIGITS = 4000
"""A literal has at most so many digits, those that its exponent stands for counted (Python converts no int beyond 4,300)."""


@lru_cache(maxsize=1024)  # a formula's decimals are spelt again in its derivatives
def exact_number(spelling: str) -> Number:
    """The exact value that a literal such as 12, 0.5 or 1e-5 spells; ValueError where it is too long to be one.

    >>> exact_number("0.50"), exact_number("2e3")
    (Fraction(1, 2), 2000)
    """
    mantissa, _, exponent = spelling.lower().partition("e")
    magnitude = exponent.lstrip("+-").lstrip("0")
    if len(magnitude) > len(str(LITERAL_DIGITS)) or len(mantissa) + int(magnitude or 0) > LITERAL_DIGITS:
        raise ValueError(f"a number has at most {LITERAL_DIGITS} digits, those that its exponent stands for counted")
    exact = Fraction(spelling)
    return int(exact) if exact.denominator == 1 else exact


class Theory(Protocol):
    """What a term asks of the theory that it belongs to."""

    def apply(self, name: str, *args: Any) -> Term: ...
    def lift(self, value: Any) -> Term: ...
    def show(self, term: Term) -> str: ...
    def show_latex(self, term: Term) -> str: ...
    def operations(self, term: Term) -> int: ...
    def recipe(self, roots: Sequence[Term]) -> tuple[Callable[..., Any], tuple[Any, ...]]: ...


class Head(Protocol):
    """What a term asks of its operator."""

    @property
    def name(self) -> str: ...
    @property
    def leaf(self) -> str: ...
    @property
    def theory(self) -> Any: ...
    def shape_of(self, args: tuple[Term, ...]) -> Shape: ...


class Term:
    """An operator with its arguments, or a leaf with its value; `shape` is a tuple of ints and named dimensions.

    `op.leaf` is "" for an application, else "variable" (value: name, `detail`: its declared type), "number" (value:
    exact int or Fraction, detail: its spelling), "boolean" (value: bool) or "attribute" (value: an int, a string,
    None, a slice or a tuple of those). Terms are made by a theory (`theory.apply`, `theory.number`, ...), never
    directly, so that equal terms are one object.

    >>> import rewritegrad as rg
    >>> rg.parse("x + 2*y") is rg.parse("x + 2*y")
    True
    """

    __slots__ = ("__weakref__", "args", "detail", "op", "shape", "value")

    op: Any
    args: tuple[Term, ...]
    value: Any
    detail: Any
    shape: Shape

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"terms are immutable: cannot set {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"terms are immutable: cannot delete {name}")

    @property
    def theory(self) -> Any:
        """The theory that the term was made in."""
        return self.op.theory

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, in the order of their first occurrence."""
        return tuple(dict.fromkeys(v.value for v in variable_terms(self)))

    @property
    def T(self) -> Term:  # noqa: N802 - NumPy's name
        """The transpose."""
        return self._make("transpose", self)

    def count_ops(self) -> int:
        """Operations on the DAG of the printed text: distinct calls, binary operators and unary minuses; a negative number is a number."""
        return int(self.theory.operations(self))

    def latex(self) -> str:
        """The term as LaTeX."""
        return str(self.theory.show_latex(self))

    def __str__(self) -> str:
        return str(self.theory.show(self))

    def __repr__(self) -> str:
        return f"rg.parse({str(self)!r})"

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        make, recipe = self.theory.recipe((self,))
        return make, recipe

    def __copy__(self) -> Term:
        return self

    def __deepcopy__(self, memo: object) -> Term:
        return self

    def __bool__(self) -> bool:
        if self.op.leaf == "boolean":
            return bool(self.value)
        raise TypeError("a symbolic condition has no truth value; use where(condition, a, b), `is` or rg.equal")

    def __iter__(self) -> Iterator[Term]:
        raise TypeError("a term is not iterable; its arguments are term.args")

    def _make(self, name: str, *args: Any) -> Term:
        made: Term = self.theory.apply(name, *args)
        return made

    def __add__(self, other: Any) -> Term:
        return self._make("+", self, other)

    def __radd__(self, other: Any) -> Term:
        return self._make("+", other, self)

    def __sub__(self, other: Any) -> Term:
        return self._make("-", self, other)

    def __rsub__(self, other: Any) -> Term:
        return self._make("-", other, self)

    def __mul__(self, other: Any) -> Term:
        return self._make("*", self, other)

    def __rmul__(self, other: Any) -> Term:
        return self._make("*", other, self)

    def __truediv__(self, other: Any) -> Term:
        return self._make("/", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return self._make("/", other, self)

    def __pow__(self, other: Any) -> Term:
        return self._make("^", self, other)

    def __rpow__(self, other: Any) -> Term:
        return self._make("^", other, self)

    def __matmul__(self, other: Any) -> Term:
        return self._make("@", self, other)

    def __rmatmul__(self, other: Any) -> Term:
        return self._make("@", other, self)

    def __neg__(self) -> Term:
        return self._make("-", self)

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return self._make("abs", self)

    def __lt__(self, other: Any) -> Term:
        return self._make("<", self, other)

    def __le__(self, other: Any) -> Term:
        return self._make("<=", self, other)

    def __gt__(self, other: Any) -> Term:
        return self._make(">", self, other)

    def __ge__(self, other: Any) -> Term:
        return self._make(">=", self, other)


_terms: WeakValueDictionary[tuple[Any, ...], Term] = WeakValueDictionary()
_set = object.__setattr__


def make_term(op: Head, args: tuple[Term, ...] = (), value: Any = None, detail: Any = None, shape: Shape | None = None) -> Term:
    """The one term with these parts; the shape is inferred unless it is given (leaves, copies)."""
    key = (op, args, type(value), value, detail)
    found = _terms.get(key)
    if found is not None:
        return found
    term = object.__new__(Term)
    _set(term, "op", op)
    _set(term, "args", args)
    _set(term, "value", value)
    _set(term, "detail", detail)
    _set(term, "shape", op.shape_of(args) if shape is None else shape)
    _terms[key] = term
    return term


def postorder(*roots: Term) -> list[Term]:
    """Every distinct subterm once, arguments before the terms that use them, left before right."""
    order: list[Term] = []
    seen: set[Term] = set()
    stack: list[Term | None] = list(reversed(roots))
    pop, push, see = stack.pop, stack.append, seen.add
    while stack:
        term = pop()
        if term is None:  # below it is a term whose arguments are done
            done = pop()
            assert done is not None
            order.append(done)
        elif term not in seen:
            see(term)
            if not term.args:
                order.append(term)
                continue
            push(term)
            push(None)
            for arg in reversed(term.args):
                if arg not in seen:
                    push(arg)
    return order


def variable_terms(*roots: Term) -> list[Term]:
    """The variables (as terms) below the roots, in the order of their first occurrence."""
    return [term for term in postorder(*roots) if term.op.leaf == "variable"]


def rebuild(roots: Iterable[Term], change: Callable[[Term, tuple[Term, ...]], Term], order: Sequence[Term] = ()) -> list[Term]:
    """Each root remade from below: `change(term, new_arguments)` answers what stands for the term. `order` is that of `postorder`, if known."""
    roots = list(roots)
    done: dict[Term, Term] = {}
    for term in order or postorder(*roots):
        done[term] = change(term, tuple([done[arg] for arg in term.args]))
    return [done[root] for root in roots]


def substitute(roots: Iterable[Term], replacement: dict[Term, Term]) -> list[Term]:
    """Each root with every occurrence of a key replaced by its value, all at once."""

    def change(term: Term, args: tuple[Term, ...]) -> Term:
        found = replacement.get(term)
        if found is not None:
            return found
        return term if args == term.args else make_term(term.op, args)

    return rebuild(roots, change)


def tree_size(root: Term) -> int:
    """The number of nodes of the term read as a tree (shared parts counted each time)."""
    size: dict[Term, int] = {}
    for term in postorder(root):
        size[term] = 1 + sum(size[arg] for arg in term.args)
    return size[root]
