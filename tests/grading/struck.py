"""The real `course` command, with signals that meet it at chosen statements to its database.

    python struck.py SIGINT 20,20 grade inbox ...

A signal from outside comes when it comes; this one comes in the middle of a transaction, each time in the same one.
Moments are counted from the first submission that is recorded, whatever it takes to open a gradebook.
"""

import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine

from course_lib.cli import main

FIRST_RECORD = "INSERT INTO submissions"


def strike(number, moments, since=""):
    """Send this process the signal when its n-th statement or commit is about to happen, for each n of `moments`.

    since   the beginning of the statement that is counted as the first.
    """
    left = sorted(moments, reverse=True)
    seen = 0

    def count(connection, cursor=None, statement="", *_):
        nonlocal seen
        seen += seen > 0 or statement.startswith(since)
        while left and seen == left[-1]:
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
    strike(signal.Signals[number], map(int, moments.split(",")), FIRST_RECORD)
    sys.argv[1:] = arguments
    main()
