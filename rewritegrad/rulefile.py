"""Texts of rule files -> Theory: every block declared, then completed, then checked; the constructors of theories.

A theory that is based on another is made by reading the base's texts again together with the new ones, so that each
theory owns its operators. Equal texts give the identical theory as long as it lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias
from weakref import WeakValueDictionary

from lark import Token

from . import cache, theory
from .definitions import imply_shapes
from .errors import Position, RuleFileError
from .files import rule_files
from .flaglaws import associative_rulesets, commutative_rulesets, linear_rulesets
from .notation import NOTATION
from .opblocks import Block, check_kernel, complete, declare
from .patterns import STAGES, Pattern, Reject, Rule, Ruleset
from .rulechecks import LawChecker
from .rulepatterns import PatternReader, is_number, literal
from .several import is_several, read_results
from .syntax import Node, Source, parse_tree, tokens, trees
from .theory import ROLES, Notation, Operator
from .theorydata import NotData, from_data, to_data
from .variadic import is_variadic, read_spelling

Sources: TypeAlias = tuple[tuple[str, str], ...]


class Theory(theory.Theory):
    """Operators, laws and roles, read from rule files; a value that is passed, and pickled by its texts.

    >>> import rewritegrad as rg
    >>> mine = rg.Theory.parse('''
    ... op double(x)   numpy np.add   means x + x
    ... ''', base=rg.Theory.builtin())
    >>> rg.parse("double(3)", theory=mine).op.name
    'double'
    """

    @classmethod
    def builtin(cls) -> Theory:
        """The theory of the built-in rule files."""
        return builtin_theory()

    @classmethod
    def parse(cls, text: str, base: theory.Theory | None = None) -> Theory:
        """The theory of a text, added to a base or on its own. RuleFileError where the text does not load."""
        return parse_theory(text, base)

    @classmethod
    def load(cls, *paths: str | Path, base: theory.Theory | Literal["builtin"] | None = "builtin") -> Theory:
        """The theory of rule files, added to the built-in one, to another base, or (base=None) on its own.

        RuleFileError where a file cannot be read, is no text or does not load.
        """
        return load_theory(paths, builtin_theory() if base == "builtin" else base)

    def __reduce__(self) -> tuple[Any, ...]:
        return read_theory, (self.sources, self.notation)


def builtin_theory() -> Theory:
    """The theory of the built-in rule files, read once."""
    return _builtin()


@lru_cache(maxsize=1)
def _builtin() -> Theory:
    return read_theory([(f"rules/{path.name}", _text_of(path)) for path in rule_files()], keep=True)


def parse_theory(text: str, base: theory.Theory | None = None) -> Theory:
    """The theory of a text, added to a base or on its own; errors call the text <rules>, and one that is added to such <rules 2>."""
    earlier = 0 if base is None else sum(name.startswith("<rules") for name, _ in base.sources)
    return _extended(base, [(f"<rules {earlier + 1}>" if earlier else "<rules>", text)], keep=False)


def load_theory(paths: Iterable[str | Path], base: theory.Theory | None = None) -> Theory:
    """The theory of files, added to a base or on its own."""
    return _extended(base, [(str(path), _text_of(Path(path))) for path in paths], keep=True)


def _extended(base: theory.Theory | None, new: Sequence[tuple[str, str]], keep: bool) -> Theory:
    return read_theory((*base.sources, *new), base.notation, keep) if base is not None else read_theory(new, keep=keep)


def _text_of(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    except OSError as error:
        raise RuleFileError(f"cannot read the rule file {path}: {error.strerror}") from None
    if "\0" in text:
        raise RuleFileError(f"the rule file {path} is no UTF-8 text")
    return text


_living: WeakValueDictionary[tuple[Sources, Notation], Theory] = WeakValueDictionary()


def read_theory(sources: Iterable[tuple[str, str]], notation: Notation = NOTATION, keep: bool = False) -> Theory:
    """The theory of texts with their names, in this order; RuleFileError with position and caret where one does not load.

    With `keep`, what has been read is taken from the user's cache, and left there for the next program.
    """
    key = tuple(sources), notation
    found = _living.get(key)
    if found is None:
        found = _living[key] = _kept(*key) if keep else _Loader(*key).load()
    return found


def _kept(sources: Sources, notation: Notation) -> Theory:
    name = cache.name_of("theory", *[part for source in sources for part in source])
    data = cache.read(name)
    if data is not None:
        with suppress(NotData):
            return theory_of_data(data, sources, notation)
    made = _Loader(sources, notation).load()
    with suppress(NotData):
        cache.write(name, to_data(made))
    return made


def theory_of_data(data: Any, sources: Sources, notation: Notation = NOTATION) -> Theory:
    """The theory that has been taken apart by `to_data`; NotData where the data are of none."""
    operators, rulesets, roles, rejects, spellings = from_data(data, sources)
    return Theory(operators, rulesets, roles, rejects, sources, notation, spellings=spellings)


@lru_cache(maxsize=64)
def _tree(name: str, text: str) -> Node:
    """The syntax tree of a text, which every theory that contains the text reads and none changes."""
    return parse_tree(text, "rules", name)


class _Loader:
    """The reading of one theory: blocks in their order, and where each name was given first."""

    def __init__(self, sources: Sources, notation: Notation) -> None:
        self.sources = sources
        self.notation = notation
        self.blocks: list[Block] = []
        self.roles: dict[str, Operator] = {}
        self.rulesets: list[Ruleset] = []
        self.rules: dict[str, list[Rule]] = {}
        self.rejects: list[Reject] = []
        self.first: dict[tuple[str, ...], Position | None] = {}

    def load(self) -> Theory:
        """The theory, after all checks."""
        texts = [(Source(text, name), _tree(name, text)) for name, text in self.sources]
        statements = [(source, node) for source, tree in texts for node in trees(tree)]
        spellings: list[tuple[Source, Node]] = []
        for source, node in statements:
            if node.data == "def" and (is_variadic(node) or is_several(node)):
                spellings.append((source, node))
            elif node.data in ("op", "def"):
                self._declare(source, node)
        operators = [block.operator for block in self.blocks]
        # Look-ups need a theory before the laws can be read; the finished one takes its operators over.
        draft = theory.Theory(operators, (), {}, (), self.sources, self.notation)
        for source, node in spellings:
            self._spell(source, node, draft)
        for source, node in statements:
            if node.data == "roles":
                self._roles(source, node, draft)
        draft.roles.update(self.roles)
        for block in self.blocks:
            complete(block, draft)
        for block in self.blocks:
            check_kernel(block)
        imply_shapes(operators)
        self._laws(statements, draft)
        rulesets = [Ruleset(r.name, r.stage, tuple(self.rules[r.name])) for r in self.rulesets]
        rulesets.extend([*associative_rulesets(operators, draft), *commutative_rulesets(operators), *linear_rulesets(operators, draft)])
        return Theory(operators, rulesets, self.roles, self.rejects, self.sources, self.notation, spellings=draft.spellings)

    def _new(self, source: Source, place: Token | Node, *key: str) -> None:
        """Record where a name is given; RuleFileError where it was given before."""
        position = source.position(place)
        if key in self.first:
            raise RuleFileError(f"duplicate {' '.join(key[:2])}; the first is at {self.first[key]}", position)
        self.first[key] = position

    # ---- operators ----

    def _declare(self, source: Source, node: Node) -> None:
        block = declare(source, node)
        op = block.operator
        signature = trees(node)[0]
        required = f"{sum(1 for p in op.parameters if not p.attribute)} {op.arity}"
        self._new(source, signature, "operator", op.name, required)
        for spelling in block.words("also"):
            self._new(source, spelling, "operator", str(spelling), required)
        self.blocks.append(block)

    def _spell(self, source: Source, node: Node, draft: theory.Theory) -> None:
        """A definition for any number of arguments, or of several results."""
        block = Block(source, node)
        also = [word for field in trees(node)[2:] if field.data == "also" for word in tokens(field)[1:]]
        words = (tokens(trees(node)[0])[0], *also)
        if not is_variadic(node):
            several = read_results(block, draft)
            for word in words:
                before = draft.spellings.get(str(word), ())
                if not isinstance(before, tuple):
                    self._new(source, word, "operator", str(word))
                draft.spellings[str(word)] = (*before, several) if isinstance(before, tuple) else (several,)
            return
        spelling = read_spelling(block, draft)
        for word in words:
            if draft.named(word):
                raise RuleFileError(f"{word} is an operator already", source.position(word))
            self._new(source, word, "operator", str(word))
            draft.spellings[str(word)] = spelling

    def _roles(self, source: Source, node: Node, draft: theory.Theory) -> None:
        for pair in trees(node):
            role, name = tokens(pair)
            if role not in ROLES:
                raise RuleFileError(f"unknown role {role}; write one of {', '.join(ROLES)}", source.position(role))
            self._new(source, role, "role", str(role))
            fitting = [op for op in draft.named(name) if op.arity == ROLES[role]]
            if not fitting:
                wanted = f"{ROLES[role]} argument{'s' * (ROLES[role] != 1)}"
                raise RuleFileError(f"there is no operator {name} of {wanted} for the role {role}", source.position(name))
            self.roles[str(role)] = fitting[0]

    # ---- laws ----

    def _laws(self, statements: Sequence[tuple[Source, Node]], draft: theory.Theory) -> None:
        current: tuple[Source, str] | None = None
        for source, node in statements:
            if node.data == "ruleset":
                current = source, self._ruleset(source, node)
            elif node.data == "rule":
                if current is None or current[0] is not source:
                    raise RuleFileError("a rule outside a ruleset: write `ruleset NAME in STAGE` above it", source.position(node))
                self.rules[current[1]].extend(self._rule(source, node, draft))
            elif node.data == "reject":
                self.rejects.append(self._reject(source, node, draft))

    def _ruleset(self, source: Source, node: Node) -> str:
        _, name, stage = tokens(node)
        if stage not in STAGES:
            raise RuleFileError(f"unknown stage {stage}; write one of {', '.join(STAGES)}", source.position(stage))
        self._new(source, name, "ruleset", str(name))
        self.rulesets.append(Ruleset(str(name), str(stage), ()))
        self.rules[str(name)] = []
        return str(name)

    def _rule(self, source: Source, node: Node, draft: theory.Theory) -> list[Rule]:
        _, name, arrow = tokens(node)
        left_tree, right_tree, *guards = trees(node)
        self._new(source, name, "rule", str(name))
        reader = PatternReader(draft, source)
        check = LawChecker(reader, name)
        sides, ends = self._sides(reader, check, left_tree, right_tree)
        (left, right), (left_end, right_end) = sides, ends
        conditions = reader.conditions(guards[0] if guards else None)
        check.used_once()
        check.left(left_tree, left, right, back=False)
        check.right(right_tree, left, right)
        check.bound(left, reader.uses[left_end:], back=False)
        position = source.position(name)
        rules = [Rule(str(name), left, right, conditions, position)]
        if arrow == "<=>":
            check.left(right_tree, right, left, back=True)
            check.right(left_tree, right, left)
            check.bound(right, reader.uses[:left_end] + reader.uses[right_end:], back=True)
            rules.append(Rule(f"{name}~", right, left, conditions, position, reverse=True))
        return rules

    def _sides(self, reader: PatternReader, check: LawChecker, left: Node, right: Node) -> tuple[tuple[Pattern, Pattern], tuple[int, int]]:
        """Both sides, and how many names had been read after each."""
        patterns: list[Pattern] = []
        ends: list[int] = []
        for tree in (left, right):
            patterns.append(reader.pattern(tree))
            check.size(tree, patterns[-1])
            ends.append(len(reader.uses))
        return (patterns[0], patterns[1]), (ends[0], ends[1])

    def _reject(self, source: Source, node: Node, draft: theory.Theory) -> Reject:
        _, name, _ = tokens(node)
        left_tree, right_tree, *assignments = trees(node)
        self._new(source, name, "rule", str(name))
        reader = PatternReader(draft, source)
        check = LawChecker(reader, name)
        (left, right), _ = self._sides(reader, check, left_tree, right_tree)
        because: dict[str, Any] = {}
        for assignment in assignments:
            variable, (value_tree,) = tokens(assignment)[0], trees(assignment)
            if variable not in {use.name for use in reader.uses}:
                check.fail(variable, f"{name} has no variable {variable}")
            if variable in because:
                check.fail(variable, f"{variable} has two values")
            value = literal(value_tree, source)
            if not is_number(value):
                check.fail(value_tree, "a counterexample gives each variable a number")
            because[str(variable)] = value
        for use in reader.uses:
            if use.name not in because:
                check.fail(use.token, f"the counterexample of {name} gives {use.name} no value")
        return Reject(str(name), left, right, tuple(because.items()), source.position(name))
