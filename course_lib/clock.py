"""The clock by which the seat bounds its work."""

import threading
import time

GRAIN = 0.004  # seconds for which an answer of the system serves: on some systems asking takes as long as the work does


def _clock():
    try:
        time.thread_time()
    except (AttributeError, OSError):
        return time.perf_counter
    return time.thread_time


_exact = _clock()
_answers = threading.local()


def seconds_spent() -> float:
    """Seconds that this thread has computed, to GRAIN; only differences between two calls mean something.

    A busy machine takes nothing from anybody's budget. Where Python cannot tell, as in a browser, the seconds that have
    passed.
    """
    now = time.perf_counter()
    if now >= getattr(_answers, "until", now):
        _answers.spent, _answers.until = _exact(), now + GRAIN
    return _answers.spent
