"""What the command line does only where a person looks: colours, and a line that says that work goes on."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType
from typing import TextIO

_CODES = {"red": "31", "green": "32", "yellow": "33"}


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream."""
    return stream.isatty()


def coloured(text: str, colour: str, stream: TextIO) -> str:
    """The text in a colour, where the stream is a terminal that shows colours and NO_COLOR is not set."""
    if not is_terminal(stream) or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[{_CODES[colour]}m{text}\033[0m"


class Progress:
    """While the block runs, from `patience` seconds on: a line on a terminal that says what is done and since when.

    The line is rewritten in place and erased at the end; where the stream is no terminal nothing is written.
    """

    def __init__(self, what: str, stream: TextIO, patience: float = 1.0, interval: float = 0.5) -> None:
        self._what = what
        self._stream = stream
        self._patience = patience
        self._interval = interval
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        if is_terminal(self._stream):
            self._thread = threading.Thread(target=self._report, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _report(self) -> None:
        start = time.monotonic()
        if self._done.wait(self._patience):
            return
        while True:
            self._stream.write(f"\r\033[K{self._what} ... {time.monotonic() - start:.0f} s")
            self._stream.flush()
            if self._done.wait(self._interval):
                self._stream.write("\r\033[K")
                self._stream.flush()
                return
