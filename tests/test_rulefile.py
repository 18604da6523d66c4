"""Rule files: what they say arrives in the theory, and what is wrong with them is said with its place."""

from __future__ import annotations

import gc
import pickle
from fractions import Fraction
from math import cos, sin
from pathlib import Path
from textwrap import dedent

import pytest

import rewritegrad as rg
from rewritegrad import kernels
from rewritegrad.errors import RuleFileError
from rewritegrad.files import folder
from rewritegrad.patterns import COMPARISONS, CONDITION_WORDS, PApply, Pattern, PConstant, PEach, PFold, PNumber, PRest, PVar
from rewritegrad.rulechecks import MAX_DEPTH, MAX_SIZE
from rewritegrad.rulefile import Theory
from rewritegrad.theory import Operator

# ---- what is wrong is said ----


def _error_cases() -> tuple[str, list[tuple[str, str, str]]]:
    """The theory that the cases of rule_errors.txt add to, and (name, text, message) of each."""
    head, *blocks = (Path(__file__).parent / "rule_errors.txt").read_text(encoding="utf-8").split("=== ")
    cases = []
    for block in blocks:
        name, _, rest = block.partition("\n")
        text, _, message = rest.partition("\n---\n")
        cases.append((name, text, message.strip("\n")))
    return head.split("\n\n", 1)[1], cases


BASE, ERRORS = _error_cases()


def error_of(text: str) -> str:
    with pytest.raises(RuleFileError) as caught:
        Theory.parse(text, base=Theory.parse(BASE))
    return str(caught.value)


def law(text: str) -> str:
    return f"ruleset r in reduce\nrule a: {text}"


@pytest.mark.parametrize(("text", "message"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
def test_load_error(text: str, message: str) -> None:
    assert error_of(text) == f"<rules 2>:{message}"


@pytest.mark.parametrize("depth", [MAX_DEPTH, 10_000])
@pytest.mark.parametrize(("opening", "closing"), [("exp(", ")"), ("-", ""), ("x + (", ")")])
def test_no_nesting_crashes(depth: int, opening: str, closing: str) -> None:
    message = error_of(law(opening * depth + "x" + closing * depth + " => x")).splitlines()[0]
    assert message.endswith(f"this pattern is nested more than {MAX_DEPTH} deep")


def test_parentheses_alone_nest_nothing() -> None:
    Theory.parse(law("exp(" + "(" * 10_000 + "x" + ")" * 10_000 + ") => x"), base=Theory.parse(BASE))


def test_size_is_bounded() -> None:
    """A balanced pattern is shallow, but may be too big."""
    pattern = "x"
    while pattern.count("x") < MAX_SIZE:
        pattern = f"f({pattern}, {pattern})"
    assert error_of(law(f"{pattern} => x")).splitlines()[0] == f"<rules 2>:2:9: this pattern has more than {MAX_SIZE} parts"


def test_definitions_nest_so_deep_and_no_deeper() -> None:
    def chain(length: int) -> str:
        blocks = ["def f1(x) = x + 1", *(f"def f{i}(x) = f{i - 1}(x) * f{i - 1}(2)" for i in range(2, length + 1))]
        return "\n".join(reversed(blocks))

    theory = Theory.parse(chain(100), base=Theory.builtin())
    assert theory.notation.read("X: matrix[n, m]; f100(X)", theory, {}).shape == ("n", "m")
    message = "the definition of f101 leads through more than 100 others"
    for length in (101, 3000):
        with pytest.raises(RuleFileError) as caught:
            Theory.parse(chain(length), base=Theory.builtin())
        assert str(caught.value).startswith(f"<rules>:{length - 100}:5: {message}")


def test_unreadable_files(tmp_path: Path) -> None:
    binary = tmp_path / "binary.rules"
    binary.write_bytes(b"\xff\xfe\x00op f(x)")
    with pytest.raises(RuleFileError) as caught:
        Theory.load(binary)
    assert str(caught.value) == f"the rule file {binary} is no UTF-8 text"
    missing = tmp_path / "missing.rules"
    with pytest.raises(RuleFileError) as caught:
        Theory.load(missing)
    assert str(caught.value) == f"cannot read the rule file {missing}: No such file or directory"


def test_errors_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.rules"
    file.write_text("# a comment\n\nop exp(y)\n")
    with pytest.raises(RuleFileError) as caught:
        Theory.load(file)
    assert str(caught.value).startswith(f"{file}:3:4: duplicate operator exp; the first is at rules/elementary.rules:")


# ---- theories are values ----


def test_equal_texts_give_the_identical_theory() -> None:
    text = "op f(x)   # only here"
    assert Theory.parse(text) is Theory.parse(text)
    assert Theory.parse(text) is not Theory.parse(text + " ")
    assert Theory.builtin() is Theory.builtin()


def test_theories_pickle_by_content() -> None:
    theory = Theory.parse("op unlikely(x)", base=Theory.builtin())
    stored = pickle.dumps(theory)
    assert pickle.loads(stored) is theory
    del theory
    gc.collect()
    assert [op.name for op in pickle.loads(stored).operators][-1] == "unlikely"


def test_a_theory_owns_its_operators() -> None:
    base = Theory.parse("op f(x)")
    larger = Theory.parse("op h(x)\nruleset r in reduce\nrule fh: f(h(x)) => x", base=base)
    assert larger.sources == (("<rules>", "op f(x)"), ("<rules 2>", larger.sources[1][1]))
    assert not set(base.operators) & set(larger.operators)
    assert all(op.theory is larger for op in larger.operators)
    assert not base.named("h")


def test_load_adds_to_the_builtin_theory(tmp_path: Path) -> None:
    file = tmp_path / "mine.rules"
    file.write_text("def cube(x) = x^3\n", encoding="utf-8")
    assert len(Theory.load(file).operators) == len(Theory.builtin().operators) + 1
    alone = tmp_path / "alone.rules"
    alone.write_text("\ufeffop cube(x)\n", encoding="utf-8")
    assert [op.name for op in Theory.load(alone, base=None).operators] == ["cube"]
    assert [op.name for op in Theory.load(alone, base=Theory.parse("op f(x)")).operators] == ["f", "cube"]


# ---- operators ----

BLOCKS = """
roles  sum +   product *
op a + b   prec 40 left   is associative, commutative
    unit 0
    multiple n * a
op a * b   prec 50 right  is associative, commutative
op not a   prec 25
op tau     numpy np.pi   gives > 3, < 4
op S(X, axis=None, order=(0, 'C'), scale=-2)   shape "reduce X axis"
    numpy kernels.size   sympy Sum   cost 7   doc "Sums # up."
    also total, summe
    pull X  g * S(X, axis, order, scale)   if scalar(g), X > 1
    pull X  g
    push X  d
op pick(c, x)   numpy np.where   needs nonzero(x), c != 0   is analytic, increasing
    gives hull(x), >= -1 if positive(x)
    gives between(0, c)
    constant c
    d/dx  pick(c, 1) * tau
def twice(x) = x + x
op thrice(x)   means x + x + x
"""


def operator(name: str) -> Operator:
    (found,) = Theory.parse(BLOCKS).named(name)
    return found


def test_infix_prefix_and_constant() -> None:
    assert (operator("+").fixity, operator("+").precedence, operator("+").associativity) == ("infix", 40, "left")
    assert (operator("*").precedence, operator("*").associativity) == (50, "right")
    assert (operator("not").fixity, operator("not").precedence) == ("prefix", 25)
    assert (operator("tau").fixity, operator("tau").arity) == ("constant", 0)
    assert operator("S").fixity == "call"


def test_signature() -> None:
    array, axis, order, scale = operator("S").parameters
    assert (array.name, array.elementwise, array.attribute) == ("X", False, False)
    assert (axis.attribute, axis.default, order.default, scale.default) == (True, None, (0, "C"), -2)
    condition, value = operator("pick").parameters
    assert (condition.constant, value.constant, value.elementwise) == (True, False, True)


def test_plain_fields() -> None:
    total = operator("S")
    assert (total.numpy, total.sympy, total.cost, total.doc) == ("kernels.size", "Sum", 7, "Sums # up.")
    assert total.spellings == ("total", "summe")
    assert Theory.parse(BLOCKS).find("summe", 1) is total
    assert operator("pick").flags == {"analytic", "increasing"}
    assert operator("+").is_multiset and (operator("+").unit, operator("+").zero) == (0, None)
    assert operator("+").multiple == PApply(operator("*"), (PVar("n"), PVar("a")))
    assert total.position is not None and (total.position.line, total.position.column) == (9, 4)


def test_derivatives() -> None:
    times, total = operator("*"), operator("S")
    first, second, push = total.derivatives
    arguments = (PVar("X"), PVar("axis"), PVar("order"), PVar("scale"))
    assert (first.kind, first.parameter, first.body) == ("pull", 0, PApply(times, (PVar("g"), PApply(total, arguments))))
    assert [(c.word, c.args) for c in first.conditions] == [("scalar", (PVar("g"),)), (">", (PVar("X"), PNumber(1, "1")))]
    assert (second.body, push.kind, push.body) == (PVar("g"), "push", PVar("d"))
    (partial,) = operator("pick").derivatives
    assert (partial.kind, partial.parameter) == ("d", 1)
    assert partial.body == PApply(times, (PApply(operator("pick"), (PVar("c"), PNumber(1, "1"))), PApply(operator("tau"), ())))


def test_conditions_of_blocks() -> None:
    pick = operator("pick")
    assert [(c.word, c.args) for c in pick.needs] == [("nonzero", (PVar("x"),)), ("!=", (PVar("c"), PNumber(0, "0")))]
    assert [(g.fact.word, g.fact.args, [c.word for c in g.conditions]) for g in pick.gives] == [
        ("hull", (PVar("x"),), ["positive"]),
        (">=", (PNumber(-1, "-1"),), ["positive"]),
        ("between", (PNumber(0, "0"), PVar("c")), []),
    ]


def test_definitions() -> None:
    plus = operator("+")
    assert (operator("twice").definition, operator("twice").chosen) == (PApply(plus, (PVar("x"), PVar("x"))), False)
    assert (operator("thrice").definition, operator("thrice").chosen) == (
        PApply(plus, (PApply(plus, (PVar("x"), PVar("x"))), PVar("x"))),
        True,
    )


def test_shapes() -> None:
    theory = Theory.parse("def gram(A) = transpose(A) @ A\ndef total(A, axis=None) = sum(A, axis)", base=Theory.builtin())

    def shape(text: str) -> object:
        return theory.notation.read(f"X: matrix[n, m]; {text}", theory, {}).shape

    assert shape("gram(X)") == ("m", "m")
    assert shape("total(X, axis=1)") == ("n",)
    assert shape("total(X)") == ()


# ---- laws ----


def rules(text: str) -> list[tuple[str, Pattern, Pattern]]:
    theory = Theory.parse(f"ruleset r in explore\n{text}", base=Theory.parse(BASE))
    (ruleset,) = theory.rulesets.values()
    assert (ruleset.name, ruleset.stage) == ("r", "explore")
    return [(rule.name, rule.left, rule.right) for rule in ruleset.rules]


def test_a_law_both_ways_is_two_rules() -> None:
    (there, back) = rules("rule swap-f: f(x, y) <=> f(y, x)")
    assert (there[0], back[0]) == ("swap-f", "swap-f~")
    assert (there[1], there[2]) == (back[2], back[1])
    theory = Theory.parse("ruleset r in explore\nrule swap-f: f(x, y) <=> f(y, x)", base=Theory.parse(BASE))
    assert [rule.reverse for rule in theory.rulesets["r"].rules] == [False, True]


def patterns(text: str) -> tuple[Theory, Pattern]:
    theory = Theory.parse(f"ruleset r in explore\nrule a: {text} => exp(1)", base=Theory.parse(BASE))
    return theory, theory.rulesets["r"].rules[0].left


def test_patterns_are_kept_as_written() -> None:
    theory, left = patterns("-2*_ + -2^_ + (-3) + -(3) + -_")
    plus, times, power = (theory.role(role) for role in ("sum", "product", "power"))
    (minus,) = theory.named("-")
    hole = PVar("_")
    parts = []
    while isinstance(left, PApply) and left.op is plus:
        parts.append(left.args[1])
        left = left.args[0]
    assert [left, *reversed(parts)] == [
        PApply(times, (PNumber(-2, "-2"), hole)),
        PApply(minus, (PApply(power, (PNumber(2, "2"), hole)),)),
        PNumber(-3, "-3"),
        PApply(minus, (PNumber(3, "3"),)),
        PApply(minus, (hole,)),
    ]


def test_rests_folds_and_every_child() -> None:
    theory = Theory.parse(law("a^n * x.. + ... => a^min(n..) * (a^(n + min(n..)) * x.. + ...)  if number(n), min(n..) != 0"), base=Theory.parse(BASE))
    plus, times, power = (theory.role(role) for role in ("sum", "product", "power"))
    (rule,) = theory.rulesets["r"].rules
    child = PApply(times, (PApply(power, (PVar("a"), PVar("n"))), PRest("x")))
    assert rule.left == PEach(plus, child)
    smallest = PFold("min", "n")
    raised = PApply(power, (PVar("a"), PApply(plus, (PVar("n"), smallest))))
    assert rule.right == PApply(times, (PApply(power, (PVar("a"), smallest)), PEach(plus, PApply(times, (raised, PRest("x"))))))
    assert [(c.word, c.args) for c in rule.conditions] == [("number", (PVar("n"),)), ("!=", (smallest, PNumber(0, "0")))]


def test_attributes_are_literals_or_variables() -> None:
    theory, left = patterns("f(S(_), f(S(_, axis=(0, -1)), S(_, _)))")
    total = theory.find("S", 1)
    assert isinstance(left, PApply) and isinstance(left.args[1], PApply)
    assert left.args[0] == PApply(total, (PVar("_"), PConstant(None)))
    assert left.args[1].args == (PApply(total, (PVar("_"), PConstant((0, -1)))), PApply(total, (PVar("_"), PVar("_"))))


def test_associative_calls_chain() -> None:
    base = Theory.parse("op top(x, y)  is associative, commutative")
    (rule,) = Theory.parse(law("top(x, y, z) => top(z, x, y)"), base=base).rulesets["r"].rules
    assert isinstance(rule.left, PApply) and isinstance(rule.left.args[0], PApply)
    assert (rule.left.args[0].args, rule.left.args[1]) == ((PVar("x"), PVar("y")), PVar("z"))


def test_rejected_laws() -> None:
    (reject,) = Theory.parse("reject a: f(x, y) => exp(x)  because x = -1/2, y = 4/2", base=Theory.parse(BASE)).rejects
    assert (reject.name, reject.because) == ("a", (("x", Fraction(-1, 2)), ("y", 2)))


def test_every_condition_word_is_read() -> None:
    for word, arity in CONDITION_WORDS.items():
        if arity > 0:
            arguments = ", ".join(["x", "y", "z"][:arity])
            theory = Theory.parse(law(f"f(x, f(y, z)) => f(x, f(y, z)) if {word}({arguments})"), base=Theory.parse(BASE))
            (condition,) = theory.rulesets["r"].rules[0].conditions
            assert (condition.word, len(condition.args)) == (word, arity)
    for sign in COMPARISONS:
        theory = Theory.parse(law(f"f(x, y) => f(y, x) if x {sign} y"), base=Theory.parse(BASE))
        (condition,) = theory.rulesets["r"].rules[0].conditions
        assert (condition.word, condition.args) == (sign, (PVar("x"), PVar("y")))


# ---- the built-in operators ----


@pytest.mark.parametrize("op", Theory.builtin().operators, ids=lambda op: f"{op.name}/{op.arity}")
def test_builtin_operator(op: Operator) -> None:
    assert op.doc or op.definition is not None, "every operator says what it is"
    if op.numpy is not None:
        kernel = kernels.resolve(op.numpy)
        assert callable(kernel) == (op.fixity != "constant")
    for spelling in op.spellings:
        assert op in Theory.builtin().named(spelling)


def test_the_example_of_the_readme() -> None:
    """The block in rules/README.md loads, and gives an operator that everything else knows at once."""
    readme = (folder("rules") / "README.md").read_text(encoding="utf-8")
    text = readme[readme.index("    op cosm1(x)") : readme.index("Then, with this in mine.rules")]
    theory = Theory.parse(dedent(text), base=Theory.builtin())
    derivative = rg.diff(rg.parse("versin(x)^2", theory=theory), "x")
    assert float(rg.evaluate(derivative, x=0.5)) == pytest.approx(2 * (1 - cos(0.5)) * sin(0.5), rel=1e-12)
