"""The invariants of an e-graph, checked from scratch after a rebuild: nothing here asks the engine's own bookkeeping."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

from rewritegrad.egraph.language import Kind
from rewritegrad.egraph.multiset import Engine
from rewritegrad.egraph.nodes import BAG, LEAF, LINEAR, PLAIN, POWERS


def value_of(engine, i):
    """(k, root) of an id, by walking every edge of the union-find."""
    k, steps = Fraction(1), 0
    while engine.parent[i] != i:
        k *= engine.weight[i]
        i = engine.parent[i]
        steps += 1
        assert steps <= len(engine.parent), "the union-find runs in a circle"
    return (Fraction(1), i) if i == engine.zero else (k, i)


def all_nodes(engine):
    return [node for table in engine.tables.values() for node in table.by_items.values()]


def children(node):
    """The (child, multiplicity) pairs of a node."""
    if node.form == LEAF:
        return []
    return [(child, 1) for child in node.items] if node.form == PLAIN else list(node.items)


def check_union_find(engine):
    for i in range(len(engine.parent)):
        k, root = value_of(engine, i)
        assert engine.split(i) == (k, root) or root == engine.zero == engine.split(i)[1]
        assert k != 0
    for (k, root), i in engine.aliases.items():
        if engine.parent[root] == root and root != engine.zero:
            assert value_of(engine, i) == (k, root), "an alias that is no longer that multiple"
            assert k in engine.weights[root]
            assert engine.ref(k, root) == i


def check_nodes(engine):
    """Nodes are canonical, hash-consed under their own key, and no two of them have the same one."""
    seen = {}
    for op, items, node in [(op, items, node) for op, table in engine.tables.items() for items, node in table.by_items.items()]:
        assert node.alive and (op, items) == (node.op, node.items)
        assert engine.parent[node.cls] == node.cls, "a node outside the root of its class"
        assert node.scale != 0
        canonical = (node.op, node.form, node.items if node.form == LEAF else tuple((*value_of(engine, c), n) for c, n in children(node)))
        assert canonical not in seen, f"two nodes of one value: {node} and {seen[canonical]}"
        seen[canonical] = node
        for child, _ in children(node):
            k, root = value_of(engine, child)
            assert engine.ref(k if k.denominator > 1 else k.numerator, root) == child, "a child that is not canonical"
        check_form(engine, node)
    assert engine.live == len(all_nodes(engine))
    assert engine.class_count == len({node.cls for node in all_nodes(engine)})


def check_form(engine, node):
    """A multiset is in its normal form."""
    items = node.items
    if node.form == LINEAR:
        assert len(items) > 1 and list(items) == sorted(set(items))
        assert len({child for child, _ in items}) == len(items)
        assert all(value_of(engine, child) == (1, child) and child != engine.zero and k != 0 for child, k in items)
        exact = [Fraction(k) for _, k in items]
        assert gcd(*[k.numerator for k in exact]) == lcm(*[k.denominator for k in exact]) == 1 and exact[0] > 0, "not primitive"
    elif node.form == POWERS:
        assert items and list(items) == sorted(items)
        assert len({(child, e > 0) for child, e in items}) == len(items), "a child with two exponents of one sign"
        assert all(e != 0 for _, e in items) and (len(items) > 1 or items[0][1] != 1)
        both = {child for child, e in items if e > 0} & {child for child, e in items if e < 0}
        assert not any(engine.analysis.nonzero(engine.fact(child)) for child in both), "a child known not to be zero was not cancelled"
    elif node.form == BAG:
        assert items and list(items) == sorted(items) and len({child for child, _ in items}) == len(items)
        assert all(n >= 1 for _, n in items)
        if engine.language.kind(node.op) is Kind.IDEMPOTENT:
            assert all(n == 1 for _, n in items) and len(items) > 1


def check_index(engine):
    """The index has every node once, under its operator and class, and nothing else; so has the log; and users are known."""
    by_class = {}
    for node in all_nodes(engine):
        by_class.setdefault((node.op, node.cls), []).append(node)
    indexed = {(op, cls): members for op, table in engine.tables.items() for cls, members in table.by_class.items()}
    assert indexed.keys() == by_class.keys()
    for key, members in indexed.items():
        assert len(members) == len(set(members)) and set(members) == set(by_class[key])
    logged = {op: set(table.log) for op, table in engine.tables.items()}
    for node in all_nodes(engine):
        assert node in logged[node.op], "a node that no law will look at"
        for child, _ in children(node):
            assert node in engine.uses[value_of(engine, child)[1]], "a child that does not know its user"


def check_invariants(engine):
    """Everything that the engine promises after a rebuild."""
    assert not (engine._repairs or engine._stale or engine._thin), "rebuilding is not finished"
    check_union_find(engine)
    check_nodes(engine)
    check_index(engine)


class CheckedEngine(Engine):
    """An engine that checks its invariants after each rebuild."""

    def rebuild(self):
        super().rebuild()
        check_invariants(self)
