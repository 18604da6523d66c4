"""What the verbs about theories do: operators, laws, and the check of both.

The command line loads this module when one of them is asked for, since the rule checker is much to load for a derivative.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import reference
from .answers import Answer
from .check import Report, Verdict, check_theory
from .errors import UnknownNameError
from .limits import USUAL
from .patterns import STAGES
from .theory import Theory


def check(theory: Theory, files: Sequence[Path], progress: Callable[[Verdict], None] | None = None) -> Answer:
    """What the rule checker says of the rule files (none: of the whole theory)."""
    report: Report = check_theory(theory, files or None, progress=progress)
    return Answer(str(report).splitlines(), {"command": "check", **json.loads(report.json())}, report.ok)


def operators(theory: Theory, names: Sequence[str] = (), markdown: bool = False) -> Answer:
    """The operators that formulas may use: a table, entries of those whose name contains one of `names`, or the page of a reference."""
    listed = reference.entries(theory, names)
    if names and not listed:
        raise UnknownNameError(f"there is no operator {', '.join(names)}{theory.suggestion(names[0])}")
    data = {"command": "ops", "result": [entry.data() for entry in listed]}
    if markdown:
        return Answer(reference.page(theory, listed).splitlines(), data)
    return Answer([line for entry in listed for line in entry.lines()] if names else reference.table(listed), data)


def rules(theory: Theory, only_stages: bool = False) -> Answer:
    """The laws by stage and ruleset; with `only_stages` how many laws each ruleset has, and the limits under which the stages run."""
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
    data: dict[str, Any] = {"command": "rules", "result": listed}
    if only_stages:
        lines += ["", "limits (--limit NAME=VALUE, or limits=rg.Limits(NAME=VALUE)):"]
        lines += [f"    {name:18} {'none' if value is None else value!s:>6}   {meaning}" for name, value, meaning in USUAL.described()]
        data["limits"] = asdict(USUAL)
    return Answer(lines, data)
