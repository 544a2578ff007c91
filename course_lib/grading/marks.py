"""Marks: what a student has, computed from the verdicts in the gradebook and from today's decisions, never stored.

A verdict says which share of an exercise an answer earned. How much the exercise is worth, which chapters are in play,
what lateness costs and which attempt counts is decided in course.toml, and applied here, the same for everybody.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.grading.config import Config
from course_lib.grading.files import save
from course_lib.grading.names import UNKNOWN

if TYPE_CHECKING:
    from course_lib.grading.gradebook import Adjustment, Gradebook, Submission, VerdictRow

_FORMULA = re.compile(r"(^|[;\t])(\s*[=+\-@＝＋－＠\t\r])")
# chapter -> exercise -> the points that it is worth.
Worth = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Mark:
    """What one verdict is worth today.

    judged       the points that the verdict earns.
    points       those that count: the judged ones, or what was set by hand.
    adjustment   the Adjustment in force, or None.
    """

    verdict: "VerdictRow"
    judged: float
    points: float
    max_points: float
    adjustment: "Adjustment | None" = None


@dataclass(frozen=True)
class Score:
    """What a student has in one chapter, after adjustments and the late policy.

    submission   the one that counts, or None where there are only adjustments.
    max_points   of all exercises of the chapter, judged or not.
    given        the points before lateness.
    share        what lateness left of them, between 0 and 1.
    adjusted     exercise -> Adjustment, where one is in force.
    marks        a Mark for each verdict of the submission, but for exercises that the course no longer has.
    unjudged     exercises of the chapter that came after the submission was graded.
    """

    submission: "Submission | None"
    points: float
    max_points: float
    given: float
    share: float
    adjusted: dict[str, "Adjustment"]
    marks: tuple[Mark, ...] = ()
    unjudged: tuple[str, ...] = ()


def worth(config: Config) -> dict[str, dict[str, float]]:
    """What every exercise of the chapters in play is worth: chapter -> exercise -> points."""
    from course_lib.checks import exercises

    found: dict[str, dict[str, float]] = {}
    for exercise in exercises():
        if not config.chapters or exercise.chapter in config.chapters:
            found.setdefault(exercise.chapter, {})[exercise.name] = config.points.get(exercise.name, exercise.points)
    return found


def share_of(points: float, max_points: float, status: str) -> float:
    """The share of an exercise that a verdict earned, between 0 and 1; its own points are those of its day."""
    return points / max_points if max_points else float(status == "right")


def scores(
    submissions: Iterable["Submission"],
    config: Config,
    adjustments: Mapping[str, "Adjustment"] | None = None,
    decided: Worth | None = None,
) -> dict[str, Score]:
    """chapter -> Score of one student: the latest or the best graded submission counts, as the course decides.

    adjustments   exercise -> Adjustment in force; they replace what the judge gave, before lateness is counted.
    decided       `worth(config)`, for who asks for many students.
    """
    decided = worth(config) if decided is None else decided
    by_chapter: dict[str, list[Submission]] = {}
    for row in submissions:
        if row.status == "graded" and row.chapter in decided:
            by_chapter.setdefault(row.chapter, []).append(row)
    by_hand: dict[str, dict[str, Adjustment]] = {}
    for name, adjustment in (adjustments or {}).items():
        if name in decided.get(adjustment.chapter, {}):
            by_hand.setdefault(adjustment.chapter, {})[name] = adjustment
    counted = {
        chapter: _counting([_score(row, config, by_hand.get(chapter, {}), decided[chapter]) for row in rows], config)
        for chapter, rows in by_chapter.items()
    }
    for chapter in by_hand.keys() - counted.keys():
        points = math.fsum(a.points or 0.0 for a in by_hand[chapter].values())
        most = math.fsum(decided[chapter].values())
        counted[chapter] = Score(None, points, most, points, 1.0, by_hand[chapter])
    return counted


def _counting(found: list[Score], config: Config) -> Score:
    """The Score that counts among those of all attempts at a chapter.

    With `latest`: the newest, or one that was handed in once more after it, whichever is worth more. The same bytes
    count from their first arrival, and a copy of an old attempt never takes the place of a better new one.
    """
    if config.attempts == "best":
        # Of equal ones the newest.
        return max(sorted(found, key=lambda score: _order(score, config), reverse=True), key=lambda score: score.points)
    newest = max(found, key=lambda score: _order(score, config))
    since = _first(newest, config)
    again = [score for score in found if score is not newest and _last(score, config) > since]
    return max([newest, *again], key=lambda score: score.points)


def _order(score: Score, config: Config) -> tuple[datetime, int, float]:
    """By arrival; of what arrived at one moment, the one with more answers is the later."""
    answered = sum(mark.verdict.status != "not attempted" for mark in score.marks)
    return _first(score, config), answered, score.given


def _first(score: Score, config: Config) -> datetime:
    return config.counting_time(score.submission)


def _last(score: Score, config: Config) -> datetime:
    """When the same bytes came for the last time, in whatever file."""
    assert score.submission is not None
    return max((config.counting_time(arrival) for arrival in score.submission.arrivals), default=_first(score, config))


def _score(row: "Submission", config: Config, adjusted: dict[str, "Adjustment"], decided: Mapping[str, float]) -> Score:
    share = config.share_after(row.chapter, config.counting_time(row))
    marks = marks_of(row, decided, adjusted)
    judged = {mark.verdict.exercise for mark in marks}
    alone = [a.points or 0.0 for name, a in adjusted.items() if name not in judged]
    given = math.fsum([*(mark.points for mark in marks), *alone])
    unjudged = tuple(name for name in decided if name not in judged)
    return Score(row, given * share, math.fsum(decided.values()), given, share, adjusted, marks, unjudged)


def marks_of(
    row: "Submission", decided: Mapping[str, float], adjusted: Mapping[str, "Adjustment"] | None = None
) -> tuple[Mark, ...]:
    """The marks of one submission; `decided` is what the exercises of its chapter are worth."""
    marks = []
    for verdict in row.verdicts:
        if verdict.exercise not in decided:
            continue
        most = decided[verdict.exercise]
        judged = share_of(verdict.points, verdict.max_points, verdict.status) * most
        adjustment = (adjusted or {}).get(verdict.exercise)
        points = judged if adjustment is None else adjustment.points or 0.0
        marks.append(Mark(verdict, judged, points, most, adjustment))
    return tuple(marks)


def course_total(gradebook: "Gradebook", config: Config) -> float:
    """The most that can be had so far: of all chapters that anybody has something in, the same for everybody."""
    return total_of(gradebook.chapters(), worth(config))


def total_of(chapters: Iterable[str], decided: Worth) -> float:
    """The most that can be had in these chapters."""
    return math.fsum(math.fsum(decided[chapter].values()) for chapter in chapters if chapter in decided)


def write_grades(gradebook: "Gradebook", config: Config, path: Path) -> None:
    """Write `student, <chapter>..., total, max` as CSV to `path`, whole or not at all."""
    decided = worth(config)
    rows = {
        student: {chapter: score.points for chapter, score in scores(submissions, config, hand, decided).items()}
        for student, submissions, hand in gradebook.everyone()
    }
    if not rows.get(UNKNOWN, True):
        del rows[UNKNOWN]
    begun = {chapter for counted in rows.values() for chapter in counted}
    chapters = sorted({*config.chapters, *begun})
    most = number(total_of(begun, decided))
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["student", *chapters, "total", "max"])
    for student, counted in rows.items():
        points = [number(counted[chapter]) if chapter in counted else "" for chapter in chapters]
        table.writerow([no_formula(student), *points, number(math.fsum(counted.values())), most])
    save(path, text.getvalue().encode())


def number(value: float) -> str:
    """At most two decimals, and none that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def no_formula(text: str) -> str:
    """The text so that a spreadsheet reads it as text: a formula's first character gets an apostrophe before it.

    Also after a semicolon, at which spreadsheets in many countries divide, and for the wide forms that some accept.
    """
    return _FORMULA.sub(r"\1'\2", text)
