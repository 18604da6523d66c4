"""The blocks `op` and `def` of rule files -> Operators.

`declare` reads what stands on its own (signature, names, numbers, flags); once all operators of a theory are
declared, `complete` reads what speaks of other operators: definitions, conditions, derivatives. Then `check_kernel`
asks whether calculus has what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from lark import Token

from . import kernels
from .errors import RuleFileError
from .patterns import Condition, Pattern, PEach, PFold, PRest, walk
from .rulepatterns import PatternReader, is_number, literal
from .shaperules import parse_rule, work_rule
from .shapes import ShapeRule, elementwise
from .syntax import Node, Source, tokens, trees
from .theory import RANKS, Batch, Derivative, Gives, Operator, Parameter, Theory

FLAGS = ("associative", "commutative", "idempotent", "analytic", "increasing", "decreasing", "odd", "even", "linear", "surrogate")
REPEATABLE = ("gives", "also", "try", "constant", "refuse", "derivative", "pull", "push", "batch")
SEEDS = {"derivative": None, "pull": "g", "push": "d"}
_PREFIX = "d/d"


@dataclass
class Block:
    """An `op` or `def` block: its source, where its arguments are named, and its fields by kind."""

    source: Source
    tree: Node
    arguments: dict[str, Token] = field(default_factory=dict)
    fields: dict[str, list[Node]] = field(default_factory=dict)
    operator: Operator = field(init=False)

    def fail(self, place: Token | Node, message: str) -> NoReturn:
        """Raise a RuleFileError that points at a place in the block."""
        raise RuleFileError(message, self.source.position(place))

    def one(self, kind: str) -> Node | None:
        """The field of a kind that may stand once."""
        return self.fields[kind][0] if kind in self.fields else None

    def words(self, kind: str) -> list[Token]:
        """The words of all fields of a kind, the name of the field left out."""
        return [word for node in self.fields.get(kind, ()) for word in tokens(node)[1:]]


def declare(source: Source, tree: Node) -> Block:
    """The operator of a block as far as the block alone says what it is."""
    block = Block(source, tree)
    signature, *fields = trees(tree)
    for node in fields[1:] if tree.data == "def" else fields:
        known = block.fields.setdefault(node.data, [])
        if known and node.data not in REPEATABLE:
            block.fail(node, f"duplicate field {node.data}")
        known.append(node)
    fixity, name, parameters = _signature(block, signature)
    constants, refused = (set(_arguments(block, block.words(kind))) for kind in ("constant", "refuse"))
    parameters = [replace(p, constant=p.name in constants, refused=p.name in refused) for p in parameters]
    tried = _tried(block)
    parameters = [replace(p, tried=tried[p.name]) if p.name in tried else p for p in parameters]
    index = _index(block)
    parameters = [replace(p, index=True) if p.name == index else p for p in parameters]
    precedence, associativity = _precedence(block, fixity, signature)
    shape = block.one("shape")
    cost, over = _cost(block)
    block.operator = Operator(
        name=name,
        parameters=tuple(parameters),
        fixity=fixity,
        precedence=precedence,
        associativity=associativity,
        numpy=_kernel(block),
        sympy=".".join(block.words("sympy")) or None,
        cost=cost,
        over=over,
        flags=_flags(block, parameters),
        unit=_literal(block, "unit"),
        zero=_literal(block, "zero"),
        shape_rule=_shape_rule(block, shape, parameters, over),
        shape_text="" if shape is None else _text(shape),
        spellings=tuple(str(word) for word in block.words("also")),
        doc="" if (doc := block.one("doc")) is None else _text(doc),
        latex="" if (latex := block.one("latex")) is None else _text(latex),
        position=source.position(signature),
    )
    return block


def complete(block: Block, theory: Theory) -> None:
    """Read what a block says in terms of other operators, and put it into the block's operator."""
    op = block.operator
    derivatives: list[Derivative] = []
    for kind in SEEDS:
        for node in block.fields.get(kind, ()):
            derivatives.append(_derivative(block, theory, kind, node))
    _check_twice(block, derivatives)
    definition, chosen = _definition(block, theory)
    values: dict[str, Any] = {
        "derivatives": tuple(derivatives),
        "batches": _batches(block, theory),
        "definition": definition,
        "chosen": chosen,
        "multiple": _multiple(block, theory),
        "needs": _needs(block, theory),
        "gives": tuple(g for node in block.fields.get("gives", ()) for g in _gives(block, theory, node)),
    }
    for name, value in values.items():
        object.__setattr__(op, name, value)


def check_kernel(block: Block) -> None:
    """Raise where an operator has a value but an argument through which derivatives neither flow nor are declared not to.

    An operator with a definition and no derivative at all is differentiated as its definition.
    """
    op = block.operator
    has_value = op.numpy is not None or op.definition is not None
    if not has_value or (op.definition is not None and not op.derivatives):
        return
    for i, parameter in enumerate(op.parameters):
        if parameter.attribute or parameter.constant or parameter.refused:
            continue
        name = parameter.name
        kinds = {d.kind for d in op.derivatives if d.parameter == i}
        if not kinds & {"d", "pull"}:
            wanted = f"{f'd/d{name} or ' if parameter.elementwise else ''}pull {name}, constant {name}, or refuse {name}"
            block.fail(block.arguments[name], f"{op.name} has a kernel but no derivative for its argument {name}: write {wanted}")
        if not parameter.elementwise and "push" not in kinds and "linear" not in op.flags:
            block.fail(
                block.arguments[name],
                f"{op.name} is not elementwise in {name} and has no push for it: write push {name}, or is linear",
            )


# ---- what stands on its own ----


def _signature(block: Block, tree: Node) -> tuple[str, str, list[Parameter]]:
    """Fixity, name and parameters."""
    fixity = {"name": "constant", "call": "call", "binary": "infix", "unary": "prefix"}.get(tree.data)
    if fixity is not None:
        return fixity, str(tokens(tree)[0]), _parameters(block, trees(tree))
    block.fail(tree, "a signature is f(x, y), a + b, -a, or a name alone for a constant")


def _parameters(block: Block, arguments: Sequence[Node]) -> list[Parameter]:
    parameters: list[Parameter] = []
    for argument in arguments:
        if argument.data == "keyword":
            token, value = tokens(argument)[0], trees(argument)[0]
            default = literal(value, block.source)
            if is_number(default) and not isinstance(default, int):
                block.fail(value, "the default of an attribute is an integer, a text, True, False, None, or a tuple of those")
            parameter = Parameter(str(token), attribute=True, default=default)
        elif argument.data == "name":
            token = tokens(argument)[0]
            parameter = Parameter(str(token), elementwise=not str(token)[0].isupper())
            if parameters and parameters[-1].attribute and not all(p.attribute for p in parameters):
                block.fail(token, f"{token} has no default, but stands between arguments that have one: settings come last, or all of them first")
        else:
            block.fail(argument, "an argument of a signature is a name, or a name with a default: axis=None")
        if token in block.arguments:
            block.fail(token, f"two arguments are named {token}")
        block.arguments[str(token)] = token
        parameters.append(parameter)
    return parameters


def defaults(block: Block, arguments: Sequence[Node]) -> tuple[Parameter, ...]:
    """The settings that arguments such as `axis=0` declare."""
    return tuple(_parameters(block, arguments))


def _index(block: Block) -> str | None:
    """The setting that the shape rule takes for an index."""
    node = block.one("shape")
    words = [] if node is None else _text(node).split()
    return words[-1] if words[:-2][-1:] == ["index"] else None


def _tried(block: Block) -> dict[str, tuple[object, ...]]:
    """What tests and the checker give the settings."""
    found: dict[str, tuple[object, ...]] = {}
    for node in block.fields.get("try", ()):
        word = tokens(node)[1]
        name = _argument(block, word, str(word))
        found[name] = found.get(name, ()) + tuple(literal(tree, block.source) for tree in trees(node))
    return found


def _arguments(block: Block, words: Iterable[Token]) -> list[str]:
    """The names of arguments that words of the block stand for."""
    return [_argument(block, word, str(word)) for word in words]


def _argument(block: Block, word: Token, name: str) -> str:
    if name not in block.arguments:
        block.fail(word, f"the operator has no argument {name}")
    return name


def _precedence(block: Block, fixity: str, signature: Node) -> tuple[int, str]:
    node = block.one("prec")
    if node is None:
        if fixity in ("infix", "prefix"):
            block.fail(signature, "an operator between or before its arguments needs prec")
        return 100, "left"
    if fixity not in ("infix", "prefix"):
        block.fail(node, "prec belongs to operators between or before their arguments")
    _, number, *side = tokens(node)
    return _whole(block, number, "prec"), str(side[0]) if side else "none"


def _whole(block: Block, token: Token, what: str) -> int:
    if not token.isdecimal() or len(token) > 6:
        block.fail(token, f"{what} is a whole number below a million, not {token}")
    return int(token)


def _kernel(block: Block) -> str | None:
    words = block.words("numpy")
    if not words:
        return None
    name = ".".join(words)
    if not kernels.is_allowed(name):
        block.fail(words[0], f"unknown kernel {name}: write np.NAME for a ufunc, scipy.special.NAME, or kernels.NAME")
    return name


def _cost(block: Block) -> tuple[int, str]:
    """The time for each entry, and the dimensions beside the result's that a kernel runs over."""
    node = block.one("cost")
    if node is None:
        return 1, ""
    _, number, *over = tokens(node)
    return _whole(block, number, "cost"), over[1][1:-1] if over else ""


def _flags(block: Block, parameters: Sequence[Parameter]) -> frozenset[str]:
    words = block.words("is")
    for word in words:
        if word not in FLAGS:
            block.fail(word, f"unknown flag {word}; write one of {', '.join(FLAGS)}")
        if word in ("associative", "commutative") and len([p for p in parameters if not p.attribute]) != 2:
            block.fail(word, f"only an operator of two arguments can be {word}")
        if word == "idempotent" and not {"associative", "commutative"} <= set(words):
            block.fail(word, "only an operator that is associative and commutative can be idempotent")
    return frozenset(str(word) for word in words)


def _literal(block: Block, kind: str) -> Any:
    node = block.one(kind)
    if node is None:
        return None
    (tree,) = trees(node)
    value = literal(tree, block.source)
    if not is_number(value) and not isinstance(value, bool):
        block.fail(tree, f"{kind} is a number, True or False")
    return value


def _text(node: Node) -> str:
    return str(tokens(node)[1])[1:-1]


def _shape_rule(block: Block, node: Node | None, parameters: Sequence[Parameter], over: str) -> ShapeRule:
    try:
        if over:
            work_rule("" if node is None else _text(node), over, parameters)
        return elementwise if node is None else parse_rule(_text(node), [p.name for p in parameters], [p.name for p in parameters if p.attribute])
    except ValueError as error:
        block.fail(block.tree if node is None else tokens(node)[1], str(error))


# ---- what speaks of other operators ----


def _reader(block: Block, theory: Theory, extra: Iterable[str] = ()) -> PatternReader:
    return PatternReader(theory, block.source, {*block.arguments, *extra})


def _formula(block: Block, reader: PatternReader, tree: Node) -> Pattern:
    """A pattern over the names that the reader knows, and nothing that only laws may use."""
    pattern = reader.pattern(tree)
    if any(isinstance(p, PRest | PEach | PFold) for p in walk(pattern)):
        block.fail(tree, "x.. and ... belong to laws, not to the block of an operator")
    _check_bound(block, reader)
    return pattern


def _check_bound(block: Block, reader: PatternReader) -> None:
    for use in reader.uses:
        if use.name not in reader.parameters:
            known = ", ".join(sorted(reader.parameters)) or "none"
            block.fail(use.token, f"unbound name {use.name}; the names known here: {known}")


def _derivative(block: Block, theory: Theory, kind: str, node: Node) -> Derivative:
    word = tokens(node)[-1]
    name = _argument(block, word, word.removeprefix(_PREFIX) if kind == "derivative" else str(word))
    position = list(block.arguments).index(name)
    parameter = block.operator.parameters[position]
    if parameter.attribute:
        block.fail(word, f"{name} is an attribute, which has no derivative")
    if parameter.constant or parameter.refused:
        block.fail(word, f"{name} is declared {'constant' if parameter.constant else 'refused'}: it has no derivative")
    if kind == "derivative" and not parameter.elementwise:
        block.fail(word, f"d/d{name} is for arguments that are treated elementwise, and {name} is a capital: write pull {name} and push {name}")
    seed = SEEDS[kind]
    if seed in block.arguments:
        block.fail(block.arguments[seed], f"an argument named {seed} hides the {seed} of {kind} {name}")
    reader = _reader(block, theory, () if seed is None else (seed,))
    body, *conditions = trees(node)
    pattern = _formula(block, reader, body)
    guards = reader.conditions(conditions[0]) if conditions else ()
    _check_bound(block, reader)
    return Derivative("d" if kind == "derivative" else kind, position, pattern, guards, block.source.position(word))


def _check_twice(block: Block, derivatives: Sequence[Derivative]) -> None:
    """Several lines for one argument are alternatives: each but the last needs a condition."""
    last: dict[tuple[bool, int], Derivative] = {}
    for derivative in derivatives:
        key = derivative.kind == "push", derivative.parameter
        earlier = last.get(key)
        if earlier is not None and not earlier.conditions:
            name = block.operator.parameters[derivative.parameter].name
            raise RuleFileError(f"duplicate derivative for {name}: the line before it holds always", derivative.position)
        last[key] = derivative


def _batches(block: Block, theory: Theory) -> tuple[Batch, ...]:
    """What an application is where some arguments have a new first axis."""
    found: list[Batch] = []
    for node in block.fields.get("batch", ()):
        positions = []
        for word in tokens(node)[1::2]:  # between them stands `and`
            positions.append(list(block.arguments).index(_argument(block, word, str(word))))
            if block.operator.parameters[positions[-1]].attribute:
                block.fail(word, f"{word} is an attribute, which has no axes")
        reader = _reader(block, theory)
        body, *conditions = trees(node)
        pattern = _formula(block, reader, body)
        guards = reader.conditions(conditions[0]) if conditions else ()
        _check_bound(block, reader)
        for guard in guards:
            if guard.word not in RANKS:
                block.fail(conditions[0], f"batch asks for {', '.join(RANKS)}, not {guard.word}")
        found.append(Batch(tuple(positions), pattern, guards))
    return tuple(found)


def _definition(block: Block, theory: Theory) -> tuple[Pattern | None, bool]:
    """What an application stands for, and whether printing may choose the operator for it."""
    reader = _reader(block, theory)
    means = block.one("means")
    if block.tree.data == "def":
        if means is not None:
            block.fail(means, "a def has its meaning already")
        reader.computes = True
        return _formula(block, reader, trees(block.tree)[1]), False
    if means is None:
        return None, False
    return _formula(block, reader, trees(means)[0]), True


def _multiple(block: Block, theory: Theory) -> Pattern | None:
    node = block.one("multiple")
    if node is None:
        return None
    if not {"associative", "commutative"} <= block.operator.flags or "idempotent" in block.operator.flags:
        block.fail(node, "multiple belongs to operators that are associative and commutative, and not idempotent")
    reader = PatternReader(theory, block.source, ("n", "a"))
    return _formula(block, reader, trees(node)[0])


def _needs(block: Block, theory: Theory) -> tuple[Condition, ...]:
    node = block.one("needs")
    if node is None:
        return ()
    reader = _reader(block, theory)
    needs = reader.conditions(trees(node)[0])
    _check_bound(block, reader)
    return needs


def _gives(block: Block, theory: Theory, node: Node) -> list[Gives]:
    facts, *conditions = trees(node)
    reader = _reader(block, theory)
    guards = reader.conditions(conditions[0]) if conditions else ()
    given = [Gives(fact, guards) for fact in reader.facts(facts)]
    _check_bound(block, reader)
    return given
