"""The command line: `rewritegrad VERB ...`.

A formula is given as text, as a file, or as - for standard input. Results go to standard output, everything else to
standard error. The exit status is 0, 1 where the input is wrong or a check failed, 2 where the command is wrong, 130 when
interrupted. With --json an answer is one JSON object; docs/command-line.md says what is in it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from . import commands
from .answers import Answer
from .commands import Formula, Style
from .errors import InputError, RewritegradError
from .limits import USUAL, Limits, limited, with_texts
from .rulefile import Theory
from .terminal import Progress, coloured

PATIENT = 200_000
"""Python's cyclic garbage collector looks after so many new objects (700 is usual)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status. Bad input is told in words on standard error, never by a traceback."""
    if arguments is None:  # a program of its own: what it reads at its start stays to the end, and looking for cycles there takes as long as reading
        gc.set_threshold(PATIENT)
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args([_shielded(a) for a in given])
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            with Progress(f"{options.verb}: working", sys.stderr):
                answer = options.run(options)
        _print(answer, options.json)
        return 0 if answer.ok else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # What is left in the stream's buffer must not fail again when Python closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (RewritegradError, OSError, UnicodeDecodeError) as error:
        _complain(error)
        return 1


# ---- output ----


def _print(answer: Answer, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer.data, ensure_ascii=False))
    else:
        for line in answer.lines:
            print(line)
    sys.stdout.flush()


def _complain(error: Exception) -> None:
    text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    print(f"{coloured('error:', 'red', sys.stderr)} {text}", file=sys.stderr)


def _warn(message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: str | None = None) -> None:
    print(f"{coloured('warning:', 'yellow', sys.stderr)} {message}", file=sys.stderr)


# ---- options ----


def _shielded(argument: str) -> str:
    """An argument that begins with one minus sign is a formula or a number: the blank before it keeps argparse from taking
    it for an option. There are no one-letter options but -h."""
    is_option = argument.startswith("--") or argument in ("-", "-h") or not argument.startswith("-")
    return argument if is_option else f" {argument}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rewritegrad", description="Derivatives, simplification and values of formulas, by rewrite rules.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, help: str, run: Any) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.", allow_abbrev=False)
        made.set_defaults(run=run)
        made.add_argument("--json", action="store_true", help="answer with one JSON object")
        made.add_argument("--rules", action="append", default=[], metavar="FILE", type=Path, help="add a rule file to the built-in ones (repeatable)")
        return made

    for name, help, run in (
        ("diff", "the derivative of a formula; several variables mean one after the other", _diff),
        ("grad", "the gradient of a scalar formula with respect to one or several variables", _grad),
    ):
        found = verb(name, help, run)
        _takes_formula(found)
        found.add_argument("--wrt", required=True, type=_names, metavar="X[,Y...]", help="the variables")
        found.add_argument("--no-simplify", action="store_true", help="the derivative as the rules write it")
        _takes_limits(found)
    found = verb("simplify", "a shorter formula that is equal", _simplify)
    _takes_formula(found)
    _takes_limits(found)
    found = verb("eval", "the value of a formula", _eval)
    _takes_formula(found)
    _takes_values(found)
    found = verb("plot", "a picture of a function of one variable and of its derivative", _plot)
    _takes_formula(found)
    _takes_values(found)
    found.add_argument("--wrt", required=True, metavar="X", help="the variable on the horizontal axis")
    found.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the picture goes: .png, .svg, .pdf")
    found.add_argument("--from", dest="start", type=float, default=-6.0, metavar="A", help="the left end (default: -6)")
    found.add_argument("--to", dest="stop", type=float, default=6.0, metavar="B", help="the right end (default: 6)")
    found.add_argument("--points", type=_positive(int), default=400, metavar="N", help="how many points are drawn (default: 400)")
    found = verb("check", "hold laws and derivatives against samples and SymPy", _check)
    found.add_argument("files", nargs="*", type=Path, metavar="FILE.rules", help="rule files, added to the built-in ones (default: those)")
    found = verb("ops", "the operators that formulas may use", lambda o: _rulebase().operators(_theory(o), o.names, o.markdown))
    found.add_argument("names", nargs="*", metavar="NAME", help="only operators whose name contains one of these, with all that is known of each")
    found.add_argument("--markdown", action="store_true", help="as the page of a reference")
    found = verb("rules", "the laws, by stage and ruleset", lambda o: _rulebase().rules(_theory(o), o.stages))
    found.add_argument("--stages", action="store_true", help="the rulesets of each stage, and the limits of simplification")
    return parser


def _takes_formula(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("formula", metavar="FORMULA", help="a formula, a file that holds one, or - for standard input")
    parser.add_argument("--type", action="append", default=[], metavar='"X: matrix"', help="declare a variable (repeatable)")


def _takes_values(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help='values of variables: t=0.5 X="[[0, 1], [-1, -2]]" a=pi/4')


def _takes_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--latex", action="store_true", help="write the result as LaTeX")
    parser.add_argument("--report", action="store_true", help="say which laws the simplifier used how often, and why it stopped")
    parser.add_argument("--timeout", type=_positive(float), metavar="SECONDS", help="how long the simplifier may take")
    parser.add_argument("--node-limit", type=_positive(int), metavar="N", help="how many e-nodes it may make")
    parser.add_argument("--iter-limit", type=_positive(int), metavar="N", help="how many iterations each stage may take")
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=VALUE", help="another limit; `rules --stages` lists them (repeatable)")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(name.isidentifier() for name in names):
        raise argparse.ArgumentTypeError(f"names separated by commas are needed, not {text!r}")
    return names


def _positive(number: type[int] | type[float]) -> Any:
    def convert(text: str) -> int | float:
        value = number(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"a positive number is needed, not {text.strip()}")
        return value

    convert.__name__ = "number"  # argparse says `invalid number value`
    return convert


# ---- from options to commands ----


def _theory(options: argparse.Namespace) -> Theory:
    return Theory.load(*options.rules) if options.rules else Theory.builtin()


def _formula(options: argparse.Namespace) -> Formula:
    text: str = options.formula
    types: dict[str, str] = {}
    for declaration in options.type:
        name, colon, type = declaration.partition(":")
        if not colon:
            raise InputError(f"a type is given as NAME: TYPE, not {declaration!r}")
        types[name.strip()] = type.strip()
    if text == "-":
        return Formula(sys.stdin.read(), "<stdin>", types)
    if _is_file(text):
        return Formula(Path(text).read_text(encoding="utf-8"), text, types)
    return Formula(text.removeprefix(" "), "<formula>", types)


def _is_file(text: str) -> bool:
    """Whether the text means a file: it exists, and its name has a dot or a slash, so that a file `x` does not hide the formula x."""
    try:
        return ("." in text or os.sep in text) and Path(text).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _limits(options: argparse.Namespace) -> Limits:
    given: dict[str, str] = {}
    for text in options.limit:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"a limit is given as NAME=VALUE, not {text!r}")
        given[name.strip()] = value
    return limited(with_texts(USUAL, given), options.timeout, options.node_limit, options.iter_limit)


def _style(options: argparse.Namespace) -> Style:
    return Style(options.latex, options.report)


def _diff(options: argparse.Namespace) -> Answer:
    limits = None if options.no_simplify else _limits(options)
    return commands.differentiate(_formula(options), _theory(options), options.wrt, limits, _style(options))


def _grad(options: argparse.Namespace) -> Answer:
    limits = None if options.no_simplify else _limits(options)
    return commands.gradient(_formula(options), _theory(options), options.wrt, limits, _style(options))


def _simplify(options: argparse.Namespace) -> Answer:
    return commands.simplify(_formula(options), _theory(options), _limits(options), _style(options))


def _eval(options: argparse.Namespace) -> Answer:
    theory = _theory(options)
    return commands.evaluate(_formula(options), theory, commands.assignments(options.values, theory))


def _plot(options: argparse.Namespace) -> Answer:
    theory = _theory(options)
    values = commands.assignments(options.values, theory)
    if options.start >= options.stop:
        raise InputError(f"the left end {options.start:g} must be below the right end {options.stop:g}")
    return commands.plot(_formula(options), theory, options.wrt, values, (options.start, options.stop), options.points, options.out)


def _rulebase() -> Any:
    """The module of the verbs about theories, loaded when one of them is asked for."""
    return import_module(".rulebase", __package__)


def _check(options: argparse.Namespace) -> Answer:
    files = [*options.rules, *options.files]
    answer: Answer = _rulebase().check(Theory.load(*files) if files else Theory.builtin(), options.files)
    return answer
