"""The errors that rewritegrad raises, and the place in a text that they point at."""

from __future__ import annotations

from dataclasses import dataclass

_WIDTH = 100  # of a line, on either side of the caret


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a source text: name of the source, line and column (both from 1), and the text of the line."""

    source: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}"

    def caret(self) -> str:
        """The line with a caret under the column; of a very long line the part around it."""
        start = max(0, self.column - 1 - _WIDTH)
        before, after = self.text[start : self.column - 1], self.text[self.column - 1 :]
        before = "... " + before if start else before
        after = after[:_WIDTH] + " ..." if len(after) > _WIDTH else after
        margin = "".join("\t" if c == "\t" else " " for c in before)
        return f"  {before}{after}\n  {margin}^"


class RewritegradError(Exception):
    """The base of everything that rewritegrad raises; `position` is None where no text is at fault."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        self.message = message
        self.position = position
        super().__init__(message if position is None else f"{position}: {message}\n{position.caret()}")


class FormulaError(RewritegradError, ValueError):
    """A formula that does not follow the grammar or uses names wrongly."""


class UnknownNameError(FormulaError, LookupError):
    """A function, operator, constant or input that nobody declared."""


class RuleFileError(RewritegradError, ValueError):
    """A rule file that does not load."""


class ShapeError(RewritegradError, ValueError):
    """Operands, or values given for inputs, whose shapes do not fit."""


class CostError(RewritegradError, TypeError):
    """A cost, or another argument of the calculus, of the wrong kind (a gradient needs a scalar)."""


class DisconnectedInputError(RewritegradError, ValueError):
    """A gradient with respect to a variable that the cost does not depend on."""


class MissingDerivativeError(RewritegradError, NotImplementedError):
    """An operator whose block states no derivative for the argument that was asked for."""


class GradientError(RewritegradError, AssertionError):
    """A derivative that is not what differences of the values give."""


class InputError(RewritegradError, TypeError):
    """A missing, unknown or ill-typed input of a compiled function."""


class EvaluationError(RewritegradError, NotImplementedError):
    """A term that has no value, because one of its operators has no kernel."""


class UnsoundRuleError(RewritegradError, ArithmeticError):
    """A law joined two terms that differ at a sample point."""


class LimitError(RewritegradError, RuntimeError):
    """A limit on size, depth or time was reached."""
