"""The clock by which the seat bounds its work."""

import time


def _clock():
    try:
        time.thread_time()
    except (AttributeError, OSError):
        return time.perf_counter
    return time.thread_time


# Seconds that this thread has computed, so that a busy machine takes nothing from anybody's budget; where Python cannot
# tell, as in a browser, seconds that have passed. Only differences between two calls mean something.
seconds_spent = _clock()
