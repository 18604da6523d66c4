"""README.md and the documents are executed, the two commands of the README stand as they must, links lead somewhere."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import runpy
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from documents import FLAGS, ROOT, blocks, run
from rewritegrad import cli

DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "rules" / "README.md"]
MODULES = sorted((ROOT / "rewritegrad").rglob("*.py"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def installed_by(command: str) -> str:
    """What the command has pip install."""
    found = re.search(r"pip install (?:-q )?(?:-e )?(\S+)", command)
    assert found is not None, command
    return found[1].strip("'\"")


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_the_examples_of_a_document(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(path)


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md", "docs/how-to-add-an-operator.md", "docs/how-to-add-a-law.md", "docs/engine.md"])
def test_documents_have_examples(name: str) -> None:
    assert any(block.language in ("python", "console") for block in blocks(ROOT / name))


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert "://" in target or (path.parent / target).exists(), f"{short(path)} links to {target}"


def test_the_two_commands_are_single_lines_with_an_environment_of_their_own() -> None:
    commands = [b.text.strip() for b in blocks(ROOT / "README.md") if b.language == "sh" and "venv" in b.text]
    main, tests = commands[:2]
    for command in (main, tests):
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert installed_by(main) == "."
    assert installed_by(tests) == ".[test]"
    assert tests.endswith(".venv/bin/python -m pytest -n 2")


def test_ci_takes_the_test_command_from_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "README.md" in script.read_text(encoding="utf-8") and "pytest" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=short)
def test_an_example_prints_what_it_says(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = runpy.run_path(str(path), run_name="__main__")
    told = names["__doc__"].partition("It prints:\n")[2]
    assert capsys.readouterr().out.strip() == textwrap.dedent(told).strip()


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.rules")), ids=short)
def test_an_example_of_a_rule_file_is_right(path: Path) -> None:
    assert cli.main(["check", str(path)]) == 0


def module_of(path: Path) -> ModuleType:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "__main__.py"], ids=short)
def test_the_examples_of_a_module(path: Path) -> None:
    assert doctest.testmod(module_of(path), optionflags=FLAGS).failed == 0
