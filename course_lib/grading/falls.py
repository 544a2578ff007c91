"""What lowers a mark between two runs is said: the marks as they were said last, and why they are lower now."""

import csv
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.grading.config import Config
from course_lib.grading.files import save
from course_lib.grading.marks import Score, no_formula, number, scores, share_of, worth

if TYPE_CHECKING:
    from course_lib.grading.gradebook import Gradebook

# Less than what is shown of a mark is no fall.
LEAST = 0.005
CHANGES_SHOWN = 5
_WHY = {
    "submission": "another attempt counts",
    "verdicts": "judged again",
    "by_hand": "set by hand",
    "share": "lateness",
    "worth": "what its exercises are worth",
}


# chapter -> (points, facts as JSON) of one student.
Told = dict[str, tuple[float, str]]


@dataclass(frozen=True)
class Fall:
    """One chapter of one student that is worth less than was said last, and why."""

    student: str
    chapter: str
    before: float
    now: float
    why: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.student} {self.chapter}: {number(self.before)} → {number(self.now)} ({', '.join(self.why)})"


def remember(gradebook: "Gradebook", grades: Path) -> None:
    """Take what was said last from a grades.csv, where the gradebook keeps nothing yet: one of the first edition."""
    if gradebook.told_anything() or not grades.is_file():
        return
    students = {no_formula(student): student for student in gradebook.students()}
    said: dict[str, Told] = {}
    for name, row in _rows(grades).items():
        cells = {chapter: _points(text) for chapter, text in row.items() if chapter.isdigit()}
        marks = {chapter: points for chapter, points in cells.items() if points is not None}
        if name in students and marks:
            said[students[name]] = {chapter: (points, "{}") for chapter, points in marks.items()}
    gradebook.tell(said)


def kept_by_hand(gradebook: "Gradebook", grades: Path) -> str:
    """Keep a copy of a grades.csv in which marks are not those that were written; a sentence that says so, else ""."""
    said = gradebook.told()
    if not said or not grades.is_file():
        return ""
    written = {
        no_formula(student): {chapter: mark[0] for chapter, mark in told.items()} for student, told in said.items()
    }
    changed = [change for student, row in _rows(grades).items() for change in _changes(student, row, written)]
    if not changed:
        return ""
    copy, count = grades.with_name("grades.by-hand.csv"), 1
    while copy.exists():
        count += 1
        copy = grades.with_name(f"grades.by-hand-{count}.csv")
    save(copy, grades.read_bytes())
    shown = ", ".join(changed[:CHANGES_SHOWN]) + f" and {len(changed) - CHANGES_SHOWN} more" * (
        len(changed) > CHANGES_SHOWN
    )
    return (
        f"grades.csv was changed by hand and is written anew ({shown}); as it was, it is kept in {copy}. "
        "Points that `course adjust` sets stay."
    )


def _rows(grades: Path) -> dict[str, dict[str, str]]:
    """student -> column -> text of a grades.csv, also one that a spreadsheet program has saved; {} for another file."""
    data = grades.read_bytes()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = [row for row in csv.DictReader(text.splitlines(), delimiter=delimiter) if row.get("student")]
    except csv.Error:
        return {}
    return {row["student"]: {name: cell or "" for name, cell in row.items() if name} for row in rows}


def _points(text: str) -> float | None:
    """The number in a cell, also with a decimal comma; None where there is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _changes(student: str, row: Mapping[str, str], written: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
    """What differs in one row from what was written there."""
    marks = written.get(student, {})
    expected: dict[str, float] = {**marks, "total": math.fsum(marks.values())}
    for column, text in row.items():
        if column in ("student", "max"):
            continue
        points, before = _points(text), expected.get(column)
        if (text.strip() and before is None) or (
            before is not None and (points is None or abs(points - before) > LEAST)
        ):
            yield f"{student} {column}: {'nothing' if before is None else number(before)} → {text.strip() or 'nothing'}"


def fallen(gradebook: "Gradebook", config: Config) -> tuple[list[Fall], dict[str, Told]]:
    """The marks that are lower than they were said to be last, and what to `Gradebook.tell` from now on."""
    decided, found, new, said = worth(config), [], {}, gradebook.told()
    for student, submissions, adjustments in gradebook.everyone():
        counted = scores(submissions, config, adjustments, decided)
        now = {chapter: (score.points, _facts(score, decided[chapter])) for chapter, score in counted.items()}
        before = said.get(student, {})
        for chapter, (points, facts) in sorted(before.items()):
            later, changed = now.get(chapter, (0.0, None))
            if later < points - LEAST:
                why = _why(json.loads(facts), changed, chapter in decided)
                found.append(Fall(student, chapter, points, later, why))
        told = {chapter: (points, json.dumps(facts)) for chapter, (points, facts) in now.items()}
        if told != before:
            new[student] = told
    return found, new


def _facts(score: Score, decided: Mapping[str, float]) -> dict[str, object]:
    """What a mark follows from, each part short enough to be kept and exact enough to be compared."""
    row = score.submission
    verdicts = [[v.exercise, share_of(v.points, v.max_points, v.status)] for v in row.verdicts] if row else []
    by_hand = sorted((name, adjustment.points) for name, adjustment in score.adjusted.items())
    return {
        "submission": row and row.id,
        "verdicts": _digest(verdicts),
        "by_hand": _digest(by_hand),
        "share": score.share,
        "worth": _digest(sorted(decided.items())),
    }


def _digest(value: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16] if value else ""


def _why(before: Mapping[str, object], now: Mapping[str, object] | None, in_play: bool) -> tuple[str, ...]:
    if now is None:
        return ("nothing counts any more" if in_play else "its chapter is not in play",)
    if not before:
        return ("the first edition counted otherwise",)
    differs = [key for key in _WHY if before.get(key) != now[key]]
    if "submission" in differs and "verdicts" in differs:
        differs.remove("verdicts")
    return tuple(_WHY[key] for key in differs)
