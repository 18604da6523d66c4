"""The laws that are shipped, run on random rational formulas: every e-node of every class has the value of its class.

Values are taken modulo a large prime at a random point, where arithmetic is exact and an operator without a kernel is any
fixed function: two different rational functions agree there with a probability of some 10^-16.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

import rewritegrad as rg
from engine_invariants import check_invariants
from rewritegrad.egraph.nodes import LEAF, LINEAR, POWERS

PRIME = 2**61 - 1
THEORY = rg.Theory.parse("op F(x)\nop G(x, y)\n", base=rg.Theory.builtin())

leaves = st.sampled_from(["x", "y", "z", "1", "2", "3"]).map(lambda text: rg.parse(text, theory=THEORY))


def grown(inner):
    def made(name, *args):
        return THEORY.apply(name, *args)

    binary = st.builds(made, st.sampled_from(["+", "-", "*", "*", "/", "G"]), inner, inner)
    powers = st.builds(made, st.just("^"), inner, st.sampled_from([-2, -1, 2, 3]))
    return binary | binary | powers | st.builds(made, st.just("F"), inner) | st.builds(made, st.just("-"), inner)


formulas = st.recursive(leaves, grown, max_leaves=12)


def residue(q):
    q = Fraction(q)
    return q.numerator * pow(q.denominator, -1, PRIME) % PRIME


def arbitrary(*key):
    """Some residue, always the same for the same key."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest(), "big") % PRIME


def value_of_node(node, value_of):
    """The value of a node at the point, or None where a part has none, or it is a root or the inverse of zero."""
    if node.form == LEAF:
        return residue(node.items[0]) if node.op.leaf == "number" else arbitrary(node.items[0].value)
    children = [value_of(child) for child in node.children()]
    if None in children:
        return None
    if node.form == LINEAR:
        return sum(residue(k) * v for v, (_, k) in zip(children, node.items, strict=True)) % PRIME
    if node.form == POWERS:
        product = 1
        for v, (_, e) in zip(children, node.items, strict=True):
            if not isinstance(e, int) or (e < 0 and v == 0):
                return None
            product = product * pow(v, e, PRIME) % PRIME
        return product
    return arbitrary(node.op.name, *children) if node.op.name in "FG" else None


def check_values(engine):
    """Give every class the value of its first node that has one, and hold all others against it."""
    values = {}

    def value_of(i):
        k, root = engine.split(i)
        return None if root not in values else residue(k) * values[root] % PRIME

    before = -1
    while before < len(values):
        before = len(values)
        for root, nodes in engine.members_by_class().items():
            for node in nodes:
                found = value_of_node(node, value_of)
                if found is None:
                    continue
                of_class = found * residue(Fraction(1) / node.scale) % PRIME
                assert values.setdefault(root, of_class) == of_class, f"{node} has not the value of its class: {nodes}"
    return len(values)


@settings(max_examples=120, deadline=None)
@given(formulas)
def test_every_node_has_the_value_of_its_class(formula):
    graph = rg.EGraph(THEORY)
    i = graph.add(formula)
    check_values(graph.engine)
    for rows in (40, 120, 250):
        before = graph.size()
        graph.run(iterations=1, rows=rows)
        assert graph.size() <= max(before, rows)
        check_invariants(graph.engine)
        assert check_values(graph.engine) > 0
    assert graph.equal(i, graph.add(formula))
