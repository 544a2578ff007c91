"""The class report: what to do next, which mistakes the class makes, how chapters and exercises went, what failed."""

import itertools
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.checks import exercises
from course_lib.checks.findings import FINDINGS
from course_lib.checks.verdict import STATUSES
from course_lib.grading import advice
from course_lib.grading.alike import groups as groups_alike
from course_lib.grading.config import Config
from course_lib.grading.falls import Fall
from course_lib.grading.feedback import page_name
from course_lib.grading.files import save
from course_lib.grading.marks import scores, worth
from course_lib.grading.names import UNKNOWN
from course_lib.grading.pages import template

if TYPE_CHECKING:
    from course_lib.grading.gradebook import Gradebook


BINS = 10
TOP = 10
NEEDS_SHOWN, FEW = 8, 5
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
    def difficulty(self) -> float:
        """Mean share of the points: near 1 is easy."""
        return float(np.mean(self.share))

    @property
    def discrimination(self) -> float | None:
        """Correlation of this exercise's share with that of the rest of its chapter; None where nothing varies."""
        share, rest = np.array(self.share), np.array(self.rest)
        if len(share) < 3 or np.isnan(rest).any() or np.ptp(share) < 1e-12 or np.ptp(rest) < 1e-12:
            return None
        return float(np.corrcoef(share, rest)[0, 1])

    @property
    def failed(self) -> int:
        """How many tried it and were not right, or not wholly."""
        counts = self.groups
        return counts["wrong"] + counts["raised or stopped"]

    @property
    def unnamed(self) -> int:
        """How many of those failed in a way that has no name."""
        return self.failed - sum(len(who) for who in self.mistakes.values())

    @property
    def groups(self) -> dict[str, int]:
        """How many are in each of GROUPS; every other verdict says in which way it is wrong."""
        counts = dict.fromkeys(GROUPS, 0)
        for status, count in self.statuses.items():
            counts[GROUPS[_GROUP_OF.get(status, 1)]] += count
        return counts


@dataclass(frozen=True)
class Row:
    """One row of the misconception table: a named mistake, who made it, of how many who tried the exercise.

    classes   by which the page's filter knows the row: of its exercise, its chapter, and the chapter's most frequent.
    """

    item: Item
    id: str
    sentence: str
    who: tuple[str, ...]
    tried: int
    classes: str = ""

    @property
    def share(self) -> float:
        return len(self.who) / self.tried


@dataclass
class Class:
    """The whole class, gathered in one pass over the gradebook, a few students in memory at a time."""

    totals: dict = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    unread: list = field(default_factory=list)
    alike: list = field(default_factory=list)
    comparable: bool = False
    seconds: list = field(default_factory=list)
    late: Counter = field(default_factory=Counter)
    handed_in: Counter = field(default_factory=Counter)
    adjustments: list = field(default_factory=list)
    falls: Sequence[Fall] = ()


def gather(gradebook: "Gradebook", config: Config) -> Class:
    """The Class of a gradebook."""
    found = Class()
    decided = worth(config)
    for student, rows, adjustments in gradebook.everyone():
        counted = scores(rows, config, adjustments, decided)
        if counted or student != UNKNOWN:
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
    answers = gradebook.answers()
    found.alike, found.comparable = groups_alike(answers), bool(answers)
    return found


def _gather_chapter(found, student, chapter, score):
    earned = {mark.verdict.exercise: mark.points for mark in score.marks}
    possible = {mark.verdict.exercise: mark.max_points for mark in score.marks}
    for mark in score.marks:
        verdict, name = mark.verdict, mark.verdict.exercise
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


def write_report(gradebook: "Gradebook", config: Config, path: Path, falls: Sequence[Fall] = ()) -> None:
    """Write the report as one HTML page to `path`, whole or not at all; it links to pages in `feedback` beside it.

    falls   the `falls.Fall` of each mark that is lower than in the report before.
    """
    found = gather(gradebook, config)
    found.falls = falls
    save(path, report_page(found, config, (path.parent / "feedback").is_dir()).encode())


def report_page(found: Class, config: Config, linked: bool = False, now: datetime | None = None) -> str:
    """The HTML page of a Class.

    linked   whether names shall link to the students' pages in the folder `feedback`.
    now      the time at which the report is read; a chapter whose due time is yet to come is under way.
    """
    place = {exercise.name: number for number, exercise in enumerate(exercises())}
    items = sorted(found.items.values(), key=lambda item: (item.chapter, place.get(item.name, len(place)), item.name))
    rows = _mistakes(items)
    return template("report.html").render(
        title=config.title,
        students=len(found.totals),
        page_of=(lambda student: f"feedback/{page_name(student)}") if linked else None,
        top=TOP,
        needs_shown=NEEDS_SHOWN,
        few=FEW,
        comparable=found.comparable,
        groups=GROUPS,
        what=FINDINGS,
        width=WIDTH,
        alike=found.alike,
        names=_names_alike(found.totals),
        unread=sorted(found.unread, key=lambda row: (row.status, row.student_id, row.chapter)),
        adjustments=found.adjustments,
        falls=found.falls,
        statuses=_statuses(items),
        seconds=found.seconds,
        number_of=lambda values, share: float(np.quantile(values, share)) if values else 0.0,
        **_filtered(rows, items),
        **_scores(found),
        **_chapters(found, items),
        **_advice(found, config, items, rows, now or datetime.now(UTC)),
    )


def _scores(found):
    most = _most(found)
    shares = [sum(points for points, _ in mine.values()) / most for mine in found.totals.values()] if most else []
    return {
        "most": most,
        "mean": float(np.mean(shares)) if shares else 0.0,
        "median": float(np.median(shares)) if shares else 0.0,
        "histogram": _histogram(shares),
    }


def _chapters(found, items):
    """The trend, and for each chapter its items with their bars."""
    trend = advice.trend(found)
    by_chapter = [(chapter, [item for item in items if item.chapter == chapter.name]) for chapter in trend]
    return {
        "trend": trend,
        "curve": _curve(trend),
        "chapters": [(chapter, mine, _bars(mine)) for chapter, mine in by_chapter],
        "hardest": {chapter.name: min(mine, key=lambda item: item.difficulty) for chapter, mine in by_chapter if mine},
    }


def _advice(found, config, items, rows, now):
    """What stands first: who needs help, what to teach again, and of which chapter that is said."""
    closed = advice.closed(found, config, now)
    if not closed:
        return {"latest": None, "lessons": [], "habits": [], "hard": None, "needs": [], "missing": []}
    tried, needs = found.handed_in[closed[-1]], advice.needs(found, closed)
    named = {need.student for need in needs}
    return {
        "latest": closed[-1],
        "lessons": advice.lessons(rows, closed[-1], tried),
        "habits": advice.habits(rows, closed[-1], tried),
        "hard": advice.hard(items, closed[-1]),
        "needs": [(need, _spark(need.shares)) for need in needs],
        "missing": [name for name, mine in found.totals.items() if closed[-1] not in mine and name not in named],
    }


def _most(found):
    """The points of all chapters that anybody handed in."""
    most: dict[str, float] = defaultdict(float)
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


def _curve(trend):
    """What the trend's chart draws: (Chapter, x, y of the median) of each dot, and the outlines of band and line."""
    step = WIDTH / max(len(trend), 1)

    def height(share):
        return 20 + 100 * (1 - min(max(share, 0.0), 1.0))

    dots = [(chapter, step * (k + 0.5), height(chapter.median)) for k, chapter in enumerate(trend)]
    upper = [(x, height(chapter.high)) for chapter, x, _ in dots]
    lower = [(x, height(chapter.low)) for chapter, x, _ in dots]
    return {
        "dots": dots,
        "band": " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *lower[::-1]]),
        "line": " ".join(f"{x:.1f},{y:.1f}" for _, x, y in dots),
    }


def _spark(shares):
    """The height of the bar, or None, for each chapter of one student."""
    return [(None if share is None else max(1.0, 16 * min(share, 1.0))) for share in shares]


def _mistakes(items):
    """The Rows of the misconception table, most students first."""
    sentences = {(e.name, mistake.id): mistake.sentence for e in exercises() for mistake in e.mistakes}
    rows = []
    for item in items:
        attempted = sum(item.statuses.values()) - item.statuses["not attempted"]
        for mistake, who in sorted(item.mistakes.items()):
            sentence = sentences.get((item.name, mistake)) or _example(mistake, item.examples[mistake])
            rows.append(Row(item, mistake, sentence, tuple(sorted(who)), attempted))
    return sorted(rows, key=lambda row: -len(row.who))


def _example(id, message):
    """What stands for a mistake that no bank has a sentence for: what it is, where that is known, and one of them."""
    what = f"{FINDINGS[id][0].upper()}{FINDINGS[id][1:]}. " if id in FINDINGS else ""
    return f"{what}For example: {message}"


def _filtered(rows, items):
    """The rows with their classes, and what the filter offers: [(chapter, its class, [(exercise, its class)]), ...].

    The classes are numbers, because chapters and exercises may be called anything.
    """
    by_chapter: dict[str, dict[str, str]] = defaultdict(dict)
    for item in items:
        if item.mistakes:
            by_chapter[item.chapter][item.name] = ""
    offered, exercise_keys = [], itertools.count()
    for number, (chapter, names) in enumerate(by_chapter.items()):
        names |= {name: f"e{next(exercise_keys)}" for name in names}
        offered.append((chapter, f"c{number}", list(names.items())))
    chapter_keys = {chapter: key for chapter, key, _ in offered}
    seen: Counter[str] = Counter()
    keyed: list[Row] = []
    for row in rows:
        chapter = row.item.chapter
        key = chapter_keys[chapter]
        often = f" {key}t" if seen[chapter] < TOP else ""
        seen[chapter] += 1
        keyed.append(replace(row, classes=f"{by_chapter[chapter][row.item.name]} {key}{often}"))
    return {"rows": keyed, "filters": offered}


def _statuses(items):
    """(status in words, how often) over all verdicts that count, most first."""
    total: Counter[str] = sum((item.statuses for item in items), Counter())
    return [(STATUSES.get(status, status), count) for status, count in total.most_common()]


def _names_alike(students):
    """Groups of names with the same letters and digits: one person under two names, or one who passes for another."""
    groups = defaultdict(list)
    for name in students:
        letters = unicodedata.normalize("NFKC", re.sub(r"~[0-9a-f]{8}$", "", name)).casefold()
        groups[re.sub(r"[\W_]+", "", letters)].append(name)
    return sorted(sorted(names) for letters, names in groups.items() if letters and len(names) > 1)
