"""What grading costs, sandbox on, for 300 simulated students.

Targets per submission and core: at most 0.15 s of wall time for a lone one, 0.05 s per chapter for a student with ten;
memory flat in the number of students. Of the command: at most 0.6 s of processor time where nothing is new, and for 24
lone notebooks, pages and report included, at most 0.6 s beyond 1.3 times what 24 sandboxes take that only import NumPy,
each started by itself.

On a busy machine look at the processor time, and at it over that of a bare `import numpy`, measured in between.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from course_lib.grading.config import Config, Limits
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.intake import Submission, intake
from course_lib.grading.run import grade_inbox
from course_lib.grading.sandbox import ENVIRONMENT, Sandbox, find_confinement
from course_lib.grading.simulate import simulate
from course_lib.grading.unit import Pending, Unit, grade_unit

STUDENTS, TERM = 300, 10
ROOT = Path(__file__).resolve().parent.parent.parent
# What is endless is stopped by the clock and says nothing about speed.
ENDLESS = ("an endless loop", "the end of Python")


def run(students=STUDENTS, lone=60, terms=12):
    """Print wall and processor time of a lone submission and of a chapter among ten, then of a whole class."""
    how = find_confinement()
    with tempfile.TemporaryDirectory() as folder:
        inbox = Path(folder, "inbox")
        made = simulate(inbox, students, 1, ROOT, Config())
        endless = {item.path.name for item in made.handed if item.accident in ENDLESS or "hang" in item.meant.values()}
        found = [s for s in intake(inbox) if isinstance(s, Submission) and Path(s.source).name not in endless]
        # Chapters by turns: those of one student, and the same ones alone.
        found = found[: max(lone, terms * TERM)]
        alone = _measured([[s] for s in found[:lone]], how)
        term = _measured([found[k : k + TERM] for k in range(0, terms * TERM, TERM)], how)
        print(f"{'':<34}{'wall':>10}{'processor':>12}{'of import numpy':>18}")
        for name, (wall, processor, ratio) in (("a lone submission", alone), ("a chapter of a student with ten", term)):
            print(f"{name:<34}{wall * 1e3:>7.0f} ms{processor * 1e3:>9.0f} ms{ratio:>17.2f}x")
        _class(folder, inbox, endless, how)
    with tempfile.TemporaryDirectory() as folder:
        _command(Path(folder), how)


def _command(folder, how, counts=(24, 100, 200), times=3):
    """`course grade` of so many students with one notebook each, then once more with nothing new.

    The first count is measured against as many sandboxes that only import NumPy, by turns, and the medians are told.
    """
    (folder / "course.toml").touch()
    inboxes = [_handed_in(folder / f"inbox{count}", count) for count in counts]
    _grade(folder, inboxes[0], "before")  # once, as on every machine, what Python compiles is kept
    count = counts[0]
    found = [(*_bare_sandboxes(how, count), *_grade(folder, inboxes[0], f"out{k}")) for k in range(times)]
    bare, bare_used, grading, used, _ = (statistics.median(column) for column in zip(*found, strict=True))
    print(f"{count} sandboxes that import NumPy: {bare:.2f} s, {bare_used:.2f} s of processor time")
    print(f"`course grade` of {count} lone notebooks: {grading:.2f} s, {used:.2f} s of processor time")
    ratios = (grading - 0.6) / bare, (used - 0.6) / bare_used
    print(f"that is 0.6 s and {ratios[0]:.2f} times as long, {ratios[1]:.2f} times of processor time")
    wall, processor, _ = _grade(folder, inboxes[0], "out0")
    print(f"`course grade` with nothing new: {wall:.2f} s, {processor:.2f} s of processor time")
    peaks = [_grade(folder, inbox, f"{inbox}.out")[2] for inbox in inboxes]
    told = ", ".join(f"{peak:.0f} MB for {count} students" for count, peak in zip(counts, peaks, strict=True))
    print(f"memory of the command: {told}")


def _handed_in(inbox, count):
    """The name of a folder in which so many students hand in the solutions of chapter 1."""
    (sheet,) = (ROOT / "solutions").glob("01_*.ipynb")
    for number in range(count):
        path = inbox / f"student{number:03}" / "homework.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(sheet.read_bytes())
    return inbox.name


def _bare_sandboxes(how, count):
    """(wall, processor) of starting and closing so many sandboxes on all processors."""
    start, used = time.perf_counter(), _processor()
    alone = replace(how, nursery=())
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(lambda _: Sandbox(alone).close(), range(count)))
    return time.perf_counter() - start, _processor() - used


def _grade(folder, inbox, out):
    """(wall, processor, MB at the peak of its largest process) of the command."""
    start, used = time.perf_counter(), _processor()
    command = [sys.executable, "-m", "course_lib.cli", "grade", inbox, "--seed", "20", "--out", out]
    # Where Python keeps no byte code, the course would be compiled anew each time, as it is on nobody's machine.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, _processor() - used, usage.ru_maxrss / 1024


def _measured(groups, how):
    """(wall, processor, processor over a bare import of NumPy) per submission: medians over the groups."""
    walls, processors, bare = [], [], []
    for group in groups:
        pending = tuple(Pending(str(k), s.chapter, s.notebook) for k, s in enumerate(group))
        unit = Unit(group[0].student, pending, 20, limits=Limits())
        start, used = time.perf_counter(), _processor()
        grade_unit(unit, how)
        walls.append((time.perf_counter() - start) / len(group))
        processors.append((_processor() - used) / len(group))
        used = _processor()
        subprocess.run([sys.executable, "-I", "-S", "-c", _IMPORT], env=ENVIRONMENT, check=True)
        bare.append(_processor() - used)
    middle = statistics.median
    return middle(walls), middle(processors), middle(processors) / middle(bare)


_IMPORT = (
    f"import sys; sys.path.append({os.path.dirname(os.path.dirname(sys.modules['numpy'].__file__))!r}); import numpy"
)


def _processor():
    """Processor time of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _class(folder, inbox, endless, how):
    """The whole class into a gradebook on all processors, and the memory after a tenth of it and after all."""
    for path in inbox.rglob("*"):
        if path.name in endless:
            path.unlink()
    book = Gradebook(f"sqlite:///{folder}/gradebook.sqlite")
    jobs, seen, peaks = len(os.sched_getaffinity(0)), [], {}
    total = sum(path.is_file() for path in inbox.rglob("*"))

    def advance(item):
        seen.append(None)
        if len(seen) in (total // 10, total):
            peaks[len(seen)] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    limits = replace(Limits(), seconds_per_call=0.5, seconds_per_chapter=2.0)
    report = grade_inbox(inbox, book, Config(limits=limits), seed=20, how=how, jobs=jobs, advance=advance)
    book.close()
    each = report.seconds / max(len(report.graded), 1)
    print(f"{len(report.graded)} submissions on {jobs} processors: {report.seconds:.1f} s")
    print(f"that is {each * jobs * 1e3:.0f} ms of one processor each")
    print("memory of the engine: " + ", ".join(f"{peak:.0f} MB after {count}" for count, peak in peaks.items()))
