"""What was right so far, kept from one kernel to the next: one small file in the course folder.

It holds the name of each checked exercise with its status and points, and nothing of who answered, what, or when.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from course_lib.checks.origins import course_root
from course_lib.checks.verdict import STATUSES, Verdict

FILE = ".progress.json"
FORMAT = 1


def place() -> Path | None:
    """The file; None outside a course folder, and beside the solutions, which nobody found."""
    root = course_root()
    return root / FILE if root and Path.cwd().name != "solutions" else None


def remembered() -> dict[str, Verdict]:
    """Exercise -> its latest verdict, without its message; {} where nothing was kept, or nothing that can be read."""
    path = place()
    return _read(path) if path else {}


def _read(path: Path) -> dict[str, Verdict]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("exercises"), dict):
        return {}
    return {name: verdict for name, entry in told["exercises"].items() if (verdict := _verdict(name, entry))}


def remember(verdicts: Mapping[str, Verdict]) -> str:
    """Keep these verdicts beside those that are kept already; "" or, in one sentence, why they cannot be kept."""
    path = place()
    if path is None:
        return ""
    before = _read(path)
    latest = {name: replace(verdict, message="", mistake=None, seconds=0.0) for name, verdict in verdicts.items()}
    kept = {**before, **latest}
    if kept == before:
        return ""
    entries = {name: [v.status, v.points, v.max_points, v.chapter] for name, v in sorted(kept.items())}
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        # Written aside first: two notebooks may be at work, and none may find half a file.
        aside.write_text(json.dumps({"format": FORMAT, "exercises": entries}, indent=1) + "\n", encoding="utf-8")
        os.replace(aside, path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        return f"Your progress is known until this kernel ends: {path} cannot be written, {error.strerror}."
    return ""


def _verdict(name: str, entry: object) -> Verdict | None:
    """The Verdict of one entry, or None for one that means nothing."""
    if not isinstance(entry, list) or len(entry) != 4:
        return None
    status, points, most, chapter = entry
    numbers = all(type(value) in (int, float) and value >= 0 for value in (points, most))
    if status not in STATUSES or not numbers or not isinstance(chapter, str):
        return None
    return Verdict(name, status, "", points, most, chapter=chapter)
