"""`course grade` as the instructor sees it: a progress bar, then tables."""

import os
import secrets
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from course_lib.checks import SEED
from course_lib.errors import CourseError
from course_lib.grading.config import course_root, load_config
from course_lib.grading.feedback import write_feedback
from course_lib.grading.gradebook import Gradebook, write_grades
from course_lib.grading.intake import count_candidates
from course_lib.grading.run import grade_inbox
from course_lib.grading.sandbox import find_confinement

ROWS_SHOWN = 40


def grade(inbox, *, gradebook=None, out=None, seed=None, sandbox="bwrap", jobs=None, regrade=False):
    """Grade the folder `inbox`, write gradebook, grades.csv and feedback pages; the Report."""
    console = Console()
    inbox = Path(inbox)
    if not inbox.is_dir():
        raise CourseError(f"There is no folder {inbox}; give the folder that the submissions lie in.")
    root = course_root() or Path.cwd()
    config = load_config(root)
    out = Path(out) if out else root / "graded"
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"The folder {out} cannot be made: {error.strerror}.") from None
    how = find_confinement(sandbox)
    if how.name == "process":
        console.print(
            "Sandbox: process only. A notebook is limited, but it can read this machine's files.", style="bold"
        )
    book = Gradebook(gradebook or f"sqlite:///{(out / 'gradebook.sqlite').resolve()}")
    try:
        seed = _seed(seed, config, book)
        with _bar(console) as progress:
            task = progress.add_task("grading", total=count_candidates(inbox))
            report = grade_inbox(
                inbox,
                book,
                config,
                seed=seed,
                how=how,
                jobs=jobs or len(os.sched_getaffinity(0)),
                regrade=regrade,
                advance=lambda found: progress.update(task, advance=1, refresh=True),
            )
        write_grades(book, config, out / "grades.csv")
        write_feedback(book, config, out / "feedback")
    finally:
        book.close()
    show(console, report, out)
    return report


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


def show(console, report, out):
    """The tables after a run; what students wrote is shown as text, never as markup."""
    table = Table("chapter", "graded", title=None)
    for chapter in sorted({row[1] for row in report.graded}):
        table.add_row(chapter, str(sum(row[1] == chapter for row in report.graded)))
    if report.graded:
        console.print(table)
    _rows(console, "Refused", report.refused)
    _rows(console, "Failed, to be tried again", report.failed)
    if report.skipped:
        console.print(f"Skipped, no submissions: {len(report.skipped)}")
        for source, reason in report.skipped[:ROWS_SHOWN]:
            console.print(Text(f"  {source}: {reason}"))
    _changes(console, report.changes)
    rate = len(report.graded) / report.seconds if report.seconds else 0.0
    console.print(
        f"{len(report.graded)} graded, {report.known} graded before, {len(report.refused)} refused, "
        f"{len(report.failed)} failed, in {report.seconds:.1f} s ({rate:.1f} per second)."
    )
    console.print(Text(f"Grades, gradebook and feedback pages: {out}"))
    if report.interrupted:
        console.print("Interrupted. What is graded is kept; the same command goes on from here.", style="bold")


def _rows(console, title, rows):
    if not rows:
        return
    table = Table("student", "chapter", "reason", "file", title=f"{title}: {len(rows)}", title_justify="left")
    for student, chapter, reason, source in rows[:ROWS_SHOWN]:
        table.add_row(Text(student), Text(chapter), Text(reason), Text(source))
    console.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"and {len(rows) - ROWS_SHOWN} more, in the gradebook.")


def _changes(console, changes):
    changed = [change for change in changes if change.exercises]
    if changes:
        console.print(f"Graded again: {len(changes)}, of which {len(changed)} changed.")
    for change in changed:
        parts = ", ".join(f"{name} {old:g} → {new:g}" for name, (old, new) in sorted(change.exercises.items()))
        console.print(Text(f"  {change.student} {change.chapter}: {change.before:g} → {change.now:g} ({parts})"))
