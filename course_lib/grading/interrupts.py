"""The operator's Ctrl-C: noted when it comes, and acted on between two records.

Python raises KeyboardInterrupt wherever it happens to be, in the middle of a transaction too, and the database library
then cleans up before the operator's eyes. So the signal is only noted, and the engine asks where it may stop.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130  # the exit code of a program that SIGINT ended
_GO_ON = "What is graded is kept; the same command goes on from here."
SENTENCE = f"Interrupted. {_GO_ON}"
_SHOW_CURSOR = "\x1b[?25h"  # a progress bar has hidden it


class Interrupts:
    """While entered, the first interrupt is noted and the second ends the program at once.

    Not entered it notes nothing, and an interrupt is Python's own. `noted` says whether one came.
    """

    def __init__(self):
        self.noted, self._welcome, self._before = False, False, None

    def __enter__(self):
        # Only the main thread hears signals; and a program that was started deaf to this one stays so.
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *error):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def act(self) -> None:
        """Raise KeyboardInterrupt if one was noted: called where nothing is half done."""
        if self.noted:
            raise KeyboardInterrupt

    @contextmanager
    def welcome(self) -> Iterator[None]:
        """A stretch that may be left anywhere: here an interrupt is raised when it comes."""
        self._welcome = True
        try:
            self.act()
            yield
        finally:
            self._welcome = False

    def _hear(self, number, frame):
        if self.noted:
            _end_at_once()
        self.noted = True
        if self._welcome:
            raise KeyboardInterrupt


def _end_at_once():
    """End this process without another word to anything: a transaction that is not committed did not happen.

    Workers and sandboxes end with the process that started them, whichever way it ends.
    """
    cursor = _SHOW_CURSOR if sys.stdout.isatty() else ""
    os.write(2, f"{cursor}\nEnded at once. {_GO_ON}\n".encode())
    os._exit(INTERRUPTED)
