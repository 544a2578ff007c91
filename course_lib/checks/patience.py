"""Call a function and stop it after some seconds of processor time, in the process that it lives in.

The grading sandbox has limits of its own. A notebook has none, and waits: so the judge looks at the clock from a thread
and interrupts the call as Ctrl-C would. Processor time, not time on the wall, because a busy machine is nobody's fault.
"""

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from course_lib.checks import calling

# How often the watch looks at the clock, and at what the function is doing.
LOOKS = 10
# What one call may take beyond what the process has: so much that only a mistake needs more.
SPARE_BYTES = 2 << 30


class OutOfTimeError(BaseException):
    """Raised inside the call; no `except Exception` of a learner's catches it."""


@dataclass(frozen=True)
class Timed:
    """What came of a call with a limit.

    outcome        the Outcome, or None when it was stopped.
    complex_inside whether the function computed with complex numbers at some of the moments that were looked at.
    """

    outcome: calling.Outcome | None
    complex_inside: bool = False


def can_interrupt() -> bool:
    """Whether a call can be stopped here: in the main thread of a Python that has threads and signals."""
    stoppable = sys.platform != "emscripten" and hasattr(_thread, "interrupt_main")  # a browser has no threads
    return stoppable and threading.current_thread() is threading.main_thread()


def call_within(function: Callable[..., Any], args: tuple, seconds: float) -> Timed | None:
    """Call `function(*args)` for at most `seconds` of processor time; None where it could not be stopped."""
    if not can_interrupt():
        return None
    watch = _Watch(seconds)
    try:
        with _room(), watch:
            outcome = calling.call(function, args)
    except OutOfTimeError:
        return Timed(None, watch.complex_inside)
    return Timed(outcome, watch.complex_inside)


class _Watch:
    """Interrupts the main thread every so often; each time it looks around, and at the end it raises."""

    def __init__(self, seconds: float):
        self.end = time.process_time() + seconds
        self.pause = seconds / LOOKS
        self.lock = threading.Lock()
        self.over = False
        self.asked = False
        self.complex_inside = False

    def __enter__(self) -> None:
        self.before = signal.signal(signal.SIGINT, self._handle)
        try:
            threading.Thread(target=self._run, daemon=True).start()
        except RuntimeError:  # a Python without threads: then nothing is stopped
            self.over = True

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.over = True
        signal.signal(signal.SIGINT, self.before)

    def _run(self) -> None:
        while True:
            time.sleep(self.pause)
            with self.lock:
                if self.over:
                    return
                self.asked = True
                _thread.interrupt_main()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            # A real Ctrl-C: whoever pressed it is obeyed.
            if callable(self.before):
                self.before(number, frame)
            return
        self.asked = False
        self.complex_inside = self.complex_inside or _computes_with_complex(frame)
        if not self.over and time.process_time() >= self.end:
            raise OutOfTimeError


def _computes_with_complex(frame: FrameType | None) -> bool:
    """Whether a function that is running, or one that called it, has a complex number or array at hand."""
    while frame is not None and frame.f_code is not calling.call.__code__:
        for value in list(frame.f_locals.values()):
            if type(value) is complex or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "c"):
                return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """Some memory and no more, where the system can limit it: a table of all pairs of weights would take all."""
    try:
        import resource

        with open("/proc/self/statm") as counts:
            used = int(counts.read().split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = used + SPARE_BYTES
        limited = soft == resource.RLIM_INFINITY or soft > most
        if limited:
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    except (ImportError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        if limited:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
