"""What lowers a mark between two runs is said: the marks as they were said last, and why they are lower now."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.grading.config import Config
from course_lib.grading.marks import Score, no_formula, number, scores, share_of, worth

if TYPE_CHECKING:
    from course_lib.grading.gradebook import Gradebook

# Less than what is shown of a mark is no fall.
LEAST = 0.005
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
    with grades.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            student = students.get(row.get("student") or "")
            marks = {name: text for name, text in row.items() if name and name.isdigit() and text}
            if student is not None and marks:
                said[student] = {chapter: (float(text), "{}") for chapter, text in marks.items()}
    gradebook.tell(said)


def fallen(gradebook: "Gradebook", config: Config) -> tuple[list[Fall], dict[str, Told]]:
    """The marks that are lower than they were said to be last, and what to `Gradebook.tell` from now on."""
    decided, found, new = worth(config), [], {}
    for student, submissions, adjustments in gradebook.everyone():
        counted = scores(submissions, config, adjustments, decided)
        now = {chapter: (score.points, _facts(score, decided[chapter])) for chapter, score in counted.items()}
        before = gradebook.told(student)
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
