"""The layers of docs/ARCHITECTURE.md: its table is the order, and a module imports only what stands above it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rewritegrad as rg

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "rewritegrad"
MODULES = sorted(p.relative_to(ROOT).as_posix() for p in PACKAGE.rglob("*.py"))
OUTSIDE = ("numpy", "lark")
OPTIONAL = ("scipy", "sympy", "mpmath", "matplotlib")
ORACLE = ("sympy", "mpmath")
LONGEST = 400

NUMBER_ARITHMETIC = {"+", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", "min", "max"}
"""What the engine writes for arithmetic and comparisons of exact numbers: Python's own signs and names, and `^`."""


def listed() -> list[str]:
    """The modules in the order of the table."""
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return re.findall(r"^\| (rewritegrad/\S+\.py) \|", text, flags=re.MULTILINE)


def checked_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(module: str) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import of a module that happens at run time, and whether it stands at the top."""
    stack: list[tuple[ast.AST, bool]] = [(ast.parse((ROOT / module).read_text(encoding="utf-8")), True)]
    while stack:
        node, top = stack.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, top
        elif not checked_only(node):
            stack.extend((inner, top and isinstance(node, ast.Module)) for inner in ast.iter_child_nodes(node))


def imported_from_outside(module: str) -> set[tuple[str, bool]]:
    """The packages that a module imports, each with whether the import stands at the top."""
    found = set()
    for node, top in imports(module):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""] if not node.level else []
        found |= {(name.partition(".")[0], top) for name in names}
    return found


def imported_from_here(module: str) -> set[str]:
    """The modules of the package that a module imports."""
    found = set()
    for node, _ in imports(module):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (ROOT / module).parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for alias in node.names:
                tried = (base / f"{alias.name}.py", base.with_suffix(".py"), base / "__init__.py")
                found.add(next(p for p in tried if p.is_file()).relative_to(ROOT).as_posix())
    return found


def test_the_table_lists_every_module_once() -> None:
    assert sorted(listed()) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_modules_above_it(module: str) -> None:
    order = listed()
    above = order[: order.index(module)]
    assert sorted(imported_from_here(module).difference(above)) == []


@pytest.mark.parametrize("module", MODULES)
def test_imports_stand_at_the_top_but_for_what_is_optional(module: str) -> None:
    """The package is imported relatively; NumPy and Lark are always there; SciPy and the extras are imported when needed."""
    for name, top in imported_from_outside(module):
        assert name in (OPTIONAL if not top else (*OUTSIDE, *sys.stdlib_module_names)), f"{module} imports {name}"


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith(("rewritegrad/testing/", "rewritegrad/check.py"))])
def test_the_oracle_is_imported_for_checking_only(module: str) -> None:
    assert not {name for name, _ in imported_from_outside(module)}.intersection(ORACLE)


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("rewritegrad/egraph/")])
def test_the_engine_stands_alone_and_names_no_operator(module: str) -> None:
    assert all(name in sys.stdlib_module_names or name == "numpy" for name, _ in imported_from_outside(module))
    assert all(other.startswith("rewritegrad/egraph/") for other in imported_from_here(module))
    operators = {op.name for op in rg.Theory.builtin().operators} - NUMBER_ARITHMETIC
    assert texts_in(module) & operators == set()


def texts_in(module: str) -> set[str]:
    """The string literals of a module, the names in __slots__ left out."""
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse((ROOT / module).read_text(encoding="utf-8"))]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__"):
            stack.extend(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("folder", ["rewritegrad", "tests", "bench"])
def test_files_have_one_purpose(folder: str) -> None:
    lengths = {p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8").count("\n") for p in (ROOT / folder).rglob("*.py")}
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}
