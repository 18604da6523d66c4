"""What the verbs about theories do: operators, laws, and the check of both.

The command line loads this module when one of them is asked for, since the rule checker is much to load for a derivative.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .answers import Answer
from .check import Report, Verdict, check_theory
from .patterns import STAGES
from .theory import Operator, Theory


def check(theory: Theory, files: Sequence[Path], progress: Callable[[Verdict], None] | None = None) -> Answer:
    """What the rule checker says of the rule files (none: of the whole theory)."""
    report: Report = check_theory(theory, files or None, progress=progress)
    return Answer(str(report).splitlines(), {"command": "check", **json.loads(report.json())}, report.ok)


def operators(theory: Theory) -> Answer:
    """The operators that formulas may use, each with what its block says in words."""
    rows = [(_signature(op), op) for op in theory.operators]
    width = max((len(signature) for signature, _ in rows), default=0)
    also = [f"  (also {', '.join(op.spellings)})" if op.spellings else "" for _, op in rows]
    lines = [f"{signature:{width}}  {op.doc}{other}".rstrip() for (signature, op), other in zip(rows, also, strict=True)]
    listed = [
        {"name": op.name, "signature": signature, "kernel": op.numpy, "also": list(op.spellings), "doc": op.doc} for signature, op in rows
    ]
    return Answer(lines, {"command": "ops", "result": listed})


def _signature(op: Operator) -> str:
    """An application to the operator's own parameters, as an op block declares it."""
    names = [p.name if not p.attribute else f"{p.name}={p.default!r}" for p in op.parameters]
    match op.fixity:
        case "infix":
            return f"{names[0]} {op.name} {names[1]}"
        case "prefix":
            return f"{op.name}{' ' if op.name.isalpha() else ''}{names[0]}"
        case "constant":
            return op.name
        case _:
            return f"{op.name}({', '.join(names)})"


def rules(theory: Theory, only_stages: bool = False) -> Answer:
    """The laws by stage and ruleset; only the rulesets and how many laws each has, where `only_stages`."""
    lines: list[str] = []
    listed: list[dict[str, Any]] = []
    for stage in STAGES:
        for ruleset in theory.rulesets.values():
            if ruleset.stage != stage:
                continue
            laws = [rule for rule in ruleset.rules if not rule.reverse]
            lines.append(f"{stage}: {ruleset.name} ({len(laws)} law{'s' * (len(laws) != 1)})")
            listed.append({"stage": stage, "ruleset": ruleset.name, "laws": [rule.name for rule in laws]})
            if not only_stages:
                lines.extend(f"    {rule.position.text.strip() if rule.position else rule.name}" for rule in laws)
    return Answer(lines, {"command": "rules", "result": listed})
