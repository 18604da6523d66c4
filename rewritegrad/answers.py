"""What a verb of the command line has found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb has found out: lines for people, data for programs; `ok` is False where a check failed."""

    lines: Sequence[str]
    data: Mapping[str, Any]
    ok: bool = True
