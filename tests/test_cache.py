"""The cache: what comes out is what went in, nothing is trusted that was not written here, and nothing ever depends on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import rewritegrad as rg
from rewritegrad import cache, parsers, rulefile
from rewritegrad.notation import NOTATION
from rewritegrad.theory import Operator, Theory
from rewritegrad.theorydata import DERIVED, KINDS, NotData, from_data, to_data

SOURCES = rg.Theory.builtin().sources


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REWRITEGRAD_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


# ---- theories as data ----


def shown(value: Any) -> Any:
    """A value of a theory in which operators of two theories compare by their numbers, and True is not 1."""
    if isinstance(value, Operator):
        return "operator", value.name, value.arity, value.fixity
    if isinstance(value, tuple | list):
        return [shown(v) for v in value]
    if isinstance(value, KINDS):
        return type(value).__name__, [shown(getattr(value, f.name)) for f in fields(value)]
    return type(value).__name__, value


def everything(theory: Theory) -> Any:
    operators = [[shown(getattr(op, f.name)) for f in fields(op) if f.name not in DERIVED] for op in theory.operators]
    roles = {role: shown(op) for role, op in theory.roles.items()}
    spellings = [(name, shown(spelling)) for name, spelling in theory.spellings.items()]
    return operators, shown(list(theory.rulesets.values())), shown(theory.rejects), roles, spellings, theory.sources


def next_program() -> None:
    """Forget the theories that live."""
    rulefile._living.clear()


@pytest.fixture(autouse=True)
def own_theories(monkeypatch: pytest.MonkeyPatch) -> None:
    """The theories of this program live on for the other tests."""
    monkeypatch.setattr(rulefile, "_living", rulefile._living.copy())


def read_afresh() -> Theory:
    return rulefile._Loader(SOURCES, NOTATION).load()


def test_data_are_the_theory() -> None:
    read = read_afresh()
    data = json.loads(json.dumps(to_data(read)))
    again = rulefile.theory_of_data(data, SOURCES)
    assert everything(again) == everything(read)
    assert to_data(again) == data
    assert again.operators[0].position is not None and again.operators[0].position.caret() == read.operators[0].position.caret()


def test_true_and_one_stay_two_values() -> None:
    theory = rg.Theory.parse("op F(x, a=True, b=1)\nop G(x, a=1, b=True)\nop H(x, a=(True, 1), b=(1, True))\n")
    again = rulefile.theory_of_data(to_data(theory), theory.sources)
    defaults = [[p.default for p in op.parameters[1:]] for op in again.operators]
    assert repr(defaults) == "[[True, 1], [1, True], [(True, 1), (1, True)]]"


def test_shapes_come_back() -> None:
    theory = rulefile.theory_of_data(to_data(read_afresh()), SOURCES)
    for text in ("X @ v", "sum(X, axis=0)", "softplus(X)", "X.T"):
        assert rg.parse(text, theory=theory, X="matrix[n, m]", v="vector[m]").shape == rg.parse(text, X="matrix[n, m]", v="vector[m]").shape


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("operators"),
        lambda d: d["operators"].clear(),
        lambda d: d["operators"][0].pop(),
        lambda d: d["table"].__setitem__(0, [99, 0]),
        lambda d: d["table"].insert(0, [0, 10**9]),
        lambda d: d["roles"].append(["emperor", 0]),
        lambda d: d["rulesets"].append(0),
    ],
)
def test_data_of_no_theory_are_refused(spoil: Any) -> None:
    data = json.loads(json.dumps(to_data(read_afresh())))
    spoil(data)
    with pytest.raises(NotData):
        from_data(data, SOURCES)


def test_only_words_that_rule_files_have() -> None:
    data = to_data(rg.Theory.parse("op F(x)\nruleset r in reduce\nrule a: F(x) => x  if positive(x)\n"))
    text = json.dumps(data)
    assert '"positive"' in text
    with pytest.raises(NotData, match="condition"):
        from_data(json.loads(text.replace('"positive"', '"__import__"')), [("<rules>", "op F(x)\nruleset r in reduce\nrule a: F(x) => x  if x\n")])


# ---- files ----


def test_what_is_written_is_read(place: Path) -> None:
    cache.write("a-1", {"x": [1, "é", None]})
    assert cache.read("a-1") == {"x": [1, "é", None]}
    assert [p.name for p in place.iterdir()] == ["a-1.json"]


@pytest.mark.parametrize("change", [b"", b"{}", b"0\n{}", b"\xff\xfe", None])
def test_a_spoilt_file_is_as_none(place: Path, change: bytes | None) -> None:
    cache.write("a", [1, 2, 3])
    file = place / "a.json"
    file.write_bytes(file.read_bytes()[:-1] if change is None else change)
    assert cache.read("a") is None
    cache.write("a", [1, 2, 3])
    assert cache.read("a") == [1, 2, 3]


def test_the_name_depends_on_every_text() -> None:
    names = {cache.name_of("k", *texts) for texts in (["a", "b"], ["ab"], ["b", "a"], ["a", "b", ""])}
    assert len(names) == 4


def test_an_edit_of_the_package_is_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.name_of("k", "a")
    monkeypatch.setattr(cache, "_code", lambda: "edited")
    assert cache.name_of("k", "a") != before


def test_old_files_go(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "KEPT", 3)
    for i in range(6):
        cache.write(f"a{i}", i)
        os.utime(place / f"a{i}.json", (1_000_000 + i, 1_000_000 + i))
    (place / ".draft").write_text("")
    os.utime(place / ".draft", (0, 0))
    cache.write("last", 7)
    assert sorted(p.name for p in place.iterdir()) == ["a4.json", "a5.json", "last.json"]


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REWRITEGRAD_CACHE", str(tmp_path / "file" / "below"))
    cache.write("a", 1)
    assert cache.read("a") is None
    monkeypatch.setenv("REWRITEGRAD_CACHE", "")
    cache.write("a", 1)
    assert cache.folder() is None and cache.read("a") is None


def test_the_folder_is_where_the_system_has_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REWRITEGRAD_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache.folder() == tmp_path / ".cache" / "rewritegrad"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache.folder() == tmp_path / "x" / "rewritegrad"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.folder() == tmp_path / "Library" / "Caches" / "rewritegrad"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache.folder() == tmp_path / "local" / "rewritegrad"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
def test_files_of_others_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write("a", 1)
    monkeypatch.setattr(os, "geteuid", lambda: 12345678)
    assert cache.read("a") is None


def test_many_may_write_at_once() -> None:
    data = list(range(20_000))
    seen: list[Any] = []

    def work() -> None:
        for _ in range(5):
            cache.write("shared", data)
            seen.append(cache.read("shared"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found == data for found in seen) and len(seen) == 20


# ---- what is kept ----


def test_theories_of_files_are_kept(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "my.rules"
    rules.write_text("op F(x)\nruleset r in reduce\nrule away: F(F(x)) => x\n")
    first = rg.Theory.load(rules, base=None)
    kept = everything(first)
    assert [p.name.partition("-")[0] for p in place.iterdir() if "theory" in p.name] == ["theory"]
    next_program()
    monkeypatch.setattr(rulefile._Loader, "load", lambda self: pytest.fail("read again"))
    assert everything(rg.Theory.load(rules, base=None)) == kept


def test_a_theory_is_read_where_its_file_is_spoilt(place: Path, tmp_path: Path) -> None:
    rules = tmp_path / "my.rules"
    rules.write_text("op F(x)\n")
    rg.Theory.load(rules, base=None)
    next_program()
    (file,) = [p for p in place.iterdir() if "theory" in p.name]
    good = file.read_bytes()
    body = b'{"table":[],"operators":[[]]}'
    file.write_bytes(cache._checksum(body) + b"\n" + body)
    assert [op.name for op in rg.Theory.load(rules, base=None).operators] == ["F"]
    assert file.read_bytes() == good


def test_parsers_are_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsers.parser.cache_clear()
    try:
        made = parsers.parser("formula").parse("x^3 + sin(x)*y", start="formula")
        parsers.parser.cache_clear()
        monkeypatch.setattr(parsers, "_tables", lambda made: pytest.fail("made again"))
        assert parsers.parser("formula").parse("x^3 + sin(x)*y", start="formula") == made
        (file,) = place.iterdir()
        body = b'{"data":{},"shared":{}}'
        file.write_bytes(cache._checksum(body) + b"\n" + body)
        monkeypatch.setattr(parsers, "_tables", lambda made: None)
        parsers.parser.cache_clear()
        assert parsers.parser("formula").parse("x^3 + sin(x)*y", start="formula") == made
    finally:
        parsers.parser.cache_clear()


def test_answers_are_the_same_with_and_without() -> None:
    command = [sys.executable, "-m", "rewritegrad", "simplify", "--json", "--report", "sin(x)^2 + cos(x)^2 + (x+1)^2 - x^2"]
    root = Path(__file__).resolve().parent.parent
    answers = []
    for kept in (os.environ["REWRITEGRAD_CACHE"], os.environ["REWRITEGRAD_CACHE"], ""):
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, env={**os.environ, "REWRITEGRAD_CACHE": kept})
        answer = json.loads(done.stdout)
        answers.append((answer["result"], answer["report"]["matches"], answer["report"]["rows"]))
    assert answers[0] == answers[1] == answers[2]


def test_errors_of_kept_theories_point_at_their_files(tmp_path: Path) -> None:
    rules = tmp_path / "my.rules"
    rules.write_text("op F(x)\nop G(x)\nruleset r in reduce\n# one\nrule first: F(G(x)) => x\n")
    for _ in range(2):
        theory = rg.Theory.load(rules, base=None)
        (rule,) = theory.rulesets["r"].rules
        assert str(rule.position) == f"{rules}:5:6"
        assert rule.position is not None and rule.position.caret() == "  rule first: F(G(x)) => x\n       ^"
        next_program()
