"""Writing a file so that nobody ever sees half of it."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from course_lib.errors import CourseError


def spare(path: Path, is_ours: Callable[[Path], bool]) -> None:
    """CourseError for a file that is there already and that `is_ours(path)` does not know: it is not written over."""
    if path.is_file() and not is_ours(path):
        raise CourseError(f"{path} is there already and is something else; the name of a new file was expected.")


def save(path: Path, data: bytes) -> None:
    """`write_whole` for a file that an instructor asked for: a CourseError names it and says what is in the way."""
    if path.is_dir():
        raise CourseError(f"{path} is a folder; the name of a file was expected.")
    try:
        write_whole(path, data)
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write bytes aside, onto the disk, and only then under the name `path`; raises OSError and leaves no trace.

    Where that is a link, what it leads to is written. Who may read the file is what this process's mask leaves.
    """
    path = Path(os.path.realpath(path))
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=".being-written-")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, 0o666 & ~_mask())
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise


def _mask() -> int:
    """The mask of this process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
