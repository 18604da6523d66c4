"""The examples in documents, run: what a document says is printed is what is printed.

A document's fenced blocks are run from top to bottom in one empty folder; what they define stays for those that follow.

    ```python           a session (>>>), its output compared word for word; without >>> it is only run
    ```python NAME      a file of that name
    ```rules NAME       likewise; without a name it is only read, as a rule file that adds to the built-in ones
    ```console          `$ rewritegrad ...` and what it prints on both streams; `$ cat` and `$ python -m pytest -q` too

Other blocks (sh, text) are only shown. In expected output `...` stands for anything.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rewritegrad import Theory, cli

ROOT = Path(__file__).resolve().parent.parent
FLAGS = doctest.ELLIPSIS
_FENCE = re.compile(r"^```(\w*)[ ]*(\S*)\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file name after it ("" without one), its text, and the line at which that begins."""

    language: str
    name: str
    text: str
    line: int


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a document."""
    text = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(found[1], found[2], found[3], text.count("\n", 0, found.start(3)) + 1)


def run(path: Path) -> int:
    """Runs a document's blocks in the current folder and compares what they print; the number of blocks that were run."""
    names: dict[str, Any] = {}
    count = 0
    for block in blocks(path):
        where = f"{path.relative_to(ROOT)}:{block.line}"
        if block.name and block.language in ("python", "rules"):
            Path(block.name).write_text(block.text, encoding="utf-8")
        elif block.language == "rules":
            Theory.parse(block.text)
        elif block.language == "python" and ">>> " in block.text:
            _session(block, names, where)
        elif block.language == "python":
            exec(compile("\n" * (block.line - 1) + block.text, where, "exec"), names)
        elif block.language == "console":
            _console(block, where)
        else:
            continue
        count += 1
    return count


def _session(block: Block, names: dict[str, Any], where: str) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, names, where, where, block.line - 1)
    told = io.StringIO()
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    runner.run(test, out=told.write, clear_globs=False)
    names.update(test.globs)
    assert not runner.failures, told.getvalue()


def _console(block: Block, where: str) -> None:
    for command in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, wanted = command.partition("\n")
        found = _printed(shlex.split(line, comments=True))
        same = doctest.OutputChecker().check_output(wanted.rstrip() + "\n", found.rstrip() + "\n", FLAGS)
        assert same, f"{where}: $ {line}\nprints\n{found}\nand not\n{wanted}"


def _printed(words: list[str]) -> str:
    """What a command prints, on both streams."""
    if words[0] == "rewritegrad":
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), contextlib.suppress(SystemExit):
            cli.main(words[1:])
        return out.getvalue()
    if words[:3] == ["python", "-m", "pytest"]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
        return subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, env=environment, timeout=120, check=False).stdout
    if words[0] == "cat":
        return Path(words[1]).read_text(encoding="utf-8")
    raise AssertionError(f"documents do not run {words[0]}")
