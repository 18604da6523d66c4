"""A theory as plain data (lists, texts, numbers), and back: what the cache keeps of rule files that have been read.

The data are a table in which every value stands once, after those that it is made of: a text, number, True, False or None
as itself, anything else as a list of what it is (one of KINDS by its number, or one of the few others below) and the places
in the table of its parts. So two laws share what they have in common, and reading is one walk without recursion. Texts of
rule files are not part of it: a place in one is the number of the text, line and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from . import patterns, readings, theory
from .definitions import imply_shapes
from .errors import Position
from .patterns import COMPARISONS, CONDITION_WORDS, FOLDS, STAGES, Condition, PFold, PSetting, Reject, Ruleset
from .readings import Results, Spelling
from .settings import SETTINGS
from .shaperules import parse_rule
from .theory import ROLES, Operator, Theory

Data: TypeAlias = Any

KINDS: tuple[type, ...] = tuple(
    kind
    for module in (patterns, theory, readings)
    for kind in vars(module).values()
    if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__ and kind is not Operator
)
"""What theories are made of: the immutable values of these modules, each told by its place in this list."""

TUPLE, SET, FRACTION, OPERATOR, POSITION = "(", "{", "/", "o", "@"

DERIVED = ("theory", "shape_rule")
"""The fields of an operator that follow from the others."""

_FIELDS = {kind: tuple(f.name for f in fields(kind)) for kind in KINDS}
_NUMBER = {kind: i for i, kind in enumerate(KINDS)}
_NAMING = (Condition, PFold, PSetting)
_OPERATOR_FIELDS = tuple(f.name for f in fields(Operator) if f.name not in DERIVED)

Texts: TypeAlias = Sequence[tuple[str, str]]
Parts: TypeAlias = tuple[list[Operator], list[Ruleset], dict[str, Operator], list[Reject], dict[str, Spelling | tuple[Results, ...]]]


class NotData(Exception):
    """Something that cannot be data of a theory, or data of no theory."""


def to_data(theory: Theory) -> Data:
    """Everything that a theory has read from its texts; NotData where a place is in none of them."""
    writer = _Writer(theory)
    operators = [[writer.place(getattr(op, name)) for name in _OPERATOR_FIELDS] for op in theory.operators]
    rulesets = [writer.place(ruleset) for ruleset in theory.rulesets.values()]
    rejects = [writer.place(reject) for reject in theory.rejects]
    roles = [[role, writer.operators[op]] for role, op in theory.roles.items()]
    spellings = [[name, writer.place(spelling)] for name, spelling in theory.spellings.items()]
    return {"table": writer.table, "operators": operators, "rulesets": rulesets, "rejects": rejects, "roles": roles, "spellings": spellings}


class _Writer:
    """The table in the making."""

    def __init__(self, theory: Theory) -> None:
        self.operators = {op: i for i, op in enumerate(theory.operators)}
        self.table: list[Data] = []
        self._texts = {name: i for i, (name, _) in enumerate(theory.sources)}
        self._known: dict[int, int] = {}
        self._entered: dict[tuple[Any, ...], int] = {}

    def place(self, value: Any) -> int:
        """The place of a value of the theory, entered with all its parts where the table lacks it."""
        stack = [value]
        while stack:
            top = stack[-1]
            missing = [part for part in self._parts(top) if id(part) not in self._known]
            if missing:
                stack.extend(missing)
            else:
                stack.pop()
                self._known[id(top)] = self._enter(self._entry(top))
        return self._known[id(value)]

    def _enter(self, entry: Data) -> int:
        # By its own kind and the places of its parts: True equals 1, and so do two laws that differ in that, but they are two values.
        key = tuple(entry) if isinstance(entry, list) else (type(entry), entry)
        if key not in self._entered:
            self._entered[key] = len(self.table)
            self.table.append(entry)
        return self._entered[key]

    def _parts(self, value: Any) -> Sequence[Any]:
        if isinstance(value, tuple):
            return value
        return [getattr(value, name) for name in _FIELDS.get(type(value), ())]

    def _entry(self, value: Any) -> Data:
        if value is None or isinstance(value, str | bool | int):
            return value
        if isinstance(value, frozenset):
            return [SET, *sorted(value)]
        if isinstance(value, Fraction):
            return [FRACTION, value.numerator, value.denominator]
        if isinstance(value, Operator):
            return [OPERATOR, self.operators[value]]
        if isinstance(value, Position):
            if value.source not in self._texts:
                raise NotData(f"a place in {value.source}")
            return [POSITION, self._texts[value.source], value.line, value.column]
        kind = TUPLE if isinstance(value, tuple) else _NUMBER.get(type(value))
        if kind is None:
            raise NotData(f"a value of {type(value).__name__}")
        return [kind, *[self._known[id(part)] for part in self._parts(value)]]


def from_data(data: Data, texts: Texts) -> Parts:
    """The operators, rulesets, roles and rejects of the theory that `to_data` took apart; NotData where the data are of none.

    Everything that is looked up by its name later on (kernels, conditions, folds, stages) must be a name that a rule file could have.
    """
    try:
        operators = [Operator.__new__(Operator) for _ in data["operators"]]
        table = _table(data["table"], operators, texts)
        for op, places in zip(operators, data["operators"], strict=True):
            _fill(op, dict(zip(_OPERATOR_FIELDS, [table[i] for i in places], strict=True)))
        imply_shapes(operators)
        rulesets: list[Ruleset] = [table[i] for i in data["rulesets"]]
        rejects: list[Reject] = [table[i] for i in data["rejects"]]
        spellings = {name: table[i] for name, i in data["spellings"]}
        roles = {role: operators[number] for role, number in data["roles"]}
        if not roles.keys() <= ROLES.keys() or any(ruleset.stage not in STAGES for ruleset in rulesets):
            raise NotData("roles or stages that there are not")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise NotData(str(error)) from None
    return operators, rulesets, roles, rejects, spellings


def _fill(op: Operator, values: dict[str, Any]) -> None:
    """Give an operator, which patterns may hold already, its fields."""
    if values["shape_text"]:
        names = [p.name for p in values["parameters"]]
        values["shape_rule"] = parse_rule(values["shape_text"], names, [p.name for p in values["parameters"] if p.attribute])
    op.__init__(**values)  # type: ignore[misc]  # frozen: nothing else sets them once they are there


def _table(entries: Sequence[Data], operators: Sequence[Operator], texts: Texts) -> list[Any]:
    """The values of a table."""
    names = [name for name, _ in texts]
    lines = [text.split("\n") for _, text in texts]
    made: list[Any] = []
    for entry in entries:
        if not isinstance(entry, list):
            made.append(entry)
            continue
        kind, *parts = entry
        if kind == POSITION:
            text, line, column = parts
            made.append(Position(names[text], line, column, lines[text][line - 1].rstrip("\r")))
        elif kind == TUPLE:
            made.append(tuple([made[i] for i in parts]))
        elif kind == OPERATOR:
            made.append(operators[parts[0]])
        elif kind == SET:
            made.append(frozenset(parts))
        elif kind == FRACTION:
            made.append(Fraction(*parts))
        else:
            part = KINDS[kind](*[made[i] for i in parts])
            if isinstance(part, _NAMING):
                _check(part)
            made.append(part)
    return made


def _check(part: Any) -> None:
    """What the engine looks up by its name must be a name that the reader of rule files accepts."""
    if isinstance(part, Condition) and part.word not in CONDITION_WORDS and part.word not in COMPARISONS:
        raise NotData(f"the condition {part.word}")
    if isinstance(part, PFold) and part.kind not in FOLDS:
        raise NotData(f"the fold {part.kind}")
    if isinstance(part, PSetting) and part.function not in SETTINGS:
        raise NotData(f"the setting {part.function}")
