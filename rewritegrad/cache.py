"""Data kept between runs in the user's cache folder: JSON texts, each named by a hash of all that it was made from.

    Linux and others   $XDG_CACHE_HOME/rewritegrad, or ~/.cache/rewritegrad
    macOS              ~/Library/Caches/rewritegrad
    Windows            %LOCALAPPDATA%\\rewritegrad
    REWRITEGRAD_CACHE  another folder; empty: nothing is kept

Nothing here is ever needed: where the folder cannot be read or written, or a file is not what was written, the data are
made again. What is read is data, never code: who could change a file could change a theory, and so files of other users
are not read. A file appears whole or not at all, so that programs may run at the same time.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from time import time, time_ns
from typing import Any

from .version import VERSION

KEPT = 24
"""So many files stay, those that were written last."""

ABANDONED = 3600.0
"""Seconds after which a file that somebody began to write is left over from a program that died."""

_PACKAGE = Path(__file__).resolve().parent


def folder() -> Path | None:
    """Where the files are, whether it exists or not; None where nothing is to be kept."""
    given = os.environ.get("REWRITEGRAD_CACHE")
    if given is not None:
        return Path(given) if given else None
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # nobody's home is known
        return None
    return base / "rewritegrad" if base.is_absolute() else None


def name_of(kind: str, *parts: str) -> str:
    """The name of the data of a kind that are made from these texts by this version of the package and of Python."""
    digest = blake2b(digest_size=16)
    for part in (VERSION, str(sys.version_info[:3]), _code(), *parts):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d\n" % len(encoded))
        digest.update(encoded)
    return f"{kind}-{digest.hexdigest()}"


def _code() -> str:
    """Sizes and times of the package's files: an edit of the reader of rules counts like one of the rules."""
    try:
        with os.scandir(_PACKAGE) as entries:
            files = [(e.name, e.stat()) for e in entries if e.name.endswith(".py")]
    except OSError:
        return ""
    return "".join(sorted(f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in files))


def read(name: str) -> Any:
    """The data of a name, None where there are none, or none that can be trusted."""
    place = folder()
    if place is None:
        return None
    try:
        with open(place / f"{name}.json", "rb") as file:
            if hasattr(os, "geteuid") and os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            checksum, _, text = file.read().partition(b"\n")
        return json.loads(text) if checksum == _checksum(text) else None
    except (OSError, ValueError, RecursionError):
        return None


def write(name: str, data: Any) -> None:
    """Keep data, and let go of the oldest; nothing happens where that is not possible."""
    place = folder()
    if place is None:
        return
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).encode()
    draft = place / f".{name}.{os.getpid()}.{time_ns()}"
    with suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_checksum(text) + b"\n" + text)
            os.replace(draft, place / f"{name}.json")
        finally:
            draft.unlink(missing_ok=True)
        _tidy(place)


def _checksum(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).hexdigest().encode()


def _tidy(place: Path) -> None:
    """Remove all but the newest files, and drafts that nobody will finish."""
    with os.scandir(place) as entries:
        files = [(e.stat().st_mtime, e.name) for e in entries]
    finished = sorted([f for f in files if f[1].endswith(".json")], reverse=True)
    drafts = [f for f in files if f[1].startswith(".") and time() - f[0] > ABANDONED]
    for _, name in (*finished[KEPT:], *drafts):
        with suppress(OSError):
            (place / name).unlink()
