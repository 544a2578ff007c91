"""What lies in the inbox: submissions, files that cannot be read as one, and files that are none.

Nothing is unpacked. Members of an archive are read one by one into memory, with limits; their names are read as names
and never used as paths.
"""

import io
import json
import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.grading.notebook import UnreadableError, chapter_by_name, sha256

BUNDLE_FORMAT = 1
MANIFEST = "submission.json"
MEMBER_LIMIT = 64
MANIFEST_BYTES = 64 << 10
ARCHIVE_MARGIN_BYTES = 1 << 20
RATIO_LIMIT = 200
FOLDER_DEPTH = 3
_SILENT = re.compile(r"\.|~\$|__MACOSX$|Thumbs\.db$|desktop\.ini$", re.IGNORECASE)
_LOOSE = re.compile(r"(?P<student>.+?)_(?P<chapter>\d\d)(?!\d)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What handing in through nbgrader leaves beside the notebook.
_COMPANIONS = {"timestamp.txt"}


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in: whose, for which chapter ("" when its name does not say), when, and its bytes.

    submitted_at   what the bundle claims, else the file's time.
    received_at    the file's time in the inbox.
    source         where it lies, relative to the inbox, for people.
    """

    student: str
    chapter: str
    notebook: bytes = field(repr=False)
    submitted_at: datetime
    received_at: datetime
    source: str

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

    @property
    def submitted_at(self):
        return self.received_at


@dataclass(frozen=True)
class Skipped:
    """A file that is no submission, and why it was left alone."""

    source: str
    reason: str


def intake(inbox, notebook_mb=20):
    """Yield a Submission, Refused or Skipped for everything in the folder `inbox`, in the order of the names."""
    inbox = Path(inbox)
    if not inbox.is_dir():
        raise CourseError(f"There is no folder {inbox}; give the folder that the submissions lie in.")
    reader = _Reader(inbox, notebook_mb << 20)
    for entry in _entries(inbox):
        if entry.name == "submitted" and entry.is_dir(follow_symlinks=False):
            for student in _entries(entry.path):
                yield from reader.entry(student)
        else:
            yield from reader.entry(entry)


def count_candidates(inbox):
    """How many files there are to look at, roughly: what a progress bar needs."""
    return sum(name.endswith((".ipynb", ".zip")) for _, _, names in os.walk(inbox) for name in names)


def visible(name):
    """A name that people may read: control and direction characters replaced, bounded."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", name).strip()[:120] or "(no name)"


def _entries(folder):
    """The entries of a folder that are worth a word, by name."""
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not _SILENT.match(e.name)), key=lambda e: e.name)


class _Reader:
    """Reads one inbox; every method yields what it found and raises nothing."""

    def __init__(self, inbox, notebook_bytes):
        self.inbox, self.notebook_bytes = inbox, notebook_bytes

    def entry(self, entry):
        """What one entry of the inbox holds: a student's folder, or a file that lies there loose."""
        if entry.is_dir(follow_symlinks=False):
            yield from self.folder(entry.path, visible(entry.name), "")
        else:
            yield from self.file(Path(entry.path), None, "")

    def folder(self, path, student, chapter, depth=1):
        """A student's folder, or an assignment's inside it."""
        try:
            entries = _entries(path)
        except OSError as error:
            yield Skipped(self.source(path), f"the folder cannot be read: {error.strerror}")
            return
        for entry in entries:
            if entry.name in _COMPANIONS:
                continue
            if not entry.is_dir(follow_symlinks=False):
                yield from self.file(Path(entry.path), student, chapter)
            elif depth < FOLDER_DEPTH:
                inner = chapter or chapter_by_name(entry.name)
                yield from self.folder(entry.path, student, inner, depth + 1)
            else:
                yield Skipped(self.source(entry.path), "a folder nested too deeply")

    def source(self, path):
        return visible(str(Path(path).relative_to(self.inbox)))

    def file(self, path, student, chapter):
        """One file; `student` and `chapter` are what its folders say, if anything."""
        source = self.source(path)
        ending = path.suffix.lower()
        if ending not in (".ipynb", ".zip"):
            yield Skipped(source, f"{ending or 'a file without ending'} is not a notebook and not a bundle")
            return
        try:
            data, received = read_regular(path, self.notebook_bytes + ARCHIVE_MARGIN_BYTES * (ending == ".zip"))
        except UnreadableError as refusal:
            yield self.refusal(path, student, chapter, b"", refusal)
        except OSError as error:
            yield self.refusal(path, student, chapter, b"", f"The file cannot be read: {error.strerror}.")
        else:
            read = self.notebook if ending == ".ipynb" else self.bundle
            yield read(path, student, chapter, data, received)

    def refusal(self, path, student, chapter, data, reason):
        loose = _LOOSE.match(path.name)
        status = path.lstat()
        return Refused(
            student or (visible(loose["student"]) if loose else "(unknown)"),
            chapter or chapter_by_name(path.name) or (loose["chapter"] if loose else ""),
            sha256(data or os.fsencode(str(path.relative_to(self.inbox)))),
            datetime.fromtimestamp(status.st_mtime, UTC),
            self.source(path),
            visible_sentence(reason),
        )

    def notebook(self, path, student, chapter, data, received):
        loose = _LOOSE.match(path.name)
        if student is None and loose is None:
            reason = f"nobody can be told from its name; {path.stem}: <student>_<chapter>.ipynb was expected"
            return Skipped(self.source(path), visible(reason))
        if student is None:
            student, chapter = visible(loose["student"]), loose["chapter"]
        elif not chapter:
            chapter = chapter_by_name(path.name) or (loose["chapter"] if loose else "")
        return Submission(student, chapter, data, received, received, self.source(path))

    def bundle(self, path, student, chapter, data, received):
        """What `course submit` wrote; a folder's name is trusted more than what the bundle says of itself."""
        try:
            bundle = read_bundle(data, self.notebook_bytes)
        except UnreadableError as refusal:
            return self.refusal(path, student, chapter, data, refusal)
        if bundle is None:
            return Skipped(self.source(path), f"an archive without {MANIFEST}: not a bundle of this course")
        claimed, notebook = bundle
        try:
            submitted = datetime.fromisoformat(claimed["time"]).astimezone(UTC)
        except (ValueError, OverflowError):
            submitted = received
        student = student or visible(claimed["student"])
        # Nobody hands in after it has arrived.
        return Submission(student, claimed["chapter"], notebook, min(submitted, received), received, self.source(path))


def visible_sentence(reason):
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(reason))[:300]


def read_regular(path, most):
    """(bytes, time) of an ordinary file of at most `most` bytes; links and devices are UnreadableError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        if path.is_symlink():
            raise UnreadableError("It is a link; only files themselves are read.") from None
        raise
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("It is not an ordinary file.")
        data = file.read(most + 1)
    if len(data) > most:
        raise UnreadableError(f"The file has {status.st_size / 1e6:,.1f} MB; at most {most / 1e6:,.1f} MB are read.")
    return data, datetime.fromtimestamp(status.st_mtime, UTC)


def read_bundle(data, notebook_bytes):
    """(manifest, notebook bytes) of a bundle's bytes, None for another archive; raises UnreadableError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if MANIFEST not in [member.filename for member in members[: 2 * MEMBER_LIMIT]]:
                return None
            _check_members(members)
            by_name = {member.filename: member for member in members}
            manifest = _manifest(_read_member(archive, by_name[MANIFEST], MANIFEST_BYTES))
            name, digest = next(iter(manifest["files"].items()))
            if name not in by_name:
                raise UnreadableError(f"The bundle does not hold the notebook {visible(name)} that it lists.")
            notebook = _read_member(archive, by_name[name], notebook_bytes)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError) as error:
        raise UnreadableError(f"The archive is broken ({error}).") from None
    except (NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise UnreadableError(f"The archive cannot be read ({error}).") from None
    if sha256(notebook) != digest:
        raise UnreadableError(
            "The notebook is not the one the bundle was made of: it was changed afterwards. Submit again."
        )
    return manifest, notebook


def _check_members(members):
    """Raise UnreadableError for an archive with too many members, doubled names, links, or names that lead outside."""
    if len(members) > MEMBER_LIMIT:
        raise UnreadableError(f"The archive has {len(members)} members; at most {MEMBER_LIMIT} are read.")
    if len({member.filename for member in members}) < len(members):
        raise UnreadableError("The archive has two members of the same name.")
    for member in members:
        name = member.filename
        if name.startswith(("/", "\\")) or ":" in name or ".." in re.split(r"[/\\]", name):
            raise UnreadableError(f"The archive has a member that leads outside it: {visible(name)}.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UnreadableError(f"The archive has a link in it: {visible(name)}.")


def _read_member(archive, member, most):
    """The bytes of one member, never more than `most`, whatever its header says."""
    if member.file_size > most or member.file_size > RATIO_LIMIT * max(member.compress_size, 1024):
        raise UnreadableError(f"The member {visible(member.filename)} unpacks to {member.file_size / 1e6:,.1f} MB.")
    with archive.open(member) as file:
        data = file.read(most + 1)
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
    if not re.fullmatch(r"\d\d", manifest["chapter"]):
        raise UnreadableError(f"{MANIFEST} has the chapter {visible(manifest['chapter'])}; two digits were expected.")
    files = manifest.get("files")
    if not isinstance(files, dict) or len(files) != 1 or not all(isinstance(v, str) for v in files.values()):
        raise UnreadableError(f"{MANIFEST} does not list its one notebook.")
    return manifest
