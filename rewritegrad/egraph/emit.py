"""Python source, line by line, with indentation, fresh names and constants passed in as objects.

No text of a user ever becomes part of the source: names are numbered, constants go through the namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Source:
    """A function's source in the making."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {}
        self._names: dict[tuple[int, str], str] = {}
        self._depth = 0
        self._count = 0

    def line(self, text: str) -> None:
        """A line at the present depth."""
        self.lines.append("    " * self._depth + text)

    def block(self, text: str) -> None:
        """A line that opens a block; what follows is inside it."""
        self.line(text)
        self._depth += 1

    def back_to(self, depth: int) -> None:
        """Return to an outer depth."""
        self._depth = depth

    @property
    def depth(self) -> int:
        """The present depth."""
        return self._depth

    def fresh(self, letter: str = "v") -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{letter}{self._count}"

    def constant(self, value: Any, letter: str = "K") -> str:
        """The name under which an object is passed in."""
        key = (id(value), letter)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"{letter}{len(self._names)}"
            self.namespace[name] = value
        return name

    def compile(self, name: str, where: str) -> Callable[..., Any]:
        """The function of that name; `where` stands in tracebacks."""
        exec(compile("\n".join(self.lines), f"<{where}>", "exec"), self.namespace)  # generated above: no text of a user is in it
        function: Callable[..., Any] = self.namespace[name]
        return function
