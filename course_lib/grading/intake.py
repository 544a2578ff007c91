"""What lies in the inbox: submissions, files that cannot be read as one, and files that are none.

An inbox is a folder, or the archive that an LMS made of a folder. Nothing is unpacked: members of an archive are read
one by one, with limits; their names are read as names (see `names`) and never used as paths. What a file holds says
more than its name: which chapter a notebook is, whether it is one to read, whether it is a notebook at all.

Everything that was handed in becomes a Submission or a Refused, of nobody known where no name says whose it is. What
instructors and systems leave there becomes Skipped.
"""

import json
import os
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from course_lib.checks.specification import chapter_fault
from course_lib.errors import CourseError
from course_lib.grading.archives import (
    LINK,
    MEMBER_LIMIT,
    Trimmed,
    check_member,
    check_members,
    check_room,
    opened,
    opened_bytes,
    plausible_time,
    read_member,
    read_regular,
    read_trimmed,
    read_trimmed_member,
    time_in_archive,
    time_of,
    unzipping,
)
from course_lib.grading.bundle import BUNDLE_FORMAT, MANIFEST
from course_lib.grading.config import Limits
from course_lib.grading.names import (
    NOBODY,
    TIMESTAMP,
    UNKNOWN,
    Whose,
    classroom_assignment,
    doubled,
    from_lms,
    hinted_chapter,
    is_candidate,
    is_filled_in_by_the_instructor,
    is_nobodys,
    is_notebook,
    is_of_a_repository,
    is_other_archive,
    is_repository,
    is_silent,
    is_surely_a_chapter,
    is_the_courses,
    is_zip,
    lms_folder,
    loose_student,
    may_be_a_student,
    only_a_chapter,
    other_kind,
    visible,
    visible_sentence,
    whose_file,
    whose_folder,
)
from course_lib.grading.notebook import Recognised, UnreadableError, chapter_by_name, read_notebook, recognised, sha256

DEFAULTS = Limits()
MANIFEST_BYTES = 64 << 10
TIMESTAMP_BYTES = 200
ARCHIVE_MARGIN_BYTES = 1 << 20
FOLDER_DEPTH = 6
# A student may pack the whole course folder.
OWN_MEMBER_LIMIT = 1000
# An archive in the archive that a student made is read, and none in that one.
ARCHIVE_DEPTH = 2
OTHERS_SHOWN = 5
# What one student's files are called may look like two names, and hardly like so many.
OTHERS_NAMED = 3
# An archive of a whole class: how many members, and how large its list of members may be.
CLASS_MEMBER_LIMIT = 50_000
_SAKAI_TIMESTAMP = re.compile(r"^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})(?=\s*$)")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(\S*)\s*")


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in: whose, for which chapter ("" when nothing says), when, and its bytes.

    notebook      its bytes without outputs.
    claimed_at    what the bundle says of itself, never after it arrived; without a bundle the file's time.
    received_at   the file's time in the inbox, or what nbgrader noted.
    submitted_at  the one of the two that counts: a bundle that lies in the inbox itself was delivered there by copy, so
                  its file's time is known; one in a folder or an archive was moved by others since, so it is asked.
    source        where it lies, relative to the inbox, for people.
    lms           "moodle:12345" or "canvas:12345": what an LMS calls the one who handed it in, else "".
    remark        what there is to say about how it was read, or "".
    digest        the sha256 of the file as it was handed in, where `notebook` is not the whole of it.
    """

    student: str
    chapter: str
    notebook: bytes = field(repr=False)
    submitted_at: datetime
    received_at: datetime
    source: str
    lms: str = ""
    claimed_at: datetime | None = None
    remark: str = ""
    digest: str = ""

    @property
    def sha256(self):
        return self.digest or sha256(self.notebook)


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


def intake(inbox: str | Path, limits: Limits = DEFAULTS) -> Iterator[Submission | Refused | Skipped]:
    """Yield a Submission, Refused or Skipped for everything in `inbox`, a folder or an LMS's archive, by name."""
    inbox = checked_inbox(inbox)
    if inbox.is_file():
        yield from _Reader(inbox.parent, limits).entries([inbox])
        return
    reader = _Reader(inbox, limits)
    yield from reader.entries(_entries(inbox), classroom_assignment(inbox.resolve().name))
    if (inbox / "submitted").is_dir() and not (inbox / "submitted").is_symlink():
        yield from reader.entries(_entries(inbox / "submitted"))


def checked_inbox(inbox: str | Path) -> Path:
    """The path of a folder or an archive; CourseError for what cannot be an inbox."""
    inbox = Path(inbox)
    if not inbox.exists():
        raise CourseError(f"There is no folder {inbox}; give the folder that the submissions lie in.")
    if inbox.is_file() and is_other_archive(inbox.name):
        raise CourseError(f"{inbox} is an archive of a kind that is not read. {_UNPACK}")
    if not inbox.is_dir() and not (inbox.is_file() and inbox.suffix.lower() == ".zip"):
        raise CourseError(f"{inbox} is neither a folder nor a zip archive; the folder of submissions was expected.")
    if (inbox / "exercises").is_dir() and (inbox / "pyproject.toml").is_file():
        raise CourseError(f"{inbox} is the course itself; give the folder that the submissions lie in.")
    return inbox


def of_one_student(folder: str | Path, limits: Limits = DEFAULTS) -> Iterator[Submission | Refused | Skipped]:
    """The same for a folder that holds one student's files alone, whatever their names say."""
    folder = Path(folder)
    yield from _Reader(folder, limits).folder(folder, Whose("student"))


def count_candidates(inbox: str | Path) -> int:
    """How many files there are to look at, by their names: what a progress bar needs."""
    inbox = Path(inbox)
    return _count_in_archive(inbox) if inbox.is_file() else _count_in_folder(inbox, 0)


def _count_in_folder(folder, depth):
    count = 0
    try:
        entries = _entries(folder)
    except OSError:
        return 1
    for entry in entries:
        if _is_folder(entry):
            count += _count_in_folder(entry, depth + (entry.name != "submitted")) if depth <= FOLDER_DEPTH else 1
        elif is_zip(entry.name) and not depth:
            count += _count_in_archive(entry)
        else:
            count += entry.name != TIMESTAMP and (depth > 0 or not is_nobodys(entry.name))
    return count


def _count_in_archive(path):
    try:
        with opened(path) as archive:
            names = archive.namelist()
    except (UnreadableError, OSError):
        return 1
    return 1 if MANIFEST in names else sum(map(is_candidate, names))


def _entries(folder):
    """The entries of a folder that are worth a word, by name."""
    return sorted((path for path in Path(folder).iterdir() if not is_silent(path.name)), key=lambda path: path.name)


def _is_folder(path):
    return path.is_dir() and not path.is_symlink()


class _Reader:
    """Reads one inbox; every method yields or returns what it found and raises nothing."""

    def __init__(self, inbox, limits):
        self.inbox, self.limits = inbox, limits
        self.most, self.kept = limits.file_mb << 20, limits.notebook_mb << 20
        # What each student has cost so far: files, and bytes read.
        self.files, self.bytes, self.full = defaultdict(int), defaultdict(int), set()

    @cached_property
    def exercises(self):
        from course_lib.checks import exercises

        return exercises()

    def entries(self, paths, assignment=""):
        """What lies in the inbox itself: students' folders, loose files, archives of a class.

        assignment   GitHub Classroom's, where the inbox is the folder that its tool made.
        """
        shared = doubled(path.name for path in paths)
        # One `hw1` may be a student, and so may be bare numbers; `hw1` beside `hw2` is none.
        words = Counter(path.name.rstrip("0123456789") for path in paths if only_a_chapter(path.name))
        for path in paths:
            if not _is_folder(path):
                yield from self.file(path, NOBODY, shared)
            elif (path / "gradebook.sqlite").is_file():
                yield Skipped(self.source(path), "the folder that grading writes")
            elif is_the_courses(path.name):
                yield Skipped(self.source(path), "a folder of a course, no student's: its name says so")
            elif path != self.inbox / "submitted":
                word = path.name.rstrip("0123456789")
                refusal = self.of_a_class(path, word != "" and words[word] > 1)
                whose = whose_folder(path.name, shared, assignment)
                yield from [refusal] if refusal else self.of_a_student(path, whose)

    def of_a_student(self, path, whose):
        """A student's folder; of the clone of a repository not every file is taken for handed in."""
        if not (path / ".git").exists():
            yield from self.folder(path, whose)
            return
        found = False
        for item in self.folder(path, replace(whose, cloned=True)):
            found = True
            yield item
        if found:
            yield Skipped(self.source(path), _CLONED)
        else:
            yield self.refusal(self.source(path), whose, "", "", time_of(path), _NO_NOTEBOOK)

    def of_a_class(self, path, is_a_chapter=False):
        """A Refused where a folder in the inbox is no student's, because the work of several lies in it.

        is_a_chapter   whether it is surely named after a chapter, because others are as well.
        """
        try:
            entries = _entries(path)
            if several := _of_several(path.name, [entry.name for entry in entries if _is_folder(entry)]):
                reason = f"{several}: give the folder itself to `course grade`."
            elif (chapter := only_a_chapter(path.name)) and self.is_sorted_by(chapter, entries):
                reason = f"This folder is named after chapter {chapter} and holds that chapter several times, so it "
                reason += "is no one student's: <student>/<chapter>.ipynb was expected, or <student>_<chapter>.ipynb."
            elif is_a_chapter or is_surely_a_chapter(path.name):
                reason = f"This folder is named after chapter {chapter}, so nothing says whose it is: "
                reason += "<student>/<chapter>.ipynb was expected, or <student>_<chapter>.ipynb."
            elif (names := _students_in(self.below(path))) and self.share_a_chapter(
                partial(self.first_in, path / name) for name in names
            ):
                reason = f"{_of_students(names)}: give the folder itself to `course grade`."
            elif (files := _files_of_several(entries)) and self.share_a_chapter(
                partial(self.only_notebook, entry) for entry in files
            ):
                names = " and ".join(visible(entry.name) for entry in files[:2])
                reason = f"In this folder lies the same chapter by several students, as {names}, so it is no one "
                reason += "student's work: give the folder itself to `course grade`."
            else:
                return None
        except OSError:
            return None
        return self.refusal(self.source(path), NOBODY, "", "", time_of(path), reason)

    def is_sorted_by(self, chapter, entries):
        """Whether several files or folders hold the same chapter, of which their names say nothing else."""
        if any(chapter_by_name(entry.name) not in ("", chapter) for entry in entries):
            return False
        found = 0
        for entry in entries:
            first = (
                next((path for path in _entries(entry) if is_notebook(path.name)), None) if _is_folder(entry) else entry
            )
            if first is None or not is_notebook(first.name):
                continue
            try:
                notebook = read_notebook(read_trimmed(first, self.most, self.kept)[0].data)
            except UnreadableError:
                continue
            found += recognised(notebook, self.exercises, chapter).chapter == chapter
            if found > 1:
                return True
        return False

    def only_notebook(self, path):
        return read_trimmed(path, self.most, self.kept)[0]

    def below(self, path):
        """What lies in a folder, as `_students_in` wants it."""
        return [(entry.name, _is_folder(entry)) for entry in _entries(path)]

    def first_in(self, path, depth=1):
        """The first notebook in a folder or further below, a Trimmed or None."""
        entries = _entries(path)
        for entry in entries:
            if is_notebook(entry.name) and not _is_folder(entry):
                return self.only_notebook(entry)
        folders = filter(_is_folder, entries) if depth < FOLDER_DEPTH else ()
        return next(filter(None, (self.first_in(entry, depth + 1) for entry in folders)), None)

    def share_a_chapter(self, reads):
        """Whether two of the notebooks, which functions read, are the same chapter's."""
        met = set()
        for read in reads:
            try:
                first = read()
                found = recognised(read_notebook(first.data), self.exercises) if first else Recognised("")
            except (UnreadableError, OSError):
                continue
            if found.chapter in met:
                return True
            if found.chapter and not found.to_read:
                met.add(found.chapter)
        return False

    def folder(self, path, whose, depth=1):
        """A student's folder, or an assignment's inside it."""
        try:
            entries = _entries(path)
        except OSError as error:
            reason = f"The folder cannot be read: {error.strerror}."
            yield self.refusal(self.source(path), whose, path.name, "", time_of(path), reason)
            return
        noted = any(entry.name == TIMESTAMP for entry in entries)
        files = [entry for entry in entries if entry.name != TIMESTAMP]
        files = [entry for entry in files if not is_filled_in_by_the_instructor(entry.name, path.name)]
        if not files and not whose.cloned:
            yield self.refusal(self.source(path), whose, path.name, "", time_of(path), "The folder is empty.")
        # In the folder that an LMS made, every file is the student's own; Sakai's attachments lie one deeper.
        if noted and (not whose.lms or lms_folder(path.name) == "Sakai"):
            whose = replace(whose, arrived=_noted_time(path / TIMESTAMP) or whose.arrived)
        for entry in files:
            if not _is_folder(entry):
                if not (whose.cloned and is_of_a_repository(entry.name)):
                    yield from self.file(entry, whose)
            elif depth < FOLDER_DEPTH:
                inner = replace(whose, chapter=whose.chapter or chapter_by_name(entry.name))
                yield from self.folder(entry, inner, depth + 1)
            else:
                reason = f"The folder lies more than {FOLDER_DEPTH} folders deep; what is in it was not looked at."
                yield self.refusal(self.source(entry), whose, entry.name, "", time_of(entry), reason)

    def source(self, path):
        return visible(str(Path(path).relative_to(self.inbox)))

    def file(self, path, whose, shared=frozenset()):
        """One file; `whose` is what its folders say, NOBODY for a file that lies in the inbox itself."""
        source, name, direct = self.source(path), path.name, whose is NOBODY
        if direct:
            whose, name = whose_file(name, shared)
        try:
            if direct and is_nobodys(path.name):
                yield Skipped(source, _NOBODYS)
            elif direct and is_zip(name) and is_class_archive(path):
                yield from self.class_archive(path)
            elif refusal := self.beyond_bounds(source, whose):
                yield refusal
            elif path.is_symlink():
                raise UnreadableError(LINK)
            elif is_notebook(name):
                read, seconds = read_trimmed(path, self.most, self.kept)
                yield self.notebook(source, whose, name, read, *_arrival(whose, seconds))
            elif is_zip(name):
                data, seconds = read_regular(path, self.most + ARCHIVE_MARGIN_BYTES)
                delivered = direct and not whose.lms
                yield from self.archive(source, whose, name, data, _arrival(whose, seconds), delivered)
            else:
                yield self.other(source, whose, name, time_of(path))
        except UnreadableError as refusal:
            yield self.refusal(source, whose, name, "", time_of(path), refusal)
        except OSError as error:
            reason = f"The file cannot be read: {error.strerror}."
            yield self.refusal(source, whose, name, "", time_of(path), reason)

    def beyond_bounds(self, source, whose):
        """A Refused, later Skipped, where a student has had as much looked at as one may; else counts the file."""
        student = whose.student
        if student in self.full:
            return Skipped(source, "not looked at: the student had more files than one student may have")
        spent = {"files_per_student": self.files[student], "mb_per_student": self.bytes[student] >> 20}
        for key, much in spent.items():
            if student is not None and much >= getattr(self.limits, key):
                self.full.add(student)
                reason = f"This file and those after it were not looked at: `{key}` in course.toml allows one student "
                reason += f"{getattr(self.limits, key)}."
                return self.refusal(source, whose, "", "", datetime.now(UTC), reason)
        self.files[student] += 1
        return None

    def archive(self, source, whose, name, data, arrival, delivered, depth=1):
        """The bytes of a bundle or of a student's own archive."""
        try:
            bundle = read_bundle(data, self.most, self.kept)
            if bundle is not None:
                yield self.bundle(source, whose, bundle, arrival, delivered)
            elif whose.student is None:
                raise UnreadableError(f"{_nobody(name)} The archive has no {MANIFEST} in it either.")
            else:
                yield from self.own_archive(source, whose, data, arrival, depth)
        except UnreadableError as refusal:
            yield self.refusal(source, whose, name, sha256(data), arrival[0], refusal)

    def refusal(self, source, whose, name, digest, received, reason):
        return Refused(
            whose.student or loose_student(name) or UNKNOWN,
            hinted_chapter(whose, name),
            digest or sha256(os.fsencode(source)),
            received,
            source,
            visible_sentence(reason),
            whose.lms,
        )

    def other(self, source, whose, name, received):
        """A file that is neither a notebook nor an archive."""
        what = f"Archives of this kind are not read. {_UNPACK}" if is_other_archive(name) else other_kind(name)
        reason = other_kind(name) if whose.student else f"{_nobody(name)} {what}"
        return self.refusal(source, whose, name, "", received, reason)

    def notebook(self, source, whose, name, read, received, remark):
        """A notebook that came as a file or in an archive, a Trimmed."""
        if whose.student is None:
            return self.refusal(source, whose, name, "", received, _nobody(name))
        self.bytes[whose.student] += read.size
        hint = hinted_chapter(whose, name)
        return self.submission(source, whose, hint, read, received, received, received, remark)

    def bundle(self, source, whose, bundle, arrival, delivered):
        """What `course submit` wrote; a folder's name is trusted more than what the bundle says of itself."""
        (told, read), (received, remark) = bundle, arrival
        try:
            claimed = datetime.fromisoformat(told["time"]).astimezone(UTC)
        except (ValueError, OverflowError):
            claimed = received
        claimed = min(claimed, received)  # nobody hands in after it has arrived
        student = whose.student if whose.student and not delivered else visible(told["student"])
        counts = received if delivered else claimed
        self.bytes[student] += read.size
        whose = replace(whose, student=student)
        return self.submission(source, whose, told["chapter"], read, counts, received, claimed, remark)

    def submission(self, source, whose, hint, read, counts, received, claimed, remark):
        """A Submission of the chapter that its content says, else the `hint`; Refused for what is not to be graded."""
        try:
            found = recognised(read_notebook(read.data), self.exercises, hint)
        except UnreadableError as refusal:
            return self.refusal(source, replace(whose, chapter=hint), "", read.sha256, received, refusal)
        chapter = found.chapter or hint
        if found.to_read:
            which = f"chapter {chapter} to read" if chapter else "a chapter to read"
            reason = f"This is {which}, not its exercises; the notebook in the folder exercises was expected."
            return self.refusal(source, replace(whose, chapter=chapter), "", read.sha256, received, reason)
        if hint and hint != chapter:
            remark += f" Its name speaks of chapter {hint}; what is in it is chapter {chapter}, and that counts."
        return Submission(
            whose.student,
            chapter,
            read.data,
            counts,
            received,
            source,
            whose.lms,
            claimed,
            remark.strip(),
            read.sha256,
        )

    def own_archive(self, source, whose, data, arrival, depth):
        """An archive that a student made by hand: every notebook in it is that student's; raises UnreadableError."""
        with unzipping():
            archive = opened_bytes(data)
        members = [
            m for m in archive.infolist() if not _names_folder(m) and not any(map(is_silent, m.filename.split("/")))
        ]
        check_members(archive.infolist(), len(data), OWN_MEMBER_LIMIT)
        wanted = [m for m in members if is_candidate(m.filename) and (depth < ARCHIVE_DEPTH or not is_zip(m.filename))]
        if not wanted:
            raise UnreadableError(f"The archive has neither a notebook nor {MANIFEST} in it.")
        for member in wanted:
            inside = f"{source}/{visible(member.filename)}"
            yield from self.own_member(inside, whose, archive, member, arrival, depth)
        tops = {member.filename.split("/")[0] for member in members}
        if len(tops) == 1 and is_repository(*tops):
            members = [member for member in members if not is_of_a_repository(member.filename)]
        if others := [visible(member.filename) for member in members if member not in wanted]:
            shown = ", ".join(others[:OTHERS_SHOWN])
            shown += f" and {len(others) - OTHERS_SHOWN} more" * (len(others) > OTHERS_SHOWN)
            reason = f"Not read, because it is no notebook, is what else is in this archive: {shown}."
            yield self.refusal(source, whose, "", "", arrival[0], reason)

    def own_member(self, source, whose, archive, member, arrival, depth):
        """A notebook, or an archive once more, in an archive that a student made by hand."""
        if refusal := self.beyond_bounds(source, whose):
            yield refusal
            return
        name = Path(member.filename).name
        try:
            with unzipping():
                if is_zip(name):
                    data = read_member(archive, member, self.most + ARCHIVE_MARGIN_BYTES)
                else:
                    read = read_trimmed_member(archive, member, self.most, self.kept)
        except UnreadableError as refusal:
            yield self.refusal(source, whose, name, "", arrival[0], refusal)
            return
        if is_zip(name):
            self.bytes[whose.student] += len(data)
            yield from self.archive(source, whose, name, data, arrival, False, depth + 1)
        else:
            yield self.notebook(source, whose, name, read, *arrival)

    def class_archive(self, path):
        """The archive that an LMS made of all submissions; raises UnreadableError."""
        with opened(path) as archive:
            members = sorted(archive.infolist(), key=lambda member: member.filename)
            if len(members) > CLASS_MEMBER_LIMIT:
                raise UnreadableError(f"The archive has {len(members)} members; at most {CLASS_MEMBER_LIMIT} are read.")
            check_room(members, path.stat().st_size)
            members = [member for member in members if not any(map(is_silent, _parts(member)))]
            around = _around(member.filename for member in members)
            classes = {} if around else self.classes_in(archive, members)
            if len(classes) == 1 and all(_parts(member)[0] in classes for member in members):
                (top,), classes = classes, {}
                around = f"{top}/"
            members = [m for m in members if not (around and m.filename == around)]
            members = [m for m in members if not _is_laid_there(_parts(m, around))]
            several = classes | _several_in(_parts(member, around) for member in members)
            for top, reason in several.items():
                yield self.refusal(f"{self.source(path)}/{visible(top)}", NOBODY, "", "", time_of(path), reason)
            members = [member for member in members if _parts(member, around)[0] not in several]
            shared = doubled({_parts(member, around)[0] for member in members})
            latest, noted = time_of(path), _noted_times(archive, members, around)
            assignment = classroom_assignment(around.strip("/"))
            for folder in _empty_folders(members):
                whose = _whose_parts(folder.removeprefix(around).strip("/").split("/"), shared, assignment)
                if whose is not NOBODY:
                    source = f"{self.source(path)}/{visible(folder)}"
                    yield self.refusal(source, whose, "", "", latest, "The folder is empty.")
            files = [_parts(member, around) for member in members if not _names_folder(member)]
            if assignment:
                yield Skipped(f"{self.source(path)}/{visible(around)}", _CLONED)
            for top in sorted(_without_work(files)) if assignment else ():
                whose, source = _whose_parts([top], shared, assignment), f"{self.source(path)}/{visible(around + top)}"
                yield self.refusal(source, whose, "", "", latest, _NO_NOTEBOOK)
            for member in members:
                if not _names_folder(member) and _parts(member)[-1] != TIMESTAMP:
                    *folders, name = _parts(member, around)
                    whose, name = (
                        (_whose_parts(folders, shared, assignment), name) if folders else whose_file(name, shared)
                    )
                    if not (assignment and folders and is_of_a_repository(name)):
                        yield from self.member(self.source(path), archive, member, folders, whose, name, latest, noted)

    def classes_in(self, archive, members):
        """The folders at the top of an archive in which several students' work lies, and why; see `_students_in`."""
        inside: dict[str, dict[str, bool]] = defaultdict(dict)
        firsts: dict[tuple[str, str], zipfile.ZipInfo] = {}
        for member in members:
            top, *below = _parts(member)
            if below:
                inside[top][below[0]] = inside[top].get(below[0], False) or len(below) > 1 or _names_folder(member)
            if len(below) > 1 and is_notebook(below[-1]) and not _names_folder(member):
                firsts.setdefault((top, below[0]), member)
        found = {}
        for top, names in inside.items():
            students = _students_in(names.items())
            chosen = [firsts[top, name] for name in students if (top, name) in firsts]
            if self.share_a_chapter(partial(self.checked_member, archive, member) for member in chosen):
                found[top] = f"{_of_students(students)}: pack it by itself."
        return found

    def checked_member(self, archive, member):
        check_member(member)
        with unzipping():
            return read_trimmed_member(archive, member, self.most, self.kept)

    def member(self, source, archive, member, folders, whose, name, latest, noted):
        """One file in the archive of a class: below `folders`, the student's first, and what its names say."""
        source = f"{source}/{visible(member.filename)}"
        arrived = next((noted[at] for n in range(len(folders), 0, -1) if (at := "/".join(folders[:n])) in noted), None)
        received = arrived or whose.arrived or time_in_archive(member, latest)
        if not folders and is_nobodys(_parts(member)[-1]):
            yield Skipped(source, _NOBODYS)
            return
        if refusal := self.beyond_bounds(source, whose):
            yield refusal
            return
        try:
            check_member(member)
            with unzipping():
                if is_notebook(name):
                    read = read_trimmed_member(archive, member, self.most, self.kept)
                elif is_zip(name):
                    data = read_member(archive, member, self.most + ARCHIVE_MARGIN_BYTES)
        except UnreadableError as refusal:
            yield self.refusal(source, whose, name, "", received, refusal)
            return
        if is_notebook(name):
            yield self.notebook(source, whose, name, read, received, "")
        elif is_zip(name):
            yield from self.archive(source, whose, name, data, (received, ""), False)
        else:
            yield self.other(source, whose, name, received)


_NO_NOTEBOOK = "There is no notebook in this repository."
_UNPACK = "Unpack it, and give the folder that the submissions lie in to `course grade`."
_CLONED = (
    "cloned: its files have the time of cloning, and beside notebooks only documents and archives in it are looked at"
)
_NOBODYS = "a table or a log, as instructors and systems leave them: no student's work"


def _nobody(name):
    """The sentence on a file that lies in the inbox itself and names no student."""
    return f"The name does not say whose this is: {visible(name)} was found, <student>_<chapter>.ipynb was expected."


def _arrival(whose, seconds):
    """When a file arrived, and a remark where its own time is none."""
    if whose.arrived:
        return whose.arrived, ""
    time = plausible_time(seconds)
    return (time, "") if time else (datetime.now(UTC), "Its file's time is none; that of the run counts instead.")


def _noted_time(path):
    """What nbgrader's timestamp.txt says, or None where it says nothing that can be read."""
    try:
        return _parsed_time(read_regular(path, TIMESTAMP_BYTES)[0])
    except (UnreadableError, OSError):
        return None


def _noted_times(archive, members, around):
    """Folder in the archive of a class -> what nbgrader's timestamp.txt in it says, or Sakai's."""
    noted = {}
    for member in members:
        *folders, name = _parts(member, around)
        # In the folder that an LMS made, every file is the student's own; Sakai's attachments lie one deeper.
        of_sakai = len(folders) == 1 and lms_folder(folders[0]) == "Sakai"
        if name == TIMESTAMP and folders and (of_sakai or not from_lms(folders[0])):
            try:
                with unzipping():
                    time = _parsed_time(read_member(archive, member, TIMESTAMP_BYTES))
            except UnreadableError:
                continue
            if time:
                noted["/".join(folders)] = time
    return noted


def _parsed_time(data):
    """The time in nbgrader's format, `2030-10-01 21:59:00.123456 UTC`, or Sakai's, `20301001215900123`, or None."""
    text = data.decode("utf-8", "replace")
    found = _TIMESTAMP.fullmatch(_SAKAI_TIMESTAMP.sub(r"\1-\2-\3 \4:\5:\6.\7", text))
    if not found:
        return None
    day, hour, zone = found.groups()
    try:
        zone = ZoneInfo("UTC" if zone in ("", "Z", "UTC") else zone) if not zone.startswith(("+", "-")) else None
        time = datetime.fromisoformat(f"{day}T{hour}{found[3] if zone is None else ''}")
        time = (time if zone is None else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, KeyError, OSError):
        return None
    return plausible_time(time.timestamp())


def _names_folder(member):
    """`ZipInfo.is_dir` fails in some versions of Python where a member has no name at all."""
    return member.filename.endswith("/")


def _parts(member, around=""):
    return member.filename.removeprefix(around).rstrip("/").split("/")


def _of_several(folder, inside):
    """Why a folder with folders of these names inside is no one student's, or ""."""
    assignment = classroom_assignment(folder)
    if clones := [name for name in inside if whose_folder(name, (), assignment) != whose_folder(name, ())]:
        return f"In this folder lies what {_counted(clones)} handed in through GitHub Classroom, no one student's work"
    found = [name for name in inside if lms_folder(name)]
    students = {whose_folder(name, ()).lms for name in found}
    if len(students) < 2 or lms_folder(folder):
        return ""
    how = lms_folder(found[0])
    return f"In this folder lies what {_counted(students)} handed in through {how}, no one student's work"


def _students_in(entries):
    """The folders among (name, whether it is one) that may be students', where there are several and no notebook."""
    entries = list(entries)
    if any(is_candidate(name) for name, is_folder in entries if not is_folder):
        return []
    names = [name for name, is_folder in entries if is_folder and may_be_a_student(name)]
    return names if len(names) > 1 else []


def _files_of_several(entries):
    """The notebooks in a folder that begin with the names of several, which one student's own hardly do."""
    found = {entry: whose_file(entry.name, ())[0] for entry in entries if is_notebook(entry.name)}
    found = {entry: whose for entry, whose in found.items() if whose.student and may_be_a_student(whose.student)}
    by_lms = [entry for entry, whose in found.items() if whose.lms]
    chosen = by_lms or list(found)
    students = {found[entry].student for entry in chosen}
    return chosen if len(students) >= (2 if by_lms else OTHERS_NAMED) and not any(map(_is_folder, entries)) else []


def _of_students(names):
    shown = " and ".join(visible(name) for name in sorted(names)[:2])
    return f"In this folder the same chapter lies in the folders of several, as {shown}, so it is no one student's work"


def _counted(students):
    return f"{len(students)} student{'s' * (len(students) != 1)}"


def _several_in(members):
    """The folders at the top of a class's archive that are no one student's, and why; `members` as parts of names."""
    inside = defaultdict(set)
    for parts in members:
        if len(parts) > 1:
            inside[parts[0]].add(parts[1])
    reasons = {top: _of_several(top, sorted(names)) for top, names in inside.items()}
    return {top: f"{reason}: pack it by itself." for top, reason in reasons.items() if reason}


def _is_laid_there(parts):
    return len(parts) > 1 and is_filled_in_by_the_instructor(parts[1], parts[0])


def _around(names):
    """The folder, with its slash, that stands around all students' work in the archive of a class, or "".

    It is nbgrader's `submitted`, or has the assignment's title: below it are the folders of an LMS, or files that name
    several students.
    """
    tops, below = set(), set()
    for name in names:
        top, slash, rest = name.partition("/")
        tops.add(top + slash)
        below.add((rest.partition("/")[0], "/" in rest))
    (around, *others) = tops or {""}
    if others or not around.endswith("/") or from_lms(around[:-1]):
        return "submitted/" if "submitted/" in tops else ""
    students = {whose_file(name, ())[0].student for name, is_folder in below if not is_folder}
    several = len(students - {None}) > 1 or any(is_folder and lms_folder(name) for name, is_folder in below)
    several = several or _of_several(around[:-1], [name for name, is_folder in below if is_folder])
    return around if several or around == "submitted/" else ""


def _whose_parts(folders, shared, assignment):
    """Whose, from the folders above a member in the archive of a class, NOBODY without any."""
    if not folders:
        return NOBODY
    whose = whose_folder(folders[0], shared, assignment)
    return replace(whose, chapter=next(filter(None, map(chapter_by_name, folders[1:])), ""))


def _without_work(files):
    """The students' folders in which nothing lies but what every repository has; `files` as parts of their names."""
    inside = [(parts[0], is_of_a_repository(parts[-1])) for parts in files if len(parts) > 1]
    return {top for top, _ in inside} - {top for top, is_passed_over in inside if not is_passed_over}


def _empty_folders(members):
    """The folders of an archive that hold neither a file nor a folder."""
    # Not every program writes the folders between as members of their own.
    above = {"/".join(parts[:count]) for parts in map(_parts, members) for count in range(1, len(parts))}
    return [member.filename for member in members if _names_folder(member) and "/".join(_parts(member)) not in above]


def is_class_archive(path: Path) -> bool:
    """Whether an archive that lies in the inbox itself holds many students' work, by its members' names."""
    with opened(path) as archive:
        names = archive.namelist()
    if MANIFEST in names:
        return False
    tops = {name.split("/")[0] for name in names}
    if any(map(from_lms, tops)):
        return True
    # A repository, or somebody's whole course folder.
    if (len(tops) == 1 and is_repository(*tops)) or any(map(is_the_courses, tops)):
        return False
    # Students' folders or files, unless the archive's own name says that it is one student's.
    return not loose_student(path.name) and any(
        is_candidate(name) and ("/" in name or loose_student(name)) for name in names
    )


def read_bundle(data: bytes, most: int, kept: int) -> tuple[dict[str, Any], Trimmed] | None:
    """(manifest, Trimmed) of a bundle's bytes, None for another archive; raises UnreadableError."""
    with unzipping(), opened_bytes(data) as archive:
        members = archive.infolist()
        if MANIFEST not in [member.filename for member in members[: 2 * MEMBER_LIMIT]]:
            return None
        check_members(members, len(data))
        by_name = {member.filename: member for member in members}
        manifest = _manifest(read_member(archive, by_name[MANIFEST], MANIFEST_BYTES))
        name, digest = next(iter(manifest["files"].items()))
        if name not in by_name:
            raise UnreadableError(f"The bundle does not hold the notebook {visible(name)} that it lists.")
        read = read_trimmed_member(archive, by_name[name], most, kept)
    if read.sha256 != digest:
        raise UnreadableError(
            "The notebook is not the one the bundle was made of: it was changed afterwards. Submit again."
        )
    return manifest, read


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
