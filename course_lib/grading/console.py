"""`course grade` as the instructor sees it: a progress bar, then tables.

What a run needs loads when there is something to do.
"""

import gc
import os
import secrets
import sys
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from course_lib.errors import CourseError
from course_lib.grading.config import places
from course_lib.grading.interrupts import SENTENCE, Interrupts
from course_lib.grading.settled import Stamp
from course_lib.grading.work import Report

ROWS_SHOWN = 40


@dataclass(frozen=True)
class Order:
    """What `course grade` was asked for; each is an option of the command."""

    inbox: Path
    gradebook: str | None = None
    out: Path | None = None
    seed: int | None = None
    sandbox: str = "bwrap"
    jobs: int | None = None
    regrade: bool = False
    stale: bool = False
    dask: str | None = None


class _Console(Console):
    """A console that goes on grading when nobody reads any more what it says, as after `| head`."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def grade(inbox: str | Path, **options: Any) -> Report:
    """Grade the folder or archive `inbox`, write gradebook, grades.csv, feedback pages and report; the Report.

    options   as in `Order`.
    """
    console, order = _Console(), Order(Path(inbox), **options)
    root, out = places(order.out)
    if out.resolve() == order.inbox.resolve():
        raise CourseError(f"What is written would lie among what was handed in, in {out}; --out names another folder.")
    stamp = Stamp(order.inbox, out, root, order.gradebook, (order.seed, order.sandbox, order.dask))
    said = None if order.regrade or order.stale else stamp.report()
    if said is not None:
        report, lines = Report(known=said["known"], refused=said["refused"], skipped=said["skipped"]), [said["stale"]]
    else:
        stamp.forget()
        report, lines = _everything(order, console, stamp)
    if not (root / "course.toml").is_file():
        lines = [f"There is no course.toml in {root}, so every chapter counts and nothing is late.", *lines]
    show(console, report, out, filter(None, lines))
    return report


def _everything(order, console, stamp):
    """(Report, lines to say) of a run that looks at everything."""
    from course_lib.grading.sandbox import begin, find_confinement, known_kind

    jobs = order.jobs or len(os.sched_getaffinity(0))
    # It loads NumPy while this process loads what it needs itself.
    begun = begin(jobs) if order.sandbox == "bwrap" and not order.dask else ()
    with _much_to_load():
        from course_lib.grading.cluster import cluster
        from course_lib.grading.desk import opened
        from course_lib.grading.intake import checked_inbox, count_candidates
        from course_lib.grading.run import grade_inbox

    inbox, executor = checked_inbox(order.inbox), None
    find = partial(find_confinement, known_kind(order.sandbox), begun)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        desk = stack.enter_context(opened(order.gradebook, order.out))
        if order.dask:
            executor, jobs = stack.enter_context(cluster(order.dask))
        if order.sandbox == "process":
            console.print(
                "Sandbox: process only. A notebook is limited, but it can read this machine's files, and on many "
                "machines the environment of your other programs.",
                style="bold",
            )
        seed = _seed(order.seed, desk.config, desk.book)
        with _bar(console) as progress:
            task = progress.add_task("grading", total=count_candidates(inbox))
            report = grade_inbox(
                inbox,
                desk.book,
                desk.config,
                seed=seed,
                how=None if order.dask else find,
                sandbox=order.sandbox,
                jobs=jobs,
                executor=executor,
                regrade=order.regrade,
                stale=desk.stale(seed).by_submission if order.stale else {},
                advance=lambda found: _advance(progress, task),
                interrupts=interrupts,
            )
        lines = desk.write()
        report.interrupted |= interrupts.noted
        said = str(desk.stale())
    # When the gradebook is closed, its file is as it stays.
    stamp.keep(report, said, desk.config)
    return report, lines


@contextmanager
def _much_to_load():
    """Modules are loaded to stay: no garbage is looked for among them, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _advance(progress, task):
    total = max(progress.tasks[task].total, progress.tasks[task].completed + 1)
    progress.update(task, advance=1, total=total, refresh=True)


def _seed(given, config, book):
    """The seed of the draws: asked for, else the course's, else the gradebook's own, else a new secret one."""
    for seed in (given, config.seed, book.last_seed()):
        if seed is not None:
            return seed
    from course_lib.checks import SEED

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


def show(console: Console, report: Report, out: Path, lines: Iterable[str] = ()) -> None:
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
