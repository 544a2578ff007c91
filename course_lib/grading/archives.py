"""Reading what others wrote: ordinary files and members of archives, bounded in every way, unpacked to nowhere."""

import contextlib
import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from course_lib.grading.names import visible
from course_lib.grading.notebook import UnreadableError
from course_lib.grading.trimming import PIECE, Trimmer

MEMBER_LIMIT = 64
LINK = "It is a link; only files themselves are read."
RATIO_LIMIT = 200
# Printed lines that are all alike pack better than anything else; below this size they may.
RATIO_BYTES = 30 << 20
READ_LIMIT = 8 << 20
_NAMED_IN_UTF8 = 0x800
# A file time beyond this year is none, and some of those no database holds.
LAST_YEAR = 2199


@dataclass(frozen=True)
class Trimmed:
    """A notebook as it was read: its bytes without outputs, the sha256 of the whole, and how large that was."""

    data: bytes = field(repr=False)
    sha256: str
    size: int


def plausible_time(seconds: float) -> datetime | None:
    """A file's time, or None where it is none that anything can have been handed in at."""
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    # Zero is what a program writes that does not know.
    return time if seconds > 0 and time.year <= LAST_YEAR else None


def time_of(path: Path) -> datetime:
    """When a file was written; now, where its time is none or it is there no more."""
    try:
        return plausible_time(path.lstat().st_mtime) or datetime.now(UTC)
    except OSError:
        return datetime.now(UTC)


def time_in_archive(member: zipfile.ZipInfo, latest: datetime) -> datetime:
    """When a member was written, in this machine's zone, because an archive does not say which; `latest` at most."""
    try:
        written = datetime(*member.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return latest
    # 1980 is what a program writes that does not know.
    return min(written, latest) if member.date_time[0] > 1980 else latest


@contextmanager
def regular(path: Path) -> Iterator[io.FileIO]:
    """An ordinary file opened for reading; links and devices are UnreadableError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        if path.is_symlink():
            raise UnreadableError(LINK) from None
        raise
    with _Bounded(descriptor) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError("It is not an ordinary file.")
        yield file


class _Bounded(io.FileIO):
    """A file of which nobody reads more than READ_LIMIT at once: a list of a million members is not taken in."""

    def read(self, size=-1):
        if size > READ_LIMIT:
            raise UnreadableError(f"The archive's list of members has {size / 1e6:,.0f} MB.")
        return super().read(size)


def read_regular(path: Path, most: int) -> tuple[bytes, float]:
    """(bytes, file's time in seconds) of an ordinary file of at most `most` bytes; else UnreadableError."""
    with _within(path, most) as (file, status):
        data = _read_all(file, most)
    if len(data) > most:
        raise UnreadableError(f"The file grew beyond the {most / 1e6:,.1f} MB that are read.")
    return data, status.st_mtime


def read_trimmed(path: Path, most: int, kept: int) -> tuple[Trimmed, float]:
    """(Trimmed, file's time in seconds) of a notebook of at most `most` bytes, and `kept` without its outputs."""
    with _within(path, most) as (file, status):
        return _trimmed(file, most, kept), status.st_mtime


@contextmanager
def _within(path: Path, most: int) -> Iterator[tuple[io.FileIO, os.stat_result]]:
    with regular(path) as file:
        status = os.fstat(file.fileno())
        if status.st_size > most:
            raise UnreadableError(
                f"The file has {status.st_size / 1e6:,.1f} MB; at most {most / 1e6:,.1f} MB are read."
            )
        yield file, status


def _trimmed(file: IO[bytes] | io.FileIO, most: int, kept: int) -> Trimmed:
    trimmer = Trimmer(kept)
    while piece := file.read(PIECE):
        trimmer.feed(piece)
        if trimmer.size > most:
            raise UnreadableError(f"It has more than the {most / 1e6:,.1f} MB that are read.")
    return Trimmed(trimmer.bytes(), trimmer.digest.hexdigest(), trimmer.size)


def _read_all(file: IO[bytes] | io.FileIO, most: int) -> bytes:
    """What is left in a file, `most` + 1 bytes at most, in pieces."""
    data = bytearray()
    while len(data) <= most:
        part = file.read(min(most + 1 - len(data), PIECE))
        if not part:
            break
        data += part
    return bytes(data)


@contextmanager
def unzipping() -> Iterator[None]:
    """Whatever a broken archive raises is an UnreadableError."""
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error) as error:
        raise UnreadableError(f"The archive is broken ({error}).") from None
    except (NotImplementedError, RuntimeError, OSError, ValueError, IndexError, KeyError) as error:
        raise UnreadableError(f"The archive cannot be read ({error}).") from None


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive in an ordinary file; raises UnreadableError."""
    with regular(path) as file, unzipping(), zipfile.ZipFile(file) as archive:
        _call_by_their_names(archive)
        yield archive


def opened_bytes(data: bytes) -> zipfile.ZipFile:
    """The archive in these bytes; inside `unzipping`."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    _call_by_their_names(archive)
    return archive


def _call_by_their_names(archive: zipfile.ZipFile) -> None:
    """Names as their makers meant them: macOS writes UTF-8 and does not say so, some of Windows write backslashes."""
    for member in archive.infolist():
        name = member.filename
        if not member.flag_bits & _NAMED_IN_UTF8:
            with contextlib.suppress(UnicodeError):
                name = name.encode("cp437").decode("utf-8")
        member.filename = name if "/" in name else name.replace("\\", "/")


def check_members(members: list[zipfile.ZipInfo], size: int, most: int = MEMBER_LIMIT) -> None:
    """Raise UnreadableError for an archive of `size` bytes with too many members, doubled names or bad members."""
    if len(members) > most:
        raise UnreadableError(f"The archive has {len(members)} members; at most {most} are read.")
    check_room(members, size)
    if len({member.filename for member in members}) < len(members):
        raise UnreadableError("The archive has two members of the same name.")
    for member in members:
        check_member(member)


def check_room(members: list[zipfile.ZipInfo], size: int) -> None:
    """Raise UnreadableError where the members overlap: one piece of an archive could be unpacked a thousand times."""
    if sum(member.compress_size for member in members) > size:
        raise UnreadableError("The archive's members overlap.")


def check_member(member: zipfile.ZipInfo) -> None:
    """Raise UnreadableError for a link, a member behind a password, or a name that leads outside the archive."""
    name = member.filename
    if name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
        raise UnreadableError(f"The archive has a member that leads outside it: {visible(name)}.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnreadableError(f"The archive has a link in it: {visible(name)}.")
    if member.flag_bits & 1:
        raise UnreadableError(f"The archive asks for a password: {visible(name)} is encrypted.")


def _check_size(member: zipfile.ZipInfo, most: int) -> None:
    packed = max(member.compress_size, 1024)
    if member.file_size > most or member.file_size > max(RATIO_LIMIT * packed, RATIO_BYTES):
        raise UnreadableError(f"The member {visible(member.filename)} unpacks to {member.file_size / 1e6:,.1f} MB.")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """The bytes of one member, never more than `most`, whatever its header says."""
    _check_size(member, most)
    with archive.open(member) as file:
        data = _read_all(file, most)
    if len(data) > most:
        raise UnreadableError(f"The member {visible(member.filename)} unpacks to more than it says.")
    return data


def read_trimmed_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, kept: int) -> Trimmed:
    """The Trimmed notebook that one member is, with the same bounds as `read_trimmed`."""
    _check_size(member, most)
    with archive.open(member) as file:
        return _trimmed(file, most, kept)
