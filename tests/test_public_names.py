"""The public names, and that nothing is imported before it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import rewritegrad as rg
from rewritegrad import public


def loaded(program: str) -> set[str]:
    """The modules that are loaded after a program."""
    shown = f"{program}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True, cwd=Path(rg.__file__).parents[1])
    return set(done.stdout.split())


def test_the_names_of_the_package_are_those_of_public() -> None:
    assert sorted(set(public.__all__)) == sorted(public.__all__) and set(public.__all__) <= set(dir(rg))
    assert all(getattr(rg, name) is getattr(public, name) for name in public.__all__)


def test_all_names_at_once() -> None:
    names: dict[str, object] = {}
    exec("from rewritegrad import *", names)
    assert set(public.__all__) == names.keys() - {"__builtins__"}


def test_other_names_there_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'emperor'"):
        _ = rg.emperor
    with pytest.raises(ImportError):
        exec("from rewritegrad import read_one")


def test_importing_the_package_imports_nothing_else() -> None:
    assert not {m for m in loaded("import rewritegrad") if m.partition(".")[0] in ("numpy", "lark", "scipy", "sympy")}


def test_a_derivative_needs_neither_scipy_nor_the_rule_checker() -> None:
    modules = loaded("import sys; from rewritegrad.cli import main; main(['diff', 'x^3 + sin(x)', '--wrt', 'x'])")
    assert "rewritegrad.graph" in modules
    assert not {m for m in modules if m.partition(".")[0] in ("scipy", "sympy", "mpmath", "matplotlib")}
    assert "rewritegrad.check" not in modules
