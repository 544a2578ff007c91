"""`course grade` as the instructor sees it: a progress bar, then tables."""

import math
import os
import secrets
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from course_lib.checks import SEED, find
from course_lib.errors import CourseError
from course_lib.grading.cluster import cluster
from course_lib.grading.config import Config, course_root, instructors_config
from course_lib.grading.falls import fallen, remember
from course_lib.grading.feedback import write_feedback
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.intake import checked_inbox, count_candidates
from course_lib.grading.interrupts import SENTENCE, Interrupts
from course_lib.grading.marks import write_grades
from course_lib.grading.report import write_report
from course_lib.grading.run import grade_inbox
from course_lib.grading.sandbox import find_confinement
from course_lib.grading.today import stale as stale_verdicts
from course_lib.grading.today import today

ROWS_SHOWN = 40


def grade(
    inbox, *, gradebook=None, out=None, seed=None, sandbox="bwrap", jobs=None, regrade=False, stale=False, dask=None
):
    """Grade the folder or archive `inbox`, write gradebook, grades.csv, feedback pages and report; the Report."""
    console = Console()
    inbox = checked_inbox(inbox)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        desk = stack.enter_context(opened(gradebook, out))
        how, executor, jobs = None, None, jobs or len(os.sched_getaffinity(0))
        if dask:
            executor, jobs = stack.enter_context(cluster(dask))
        else:
            how = find_confinement(sandbox)
        if sandbox == "process":
            console.print(
                "Sandbox: process only. A notebook is limited, but it can read this machine's files, and on many "
                "machines the environment of your other programs.",
                style="bold",
            )
        seed = _seed(seed, desk.config, desk.book)
        with _bar(console) as progress:
            task = progress.add_task("grading", total=count_candidates(inbox))
            report = grade_inbox(
                inbox,
                desk.book,
                desk.config,
                seed=seed,
                how=how,
                sandbox=sandbox,
                jobs=jobs,
                executor=executor,
                regrade=regrade,
                stale=stale_verdicts(desk.book, today(desk.config, seed)).by_submission if stale else {},
                advance=lambda found: _advance(progress, task),
                interrupts=interrupts,
            )
        lines = desk.write()
        report.interrupted |= interrupts.noted
        show(console, report, desk.out, lines)
    return report


def _advance(progress, task):
    total = max(progress.tasks[task].total, progress.tasks[task].completed + 1)
    progress.update(task, advance=1, total=total, refresh=True)


@dataclass(frozen=True)
class Desk:
    """Where an instructor works: the gradebook, the decisions, and the folder that is written."""

    book: Gradebook
    config: Config
    out: Path

    def write(self):
        """Write everything that follows from the gradebook: grades.csv, feedback pages, the class report.

        Returns what there is to say of it, line by line: which marks fell, which verdicts are stale.
        """
        remember(self.book, self.out / "grades.csv")
        write_grades(self.book, self.config, self.out / "grades.csv")
        write_feedback(self.book, self.config, self.out / "feedback")
        write_report(self.book, self.config, self.out / "report.html")
        now = today(self.config, self.config.seed if self.config.seed is not None else self.book.last_seed())
        lines = [self.book.note, *_fallen(fallen(self.book, self.config)), str(stale_verdicts(self.book, now))]
        return [line for line in lines if line]


@contextmanager
def opened(gradebook=None, out=None, must_exist=False):
    """The Desk of the course that this is run in; CourseError when `must_exist` and nothing was graded yet."""
    root = course_root() or Path.cwd()
    out = Path(out) if out else root / "graded"
    path = out / "gradebook.sqlite"
    if must_exist and gradebook is None and not path.is_file():
        raise CourseError(f"There is no gradebook {path}; `course grade INBOX` makes one, --out says where it lies.")
    config = instructors_config(root)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"The folder {out} cannot be made: {error.strerror}.") from None
    book = Gradebook(gradebook or f"sqlite:///{path.resolve()}", must_exist)
    try:
        yield Desk(book, config, out)
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or error
        raise CourseError(
            f"The gradebook {book.engine.url!r} cannot be used: {said}. What was written before is kept."
        ) from None
    finally:
        book.close()


def adjust(desk, student, exercise, points, reason):
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


def _points(desk, student):
    return math.fsum(score.points for score in desk.book.scores(student, desk.config).values())


def _seed(given, config, book):
    """The seed of the draws: asked for, else the course's, else the gradebook's own, else a new secret one."""
    for seed in (given, config.seed, book.last_seed()):
        if seed is not None:
            return seed
    seed = SEED
    while seed == SEED:  # the seed that every student has
        seed = secrets.randbelow(2**31)
    return seed


class _Rate(ProgressColumn):
    def render(self, task):
        return Text(f"{task.speed or 0:.1f} per second")


def _bar(console):
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    # Redrawn when something is done, not by a thread: a process with threads cannot fork its workers safely.
    return Progress(*columns, console=console, auto_refresh=False)


def _fallen(falls):
    """Lines that say which marks fell, so that nobody finds out later."""
    if falls:
        yield f"Marks that fell since they were said last: {len(falls)}"
        yield from (f"  {fall}" for fall in falls[:ROWS_SHOWN])
    if len(falls) > ROWS_SHOWN:
        yield f"  and {len(falls) - ROWS_SHOWN} more"


def show(console, report, out, lines=()):
    """The tables after a run; what students wrote is shown as text, never as markup."""
    table = Table("chapter", "graded", title=None)
    for chapter in sorted({row[1] for row in report.graded}):
        table.add_row(chapter, str(sum(row[1] == chapter for row in report.graded)))
    if report.graded:
        console.print(table)
    _rows(console, "Graded, with a remark", [row for row in report.graded if row[2]])
    _rows(console, "Refused", report.refused)
    _rows(console, "Failed, to be tried again", report.failed)
    if report.skipped:
        console.print(f"Skipped, no submissions: {len(report.skipped)}")
        for source, reason in report.skipped[:ROWS_SHOWN]:
            console.print(Text(f"  {source}: {reason}"), soft_wrap=True)
    _changes(console, report.changes)
    rate = len(report.graded) / report.seconds if report.seconds else 0.0
    console.print(
        f"{len(report.graded)} graded, {report.known} graded before, {len(report.refused)} refused, "
        f"{len(report.failed)} failed, in {report.seconds:.1f} s ({rate:.1f} per second)."
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)
    console.print(Text(f"Grades, gradebook, feedback pages and report: {out}"), soft_wrap=True)
    if report.interrupted:
        console.print(SENTENCE, style="bold")


def _rows(console, title, rows):
    """A table on a terminal; elsewhere one whole line each, for other programs to read."""
    if not rows:
        return
    if not console.is_terminal:
        console.print(f"{title}: {len(rows)}")
        for student, chapter, reason, source in rows[:ROWS_SHOWN]:
            console.print(Text(f"  {student} {chapter}: {reason} ({source})"), soft_wrap=True)
    else:
        table = Table("student", "chapter", title=f"{title}: {len(rows)}", title_justify="left")
        table.add_column("reason", overflow="fold", ratio=2)
        table.add_column("file", overflow="fold", ratio=1)
        for student, chapter, reason, source in rows[:ROWS_SHOWN]:
            table.add_row(Text(student), Text(chapter), Text(reason), Text(source))
        console.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"and {len(rows) - ROWS_SHOWN} more, in the report.")


def _changes(console, changes):
    changed = [change for change in changes if change.exercises]
    if changes:
        console.print(f"Graded again: {len(changes)}, of which {len(changed)} changed.")
    for change in changed:
        parts = ", ".join(f"{name} {old:g} → {new:g}" for name, (old, new) in sorted(change.exercises.items()))
        text = f"  {change.student} {change.chapter}: {change.before:g} → {change.now:g} ({parts})"
        console.print(Text(text), soft_wrap=True)
