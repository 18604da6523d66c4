"""Options of the test run: slow tests only on request, the table of laws, and a cache folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is there: threads make SciPy's small matrices ten times slower

from rewritegrad.check import Report, Verdict
from rewritegrad.comparing import Opinion

VERDICTS = pytest.StashKey[list[Verdict]]()
OWN_CACHE = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--law-table", action="store_true", help="print what was found about each law: points, SymPy's opinion")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[VERDICTS] = []
    if "REWRITEGRAD_CACHE" not in os.environ:  # workers and programs that tests start inherit it
        config.stash[OWN_CACHE] = os.environ["REWRITEGRAD_CACHE"] = tempfile.mkdtemp(prefix="rewritegrad-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if OWN_CACHE in config.stash:
        shutil.rmtree(config.stash[OWN_CACHE], ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without -m (or a test named on the command line) the slow tests are left out."""
    if config.option.markexpr or any("::" in str(arg) for arg in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its verdicts to the program that prints the table."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and session.config.getoption("--law-table"):
        output["verdicts"] = [
            (v.kind, v.name, v.holds, v.points, v.precise, v.opinion.value, v.built_in, v.note) for v in session.config.stash[VERDICTS]
        ]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for kind, name, holds, points, precise, opinion, built_in, note in getattr(node, "workeroutput", {}).get("verdicts", ()):
        found = Verdict(kind, name, None, holds, points, precise, opinion=Opinion(opinion), built_in=built_in, note=note)
        node.config.stash[VERDICTS].append(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    verdicts = config.stash[VERDICTS]
    if config.getoption("--law-table") and verdicts:
        terminalreporter.section("laws")
        terminalreporter.write_line(Report(tuple(verdicts)).table())


@pytest.fixture
def verdicts(pytestconfig: pytest.Config) -> list[Verdict]:
    """Where the tests of laws leave what they found, for the table."""
    return pytestconfig.stash[VERDICTS]
