"""What lies in the inbox: submissions, files that cannot be read as one, and files that are none.

An inbox is a folder, or the archive that an LMS made of a folder. Nothing is unpacked: members of an archive are read
one by one into memory, with limits; their names are read as names and never used as paths.

Names that an LMS gives, with what the student chose at the right end:

    Moodle   Full name_12345_assignsubmission_file/…, before 4.1 with a trailing _, or all in the file's name
    Canvas   sortablename[_LATE]_userid_fileid_…, or anon_id_fileid_…
"""

import io
import json
import lzma
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from course_lib.checks.specification import chapter_fault
from course_lib.errors import CourseError
from course_lib.grading.bundle import BUNDLE_FORMAT, MANIFEST
from course_lib.grading.notebook import (
    UnreadableError,
    chapter_as_written,
    chapter_by_name,
    chapter_pattern,
    sha256,
)

MEMBER_LIMIT = 64
MANIFEST_BYTES = 64 << 10
ARCHIVE_MARGIN_BYTES = 1 << 20
RATIO_LIMIT = 200
FOLDER_DEPTH = 3
# An archive of a whole class: how many members, and how large its list of members may be.
CLASS_MEMBER_LIMIT = 50_000
READ_LIMIT = 8 << 20
_SILENT = re.compile(r"\.|~\$|__MACOSX$|Thumbs\.db$|desktop\.ini$", re.IGNORECASE)
# Control, direction and invisible characters; the joiners U+200C and U+200D belong to names in several scripts.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ud800-\udfff"
    r"\U000e0000-\U000e0fff]"
)
NAME_LIMIT = 120
# A folder's name is the LMS's alone, so it is read from the right: a full name may hold what looks like the rest.
_MOODLE_FOLDER = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+_?")
# A file's name ends with what the student chose, so it is read from the left: nobody can pass for another.
_MOODLE_FILE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_(?P<rest>.+)", re.DOTALL)
_CANVAS_FILE = re.compile(
    r"(?:anon(?:_LATE)?_(?P<anonymous>\w+?)|(?P<name>.+?)(?:_LATE)?_(?P<id>\d+))_(?P<file>\d{2,})_(?P<rest>.+)",
    re.DOTALL,
)
# What handing in through nbgrader leaves beside the notebook.
_COMPANIONS = {"timestamp.txt"}


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in: whose, for which chapter ("" when its name does not say), when, and its bytes.

    claimed_at    what the bundle says of itself, never after it arrived; without a bundle the file's time.
    received_at   the file's time in the inbox.
    submitted_at  the one of the two that counts: a bundle that lies in the inbox itself was delivered there by copy, so
                  its file's time is known; one in a folder or an archive was moved by others since, so it is asked.
    source        where it lies, relative to the inbox, for people.
    lms           "moodle:12345" or "canvas:12345": what an LMS calls the one who handed it in, else "".
    """

    student: str
    chapter: str
    notebook: bytes = field(repr=False)
    submitted_at: datetime
    received_at: datetime
    source: str
    lms: str = ""
    claimed_at: datetime | None = None

    @property
    def sha256(self):
        return sha256(self.notebook)


@dataclass(frozen=True)
class Refused:
    """A submission that cannot be read: a row of the gradebook with the reason."""

    student: str
    chapter: str
    sha256: str
    received_at: datetime
    source: str
    reason: str
    lms: str = ""

    @property
    def submitted_at(self):
        return self.received_at

    claimed_at = submitted_at


@dataclass(frozen=True)
class Skipped:
    """A file that is no submission, and why it was left alone."""

    source: str
    reason: str


@dataclass(frozen=True)
class Whose:
    """What the names above and of a file say: the student (None: nothing), the chapter and the LMS's number."""

    student: str | None = None
    chapter: str = ""
    lms: str = ""


NOBODY = Whose()


def intake(inbox, notebook_mb=20):
    """Yield a Submission, Refused or Skipped for everything in `inbox`, a folder or an LMS's archive, by name."""
    inbox = checked_inbox(inbox)
    if inbox.is_file():
        yield from _Reader(inbox.parent, notebook_mb << 20).entries([inbox])
        return
    reader = _Reader(inbox, notebook_mb << 20)
    yield from reader.entries(_entries(inbox))
    if (inbox / "submitted").is_dir() and not (inbox / "submitted").is_symlink():
        yield from reader.entries(_entries(inbox / "submitted"))


def checked_inbox(inbox):
    """The path of a folder or an archive; CourseError for what cannot be an inbox."""
    inbox = Path(inbox)
    if not inbox.exists():
        raise CourseError(f"There is no folder {inbox}; give the folder that the submissions lie in.")
    if not inbox.is_dir() and not (inbox.is_file() and inbox.suffix.lower() == ".zip"):
        raise CourseError(f"{inbox} is neither a folder nor a zip archive; the folder of submissions was expected.")
    if (inbox / "exercises").is_dir() and (inbox / "pyproject.toml").is_file():
        raise CourseError(f"{inbox} is the course itself; give the folder that the submissions lie in.")
    return inbox


def of_one_student(folder, notebook_mb=20):
    """The same for a folder that holds one student's files alone, whatever their names say."""
    folder = Path(folder)
    yield from _Reader(folder, notebook_mb << 20).folder(folder, Whose("student"))


def count_candidates(inbox):
    """How many notebooks and bundles there are to look at, by their names: what a progress bar needs."""
    if Path(inbox).is_file():
        return _count_in_archive(inbox)
    count = 0
    for folder, folders, names in os.walk(inbox):
        folders[:] = [name for name in folders if not _SILENT.match(name)]
        for name in names:
            if name.lower().endswith(".zip") and Path(folder) == Path(inbox):
                count += _count_in_archive(Path(folder, name))
            else:
                count += _is_candidate(name)
    return count


def _count_in_archive(path):
    try:
        with _opened(path) as archive:
            names = archive.namelist()
    except (UnreadableError, OSError):
        return 1
    return 1 if MANIFEST in names else sum(map(_is_candidate, names))


def _is_candidate(name):
    return name.lower().endswith((".ipynb", ".zip")) and not any(map(_SILENT.match, name.split("/")))


def visible(name):
    """A name that people may read, bounded: é is one character, control and invisible ones are replaced.

    Two names of which anything was replaced or cut off stay two: each ends with a piece of its hash.
    """
    name = unicodedata.normalize("NFC", name).strip()
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", name)
    if shown != name or len(shown) > NAME_LIMIT:
        shown = f"{shown[: NAME_LIMIT - 9]}~{sha256(name.encode('utf-8', 'surrogatepass'))[:8]}"
    return shown or "(no name)"


def _entries(folder):
    """The entries of a folder that are worth a word, by name."""
    return sorted((path for path in Path(folder).iterdir() if not _SILENT.match(path.name)), key=lambda path: path.name)


def _is_folder(path):
    return path.is_dir() and not path.is_symlink()


def _doubled(names):
    """The full names that two participants of one Moodle download share, from the names of its folders and files."""
    found = {
        (visible(m["name"]), m["id"])
        for name in names
        if (m := _MOODLE_FOLDER.fullmatch(name) or _MOODLE_FILE.match(name))
    }
    return {name for name, count in Counter(name for name, _ in found).items() if count > 1}


def _participant(found, doubled):
    """Whose, for a match of one of Moodle's patterns: the full name, with the number where two share it."""
    name = visible(found["name"])
    return Whose(f"{name} ({found['id']})" if name in doubled else name, lms=f"moodle:{found['id']}")


def _whose_folder(name, doubled):
    """Whose, from the name of a folder that lies in the inbox itself."""
    found = _MOODLE_FOLDER.fullmatch(name)
    return _participant(found, doubled) if found else Whose(visible(name))


def _whose_file(name, doubled):
    """(Whose, the file's own name), from the name of a file that lies in the inbox itself."""
    if found := _MOODLE_FILE.match(name):
        return _participant(found, doubled), found["rest"]
    if found := _CANVAS_FILE.match(name):
        number = found["id"] or found["anonymous"]
        return Whose(f"{visible(found['name'] or 'anon')} ({number})", lms=f"canvas:{number}"), found["rest"]
    student, chapter = _loose(name)
    return (Whose(student, chapter) if student else NOBODY), name


def _loose(name):
    """(student, chapter) from the name of a loose file, `<student>_<chapter>...`; ("", "") for another."""
    found = re.match(rf"(?P<student>.+?)_(?P<chapter>{chapter_pattern()})", name, re.IGNORECASE)
    return (visible(found["student"]), chapter_as_written(found["chapter"])) if found else ("", "")


class _Reader:
    """Reads one inbox; every method yields or returns what it found and raises nothing."""

    def __init__(self, inbox, notebook_bytes):
        self.inbox, self.notebook_bytes = inbox, notebook_bytes

    def entries(self, paths):
        """What lies in the inbox itself: students' folders, loose files, archives of a class."""
        doubled = _doubled(path.name for path in paths)
        for path in paths:
            if not _is_folder(path):
                yield from self.file(path, NOBODY, doubled)
            elif path != self.inbox / "submitted":
                yield from self.folder(path, _whose_folder(path.name, doubled))

    def folder(self, path, whose, depth=1):
        """A student's folder, or an assignment's inside it."""
        try:
            entries = _entries(path)
        except OSError as error:
            reason = f"The folder cannot be read: {error.strerror}."
            yield self.refusal(self.source(path), whose, path.name, b"", _time_of(path), reason)
            return
        for entry in entries:
            if entry.name in _COMPANIONS:
                continue
            if not _is_folder(entry):
                yield from self.file(entry, whose)
            elif depth < FOLDER_DEPTH:
                inner = replace(whose, chapter=whose.chapter or chapter_by_name(entry.name))
                yield from self.folder(entry, inner, depth + 1)
            else:
                yield Skipped(self.source(entry), "a folder nested too deeply")

    def source(self, path):
        return visible(str(Path(path).relative_to(self.inbox)))

    def file(self, path, whose, doubled=frozenset()):
        """One file; `whose` is what its folders say, NOBODY for a file that lies in the inbox itself."""
        source = self.source(path)
        if not path.name.lower().endswith((".ipynb", ".zip")):
            ending = path.suffix.lower()
            yield Skipped(
                source, f"{visible(ending) if ending else 'a file without ending'} is not a notebook and not a bundle"
            )
            return
        direct = whose is NOBODY
        name = path.name
        if direct:
            whose, name = _whose_file(name, doubled)
        try:
            if direct and path.name.lower().endswith(".zip") and is_class_archive(path):
                yield from self.class_archive(path)
                return
            data, received = read_regular(path, self._most(name))
        except UnreadableError as refusal:
            yield self.refusal(source, whose, name, b"", _time_of(path), refusal)
        except OSError as error:
            reason = f"The file cannot be read: {error.strerror}."
            yield self.refusal(source, whose, name, b"", _time_of(path), reason)
        else:
            yield from self.content(source, whose, name, data, received, direct and not whose.lms)

    def _most(self, name):
        return self.notebook_bytes + ARCHIVE_MARGIN_BYTES * name.lower().endswith(".zip")

    def content(self, source, whose, name, data, received, delivered):
        """The bytes of a notebook, a bundle or a student's own archive."""
        if name.lower().endswith(".ipynb"):
            yield self.notebook(source, whose, name, data, received)
            return
        try:
            bundle = read_bundle(data, self.notebook_bytes)
            if bundle is not None:
                yield self.bundle(source, whose, bundle, received, delivered)
            elif whose.student is None:
                yield Skipped(source, f"an archive without {MANIFEST}: not a bundle of this course")
            else:
                yield from self.own_archive(source, whose, data, received)
        except UnreadableError as refusal:
            yield self.refusal(source, whose, name, data, received, refusal)

    def refusal(self, source, whose, name, data, received, reason):
        student, chapter = _loose(name)
        return Refused(
            whose.student or student or "(unknown)",
            whose.chapter or chapter_by_name(name) or chapter,
            sha256(data or os.fsencode(source)),
            received,
            source,
            visible_sentence(reason),
            whose.lms,
        )

    def notebook(self, source, whose, name, data, received):
        if whose.student is None:
            reason = f"nobody can be told from its name; {Path(name).stem}: <student>_<chapter>.ipynb was expected"
            return Skipped(source, visible(reason))
        chapter = whose.chapter or chapter_by_name(name) or _loose(name)[1]
        return Submission(whose.student, chapter, data, received, received, source, whose.lms, received)

    def bundle(self, source, whose, bundle, received, delivered):
        """What `course submit` wrote; a folder's name is trusted more than what the bundle says of itself."""
        told, notebook = bundle
        try:
            claimed = datetime.fromisoformat(told["time"]).astimezone(UTC)
        except (ValueError, OverflowError):
            claimed = received
        claimed = min(claimed, received)  # nobody hands in after it has arrived
        student = whose.student if whose.student and not delivered else visible(told["student"])
        counts = received if delivered else claimed
        return Submission(student, told["chapter"], notebook, counts, received, source, whose.lms, claimed)

    def own_archive(self, source, whose, data, received):
        """An archive that a student made by hand: every notebook in it is that student's; raises UnreadableError."""
        with _unzipping(), zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members, len(data))
            wanted = [member for member in members if _is_candidate(member.filename)]
            total = sum(member.file_size for member in wanted)
            if total > self.notebook_bytes:
                raise UnreadableError(
                    f"The archive unpacks to {total / 1e6:,.1f} MB in all; at most {self.notebook_bytes / 1e6:,.1f} MB "
                    "are read."
                )
            read = [(member.filename, _read_member(archive, member, self.notebook_bytes)) for member in wanted]
        read = [(name, notebook) for name, notebook in read if name.lower().endswith(".ipynb")]
        if not read:
            raise UnreadableError(f"The archive has neither a notebook nor {MANIFEST} in it.")
        for name, notebook in read:
            yield self.notebook(f"{source}/{visible(name)}", whose, Path(name).name, notebook, received)

    def class_archive(self, path):
        """The archive that an LMS made of all submissions; raises UnreadableError."""
        with _opened(path) as archive:
            members = sorted(archive.infolist(), key=lambda member: member.filename)
            if len(members) > CLASS_MEMBER_LIMIT:
                raise UnreadableError(f"The archive has {len(members)} members; at most {CLASS_MEMBER_LIMIT} are read.")
            _check_room(members, path.stat().st_size)
            doubled = _doubled({member.filename.split("/")[0] for member in members})
            latest = _time_of(path)
            for member in members:
                *folders, name = member.filename.split("/")
                if member.is_dir() or any(map(_SILENT.match, [*folders, name])) or name in _COMPANIONS:
                    continue
                yield from self.member(self.source(path), archive, member, doubled, latest)

    def member(self, source, archive, member, doubled, latest):
        """One file in the archive of a class."""
        source = f"{source}/{visible(member.filename)}"
        *folders, name = member.filename.split("/")
        if folders[:1] == ["submitted"]:
            folders = folders[1:]
        if not name.lower().endswith((".ipynb", ".zip")):
            yield Skipped(source, "not a notebook and not a bundle")
            return
        if folders:
            whose = _whose_folder(folders[0], doubled)
            chapter = next(filter(None, map(chapter_by_name, folders[1:])), "")
            whose = replace(whose, chapter=chapter)
        else:
            whose, name = _whose_file(name, doubled)
        received = _time_in_archive(member, latest)
        try:
            _check_member(member)
            with _unzipping():
                data = _read_member(archive, member, self._most(name))
        except UnreadableError as refusal:
            yield self.refusal(source, whose, name, b"", received, refusal)
        else:
            yield from self.content(source, whose, name, data, received, False)


def _time_of(path):
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)


def _time_in_archive(member, latest):
    """When a member was written, in this machine's zone, because an archive does not say which; `latest` at most."""
    try:
        written = datetime(*member.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return latest
    # 1980 is what a program writes that does not know.
    return min(written, latest) if member.date_time[0] > 1980 else latest


def visible_sentence(reason):
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(reason))[:300]


@contextmanager
def _regular(path):
    """An ordinary file opened for reading; links and devices are UnreadableError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        if path.is_symlink():
            raise UnreadableError("It is a link; only files themselves are read.") from None
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


def read_regular(path, most):
    """(bytes, time) of an ordinary file of at most `most` bytes; links and devices are UnreadableError."""
    with _regular(path) as file:
        status = os.fstat(file.fileno())
        data = _read_all(file, most)
    if len(data) > most:
        raise UnreadableError(f"The file has {status.st_size / 1e6:,.1f} MB; at most {most / 1e6:,.1f} MB are read.")
    return data, datetime.fromtimestamp(status.st_mtime, UTC)


def _read_all(file, most):
    """What is left in a file, `most` + 1 bytes at most, in pieces."""
    data = bytearray()
    while len(data) <= most:
        part = file.read(min(most + 1 - len(data), 1 << 20))
        if not part:
            break
        data += part
    return bytes(data)


@contextmanager
def _unzipping():
    """Whatever a broken archive raises is an UnreadableError."""
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error) as error:
        raise UnreadableError(f"The archive is broken ({error}).") from None
    except (NotImplementedError, RuntimeError, OSError, ValueError, IndexError, KeyError) as error:
        raise UnreadableError(f"The archive cannot be read ({error}).") from None


@contextmanager
def _opened(path):
    """The archive in an ordinary file; raises UnreadableError."""
    with _regular(path) as file, _unzipping(), zipfile.ZipFile(file) as archive:
        yield archive


def is_class_archive(path):
    """Whether an archive that lies in the inbox itself holds many students' work, by its members' names."""
    with _opened(path) as archive:
        names = archive.namelist()
    if MANIFEST in names:
        return False
    if any(_MOODLE_FOLDER.fullmatch(name.split("/")[0]) or _whose_file(name, ())[0].lms for name in names):
        return True
    # Folders of students, unless the archive's own name says that it is one student's.
    return not _loose(path.name)[0] and any(_is_candidate(name) and "/" in name for name in names)


def read_bundle(data, notebook_bytes):
    """(manifest, notebook bytes) of a bundle's bytes, None for another archive; raises UnreadableError."""
    with _unzipping(), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if MANIFEST not in [member.filename for member in members[: 2 * MEMBER_LIMIT]]:
            return None
        _check_members(members, len(data))
        by_name = {member.filename: member for member in members}
        manifest = _manifest(_read_member(archive, by_name[MANIFEST], MANIFEST_BYTES))
        name, digest = next(iter(manifest["files"].items()))
        if name not in by_name:
            raise UnreadableError(f"The bundle does not hold the notebook {visible(name)} that it lists.")
        notebook = _read_member(archive, by_name[name], notebook_bytes)
    if sha256(notebook) != digest:
        raise UnreadableError(
            "The notebook is not the one the bundle was made of: it was changed afterwards. Submit again."
        )
    return manifest, notebook


def _check_members(members, size):
    """Raise UnreadableError for an archive of `size` bytes with too many members, doubled names or bad members."""
    if len(members) > MEMBER_LIMIT:
        raise UnreadableError(f"The archive has {len(members)} members; at most {MEMBER_LIMIT} are read.")
    _check_room(members, size)
    if len({member.filename for member in members}) < len(members):
        raise UnreadableError("The archive has two members of the same name.")
    for member in members:
        _check_member(member)


def _check_room(members, size):
    """Raise UnreadableError where the members overlap: one piece of an archive could be unpacked a thousand times."""
    if sum(member.compress_size for member in members) > size:
        raise UnreadableError("The archive's members overlap.")


def _check_member(member):
    """Raise UnreadableError for a link, a member behind a password, or a name that leads outside the archive."""
    name = member.filename
    if name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
        raise UnreadableError(f"The archive has a member that leads outside it: {visible(name)}.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnreadableError(f"The archive has a link in it: {visible(name)}.")
    if member.flag_bits & 1:
        raise UnreadableError(f"The archive asks for a password: {visible(name)} is encrypted.")


def _read_member(archive, member, most):
    """The bytes of one member, never more than `most`, whatever its header says."""
    if member.file_size > most or member.file_size > RATIO_LIMIT * max(member.compress_size, 1024):
        raise UnreadableError(f"The member {visible(member.filename)} unpacks to {member.file_size / 1e6:,.1f} MB.")
    with archive.open(member) as file:
        data = _read_all(file, most)
    if len(data) > most:
        raise UnreadableError(f"The member {visible(member.filename)} unpacks to more than it says.")
    return data


def _manifest(data):
    """The manifest of a bundle with every field that is needed; raises UnreadableError."""
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise UnreadableError(f"{MANIFEST} is not JSON.") from None
    if not isinstance(manifest, dict) or manifest.get("format") != BUNDLE_FORMAT:
        raise UnreadableError(f"{MANIFEST} is not of format {BUNDLE_FORMAT}.")
    for key in ("student", "chapter", "time"):
        if not isinstance(manifest.get(key), str) or not manifest[key].strip():
            raise UnreadableError(f"{MANIFEST} does not say the {key}.")
    if fault := chapter_fault(manifest["chapter"]):
        raise UnreadableError(f"{MANIFEST} has the chapter {visible(manifest['chapter'])}; {fault}.")
    files = manifest.get("files")
    if not isinstance(files, dict) or len(files) != 1 or not all(isinstance(v, str) for v in files.values()):
        raise UnreadableError(f"{MANIFEST} does not list its one notebook.")
    return manifest
