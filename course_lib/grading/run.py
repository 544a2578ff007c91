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
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import metadata
from itertools import groupby

from course_lib import __version__
from course_lib.checks.bank import try_out
from course_lib.checks.calling import describe
from course_lib.checks.origins import sources
from course_lib.errors import CourseError
from course_lib.grading import confine
from course_lib.grading.intake import Refused, Skipped, intake
from course_lib.grading.interrupts import Interrupts
from course_lib.grading.unit import Graded, Pending, Unit, clean, grade_unit

UNITS_AHEAD = 3
# How often the engine looks up from waiting, to see whether it was interrupted.
LOOK_UP_SECONDS = 0.2
BYTES_PER_UNIT = 16 << 20


@dataclass
class Report:
    """What a run did. Lists hold (student, chapter, reason, source), or (source, reason) for what was skipped."""

    graded: list = field(default_factory=list)
    known: int = 0
    refused: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    changes: list = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False


class Here(Executor):
    """An executor that works in this process, at once; an interrupt ends what it works on."""

    def __init__(self, interrupts):
        self.interrupts = interrupts

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            with self.interrupts.welcome():
                result = function(*args, **kwargs)
            future.set_result(result)
        except Exception as error:
            future.set_exception(error)
        return future


def process_pool(jobs):
    """A pool of `jobs` processes that end with this one and leave the operator's interrupt to it."""
    # A forked worker starts in no time, but only a process without other threads may be forked.
    method = "fork" if threading.active_count() == 1 else "spawn"
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context(method), initializer=_start_worker)
    pool.submit(os.getpid).result()
    return pool


def _start_worker():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine.die_with_parent()


def grade_inbox(
    inbox,
    gradebook,
    config,
    *,
    seed,
    how,
    sandbox="bwrap",
    jobs=1,
    regrade=False,
    executor=None,
    advance=lambda found: None,
    interrupts=None,
):
    """Grade what is new in the folder `inbox` into `gradebook`; a Report.

    how       the Confinement; None lets each worker find its own of the kind `sandbox` (on other machines).
    executor  where units run; by default `jobs` processes on this machine.
    advance   called with each Submission or Refused that has been dealt with.
    interrupts   the Interrupts that the caller has entered; the run ends between two records when one is noted.
    """
    start = time.monotonic()
    interrupts = interrupts or Interrupts()
    engine = _Engine(inbox, gradebook, config, seed, how, how.name if how else sandbox, regrade, advance, interrupts)
    with _workers(executor, jobs, interrupts) as workers:
        try:
            engine.run(workers, UNITS_AHEAD * jobs)
        except KeyboardInterrupt:
            engine.report.interrupted = True
            if executor is None:
                _end(workers.executor)
    gradebook.finish_run(engine.run_id)
    engine.report.seconds = time.monotonic() - start
    return engine.report


class _Workers:
    """The executor in use, and how to get another when a worker process has died."""

    def __init__(self, executor, renew):
        self.executor, self.renew = executor, renew

    def replace(self):
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = self.renew()


@contextmanager
def _workers(executor, jobs, interrupts):
    if executor is not None:
        yield _Workers(executor, lambda: executor)
        return
    workers = _Workers(_local(jobs, interrupts), lambda: _local(jobs, interrupts))
    try:
        yield workers
    finally:
        workers.executor.shutdown(wait=True, cancel_futures=True)


def _local(jobs, interrupts):
    return process_pool(jobs) if jobs > 1 else Here(interrupts)


def _end(executor):
    """End the pool's processes at once; what they were grading is graded by the next run."""
    executor.shutdown(wait=False, cancel_futures=True)
    if isinstance(executor, ProcessPoolExecutor):
        for child in multiprocessing.active_children():
            child.kill()


def _pieces(items):
    """The items in lists of at most BYTES_PER_UNIT, or of one."""
    piece, size = [], 0
    for item in items:
        if piece and size + len(item.notebook) > BYTES_PER_UNIT:
            yield piece
            piece, size = [], 0
        piece.append(item)
        size += len(item.notebook)
    if piece:
        yield piece


class _Engine:
    """One run: what was found, what is out being graded, what came back."""

    def __init__(self, inbox, gradebook, config, seed, how, sandbox, regrade, advance, interrupts):
        self.inbox, self.gradebook, self.config = inbox, gradebook, config
        self.seed, self.how, self.sandbox, self.regrade, self.advance = seed, how, sandbox, regrade, advance
        self.interrupts = interrupts
        self.report, self.out, self.seen, self.spent = Report(), {}, set(), defaultdict(float)
        self.banks = sources()
        try_out(self.banks, seed)
        versions = {"python": platform.python_version(), "numpy": metadata.version("numpy"), "course_lib": __version__}
        self.run_id = gradebook.start_run(seed, sandbox, versions)

    def run(self, workers, ahead):
        again = []
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
        found = (item for item in intake(self.inbox, self.config.limits) if self._is_work(item))
        for _, items in groupby(found, key=lambda item: item.student):
            yield from _pieces(items)

    def _is_work(self, item):
        self.interrupts.act()
        if isinstance(item, Skipped):
            self.report.skipped.append((item.source, item.reason))
            return False
        if isinstance(item, Refused):
            self._record(item, Graded(item.sha256, "refused", item.chapter, item.reason))
        elif not self.regrade and self.gradebook.known(item):
            self.report.known += 1
        else:
            return True
        self.advance(item)
        return False

    def _submit(self, workers, items, again):
        new = []
        for item in items:
            key = (item.student, item.chapter, item.sha256)
            if key in self.seen:  # handed in twice: graded once, and its time brought up to date at the end
                again.append(item)
                self.report.known += 1
                self.advance(item)
            else:
                self.seen.add(key)
                new.append(item)
        if new:
            self.out[workers.executor.submit(grade_unit, self._unit(new), self.how)] = new

    def _unit(self, items):
        config = self.config
        return Unit(
            items[0].student,
            tuple(Pending(str(i), item.chapter, item.notebook) for i, item in enumerate(items)),
            self.seed,
            self.sandbox,
            config.limits,
            tuple(config.points.items()),
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
                results = self._failed(items, f"The grader failed: {clean(describe(error))}.")
            del self.out[future]
            self._record_all(items, results)

    def _come_back(self, futures):
        """Those of the futures that are done, at least one; an interrupt is acted on meanwhile."""
        done = set()
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
                results = self._failed(items, f"The grader failed: {clean(describe(error))}.")
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
        self.spent[item.student] += graded.seconds
        if graded.status == "graded" and item.remark:
            graded = replace(graded, reason=item.remark)
        change = self.gradebook.record(self.run_id, item, graded)
        again = " Where it was graded before, that stays; --regrade tries again."
        reason = graded.reason + again * (self.regrade and graded.status == "failed")
        row = (item.student, graded.chapter or item.chapter, reason, item.source)
        {"graded": self.report.graded, "refused": self.report.refused, "failed": self.report.failed}[
            graded.status
        ].append(row)
        if change is not None:
            self.report.changes.append(change)
