"""The engine: from an inbox to a gradebook, unit by unit, on any concurrent.futures.Executor.

The gradebook is written here and nowhere else, one transaction per submission. Killed at any moment and started
again, a run goes on where it was: what is graded is known by its hash.
"""

import multiprocessing
import os
import platform
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib import __version__
from course_lib.errors import CourseError
from course_lib.grading.config import Config
from course_lib.grading.intake import Refused, Skipped, Submission, intake
from course_lib.grading.interrupts import Interrupts
from course_lib.grading.today import NOTHING, bounds_of
from course_lib.grading.work import Graded, Pending, Report, Unit

if TYPE_CHECKING:
    from course_lib.grading.gradebook import Gradebook
    from course_lib.grading.sandbox import Confinement

UNITS_AHEAD = 3
# How often the engine looks up from waiting, to see whether it was interrupted.
LOOK_UP_SECONDS = 0.2
BYTES_PER_UNIT = 16 << 20


class Here(Executor):
    """An executor that works in this process, at once; an interrupt ends what it works on."""

    def __init__(self, interrupts):
        self.interrupts = interrupts

    def submit(self, function, /, *args, **kwargs):
        future: Future[Any] = Future()
        try:
            with self.interrupts.welcome():
                result = function(*args, **kwargs)
            future.set_result(result)
        except Exception as error:
            future.set_exception(error)
        return future


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """A pool of `jobs` processes that end with this one and leave the operator's interrupt to it."""
    # A forked worker starts in no time, but only a process without other threads may be forked.
    method = "fork" if threading.active_count() == 1 else "spawn"
    if method == "fork":
        from course_lib.grading.sandbox import offer_nurseries

        offer_nurseries()
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context(method), initializer=_start_worker)
    pool.submit(os.getpid).result()
    return pool


def _start_worker():
    from course_lib.grading import confine, sandbox

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine.die_with_parent()
    sandbox.take_nursery()


def grade_inbox(
    inbox: str | Path,
    gradebook: "Gradebook",
    config: Config,
    *,
    seed: int,
    how: "Confinement | Callable[[], Confinement] | None",
    sandbox: str = "bwrap",
    jobs: int = 1,
    regrade: bool = False,
    stale: Mapping[int, tuple[str, ...]] | None = None,
    executor: Executor | None = None,
    advance: Callable[[object], object] = lambda found: None,
    interrupts: Interrupts | None = None,
) -> Report:
    """Grade what is new in the folder `inbox` into `gradebook`; a Report.

    how       the Confinement, or a function that finds it when it is needed; None lets each worker find its own of
              the kind `sandbox` (on other machines).
    stale     submission id -> the exercises of it that are judged again, whatever was judged before.
    executor  where units run; by default `jobs` processes on this machine.
    advance   called with each Submission or Refused that has been dealt with.
    interrupts   the Interrupts that the caller has entered; the run ends between two records when one is noted.
    """
    start = time.monotonic()
    again, interrupts = _Again(regrade, stale or {}), interrupts or Interrupts()
    engine = _Engine(inbox, gradebook, config, seed, how, sandbox, again, advance, interrupts)
    with _workers(executor, jobs, interrupts) as workers:
        try:
            engine.run(workers, UNITS_AHEAD * jobs)
        except KeyboardInterrupt:
            engine.report.interrupted = True
            if executor is None:
                workers.end()
    engine.finish()
    engine.report.seconds = time.monotonic() - start
    return engine.report


def grade_unit(unit: Unit, how: "Confinement | None") -> list[Graded]:
    """`unit.grade_unit`, which is loaded where and when it is needed."""
    from course_lib.grading import unit as loaded

    return loaded.grade_unit(unit, how)


def _grader_failed(error):
    from course_lib.checks.calling import describe
    from course_lib.grading.unit import clean

    return f"The grader failed: {clean(describe(error))}."


class _Workers:
    """The executor in use, started when it is first needed, and how to get another when a worker process has died."""

    def __init__(self, renew):
        self.renew, self.started = renew, None

    @property
    def executor(self):
        if self.started is None:
            self.started = self.renew()
        return self.started

    def replace(self):
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.started = self.renew()

    def shutdown(self):
        from course_lib.grading.sandbox import leave_offered

        if self.started is not None:
            self.started.shutdown(wait=True, cancel_futures=True)
        leave_offered()

    def end(self):
        if self.started is not None:
            _end(self.started)


@contextmanager
def _workers(executor, jobs, interrupts):
    if executor is not None:
        yield _Workers(lambda: executor)
        return
    workers = _Workers(lambda: _local(jobs, interrupts))
    try:
        yield workers
    finally:
        workers.shutdown()


def _local(jobs, interrupts):
    from course_lib.checks import exercises
    from course_lib.grading import unit  # noqa: F401

    # What the workers need is loaded before they are forked, once for all of them.
    exercises()
    return process_pool(jobs) if jobs > 1 else Here(interrupts)


def _end(executor):
    """End the pool's processes at once; what they were grading is graded by the next run."""
    executor.shutdown(wait=False, cancel_futures=True)
    if isinstance(executor, ProcessPoolExecutor):
        for child in multiprocessing.active_children():
            child.kill()


def _pieces(items):
    """The items in lists of at most BYTES_PER_UNIT, or of one."""
    piece: list[Submission] = []
    size = 0
    for item in items:
        if piece and size + len(item.notebook) > BYTES_PER_UNIT:
            yield piece
            piece, size = [], 0
        piece.append(item)
        size += len(item.notebook)
    if piece:
        yield piece


@dataclass(frozen=True)
class _Again:
    """What is graded though it was graded before: everything, or exercises by submission; see `grade_inbox`."""

    everything: bool
    stale: Mapping[int, tuple[str, ...]]


class _Engine:
    """One run: what was found, what is out being graded, what came back."""

    def __init__(self, inbox, gradebook, config, seed, how, sandbox, again, advance, interrupts):
        self.inbox, self.gradebook, self.config = inbox, gradebook, config
        self.seed, self.find, self.sandbox, self.again, self.advance = seed, how, sandbox, again, advance
        self.interrupts = interrupts
        self.report, self.out, self.seen, self.spent = Report(), {}, set(), defaultdict(float)
        # (student, sha256) -> the exercises that alone are judged again.
        self.only = {}

    @cached_property
    def how(self):
        return self.find() if callable(self.find) else self.find

    @cached_property
    def banks(self):
        """The banks besides the course's own, tried out before the first notebook is asked."""
        from course_lib.checks.bank import try_out
        from course_lib.checks.origins import sources

        banks = sources()
        try_out(banks, self.seed)
        return banks

    @cached_property
    def run_id(self):
        """The number of this run; one in which there was nothing to record has none."""
        from importlib import metadata

        versions: dict[str, object] = {"python": platform.python_version(), "numpy": metadata.version("numpy")}
        versions |= {"course_lib": __version__, "bounds": bounds_of(self.config.limits)}
        return self.gradebook.start_run(self.seed, self.how.name if self.how else self.sandbox, versions)

    @cached_property
    def today(self):
        from course_lib.grading.today import today

        return today(self.config, self.seed)

    def finish(self):
        if "run_id" in vars(self):
            self.gradebook.finish_run(self.run_id)

    def run(self, workers, ahead):
        again: list[Submission] = []
        for items in self._students():
            # One student's units one after the other: what the first one took is not there for the second.
            while len(self.out) >= ahead or any(out[0].student == items[0].student for out in self.out.values()):
                self._collect(workers, again)
            self._submit(workers, items, again)
        while self.out:
            self._collect(workers, again)
        for found in again:
            self.interrupts.act()
            self.gradebook.known(found)

    def _students(self):
        """Lists of submissions to grade, one student at a time; the rest is dealt with on the way."""
        looked = intake(self.inbox, self.config.limits)
        found = (item for item in looked if self._is_work(item) and isinstance(item, Submission))
        for _, items in groupby(found, key=lambda item: item.student):
            yield from _pieces(items)

    def _is_work(self, item):
        self.interrupts.act()
        if isinstance(item, Skipped):
            self.report.skipped.append((item.source, item.reason))
            return False
        before = self.gradebook.dealt_with(item, ("graded", "refused"))
        if isinstance(item, Refused):
            if before and before.status == "refused" and before.reason == item.reason:
                self.report.refused.append((item.student, item.chapter, item.reason, item.source))
            else:
                self._record(item, Graded(item.sha256, "refused", item.chapter, item.reason))
        elif before is None or self.again.everything:
            return True
        elif before.id in self.again.stale:
            self.only[item.student, item.sha256] = self.again.stale[before.id]
            return True
        elif before.status == "graded":
            self.report.known += 1
        else:
            return True
        self.advance(item)
        return False

    def _only(self, item):
        return self.only.get((item.student, item.sha256), ())

    def _submit(self, workers, items, again):
        new = []
        for item in items:
            key = (item.student, item.sha256)
            if key in self.seen:  # handed in twice: graded once, and its time brought up to date at the end
                again.append(item)
                self.report.known += 1
                self.advance(item)
            else:
                self.seen.add(key)
                new.append(item)
        if new:
            how = self.how
            self.out[workers.executor.submit(grade_unit, self._unit(new), how)] = new

    def _unit(self, items):
        config = self.config
        return Unit(
            items[0].student,
            tuple(Pending(str(i), item.chapter, item.notebook, self._only(item)) for i, item in enumerate(items)),
            self.seed,
            self.sandbox,
            config.limits,
            config.chapters,
            self.banks,
            config.limits.seconds_per_student - self.spent[items[0].student],
        )

    def _collect(self, workers, again):
        """Record what has come back, at least one unit."""
        for future in self._come_back(self.out):
            if future not in self.out:
                continue
            items = self.out[future]
            try:
                results = future.result()
            except BrokenExecutor:
                self._one_by_one(workers)
                return
            except CourseError:
                raise
            except Exception as error:
                results = self._failed(items, _grader_failed(error))
            del self.out[future]
            self._record_all(items, results)

    def _come_back(self, futures):
        """Those of the futures that are done, at least one; an interrupt is acted on meanwhile."""
        done: set[Future[Any]] = set()
        while not done:
            self.interrupts.act()
            done, _ = wait(futures, timeout=LOOK_UP_SECONDS, return_when=FIRST_COMPLETED)
        return done

    def _one_by_one(self, workers):
        """A worker process died and took the pool with it: each unit that was out gets a pool of its own."""
        units, self.out = list(self.out.values()), {}
        for items in units:
            workers.replace()
            try:
                (future,) = self._come_back({workers.executor.submit(grade_unit, self._unit(items), self.how)})
                results = future.result()
            except BrokenExecutor:
                results = self._failed(items, "The grader's process died on it, twice.")
            except Exception as error:
                results = self._failed(items, _grader_failed(error))
            self._record_all(items, results)
        workers.replace()

    def _failed(self, items, reason):
        return [Graded(str(i), "failed", item.chapter, reason) for i, item in enumerate(items)]

    def _record_all(self, items, results):
        for item, graded in zip(items, results, strict=True):
            self._record(item, graded)
            self.advance(item)

    def _record(self, item, graded):
        self.interrupts.act()
        self.spent[item.student] += graded.cost
        if graded.status == "graded" and item.remark:
            graded = replace(graded, reason=item.remark)
        change = self.gradebook.record(self.run_id, item, graded, self.today if graded.verdicts else NOTHING)
        again = " Where it was graded before, that stays; the same command tries again."
        anew = self.again.everything or bool(self._only(item))
        reason = graded.reason + again * (anew and graded.status == "failed")
        row = (item.student, graded.chapter or item.chapter, reason, item.source)
        {"graded": self.report.graded, "refused": self.report.refused, "failed": self.report.failed}[
            graded.status
        ].append(row)
        if change is not None:
            self.report.changes.append(change)
