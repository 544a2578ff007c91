"""One self-contained page per student: verdicts, sentences, hints; nothing of anybody else."""

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.checks import exercises
from course_lib.checks.verdict import STATUSES
from course_lib.errors import CourseError
from course_lib.grading.config import Config
from course_lib.grading.files import save
from course_lib.grading.marks import course_total, marks_of, scores, worth
from course_lib.grading.notebook import receipt_code
from course_lib.grading.pages import template

if TYPE_CHECKING:
    from course_lib.grading.gradebook import Gradebook


PRINTED_LIMIT = 8000


def write_feedback(gradebook: "Gradebook", config: Config, folder: Path) -> list[Path]:
    """Write the pages that are missing or say something else; the paths written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    written, decided, most = [], worth(config), course_total(gradebook, config)
    for student, submissions, adjustments in gradebook.everyone():
        path = folder / page_name(student)
        text = page(student, submissions, config, adjustments, decided, most).encode()
        # By content and not by time: points, due times and adjustments change pages too.
        if not path.exists() or path.read_bytes() != text:
            save(path, text)
            written.append(path)
    return written


def page_name(student: str) -> str:
    """A file name for any student id, different for different ids also where case does not count."""
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", student):
        return f"{student}.html"
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", student)[:40]
    return f"{readable}-{hashlib.sha256(student.encode()).hexdigest()[:10]}.html"


def page(student, submissions, config, adjustments, decided, most):
    """The HTML page of one student from the rows of the gradebook.

    decided   what the exercises are worth today, chapter by chapter.
    most      the most that can be had in the course so far.
    """
    counted = scores(submissions, config, adjustments, decided)
    counting = {score.submission.id for score in counted.values() if score.submission}
    return template("feedback.html").render(
        title=config.title,
        student=student,
        chapters=[_chapter(chapter, score, config) for chapter, score in sorted(counted.items())],
        unread=[row for row in submissions if row.status != "graded"],
        earlier=[
            (row, *_points(row, decided))
            for row in submissions
            if row.status == "graded" and row.id not in counting and row.chapter in decided
        ],
        points=sum(score.points for score in counted.values()),
        max_points=most,
    )


def _points(row, decided):
    """(points, most) of an attempt, before lateness and without what was set by hand."""
    return sum(mark.judged for mark in marks_of(row, decided[row.chapter])), sum(decided[row.chapter].values())


def _chapter(chapter, score, config):
    row = score.submission
    judged = {mark.verdict.exercise for mark in score.marks}
    shown = {
        "number": chapter,
        "score": score,
        "row": row,
        "due": config.due.get(chapter),
        "by_hand": [adjustment for name, adjustment in score.adjusted.items() if name not in judged],
    }
    if row is None:
        return {**shown, "verdicts": (), "errors": (), "printed": ""}
    hints = {exercise.name: exercise.hints for exercise in exercises(chapter)}
    return {
        **shown,
        "time": config.counting_time(row),
        "code": receipt_code(row.sha256),
        "verdicts": [
            {
                "row": mark.verdict,
                "mark": mark,
                "adjustment": mark.adjustment,
                "status": STATUSES.get(mark.verdict.status, mark.verdict.status),
                "right": mark.verdict.status == "right",
                "idle": mark.verdict.status == "not attempted",
                "hints": () if mark.verdict.status == "right" else hints.get(mark.verdict.exercise, ()),
            }
            for mark in score.marks
        ],
        "errors": json.loads(row.errors),
        "printed": row.printed[:PRINTED_LIMIT],
        "cut": row.printed_bytes > len(row.printed[:PRINTED_LIMIT].encode()),
    }
