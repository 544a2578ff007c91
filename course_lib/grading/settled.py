"""Nothing new: the inbox, the decisions, the code and all that was written are as the last run left them.

A stamp beside the gradebook says how that was: sizes and times of files, no marks. Where they are the same, a run
would find nothing to do, and says so at once; where there is any doubt, it reads everything again.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.checks.origins import CONFIG, sources
from course_lib.grading.files import save

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from course_lib.grading.config import Config
    from course_lib.grading.work import Report

STAMP = ".nothing-new.json"
# The folders that a run looks into lie less deep.
DEPTH = 12
# A file that was changed so shortly ago may change once more with the same time: as finely as times are kept.
RECENT_SECONDS, RECENT_SECONDS_ON_WHOLE = 0.05, 2.0
PACKAGE = Path(__file__).resolve().parent.parent


class InDoubtError(Exception):
    """What there is cannot be told from sizes and times."""


class Stamp:
    """What a run found before it began, for the stamp that it may leave, and to compare with the last one."""

    def __init__(self, inbox: Path, out: Path, root: Path, gradebook: str | None, options: tuple[object, ...]):
        """options   what else was asked for, as far as it changes what a run does."""
        self.out, self.path = out, out / STAMP
        try:
            self.book = _file_of(gradebook, out)
            self.inputs = _digest([*_inputs(inbox, root), *options])
        except (InDoubtError, OSError, RecursionError):
            self.inputs = ""

    def report(self) -> dict[str, Any] | None:
        """What the run said that left everything as it is now; None where there is anything to do, or any doubt."""
        try:
            kept = json.loads(self.path.read_bytes())
            same = self.inputs and kept["inputs"] == self.inputs and kept["outputs"] == self._outputs()
            return kept["said"] if same and (kept["until"] is None or time.time() < kept["until"]) else None
        except (InDoubtError, OSError, ValueError, KeyError, TypeError):
            return None

    def forget(self) -> None:
        with contextlib.suppress(OSError):  # where it cannot be removed, nothing can be written either
            self.path.unlink()

    def keep(self, report: "Report", stale: str, config: "Config") -> None:
        """Leave a stamp, unless something is left to do: to be called when everything is written."""
        if not self.inputs or report.failed or report.interrupted:
            return
        ahead = [due.timestamp() for due in config.due.values() if due.timestamp() > time.time()]
        said = {"known": report.known + len(report.graded), "refused": report.refused, "skipped": report.skipped}
        try:
            kept = {"inputs": self.inputs, "outputs": self._outputs(), "until": min(ahead, default=None)}
        except (InDoubtError, OSError):
            return
        save(self.path, json.dumps({**kept, "said": {**said, "stale": stale}}).encode())

    def _outputs(self) -> str:
        written = [self.out / "grades.csv", self.out / "report.html", *sorted((self.out / "feedback").iterdir())]
        if os.path.exists(f"{self.book}-journal"):
            raise InDoubtError
        return _digest([_look(path) for path in (self.book, *written)])


def _file_of(gradebook: str | None, out: Path) -> Path:
    """The file that a gradebook is; others may write into one on a server at any time."""
    kind, _, path = (gradebook or "").partition(":///")
    if gradebook and (kind != "sqlite" or not path or "?" in path):
        raise InDoubtError
    return Path(path) if gradebook else out / "gradebook.sqlite"


def _digest(things: "Iterable[object]") -> str:
    return hashlib.sha256("\n".join(map(repr, things)).encode("utf-8", "surrogatepass")).hexdigest()


def _look(path: "str | Path | os.DirEntry[str]") -> tuple[object, ...]:
    status = os.lstat(path)
    times = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return os.fspath(path), status.st_mode, *times


def _inputs(inbox: Path, root: Path) -> "Iterator[object]":
    """All that decides what a run does."""
    yield from (sys.version, sys.prefix, time.tzname, os.geteuid(), os.path.realpath(inbox), os.path.realpath(root))
    # Where a package is installed or renewed, the folder that it lies in has another time.
    yield from (_look(path) for path in sys.path if path.endswith("-packages") and os.path.isdir(path))
    for folder, inner, names in os.walk(PACKAGE):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        yield from (_look(os.path.join(folder, name)) for name in sorted(names))
    for bank in sources(root):
        if bank.text is None:  # a module, that may be made of many files
            raise InDoubtError
        yield bank
    now = time.time()
    yield from (_settled(found, now) for found in _below(inbox))
    if (root / CONFIG).exists():
        yield _settled(_look(root / CONFIG), now)


def _below(folder: Path, depth: int = 0) -> "Iterator[tuple[object, ...]]":
    yield _look(folder)
    if depth < DEPTH and folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.is_dir() and not path.is_symlink():
                yield from _below(path, depth + 1)
            else:
                yield _look(path)


def _settled(found: tuple[object, ...], now: float) -> tuple[object, ...]:
    """The same; raises InDoubtError where the file was changed just now."""
    changed = found[4]
    assert isinstance(changed, int)
    if now - changed / 1e9 < (RECENT_SECONDS if changed % 10**9 else RECENT_SECONDS_ON_WHOLE):
        raise InDoubtError
    return found
