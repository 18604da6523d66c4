"""Where the grammar and the rule files are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `grammar` or `rules`; FileNotFoundError where the installation lacks it."""
    for base in (_PACKAGE, _PACKAGE.parent):
        if (base / name).is_dir():
            return base / name
    raise FileNotFoundError(f"this installation of rewritegrad has no folder {name}/")


def grammar_text() -> str:
    """The Lark grammar of formulas and rule files."""
    return (folder("grammar") / "rewritegrad.lark").read_text(encoding="utf-8")


def rule_files() -> list[Path]:
    """The built-in rule files, in the order of their names."""
    return sorted(folder("rules").glob("*.rules"))
