"""One term for many values of a variable: what is linear in it, with a new first axis over those values.

`batched` takes terms that depend on some variables, and for each variable an array of its values, one behind the other
along a first axis. It remakes every application that depends on them so that its value has that first axis too, by what
the `shape` field of its operator says: without one it works element by element, and axes are inserted where ranks
differ; a signature tells where another axis may stand; a word tells what the settings mean, which are changed
accordingly. No operator is named but by the roles of the theory, and nothing is done row by row.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from . import definitions
from .axes import EVERYTHING, one_axis
from .batchwords import SETTINGS, NoRule, order
from .derivative_rules import shorten
from .dimensions import Meet
from .errors import MissingDerivativeError, ShapeError
from .patterns import PVar
from .shapewords import contracted_axes, einsum_labels
from .signatures import Signature, apply_signatures, parse_signature
from .term import Shape, Term, make_term, postorder, substitute
from .theory import RANKS, Operator, Theory

_MARK = "rows of a batch"
"""The size of the new axis, where it is tried in signatures: a name that no other size has."""


def batched(terms: Sequence[Term], values: Mapping[Term, Term], models: Mapping[Term, Term], rows: Term) -> list[Term]:
    """The terms with a new first axis, as long as the vector `rows`, over the values of the variables in `values`.

    A term that depends on none of them is repeated. `models` has a term of the shape of each variable.
    MissingDerivativeError where the shape rule of an operator does not tell how it works on several values at once.
    """
    if not terms:
        return []
    theory: Theory = terms[0].theory
    expanded = definitions.expand(terms, keep=lambda op: op.numpy is not None)
    batch = _Batch(theory, values, models, rows)
    return [batch.of(term) for term in expanded]


class _Batch:
    """The terms remade so far."""

    def __init__(self, theory: Theory, values: Mapping[Term, Term], models: Mapping[Term, Term], rows: Term) -> None:
        self.theory = theory
        self.rows = rows
        self._made = dict(values)
        self._seen: set[Term] = set(values)
        self._models = dict(models)

    def of(self, root: Term) -> Term:
        """The term with the new axis."""
        for term in postorder(root):
            if term not in self._seen:
                self._seen.add(term)
                if any(arg in self._made for arg in term.args):
                    self._made[term] = self._application(term)
        return self._lifted(root)

    def _application(self, term: Term) -> Term:
        op = term.op
        try:
            stated = self._stated(term)
            if stated is not None:
                return stated
            if not op.shape_text:
                if not all(p.elementwise for p in op.parameters):
                    raise NoRule
                return self._make(op, [a if a.op.leaf == "attribute" else self._aligned(a, len(term.shape)) for a in term.args])
            if op is self.theory.role("sum_to"):
                return self._summed(term)
            if "->" in op.shape_text:
                return self._by_signature(term)
            return self._by_word(term)
        except (NoRule, ShapeError):
            raise MissingDerivativeError(
                f"{op.name} is not known to work on several arrays at once, as the Jacobian of {shorten(term)} needs it to: "
                f"state its shape as a signature with ..., or by a word, instead of {op.shape_text or 'leaving it out'}"
            ) from None

    def _stated(self, term: Term) -> Term | None:
        """What a `batch` line of the op block says of an application."""
        op: Operator = term.op
        having = {i for i, arg in enumerate(term.args) if arg in self._made}
        names = {p.name: arg for p, arg in zip(op.parameters, term.args, strict=True)}
        for batch in op.batches:
            fits = all(len(names[arg.name].shape) in RANKS[c.word] for c in batch.conditions for arg in c.args if isinstance(arg, PVar))
            if having <= set(batch.positions) and fits:
                args = [self._lifted(arg) if i in batch.positions else arg for i, arg in enumerate(term.args)]
                return definitions.instantiate(batch.body, dict(zip(names, args, strict=True)), self.theory)
        return None

    # ---- arguments ----

    def _make(self, op: Operator, args: Sequence[Term]) -> Term:
        return make_term(op, tuple(args))

    def _role(self, role: str, *args: Any) -> Term:
        return self.theory.make(self.theory.role(role), args)

    def _index(self, term: Term, *at: Any) -> Term:
        return self._role("index", term, self.theory.attribute(at))

    def _lifted(self, term: Term) -> Term:
        """The term with the new axis, over which it is repeated where it does not depend on the variables."""
        found = self._made.get(term)
        return self._role("over", term, self.rows) if found is None else found

    def _own(self, term: Term) -> Term:
        """The term with the new axis, if it depends on the variables."""
        return self._made.get(term, term)

    def _aligned(self, term: Term, rank: int) -> Term:
        """An argument of an elementwise operator whose result has so many axes without the new one."""
        found = self._made.get(term)
        missing = rank - len(term.shape)
        if found is None or not missing:
            return term if found is None else found
        return self._spread(found, missing)

    def _spread(self, term: Term, count: int) -> Term:
        """The term with so many axes of length 1 after its first one."""
        return self._index(term, EVERYTHING, *[None] * count, *[EVERYTHING] * (len(term.shape) - 1))

    def _shape_of(self, term: Term) -> Term:
        """A term without the new axis that has the shape of the given one."""
        return substitute([term], self._models)[0]

    def _permuted(self, term: Term, axes: Sequence[int]) -> Term:
        if list(axes) == sorted(axes):
            return term
        return self._role("transpose", term) if len(axes) == 2 else self._role("permute", term, self.theory.attribute(tuple(axes)))

    def _summed(self, term: Term) -> Term:
        """The role sum_to: the sum over the axes that its second argument lacks or has with length 1."""
        array, like = term.args
        if array not in self._made or like in self._made:
            raise NoRule
        missing = len(array.shape) - len(like.shape)
        kept = [i for i, (a, b) in enumerate(zip(array.shape[missing:], like.shape, strict=True)) if b == 1 != a]
        summed = self._made[array]
        if kept:
            summed = self._role("sum_over", summed, self.theory.attribute(tuple(missing + i + 1 for i in kept)), self.theory.attribute(True))
        axes: Any = 1 if missing == 1 else tuple(range(1, missing + 1))
        return self._role("sum_over", summed, self.theory.attribute(axes), self.theory.attribute(False)) if missing else summed

    # ---- signatures ----

    def _by_signature(self, term: Term) -> Term:
        """The arguments that have the new axis take it where a signature has room for it."""
        op: Operator = term.op
        arrays = [i for i, p in enumerate(op.parameters) if not p.attribute]
        having = [i for i in arrays if term.args[i] in self._made]
        settings = {p.name: a.value for p, a in zip(op.parameters, term.args, strict=True) if p.attribute}
        signatures = self.theory.derived(_Signatures)[op]
        most = max(len(term.args[i].shape) for i in arrays)
        for places in product(*(_places(len(term.args[i].shape), most) for i in having)):
            tried = dict(zip(having, places, strict=True))
            shapes = [_marked(term.args[i].shape, tried.get(i)) for i in arrays]
            result = _tried(signatures, shapes, settings)
            if result is None:
                continue
            k = result.index(_MARK)
            if (*result[:k], *result[k + 1 :]) != term.shape:
                continue
            args = list(term.args)
            for i, (place, ones) in tried.items():
                moved = self._permuted(self._made[args[i]], (*range(1, place + 1), 0, *range(place + 1, len(args[i].shape) + 1)))
                args[i] = self._spread(moved, ones) if ones else moved
            return self._permuted(self._make(op, args), (k, *(i for i in range(len(result)) if i != k)))
        raise NoRule

    # ---- words ----

    def _by_word(self, term: Term) -> Term:
        """All arrays get the new axis, and settings are changed to leave it alone."""
        op: Operator = term.op
        words = op.shape_text.split()
        undone = words[0] == "undo"
        word, *operands = words[1:] if undone else words
        names = [p.name for p in op.parameters]
        model = term.args[names.index(operands[0])]
        settings = [o for o in operands if o not in names or op.parameters[names.index(o)].attribute]
        values = [term.args[names.index(o)].value if o in names else literal_eval(o) for o in settings]
        if word in REMADE:
            return REMADE[word](self, term, model, undone)
        args = [arg if arg.op.leaf == "attribute" else self._lifted(arg) for arg in term.args]
        if word == "like" and not settings:
            if op is not self.theory.role("reshape_like"):
                raise NoRule  # nothing says along which axes it works
            return self._make(op, args)
        if word == "permute" and not any(name in names for name in settings):
            return self._permuted(args[0], order(values[0], model.shape))
        if word in _OVER_ALL and None in values and len(model.shape) != 1:
            return self._flattened(term, word, undone)
        if word not in SETTINGS:
            raise NoRule
        for name, value, changed in zip(settings, values, SETTINGS[word](values, model.shape), strict=True):
            if name in names:
                args[names.index(name)] = self.theory.attribute(changed)
            elif value != changed and not (isinstance(value, int) and value < 0):  # an axis counted from the end stays what it is
                raise NoRule
        return self._make(op, args)

    def _flattened(self, term: Term, word: str, undone: bool) -> Term:
        """What works on all entries in order: on a vector of them, along the only axis."""
        op: Operator = term.op
        args: list[Term] = []
        for arg, parameter in zip(term.args, op.parameters, strict=True):
            if parameter.attribute:
                args.append(self.theory.attribute(1) if arg.value is None else arg)
            elif undone and word == "take" and not args:  # it has the shape of the indices
                args.append(self._lifted(arg))
            else:
                args.append(self._shaped(arg, self._role("reshape", self._shape_of(arg), self.theory.attribute(-1))))
        made = self._make(op, args)
        return self._reshaped(made, self._shape_of(term)) if word == "like" or undone or word == "take" else made

    def _shaped(self, term: Term, like: Term) -> Term:
        """The entries of every value of a term in the shape of another term."""
        return self._reshaped(self._lifted(term), like)

    def _reshaped(self, term: Term, like: Term) -> Term:
        return term if term.shape[1:] == like.shape else self._role("reshape_like", term, self._role("over", like, self.rows))

    def _reshape(self, term: Term, model: Term, undone: bool) -> Term:
        return self._shaped(term.args[0], self._shape_of(term))

    def _broadcast(self, term: Term, model: Term, undone: bool) -> Term:
        if undone:
            raise NoRule
        return self._role("fill", self._role("over", self._shape_of(term), self.rows), self._aligned(model, len(term.shape)))

    def _tile(self, term: Term, model: Term, undone: bool) -> Term:
        """More repetitions than axes: the axes that are lacking stand behind the new one."""
        (reps,) = [arg for arg in term.args if arg.op.leaf == "attribute"]
        times = reps.value if isinstance(reps.value, tuple) else (reps.value,)
        missing = max(len(times) - len(model.shape), 0)
        changed = self.theory.attribute((*(1,) * (len(model.shape) + missing + 1 - len(times)), *times))
        spread = self._spread(self._lifted(model), missing) if missing else self._lifted(model)
        args = [changed if arg is reps else spread if arg is model else self._lifted(arg) for arg in term.args]
        made = self._make(term.op, args)
        return self._reshaped(made, model) if undone and missing else made

    def _einsum(self, term: Term, model: Term, undone: bool) -> Term:
        arrays = [arg for arg in term.args if arg.op.leaf != "attribute"]
        subscripts = next(arg for arg in term.args if arg.op.leaf == "attribute")
        inputs, output = einsum_labels(subscripts.value, len(arrays))
        if undone:
            raise NoRule
        letter = _unused(subscripts.value)
        marked = [letter + labels if arg in self._made else labels for labels, arg in zip(inputs, arrays, strict=True)]
        changed = self.theory.attribute(f"{','.join(marked)}->{letter}{output}")
        return self._make(term.op, [changed if arg is subscripts else self._own(arg) for arg in term.args])

    def _labels(self, term: Term, model: Term, undone: bool) -> Term:
        """Subscripts of one operand, whose axes and whose result's get the new one."""
        (subscripts,) = [arg for arg in term.args if arg.op.leaf == "attribute"]
        (labels,), output = einsum_labels(subscripts.value, 1)
        letter = _unused(subscripts.value)
        changed = self.theory.attribute(f"{letter}{labels}->{letter}{output}")
        return self._make(term.op, [changed if arg is subscripts else self._lifted(arg) for arg in term.args])

    def _dot(self, term: Term, model: Term, undone: bool) -> Term:
        first, second = term.args
        if not first.shape or not second.shape:  # a number times an array
            rank = len(term.shape)
            return self._role("product", self._aligned(first, rank), self._aligned(second, rank))
        if second not in self._made:
            return self._make(term.op, (self._made[first], second))
        if first in self._made:
            raise NoRule
        many = self._made[second]  # the sum is over the last axis but one, of vectors over the last
        made = self._make(term.op, (first, many if len(second.shape) > 1 else self._permuted(many, (1, 0))))
        k = len(first.shape) - 1
        return self._permuted(made, (k, *(i for i in range(len(term.shape) + 1) if i != k)))

    def _contract(self, term: Term, model: Term, undone: bool) -> Term:
        first, second = [arg for arg in term.args if arg.op.leaf != "attribute"]
        axes = next(arg for arg in term.args if arg.op.leaf == "attribute")
        a, b = contracted_axes(axes.value, len(first.shape), len(second.shape))
        if undone or (first in self._made and second in self._made):
            raise NoRule
        pair = (tuple(i + 1 for i in a), b) if first in self._made else (a, tuple(j + 1 for j in b))
        made = self._make(term.op, [self.theory.attribute(pair) if arg is axes else self._own(arg) for arg in term.args])
        k = 0 if first in self._made else len(first.shape) - len(a)
        return self._permuted(made, (k, *(i for i in range(len(term.shape) + 1) if i != k)))

    def _gather(self, term: Term, model: Term, undone: bool) -> Term:
        """The indices, which nothing is linear in, are those of every value."""
        indices, setting = term.args[-2:]
        if indices in self._made:
            raise NoRule
        axis = self.theory.attribute(one_axis(setting.value, len(model.shape)) + 1)
        return self._make(term.op, (*(self._lifted(arg) for arg in term.args[:-2]), indices, axis))


_OVER_ALL = ("like", "flat", "take", "repeat")
"""Words whose axis None means the entries in order, whatever the axes."""

REMADE: dict[str, Callable[[_Batch, Term, Term, bool], Term]] = {
    "reshape": _Batch._reshape,
    "broadcast": _Batch._broadcast,
    "tile": _Batch._tile,
    "einsum": _Batch._einsum,
    "contract": _Batch._contract,
    "labels": _Batch._labels,
    "dot": _Batch._dot,
    "gather": _Batch._gather,
}
"""Words whose applications are made anew, since their settings name sizes, or the axes of several arrays."""


def _unused(subscripts: str) -> str:
    """A label that subscripts have not."""
    return next(c for c in "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in subscripts)


class _Signatures(dict[Operator, list[Signature]]):
    """The signatures of a theory's operators, read when they are asked for."""

    def __init__(self, theory: Theory) -> None:
        super().__init__()

    def __missing__(self, op: Operator) -> list[Signature]:
        attributes = [p.name for p in op.parameters if p.attribute]
        arrays = len(op.parameters) - len(attributes)
        self[op] = found = [parse_signature(text, arrays, attributes) for text in op.shape_text.split("|")]
        return found


def _places(rank: int, most: int) -> list[tuple[int, int]]:
    """Where an argument may have the new axis: at which place, followed by how many axes of length 1."""
    return [(0, ones) for ones in range(most + 1)] + [(place, 0) for place in range(1, rank + 1)]


def _marked(shape: Shape, at: tuple[int, int] | None) -> Shape:
    return shape if at is None else (*shape[: at[0]], _MARK, *(1,) * at[1], *shape[at[0] :])


def _tried(signatures: Sequence[Signature], shapes: Sequence[Shape], settings: Mapping[str, Any]) -> Shape | None:
    """The result of signatures for these shapes, one of which has the mark; None where it would have to be another size."""

    def refuse(left: Any, right: Any) -> None:
        if _MARK in (left, right):
            raise ShapeError("the new axis is no other one")

    learn: Meet = refuse
    for signature in signatures:
        try:
            result = apply_signatures([signature], shapes, settings, learn)
        except ShapeError:
            continue
        return result if result.count(_MARK) == 1 else None
    return None
