"""Which laws a run looks at: those whose operators are all there, and no other."""

from __future__ import annotations

import rewritegrad as rg
from rewritegrad.egraph.program import Program
from rewritegrad.graph import law_table
from rewritegrad.laws import needed_operators
from rewritegrad.lowering import language_of

BUILTIN = rg.Theory.builtin()


def needed(law: str) -> list[str]:
    theory = rg.Theory.parse(f"ruleset tried in reduce\nrule tried: {law}\n", base=BUILTIN)
    (rule,) = theory.rulesets["tried"].rules
    return [op.name for op in needed_operators(rule, language_of(theory))]


def test_the_operators_that_a_law_needs() -> None:
    assert needed("sin(u)*cos(u) => sin(2*u)/2") == ["sin", "cos"]
    assert needed("exp(x) + x => x + exp(x)*1") == ["+", "exp"]
    assert needed("a*exp(x)^n + ... => exp(x)^n * (a + ...)  if number(n), n != 0") == ["+", "exp"]
    assert needed("x^2 - y^2 => (x - y)*(x + y)") == []  # a difference is entered as a sum, and may be written in other ways
    assert needed("tan(sqrt(x) + y..) => tan(y.. + sqrt(x))") == ["tan"]


def test_a_law_is_made_when_its_operators_are_there() -> None:
    made: list[int] = []

    def make(i: int) -> object:
        made.append(i)
        return i

    program = Program([("f",), (), ("f", "g"), ("h",)], make)
    assert program.possible(["g"]) == [1]
    assert program.possible(["g", "f"]) == [0, 1, 2]
    assert sorted(set(made)) == [0, 1, 2]


def test_laws_about_other_operators_are_not_compiled() -> None:
    theory = rg.Theory.parse(
        "op F(x)\nop G(x)\nruleset tried in reduce\nrule f: F(F(x)) => x\nrule g: G(F(x)) => x\n", base=BUILTIN
    )
    assert str(rg.simplify("F(F(x))", theory=theory)) == "x"
    known = {rule.name for rule, _ in law_table(theory)._laws.values()}
    assert "f" in known and "g" not in known


def test_an_operator_that_a_law_brings_in_wakes_the_laws_about_it() -> None:
    theory = rg.Theory.parse(
        "op F(x)\nop G(x)\nop H(x)\nruleset tried in reduce\nrule second: G(x) => H(x)\nrule first: F(x) => G(x)\n"
    )
    graph = rg.EGraph(theory)
    i = graph.add("F(x)")
    graph.run()
    assert graph.equal(i, graph.add("H(x)"))
