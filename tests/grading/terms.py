"""A term that did not happen: hand-ins, late copies, resubmissions, changed decisions and a mended exercise.

What the judge would say is drawn, so that a term of any size costs the gradebook alone.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from course_lib.checks.specification import Exercise
from course_lib.checks.verdict import Verdict
from course_lib.grading.config import Config, Late
from course_lib.grading.intake import Submission
from course_lib.grading.today import Today, stale
from course_lib.grading.work import Graded

START = datetime(2030, 1, 7, 22, 0, tzinfo=UTC)
CHAPTERS = tuple(f"{number:02}" for number in range(1, 11))
PER_CHAPTER = 5
KINDS = (("right", 1.0), ("wrong", 0.0), ("unfinished", 0.37), ("not attempted", 0.0))


def made_up_course():
    """Five exercises in each of ten chapters, of 1 to 5 points."""
    sizes = range(1, PER_CHAPTER + 1)
    return [Exercise(f"e{chapter}_{n}", ("x",), chapter, float(n), 1, ()) for chapter in CHAPTERS for n in sizes]


def due_times():
    return {chapter: START + timedelta(weeks=week) for week, chapter in enumerate(CHAPTERS)}


# What an instructor changes his mind about, week after week.
DECISIONS = (
    Config(chapters=CHAPTERS, due=due_times(), late=Late(0.1)),
    Config(chapters=CHAPTERS, due=due_times(), late=Late(0.1), points={"e01_1": 7.0, "e03_2": 0.0}),
    Config(chapters=CHAPTERS[:-1], due=due_times(), late=Late(0.25), points={"e01_1": 2.5}),
    Config(chapters=CHAPTERS, due={c: t + timedelta(days=2) for c, t in due_times().items()}, late=Late(0.2)),
)


@dataclass
class Term:
    """One term in a gradebook: `hand_in` and `judge_again` write into it, as `course grade` would."""

    book: object
    seed: int
    students: int
    course: list
    fingerprints: dict = field(default_factory=dict)

    def __post_init__(self):
        self.draw = np.random.default_rng(self.seed)
        self.fingerprints = {exercise.name: "as it was first" for exercise in self.course}
        # (student, chapter) -> the submissions so far
        self.handed = {}

    @property
    def today(self):
        points = {exercise.name: exercise.points for exercise in self.course}
        return Today(points, self.fingerprints, {e.name: e.chapter for e in self.course}, self.seed)

    def verdicts(self, chapter, only=()):
        for exercise in self.course:
            if exercise.chapter == chapter and (not only or exercise.name in only):
                status, share = KINDS[self.draw.choice(len(KINDS), p=(0.5, 0.2, 0.2, 0.1))]
                yield Verdict(
                    exercise.name, status, "", share * exercise.points, exercise.points, None, 0.0, exercise.chapter
                )

    def week(self, number):
        """Everybody hands in; some twice, some late, and some of what was there comes once more, in other files."""
        run = self.book.start_run(self.seed, "bwrap", {})
        for chapter in CHAPTERS[: number + 1]:
            for k in range(self.students):
                name = f"s{k:03}"
                new = chapter == CHAPTERS[number] and self.draw.random() < 0.95
                for _ in range(int(new) + int(self.draw.random() < 0.08)):
                    self.hand_in(run, name, chapter)
                before = self.handed.get((name, chapter))
                if before and self.draw.random() < 0.08:
                    old = before[self.draw.integers(len(before))]
                    time = START + timedelta(weeks=number, hours=self.draw.uniform(0, 150))
                    assert self.book.known(replace(old, source=f"copy {time}", submitted_at=time, received_at=time))
        self.book.finish_run(run)

    def hand_in(self, run, student, chapter):
        hours = self.draw.choice([-self.draw.uniform(0, 100), self.draw.uniform(0, 100)], p=(0.85, 0.15))
        time = due_times()[chapter] + timedelta(hours=hours)
        data = self.draw.bytes(12)
        found = Submission(student, chapter, data, time, time, f"{student}/{data.hex()}.ipynb", "", time)
        graded = Graded("0", "graded", chapter, verdicts=tuple(self.verdicts(chapter)))
        self.book.record(run, found, graded, self.today)
        self.handed.setdefault((student, chapter), []).append(found)

    def mend(self, exercise):
        self.fingerprints[exercise] = "mended"

    def judge_again(self):
        """Judge exactly what is stale; how many verdicts that were."""
        found = stale(self.book, self.today)
        run = self.book.start_run(self.seed, "bwrap", {})
        for row in [row for student in self.book.students() for row in self.book.submissions(student)]:
            if only := found.by_submission.get(row.id):
                (item,) = [s for s in self.handed[row.student_id, row.chapter] if s.sha256 == row.sha256]
                verdicts = tuple(self.verdicts(row.chapter, only))
                self.book.record(
                    run, item, Graded("0", "graded", row.chapter, verdicts=verdicts, partial=True), self.today
                )
        return found.count

    def play(self, decide):
        """The whole term; `decide(config)` is called after each week with the decisions of that week."""
        for number in range(len(CHAPTERS)):
            self.week(number)
            if number == 4:
                self.mend("e02_3")
            if number == 7:
                assert self.judge_again() > 0
            by_hand = self.course[int(self.draw.integers(PER_CHAPTER * (number + 1)))]
            self.book.adjust("s000", by_hand, float(self.draw.uniform(0, 5)), by_hand.points, "seen in class")
            decide(replace(DECISIONS[number % len(DECISIONS)], attempts=("latest", "best")[number % 3 == 2]))
