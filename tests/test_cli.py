"""The command line: answers, JSON, exit statuses, and that bad input never gives a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rewritegrad import cli
from rewritegrad.terminal import Progress, coloured

ROOT = Path(__file__).resolve().parent.parent


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints."""
    status = cli.main(arguments)
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return captured.out.rstrip("\n")


def answer_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(answer(capsys, *arguments, "--json"))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that fails says: nothing on standard output, an error in words on standard error."""
    assert cli.main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: ") and "Traceback" not in captured.err
    return captured.err.removeprefix("error: ").rstrip("\n")


def misuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What argparse says of a command that it does not accept."""
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    return capsys.readouterr().err.splitlines()[-1].partition("error: ")[2]


def run(*arguments: str, text: str = "", cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "rewritegrad", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, cwd=cwd, env={**os.environ, **environment}, timeout=60, check=False)


# ---- diff, grad, simplify ----


def test_diff(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "diff", "sin(x)*y", "--wrt", "x") == "y*cos(x)"
    assert answer(capsys, "diff", "x^5", "--wrt", "x,x") == "20*x^3"
    assert answer(capsys, "diff", "x^2, x^3", "--wrt", "x").splitlines() == ["2*x", "3*x^2"]


def test_diff_as_the_rules_write_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "diff", "x^2", "--wrt", "x", "--no-simplify") == "2*x^(2 - 1)"


def test_grad(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "grad", "x/2", "--wrt", "x") == "1/2"  # no decimals where there were none
    assert answer(capsys, "grad", "a*b^2", "--wrt", "a,b").splitlines() == ["a: b^2", "b: 2*a*b"]
    printed = answer(capsys, "grad", "sum(1 / (1 + exp(-X)))", "--wrt", "X", "--type", "X: matrix")
    value = answer_json(capsys, "eval", printed, "X=[[0, 1], [-1, -2]]")["result"]
    assert value[0][0] == 0.25 and value[1][1] == pytest.approx(0.10499359, rel=1e-7)


def test_simplify(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "simplify", "sin(x)^2 + cos(x)^2") == "1"
    assert answer(capsys, "simplify", "sqrt(x^2)", "--type", "x: scalar > 0") == "x"
    assert answer(capsys, "simplify", "x: scalar > 0; sqrt(x^2)") == "x"


def test_a_formula_may_begin_with_a_minus_sign(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "diff", "-x^2", "--wrt", "x") == "-2*x"
    assert refusal(capsys, "simplify", "-x+)").splitlines()[1:] == ["  -x+)", "     ^"]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer_json(capsys, "diff", "x^2", "--wrt", "x") == {
        "command": "diff",
        "input": "x^2",
        "wrt": ["x"],
        "result": "2*x",
        "latex": "2x",
        "shape": "scalar",
        "operations": 1,
    } | {"latex": answer(capsys, "diff", "x^2", "--wrt", "x", "--latex")}
    found = answer_json(capsys, "grad", "v: vector[n]; sum(v)*t", "--wrt", "v,t")
    assert found["result"] == {"v": "fill(v, t)", "t": "sum(v)"} and found["shape"] == {"v": "vector[n]", "t": "scalar"}
    assert answer_json(capsys, "simplify", "x + x, y*y")["result"] == ["2*x", "y^2"]


def test_report(capsys: pytest.CaptureFixture[str]) -> None:
    lines = answer(capsys, "simplify", "sin(x)^2 + cos(x)^2", "--report").splitlines()
    assert lines[0] == "1" and lines[1].startswith("# stopped: ") and all(line.startswith("# ") for line in lines[1:])
    report = answer_json(capsys, "simplify", "sin(x)^2 + cos(x)^2", "--report")["report"]
    assert set(report) == {"stop_reason", "pulses", "rows", "matches", "stages", "held_back"} and report["pulses"] >= 1


def test_limits(capsys: pytest.CaptureFixture[str]) -> None:
    formula = "(a + b)*(c + d)*(e + f)*(g + h)*(i + j)"
    for limit in (("--timeout", "0.2"), ("--node-limit", "50"), ("--iter-limit", "1")):
        found = answer_json(capsys, "simplify", formula, "--report", *limit)
        assert found["operations"] <= 9
    assert misuse(capsys, "simplify", "x", "--timeout", "-1") == "argument --timeout: a positive number is needed, not -1"
    assert misuse(capsys, "simplify", "x", "--node-limit", "many") == "argument --node-limit: invalid number value: 'many'"


# ---- where formulas and rules come from ----


def test_formulas_from_files_and_standard_input(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "# a program\nx: scalar > 0\ny = sqrt(x^2)\ny + y\n"
    (tmp_path / "f.txt").write_text(program, encoding="utf-8")
    assert answer(capsys, "simplify", str(tmp_path / "f.txt")) == "2*x"
    monkeypatch.setattr(sys, "stdin", io.StringIO(program))
    assert answer(capsys, "simplify", "-") == "2*x"


def test_a_file_called_x_does_not_hide_the_formula(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x").write_text("1 +", encoding="utf-8")
    assert answer(capsys, "simplify", "x") == "x"


def test_rule_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first, second = tmp_path / "first.rules", tmp_path / "second.rules"
    first.write_text("op my_cube(x)   numpy kernels.size\n    d/dx  3 * x^2\n".replace("kernels.size", "np.positive   means x^3"), encoding="utf-8")
    second.write_text("def my_twice(x) = 2 * x\n", encoding="utf-8")
    rules = ("--rules", str(first), "--rules", str(second))
    assert answer(capsys, "diff", "my_cube(my_twice(x))", "--wrt", "x", *rules) in ("24*x^2", "6*(2*x)^2")
    assert refusal(capsys, "diff", "my_cube(x)", "--wrt", "x").splitlines()[0] == "<formula>:1:1: there is no function my_cube"
    assert str(tmp_path / "no.rules") in refusal(capsys, "simplify", "x", "--rules", str(tmp_path / "no.rules"))


# ---- eval ----


def test_eval(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "eval", "x^2 + y", "x=3", "y=0.5") == "9.5"
    assert answer(capsys, "eval", "sum(1 / (1 + exp(-X)))", "X=[[0,1],[-1,-2]]").startswith("1.619")
    assert answer(capsys, "eval", "2*v", "v=[1, 2.5]") == "[2., 5.]"
    assert answer(capsys, "eval", "sin(x)", "x=pi/2", "unused=3") == "1.0"
    assert answer(capsys, "eval", "1 < 2, 3") == "True\n3.0"
    assert answer(capsys, "eval", "w: vector[n]; X @ w", "w=[1, 2]", "X=[[1, 2]]") == "[5.]"


def test_eval_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer_json(capsys, "eval", "2*v", "v=[1, 2]") == {"command": "eval", "input": "2*v", "values": {"v": [1.0, 2.0]}, "result": [2.0, 4.0]}
    assert answer_json(capsys, "eval", "x < 1", "x=0")["result"] is True


def test_warnings_of_numpy_are_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", "log(x)", "x=0", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["result"] == "-inf"
    assert captured.err == "warning: divide by zero encountered in log\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x + y", "x=1"), "y has no value: add y=VALUE to the command"),
        (("x", "x=__import__('os').system('false')"), "<value of x>:1:1: there is no function __import__"),
        (("x", "x=[1, [2]]"), "the value of x is neither a number nor a rectangular list of numbers: [1, [2]]"),
        (("x", "x='a'"), "the value of x is neither a number nor a rectangular list of numbers: 'a'"),
        (("x", "x=y"), "the value of x must be a number, a list of numbers, or a formula without variables, not 'y'"),
        (("x", "x"), "a value is given as NAME=VALUE, not 'x'"),
        (("x", "x=1", "x=2"), "x is given two values"),
        (("k: integer; k", "k=1.5"), "input k is declared integer, but 1.5 is not an integer"),
        (("v: vector[3]; v", "v=[1, 2]"), "input v is declared vector[3], but has shape (2,)"),
    ],
)
def test_eval_of_bad_values(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    assert refusal(capsys, "eval", *arguments).startswith(message)


# ---- plot ----


def test_plot(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "dlogistic.png"
    assert answer(capsys, "plot", "1/(1+exp(-x))", "--wrt", "x", "--out", str(out)).startswith(f"{out}: 1/(1 + exp(-x)) and its derivative ")
    assert out.read_bytes().startswith(b"\x89PNG")
    span = ("--from", "-1", "--to", "3", "--points", "20")
    found = answer_json(capsys, "plot", "a*log(x)", "a=2", "--wrt", "x", "--out", str(tmp_path / "log.svg"), *span)
    assert found["out"] == str(tmp_path / "log.svg") and (tmp_path / "log.svg").exists()
    assert refusal(capsys, "plot", "a*x", "--wrt", "x", "--out", str(out)) == "a has no value: add a=VALUE to the command"
    assert "formats" in refusal(capsys, "plot", "x", "--wrt", "x", "--out", str(tmp_path / "x.nothing"))
    assert "No such file" in refusal(capsys, "plot", "x", "--wrt", "x", "--out", str(tmp_path / "no" / "x.png"))
    assert refusal(capsys, "plot", "x", "--wrt", "x", "--out", str(out), "--from", "2", "--to", "1") == "the left end 2 must be below the right end 1"


def test_plot_without_matplotlib(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, module, None)
    assert refusal(capsys, "plot", "x", "--wrt", "x", "--out", str(tmp_path / "x.png")) == "plot needs matplotlib: pip install 'rewritegrad[plot]'"


# ---- check, ops, rules ----


def test_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.rules", tmp_path / "bad.rules"
    good.write_text("ruleset mine in reduce\nrule double: sinh(x) + sinh(x) => 2*sinh(x)\n", encoding="utf-8")
    bad.write_text("ruleset wrong in reduce\nrule odd-cosine: cos(-x) => -cos(x)\n", encoding="utf-8")
    assert "0 fail" in answer(capsys, "check", str(good))
    assert cli.main(["check", str(bad), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["failures"] == 1 and found["verdicts"][0]["name"] == "odd-cosine" and found["verdicts"][0]["holds"] is False


def test_ops_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    lines = answer(capsys, "ops").splitlines()
    assert any(line.split("  ")[0] == "sum(X, axis=None, keepdims=False)" for line in lines)
    assert {"name": "+", "signature": "a + b"}.items() <= next(op for op in answer_json(capsys, "ops")["result"] if op["name"] == "+").items()
    stages = answer(capsys, "rules", "--stages").splitlines()
    assert stages[0].startswith("reduce: ") and len(answer(capsys, "rules").splitlines()) > len(stages)
    assert {row["stage"] for row in answer_json(capsys, "rules")["result"]} <= {"expand", "reduce", "explore", "spread", "present", "stable"}


# ---- what goes wrong ----


def test_errors_point_at_the_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert refusal(capsys, "simplify", "x + sn(y)").splitlines() == [
        "<formula>:1:5: there is no function sn; did you mean sin?",
        "  x + sn(y)",
        "      ^",
    ]
    (tmp_path / "f.txt").write_text("y = 2\ny + )\n", encoding="utf-8")
    assert refusal(capsys, "simplify", str(tmp_path / "f.txt")).startswith(f"{tmp_path / 'f.txt'}:2:5: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("grad", "x", "--wrt", "y"), "y"),
        (("grad", "X", "--wrt", "X", "--type", "X: matrix"), "scalar"),
        (("grad", "x, y", "--wrt", "x"), "a gradient is of one scalar, and the formula has 2 results"),
        (("simplify", "x", "--type", "x"), "a type is given as NAME: TYPE, not 'x'"),
        (("simplify", "x", "--type", "x: spinor"), "there is no type spinor"),
        (("simplify", ""), ""),
        (("simplify", "\0"), ""),
        (("simplify", "x" * 5000 + "."), ""),
        (("simplify", "(" * 50), ""),
        (("simplify", "1e999999999"), ""),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    assert message in refusal(capsys, *arguments)


def test_bad_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert misuse(capsys, "grad", "x") == "the following arguments are required: --wrt"
    assert misuse(capsys, "grad", "x", "--wrt", "x+1") == "argument --wrt: names separated by commas are needed, not 'x+1'"
    assert misuse(capsys).endswith("required: VERB")


def test_files_that_are_no_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "f.bin").write_bytes(b"\xff\xfe\x00")
    assert "decode" in refusal(capsys, "simplify", str(tmp_path / "f.bin"))


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.commands, "simplify", interrupt)
    assert cli.main(["simplify", "x"]) == 130


def test_the_module_runs_and_stays_light() -> None:
    done = run("diff", "-", "--wrt", "x", text="x^2\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2*x\n", "")
    code = "import sys, rewritegrad.cli; print([m for m in ('sympy', 'scipy', 'matplotlib', 'mpmath') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert loaded.stdout == "[]\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "rewritegrad", "rules"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


# ---- terminals ----


def test_colours_only_where_a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert coloured("x", "red", Terminal()) == "\033[31mx\033[0m"
    assert coloured("x", "red", io.StringIO()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert coloured("x", "red", Terminal()) == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("x", "red", Terminal()) == "x"


def test_long_work_is_told_on_a_terminal_and_erased() -> None:
    stream = Terminal()
    with Progress("simplifying", stream, patience=0.0, interval=0.01):
        while stream.getvalue().count("simplifying") < 2:
            time.sleep(0.001)
    assert stream.getvalue().startswith("\r\033[Ksimplifying ... 0 s") and stream.getvalue().endswith("\r\033[K")


def test_short_work_and_other_streams_are_left_alone() -> None:
    for stream in (Terminal(), io.StringIO()):
        with Progress("simplifying", stream, patience=60):
            pass
        assert stream.getvalue() == ""
