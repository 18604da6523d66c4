"""EGraph: a theory's operators, laws and facts around the engine, behind one interface."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from .costs import machine_cost, node_cost
from .egraph.expanding import multiply_out
from .egraph.extract import NothingToExtract, Solver, child_roots, extract
from .egraph.language import Language
from .egraph.looking import Additions, View
from .egraph.matcher import CompiledLaw
from .egraph.matching import TooDeep
from .egraph.multiset import Engine
from .egraph.nodes import Contradiction, ENode
from .egraph.program import Program
from .egraph.saturate import Backoff, Report
from .egraph.store import Store
from .errors import FormulaError, LimitError, RuleFileError, UnsoundRuleError
from .exact import solve
from .knowledge import Knowledge, ShapeKnowledge
from .laws import law_of, needed_operators
from .lowering import enter, language_of, plain_language_of
from .patterns import Rule, Ruleset
from .printer import operations
from .raising import Raising
from .term import Term, make_term, variable_terms
from .theory import Operator, Theory

LARGE = 2000
"""A DAG of more classes is written in one way only."""

SHUNNED = 1 << 20
"""What a node costs that is wanted only where there is no other."""

WAYS = ((True, False), (False, True))
"""Other ways of writing a chosen DAG (Raising's `gather` and `inner`), tried where they differ: the one with the fewest operations is taken."""


def has_facts(theory: Theory) -> bool:
    """Whether anything can be known of a value: bare operators under laws without conditions have none to be computed and none to be asked for."""
    stated = any(op.numpy or op.gives or op.shape_text or op.definition for op in theory.operators)
    return bool(theory.roles) or stated or any(rule.conditions for ruleset in theory.rulesets.values() for rule in ruleset.rules)


class LawTable:
    """The laws of a theory for one language, each put into core form when a graph first has the operators that it needs."""

    def __init__(self, theory: Theory, language: Language) -> None:
        self._theory = theory
        self._language = language
        self._laws: dict[int, tuple[Rule, CompiledLaw]] = {}
        self._programs: dict[tuple[str, ...], Program] = {}

    def __call__(self, rule: Rule) -> CompiledLaw:
        found = self._laws.get(id(rule))
        if found is None:
            law = law_of(rule, self._theory, self._language)
            found = self._laws[id(rule)] = (rule, CompiledLaw(law, self._language))
        return found[1]

    def program(self, rulesets: Sequence[str | Ruleset]) -> Program:
        """The laws of rulesets, of which the theory's own may be given by name; kept where all are."""
        key = tuple([r for r in rulesets if isinstance(r, str)])
        found = self._programs.get(key) if len(key) == len(rulesets) else None
        if found is None:
            rules = [rule for r in rulesets for rule in (self._named(r) if isinstance(r, str) else r).rules]
            found = Program([needed_operators(rule, self._language) for rule in rules], lambda i: self(rules[i]))
            if len(key) == len(rulesets):
                self._programs[key] = found
        return found

    def _named(self, name: str) -> Ruleset:
        try:
            return self._theory.rulesets[name]
        except KeyError:
            raise FormulaError(f"the theory has no ruleset {name}; it has {', '.join(self._theory.rulesets) or 'none'}") from None


def law_table(theory: Theory) -> LawTable:
    """The laws of a theory."""
    return theory.derived(core_law_table)


def core_law_table(theory: Theory) -> LawTable:
    return LawTable(theory, language_of(theory))


def plain_law_table(theory: Theory) -> LawTable:
    return LawTable(theory, plain_language_of(theory))


class EGraph:
    """An e-graph over the terms of a theory.

    `plain=True` ignores what operators declare of associativity and commutativity, lowers nothing and folds nothing.

    >>> import rewritegrad as rg
    >>> theory = rg.Theory.parse('''
    ... op F(x)
    ... op G(x)
    ... ruleset swap in explore
    ... rule f-is-g: F(x) => G(x)
    ... ''')
    >>> g = rg.EGraph(theory)
    >>> i = g.add("F(F(y))")
    >>> g.run().stop_reason.value
    'Saturated'
    >>> g.equal(i, g.add("G(G(y))"))
    True
    """

    def __init__(
        self, theory: Theory, plain: bool = False, problem: Sequence[Term] = (), deadline: float | None = None, knowledge: Knowledge | None = None
    ) -> None:
        self.theory = theory
        self.plain = plain
        self._deadline = deadline
        language = plain_language_of(theory) if plain else language_of(theory)
        self._laws = theory.derived(plain_law_table) if plain else law_table(theory)
        self._analysis: Any = knowledge
        self._language = language
        self._held: Store | None = None
        self._order: dict[str, int] = {}
        self.always: list[CompiledLaw] = []
        """Laws that every run has beside those of its rulesets."""
        if problem:
            self._start(problem)

    def _start(self, terms: Sequence[Term]) -> Engine | Additions:
        if self._held is None:
            if self.plain:
                self._analysis = ShapeKnowledge(self.theory, terms)
            elif self._analysis is None and self.theory.derived(has_facts):
                self._analysis = Knowledge(self.theory, terms)
            self._held = Store(self._language, self._analysis)
        return self._held.entry

    @property
    def _store(self) -> Store:
        if self._held is None:
            raise FormulaError("the e-graph is empty: add a term first")
        return self._held

    @property
    def engine(self) -> Engine:
        """The engine below; FormulaError before anything was added."""
        return self._store.engine

    def add(self, term: Any) -> int:
        """The id of a term's class."""
        return self.add_all([term])[0]

    def add_all(self, terms: Iterable[Any]) -> list[int]:
        """The ids of several terms."""
        lifted = [self.theory.lift(t) for t in terms]
        engine = self._start(lifted)
        if self._language.linear is not None:
            for variable in variable_terms(*lifted):
                self._order.setdefault(variable.value, len(self._order))
        ids = enter(engine, lifted, self._deadline)
        engine.rebuild()
        return [engine.find(i) for i in ids]

    def run(
        self,
        rulesets: Sequence[str | Ruleset] | None = None,
        iterations: int = 30,
        rows: int | None = 100_000,
        seconds: float | None = None,
        flatten: bool | None = None,
        backoff: Backoff | None = None,
    ) -> Report:
        """Saturate with the laws of some rulesets (default: all of the theory): match all, apply all, rebuild, again.

        Stops when nothing is new, after `iterations`, at `rows` e-nodes, or after `seconds`; the report says which. With a
        `backoff`, laws that match very often have to wait.
        UnsoundRuleError where two sides of a union differ at a sample point.
        """
        store = self._store
        if flatten is None:
            flatten = self._language.linear is not None
        program = self._laws.program(list(self.theory.rulesets) if rulesets is None else rulesets)
        if self.always:
            program = program.beside(self.always)
        try:
            return store.run(program, iterations, rows, seconds, flatten, backoff)
        except TooDeep as error:
            raise RuleFileError(str(error), error.law.source.position) from None
        except Contradiction as error:
            raise UnsoundRuleError(str(error)) from None

    def multiply_out(self) -> bool:
        """Joins every class with what comes out when the products of sums in it are multiplied out; whether there were any."""
        try:
            return multiply_out(self.engine)
        except Contradiction as error:
            raise UnsoundRuleError(str(error)) from None

    def rows(self) -> dict[str, int]:
        """The number of e-nodes of each operator, by name."""
        counts: dict[str, int] = {}
        for op, n in self._store.rows().items():
            counts[op.name] = counts.get(op.name, 0) + n
        return counts

    def equal(self, i: int, j: int) -> bool:
        """Whether two ids are known to be equal."""
        return self._store.find(i) == self._store.find(j)

    def extract(self, i: int, avoid: frozenset[Operator] = frozenset(), exact: bool = False, seconds: float | None = None) -> Term:
        """The cheapest term of a class, without the operators to avoid; with `exact` as SciPy's integer programming finds it.

        >>> import rewritegrad as rg
        >>> g = rg.EGraph(rg.Theory.builtin())
        >>> i = g.add("x*y + x*z")
        >>> report = g.run(["collect"])
        >>> str(g.extract(i, exact=True))
        'x*(y + z)'
        """
        return self.extract_all([i], avoid, exact=exact, seconds=seconds)[0]

    def extract_all(
        self,
        ids: Sequence[int],
        avoid: frozenset[Operator] = frozenset(),
        shun: frozenset[Operator] = frozenset(),
        exact: bool = False,
        seconds: float | None = None,
    ) -> list[Term]:
        """The cheapest terms of several classes, what they share paid once; FormulaError where there is none without `avoid`.

        Without multisets every node costs the same, but for the operators in `shun`, which stand only where nothing else can.
        `exact` asks for the cheapest choice of all, and `seconds` bounds the search for it; the one found else is kept where that is over.
        """
        allowed = None if not avoid else (lambda node: node.op not in avoid)
        try:
            if self._language.linear is None:
                cost = (lambda node: SHUNNED if node.op in shun else 1) if shun else _plain_cost
                graph = self._store.view(ids, lambda op: SHUNNED if op in shun else 1, avoid)
                choice = extract(graph, [graph.split(i)[1] for i in ids], cost, allowed, 0 if self.plain else 3, _solver(exact, seconds))
                if avoid and any(node.op in avoid for node in choice.values()):
                    raise NothingToExtract("a class has no other member than those to avoid")
                return self._terms(graph, choice, ids)
            return self.raise_all(ids, exact=exact, seconds=seconds)
        except NothingToExtract as error:
            raise FormulaError(f"nothing to extract: {error}") from None

    def raise_all(
        self,
        ids: Sequence[int],
        order: Sequence[str] = (),
        decimals: bool = False,
        prefer: frozenset[Operator] = frozenset(),
        shun: frozenset[Operator] = frozenset(),
        exact: bool = False,
        seconds: float | None = None,
        machine: bool = False,
    ) -> list[Term]:
        """The cheapest terms of a graph with multisets (`machine`: those that are computed fastest), raised to how people write them.

        `order` ranks the variables, `decimals` writes fractions as decimals, the operators in `prefer` cost nothing
        and those in `shun` much. LimitError where the deadline passes before they are written.
        """
        engine = self.engine
        if engine.language.linear is None:
            return self.extract_all(ids, exact=exact, seconds=seconds)
        for name in order:
            self._order.setdefault(name, len(self._order))
        cost = machine_cost(engine, self.theory) if machine else node_cost(engine, decimals, prefer, shun, ids)
        presentable = self._analysis.is_presentable(engine)
        choice = extract(engine, [engine.split(i)[1] for i in ids], cost, presentable, solver=_solver(exact, seconds), deadline=self._deadline)
        first = Raising(self.theory, engine, choice, self._order, decimals, deadline=self._deadline)
        found = [first.terms(ids)]
        if len(choice) <= LARGE:
            with suppress(LimitError):  # the first way is there
                found += first.turned(ids, found[0])
                ways = [(gather, inner) for gather, inner in WAYS if (gather or first.has_gathered) and (inner or first.has_negated)]
                found += [Raising(self.theory, engine, choice, self._order, decimals, *way, self._deadline).terms(ids) for way in ways]
        return found[0] if len(found) == 1 else min(found, key=operations)

    def size(self) -> int:
        """The number of e-nodes."""
        return self._store.live

    def apart(self, i: int, j: int) -> bool:
        """Whether a sample point tells two ids apart."""
        analysis = self.engine.analysis
        return analysis is not None and analysis.audit([(self.engine.fact(i), self.engine.fact(j))]) is not None

    def _terms(self, graph: Engine | View, choice: dict[int, ENode], ids: Sequence[int]) -> list[Term]:
        made: dict[int, Term] = {}
        stack = [(graph.find(i), False) for i in reversed(ids)]
        while stack:
            root, opened = stack.pop()
            if root in made:
                continue
            node = choice[root]
            if opened:
                made[root] = self._made(node, made)
            else:
                stack.append((root, True))
                stack.extend([(c, False) for c in reversed(child_roots(graph, node)) if c not in made])
        return [made[graph.find(i)] for i in ids]

    def _made(self, node: ENode, made: dict[int, Term]) -> Term:
        if node.op.leaf:
            value = node.items[0]
            if isinstance(value, Term):
                return value
            return self.theory.boolean(value) if node.op.leaf == "boolean" else self.theory.number(value)
        if node.op.is_multiset and not self.plain:
            members = [made[c] for c, n in node.items for _ in range(n)]
            term = members[0]
            for member in members[1:]:
                term = make_term(node.op, (term, member))
            return term
        return make_term(node.op, tuple([made[a] for a in node.items]))


def _solver(exact: bool, seconds: float | None) -> Solver | None:
    return (lambda candidates, choice, roots: solve(candidates, choice, roots, seconds)) if exact else None


def _plain_cost(node: ENode) -> int:
    return 1
