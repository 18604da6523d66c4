"""The wheel carries grammar and rules and works without the checkout; a checkout reads the folders at its top."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

import rewritegrad as rg
from rewritegrad import files

ROOT = Path(__file__).resolve().parent.parent
DATA = [p.relative_to(ROOT).as_posix() for folder, kind in (("grammar", "*.lark"), ("rules", "*.rules")) for p in sorted((ROOT / folder).glob(kind))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def python(*arguments: str, path: Path, cwd: Path) -> str:
    """What a fresh Python prints that finds the package in `path` first."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, built without isolation: the extra `test` brings the build backend."""
    pytest.importorskip("hatchling", reason="the extra `test` brings hatchling, which builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel is unpacked, which is all that installing it does."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_a_wheel_has_grammar_rules_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(DATA) > 5
    assert {f"rewritegrad/{name}" for name in DATA} <= set(names)
    assert "rewritegrad/py.typed" in names
    modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "rewritegrad").rglob("*.py")}
    assert modules == {name for name in names if name.endswith(".py")}


def test_a_wheel_has_the_metadata_of_the_project(installed: Path) -> None:
    (folder,) = installed.glob("*.dist-info")
    about = PathDistribution(folder)
    assert about.metadata["Name"] == "rewritegrad" and about.version == PROJECT["version"] == rg.__version__
    assert about.metadata["Requires-Python"] == ">=3.11"
    assert set(about.metadata.get_all("Provides-Extra")) == {"bench", "check", "lint", "peers", "plot", "test"}
    (script,) = about.entry_points.select(group="console_scripts")
    assert (script.name, script.value) == ("rewritegrad", "rewritegrad.cli:main")


def test_a_wheel_works_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = python("-c", "from rewritegrad import files; print(files.folder('grammar')); print(files.folder('rules'))", path=installed, cwd=tmp_path)
    assert where.splitlines() == [str(installed / "rewritegrad" / "grammar"), str(installed / "rewritegrad" / "rules")]
    assert python("-m", "rewritegrad", "diff", "sin(x)*y", "--wrt", "x", path=installed, cwd=tmp_path) == "y*cos(x)"


def test_a_checkout_reads_the_folders_at_its_top(tmp_path: Path) -> None:
    assert files.folder("grammar") == ROOT / "grammar"
    assert [p.parent for p in files.rule_files()] == [ROOT / "rules"] * len(files.rule_files())
    assert python("-m", "rewritegrad", "diff", "sin(x)*y", "--wrt", "x", path=ROOT, cwd=tmp_path) == "y*cos(x)"


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no folder nothing/"):
        files.folder("nothing")


def test_importing_the_package_imports_no_oracle_and_no_scipy(tmp_path: Path) -> None:
    heavy = ("sympy", "mpmath", "scipy", "matplotlib", "egglog")
    program = f"import sys, rewritegrad, rewritegrad.theano; print([m for m in {heavy} if m in sys.modules])"
    assert python("-c", program, path=ROOT, cwd=tmp_path) == "[]"


def test_the_changelog_has_the_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert versions[0] == PROJECT["version"]
