"""One self-contained page per student: verdicts, sentences, hints; nothing of anybody else."""

import hashlib
import json
import re

from course_lib.checks import exercises
from course_lib.checks.verdict import STATUSES
from course_lib.errors import CourseError
from course_lib.grading.files import save
from course_lib.grading.gradebook import scores
from course_lib.grading.notebook import receipt_code
from course_lib.grading.pages import template

PRINTED_LIMIT = 8000


def write_feedback(gradebook, config, folder):
    """Write the pages that are missing or say something else; the paths written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    written = []
    for student, submissions, adjustments in gradebook.everyone():
        path = folder / page_name(student)
        text = page(student, submissions, config, adjustments).encode()
        # By content and not by time: points, due times and adjustments change pages too.
        if not path.exists() or path.read_bytes() != text:
            save(path, text)
            written.append(path)
    return written


def page_name(student):
    """A file name for any student id, different for different ids also where case does not count."""
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", student):
        return f"{student}.html"
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", student)[:40]
    return f"{readable}-{hashlib.sha256(student.encode()).hexdigest()[:10]}.html"


def page(student, submissions, config, adjustments=None):
    """The HTML page of one student from the rows of the gradebook."""
    counted = scores(submissions, config, adjustments)
    counting = {score.submission.id for score in counted.values() if score.submission}
    return template("feedback.html").render(
        title=config.title,
        student=student,
        chapters=[_chapter(chapter, score, config) for chapter, score in sorted(counted.items())],
        unread=[row for row in submissions if row.status != "graded"],
        earlier=[row for row in submissions if row.status == "graded" and row.id not in counting],
        points=sum(score.points for score in counted.values()),
        max_points=sum(score.max_points for score in counted.values()),
    )


def _chapter(chapter, score, config):
    row = score.submission
    verdicts = row.verdicts if row else ()
    judged = {verdict.exercise for verdict in verdicts}
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
                "row": verdict,
                "adjustment": score.adjusted.get(verdict.exercise),
                "status": STATUSES.get(verdict.status, verdict.status),
                "right": verdict.status == "right",
                "idle": verdict.status == "not attempted",
                "hints": () if verdict.status == "right" else hints.get(verdict.exercise, ()),
            }
            for verdict in verdicts
        ],
        "errors": json.loads(row.errors),
        "printed": row.printed[:PRINTED_LIMIT],
        "cut": row.printed_bytes > len(row.printed[:PRINTED_LIMIT].encode()),
    }
