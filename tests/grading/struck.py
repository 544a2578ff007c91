"""The real `course` command, with signals that meet it at chosen statements to its database.

    python struck.py SIGINT 40,41 grade inbox ...

A signal from outside comes when it comes; this one comes in the middle of a transaction, each time in the same one.
"""

import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine

from course_lib.cli import main


def strike(number, moments):
    """Send this process the signal when its n-th statement or commit is about to happen, for each n of `moments`."""
    left = sorted(moments, reverse=True)
    seen = 0

    def count(*_):
        nonlocal seen
        seen += 1
        if left and seen == left[-1]:
            left.pop()
            os.kill(os.getpid(), number)

    for name in ("before_cursor_execute", "commit"):
        event.listen(Engine, name, count)

    def stop():
        for name in ("before_cursor_execute", "commit"):
            event.remove(Engine, name, count)

    return stop


if __name__ == "__main__":
    number, moments, *arguments = sys.argv[1:]
    # A shell starts what runs in its background deaf to interrupts, and the tests may run there.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    strike(signal.Signals[number], map(int, moments.split(",")))
    sys.argv[1:] = arguments
    main()
