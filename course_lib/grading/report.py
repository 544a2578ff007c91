"""The class report: how the class stands, which exercises are hard, which mistakes it makes, what went wrong."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from course_lib.checks import exercises
from course_lib.checks.verdict import STATUSES
from course_lib.grading.files import save
from course_lib.grading.gradebook import scores
from course_lib.grading.notebook import receipt_code
from course_lib.grading.pages import template

BINS = 10
ALIKE_SHOWN = 12
# How the verdicts are drawn together; blue, grey and two oranges keep apart for colour-blind readers.
GROUPS = ("right", "wrong", "raised or stopped", "not attempted")
_GROUP_OF = {"right": 0, "raised": 2, "stopped": 2, "not attempted": 3, "unknown": 3}
WIDTH = 340


@dataclass
class Item:
    """What the class did with one exercise; the lists go student by student.

    share    points earned over points possible, of the submission that counts.
    rest     the same over all other exercises of the chapter, NaN where there are none.
    seconds  wall time in the student's code.
    examples   mistake -> what the judge said of the first one, for mistakes that no sentence of the bank stands for.
    """

    chapter: str
    name: str
    share: list = field(default_factory=list)
    rest: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    mistakes: dict = field(default_factory=lambda: defaultdict(list))
    examples: dict = field(default_factory=dict)

    @property
    def difficulty(self):
        """Mean share of the points: near 1 is easy."""
        return float(np.mean(self.share))

    @property
    def discrimination(self):
        """Correlation of this exercise's share with that of the rest of its chapter; None where nothing varies."""
        share, rest = np.array(self.share), np.array(self.rest)
        if len(share) < 3 or np.isnan(rest).any() or np.ptp(share) < 1e-12 or np.ptp(rest) < 1e-12:
            return None
        return float(np.corrcoef(share, rest)[0, 1])

    @property
    def groups(self):
        """How many are in each of GROUPS; every other verdict says in which way it is wrong."""
        counts = dict.fromkeys(GROUPS, 0)
        for status, count in self.statuses.items():
            counts[GROUPS[_GROUP_OF.get(status, 1)]] += count
        return counts


@dataclass(frozen=True)
class Copy:
    """What is shown of one of several submissions with the same answers."""

    student: str
    source: str
    submitted_at: datetime
    points: float
    max_points: float
    sha256: str
    wrong: tuple[str, ...]

    @property
    def receipt(self):
        return receipt_code(self.sha256)


@dataclass
class Class:
    """The whole class, gathered in one pass over the gradebook, a few students in memory at a time."""

    totals: dict = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    unread: list = field(default_factory=list)
    alike: dict = field(default_factory=lambda: defaultdict(list))
    seconds: list = field(default_factory=list)
    late: Counter = field(default_factory=Counter)
    handed_in: Counter = field(default_factory=Counter)
    adjustments: list = field(default_factory=list)


def gather(gradebook, config):
    """The Class of a gradebook."""
    found = Class()
    for student, rows, adjustments in gradebook.everyone():
        counted = scores(rows, config, adjustments)
        found.totals[student] = {chapter: (score.points, score.max_points) for chapter, score in counted.items()}
        found.unread += [row for row in rows if row.status != "graded"]
        found.seconds += [row.seconds for row in rows if row.status == "graded"]
        for chapter, score in counted.items():
            found.adjustments += sorted(score.adjusted.values(), key=lambda adjustment: adjustment.id)
            if score.submission is not None:
                found.handed_in[chapter] += 1
                due = config.due.get(chapter)
                found.late[chapter] += due is not None and config.counting_time(score.submission) > due
                _gather_chapter(found, student, chapter, score)
        for row in rows:
            if row.code_hash:
                found.alike[row.chapter, row.code_hash].append(_copy(row))
    return found


def _copy(row):
    wrong = tuple(v.exercise for v in row.verdicts if v.status not in ("right", "not attempted"))
    return Copy(row.student_id, row.source, row.submitted_at, row.points, row.max_points, row.sha256, wrong)


def _gather_chapter(found, student, chapter, score):
    earned = {verdict.exercise: verdict.points for verdict in score.submission.verdicts}
    earned |= {name: adjustment.points for name, adjustment in score.adjusted.items() if name in earned}
    possible = {verdict.exercise: verdict.max_points for verdict in score.submission.verdicts}
    for verdict in score.submission.verdicts:
        name = verdict.exercise
        item = found.items.setdefault(name, Item(chapter, name))
        item.share.append(earned[name] / possible[name] if possible[name] else 0.0)
        others = math.fsum(possible.values()) - possible[name]
        item.rest.append((math.fsum(earned.values()) - earned[name]) / others if others else math.nan)
        item.statuses[verdict.status] += 1
        if verdict.status != "not attempted":
            item.seconds.append(verdict.seconds)
        if verdict.mistake:
            item.mistakes[verdict.mistake].append(student)
            item.examples.setdefault(verdict.mistake, verdict.message)


def write_report(gradebook, config, path):
    """Write the report as one HTML page to `path`, whole or not at all."""
    save(path, report_page(gather(gradebook, config), config).encode())


def report_page(found, config):
    """The HTML page of a Class."""
    most = _most(found)
    shares = (
        [sum(points for points, _ in chapters.values()) / most for chapters in found.totals.values()] if most else []
    )
    order = {exercise.name: number for number, exercise in enumerate(exercises())}
    items = sorted(found.items.values(), key=lambda item: (item.chapter, order.get(item.name, len(order))))
    return template("report.html").render(
        title=config.title,
        students=len(found.totals),
        most=most,
        mean=float(np.mean(shares)) if shares else 0.0,
        median=float(np.median(shares)) if shares else 0.0,
        histogram=_histogram(shares),
        chapters=[(chapter, found.handed_in[chapter], found.late[chapter]) for chapter in sorted(found.handed_in)],
        items=items,
        bars=_bars(items),
        groups=GROUPS,
        width=WIDTH,
        mistakes=_mistakes(items),
        statuses=_statuses(items),
        alike=_alike(found),
        names=_names_alike(found.totals),
        unread=sorted(found.unread, key=lambda row: (row.status, row.student_id, row.chapter)),
        adjustments=found.adjustments,
        seconds=found.seconds,
        median_seconds=float(np.median(found.seconds)) if found.seconds else 0.0,
        slowest_seconds=max(found.seconds, default=0.0),
        number_of=lambda values, share: float(np.quantile(values, share)) if values else 0.0,
    )


def _most(found):
    """The points of all chapters that anybody handed in."""
    most = defaultdict(float)
    for chapters in found.totals.values():
        for chapter, (_, points) in chapters.items():
            most[chapter] = max(most[chapter], points)
    return math.fsum(most.values())


def _histogram(shares):
    """Bars (label, count, left, top, width, height) of the students by share of all points; the last takes 100 %."""
    bins = Counter(min(int(max(share, 0.0) * BINS + 1e-9), BINS - 1) for share in shares)
    tallest = max(bins.values(), default=1)
    step, height = WIDTH / BINS, 120
    return [
        {
            "label": f"{100 * k // BINS} to {100 * (k + 1) // BINS} %",
            "count": bins[k],
            "left": k * step + 2,
            "top": 20 + height * (1 - bins[k] / tallest),
            "width": step - 4,
            "height": height * bins[k] / tallest,
        }
        for k in range(BINS)
    ]


def _bars(items):
    """One stacked bar per exercise: (item, [(group number, count, left, width)])."""
    bars = []
    for item in items:
        left, parts, total = 0.0, [], sum(item.statuses.values())
        for number, count in enumerate(item.groups.values()):
            width = WIDTH * count / total
            parts.append((number, count, left, width))
            left += width
        bars.append((item, parts))
    return bars


def _mistakes(items):
    """Rows of the misconception table: exercise, id, sentence, who, and the share of those who tried; most first."""
    sentences = {(e.name, mistake.id): mistake.sentence for e in exercises() for mistake in e.mistakes}
    rows = []
    for item in items:
        attempted = sum(item.statuses.values()) - item.statuses["not attempted"]
        for mistake, who in item.mistakes.items():
            sentence = sentences.get((item.name, mistake)) or f"For example: {item.examples[mistake]}"
            rows.append(
                {"item": item, "id": mistake, "sentence": sentence, "who": sorted(who), "share": len(who) / attempted}
            )
    return sorted(rows, key=lambda row: (-len(row["who"]), row["item"].chapter, row["item"].name, row["id"]))


def _statuses(items):
    """(status in words, how often) over all verdicts that count, most first."""
    total = sum((item.statuses for item in items), Counter())
    return [(STATUSES.get(status, status), count) for status, count in total.most_common()]


def _names_alike(students):
    """Groups of names with the same letters and digits: one person under two names, or one who passes for another."""
    groups = defaultdict(list)
    for name in students:
        letters = unicodedata.normalize("NFKC", re.sub(r"~[0-9a-f]{8}$", "", name)).casefold()
        groups[re.sub(r"[\W_]+", "", letters)].append(name)
    return sorted(sorted(names) for letters, names in groups.items() if letters and len(names) > 1)


def _alike(found):
    """Groups of submissions by different students whose answers differ in blanks and comments at most."""
    groups = []
    for (chapter, _), rows in sorted(found.alike.items()):
        latest = {copy.student: copy for copy in rows}
        if len(latest) > 1:
            ordered = sorted(latest.values(), key=lambda copy: (copy.submitted_at, copy.student))
            groups.append(
                {
                    "chapter": chapter,
                    "count": len(ordered),
                    "rows": ordered[:ALIKE_SHOWN],
                    "same_file": len({copy.sha256 for copy in ordered}) == 1,
                    "wrong": ordered[0].wrong,
                }
            )
    # Shared mistakes say more than shared right answers.
    return sorted(groups, key=lambda group: (-len(group["wrong"]), group["chapter"], -group["count"]))
