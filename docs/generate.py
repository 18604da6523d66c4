"""Writes the pages of this folder that are generated: `python docs/generate.py`. A test asks that they are current."""

from __future__ import annotations

from pathlib import Path

import rewritegrad as rg
from rewritegrad import reference

HERE = Path(__file__).resolve().parent


def pages() -> dict[str, str]:
    """The generated pages by name."""
    theory = rg.Theory.builtin()
    return {"operators.md": reference.page(theory, reference.entries(theory))}


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}: {text.count(chr(10))} lines")
