"""Where an instructor works: the gradebook, the decisions of the course, and everything that is written from them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from course_lib.checks import find
from course_lib.errors import CourseError
from course_lib.grading.config import Config, instructors_config, places
from course_lib.grading.falls import Fall, fallen, kept_by_hand, remember
from course_lib.grading.feedback import write_feedback
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.marks import write_grades
from course_lib.grading.report import write_report
from course_lib.grading.today import Stale, stale, today

FALLS_SHOWN = 40


@dataclass(frozen=True)
class Desk:
    """Where an instructor works: the gradebook, the decisions, and the folder that is written."""

    book: Gradebook
    config: Config
    out: Path

    def write(self) -> list[str]:
        """Write everything that follows from the gradebook: grades.csv, feedback pages, the class report.

        Returns what there is to say of it, line by line: which marks fell, which verdicts are stale.
        """
        grades = self.out / "grades.csv"
        kept = kept_by_hand(self.book, grades)
        remember(self.book, grades)
        write_grades(self.book, self.config, grades)
        write_feedback(self.book, self.config, self.out / "feedback")
        falls, told = fallen(self.book, self.config)
        write_report(self.book, self.config, self.out / "report.html", falls)
        self.book.tell(told)
        lines = [self.book.note, kept, *_fallen(falls), str(self.stale())]
        return [line for line in lines if line]

    def stale(self, seed: int | None = None) -> Stale:
        """Which verdicts are stale, by the seed given, else the course's, else the gradebook's own."""
        for other in (self.config.seed, self.book.last_seed()):
            seed = other if seed is None else seed
        return stale(self.book, today(self.config, seed))


@contextmanager
def opened(gradebook: str | None = None, out: str | Path | None = None, must_exist: bool = False) -> Iterator[Desk]:
    """The Desk of the course that this is run in; CourseError when `must_exist` and nothing was graded yet."""
    root, out = places(out)
    path = out / "gradebook.sqlite"
    if must_exist and gradebook is None and not path.is_file():
        raise CourseError(f"There is no gradebook {path}; `course grade INBOX` makes one, --out says where it lies.")
    config = instructors_config(root)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"The folder {out} cannot be made: {error.strerror}.") from None
    # As a URL and not as its text, in which some characters of a folder's name would mean something else.
    book = Gradebook(gradebook or URL.create("sqlite", database=str(path.resolve())), must_exist)
    try:
        yield Desk(book, config, out)
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or error
        raise CourseError(
            f"The gradebook {book.engine.url!r} cannot be used: {said}. What was written before is kept."
        ) from None
    finally:
        book.close()


def adjust(desk: Desk, student: str, exercise: str, points: float | None, reason: str) -> str:
    """Set the points of one exercise by hand (None: back to the judge's); a sentence with the points before and now."""
    found = find(exercise)
    if points is not None and (not math.isfinite(points) or points < 0):
        raise CourseError(f"{points:g} points cannot be given; a number, 0 or more, was expected.")
    if not reason.strip():
        raise CourseError("Why? Say it with --reason; the student reads it.")
    before = _points(desk, student)
    most = desk.config.points.get(found.name, found.points)
    desk.book.adjust(student, found, points, most, reason.strip())
    desk.write()
    more = (
        f"; {points:g} is more than the {most:g} that {found.name} gives"
        if points is not None and points > most
        else ""
    )
    return f"{student}: {before:g} → {_points(desk, student):g} points{more}"


def _points(desk: Desk, student: str) -> float:
    return math.fsum(score.points for score in desk.book.scores(student, desk.config).values())


def _fallen(falls: Sequence[Fall]) -> Iterable[str]:
    """Lines that say which marks fell, so that nobody finds out later."""
    if falls:
        yield f"Marks that fell since they were said last: {len(falls)}"
        yield from (f"  {fall}" for fall in falls[:FALLS_SHOWN])
    if len(falls) > FALLS_SHOWN:
        yield f"  and {len(falls) - FALLS_SHOWN} more"
