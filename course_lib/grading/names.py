"""What the names of files and folders say: whose they are, for which chapter, and what kind of file it is.

Names that an LMS gives, with what the student chose at the right end:

    Moodle   Full name_12345_assignsubmission_file/…, before 4.1 with a trailing _, or all in the file's name
    Canvas   sortablename[_LATE]_userid_fileid_…, or anon_id_fileid_…
    Blackboard   Assignment_username_attempt_2030-10-01-21-58-00_…, and without the rest a text of its own
    Brightspace  12345-67890 - Full name - Oct 1, 2030 958 PM/…, or all in the file's name
    Sakai    Name, First(username)/Submission attachment(s)/…, below a folder with the assignment's title
    GitHub Classroom   assignment-submissions/assignment-username/…, a clone of each student's repository
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from course_lib.grading.notebook import chapter_as_written, chapter_by_name, chapter_pattern, sha256

NAME_LIMIT = 120
# Who handed in what no name says anything of.
UNKNOWN = "(unknown)"
# What a system leaves in a folder; iCloud's placeholders begin with a dot as well, and stand for what was handed in.
_SILENT = re.compile(r"(?!.*\.icloud$)\.|~\$|__MACOSX$|Thumbs\.db$|desktop\.ini$", re.IGNORECASE)
# What handing in through nbgrader leaves beside the notebook.
TIMESTAMP = "timestamp.txt"
# Control, direction and invisible characters; the joiners U+200C and U+200D belong to names in several scripts.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ud800-\udfff"
    r"\U000e0000-\U000e0fff]"
)
# A folder's name is the LMS's alone, so it is read from the right: a full name may hold what looks like the rest.
_MOODLE_FOLDER = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+_?")
# A file's name ends with what the student chose, so it is read from the left: nobody can pass for another.
_MOODLE_FILE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_(?P<rest>.+)", re.DOTALL)
_CANVAS_FILE = re.compile(
    r"(?:anon(?:_LATE)?_(?P<anonymous>\w+?)|(?P<name>.+?)(?:_LATE)?_(?P<id>\d+))_(?P<file>\d{2,})_(?P<rest>.+)",
    re.DOTALL,
)
# The assignment is the instructor's and the time the LMS's; what follows is the student's.
_BLACKBOARD_FILE = re.compile(
    r"(?:.+?_)?(?P<name>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|\.txt)", re.DOTALL
)
# A folder for each time that somebody handed in; a time in the words of the course's language.
_BRIGHTSPACE = r"(?P<id>\d+)-\d+ ?- ?(?P<name>.+?) ?- ?(?P<time>[^-]*?\d{3,4}(?: [AP]M)?)"
_BRIGHTSPACE_FOLDER = re.compile(_BRIGHTSPACE)
_BRIGHTSPACE_FILE = re.compile(rf"{_BRIGHTSPACE} ?- ?(?P<rest>.+)", re.DOTALL)
# Its list of what is in the archive.
_BRIGHTSPACES = "index.html"
_SAKAI_FOLDER = re.compile(r"(?P<name>[^()]+,[^()]*)\((?P<id>[^()\s]+)\)")
# What Sakai lays beside what was handed in, for the instructor to fill in.
_SAKAIS = {"comments.txt", "feedbackText.html", "feedbackText.txt", "Feedback Attachment(s)"}
# What systems put before the name of a copy.
_COPY = r"(?:Copy of |Copie de |Kopie von |Copia de )*"
# Folders of a class that was sorted by chapters and not by students.
_CHAPTER_ALONE = re.compile(
    r"(?:chapter|ch|kapitel|homework|hw|assignment|exercises?|ex|problem ?set|ps|lab|sheet|blatt|week|unit)?"
    r"[ _.-]*(?P<number>\d{1,2})|(?P<sheet>\d\d)_[a-z_]+",
    re.IGNORECASE,
)
# Folders that one student may have beside each other, with the same chapter in them.
_ONES_OWN = re.compile(
    r"(?<![^\W_])(?:version|attempt|try|versuch|draft|final|old|new|backup|copy|copie|kopie|copia|first|second|third|last"
    r"|submi\w*|abgabe|exercises?|notebooks?|homework|assignment|solutions?|answers?|work|graded|corrected|v\d+)(?![^\W_])"
    r"|\d{4}-\d\d-\d\d",
    re.IGNORECASE,
)
_CHAPTER_IN_WORDS = re.compile(
    r"chapter|kapitel|homework|assignment|exercise|problem|sheet|blatt|week|\d\d_", re.IGNORECASE
)
# Of this course, and of one of nbgrader's beside `submitted`.
_OF_A_COURSE = {"exercises", "solutions", "notebooks", "source", "release", "autograded", "feedback"}
# A notebook, also as browsers and operating systems rename one: x.ipynb.txt, x.ipynb.json, x.ipynb (1).
_NOTEBOOK = re.compile(r".*(\.ipynb([ ._-]*\(?\d*\)?)(\.(txt|json|download))?|\.json)", re.IGNORECASE | re.DOTALL)
# What an instructor may have lying in an inbox: whatever their names look like, they are nobody's work.
_TABLES = {".csv", ".tsv", ".xls", ".xlsx", ".ods", ".xml", ".toml", ".sqlite", ".log"}
# How GitHub's tool ends the name of the folder for an assignment.
_CLONES = "-submissions"
_REPOSITORY = re.compile(r".+-(?:(?:main|master)(?:-[0-9a-f]{7,40})?|[0-9a-f]{40})")
_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar")
_KINDS = {
    (".html", ".htm"): "a page made of a notebook, for reading",
    (".pdf",): "a document for printing",
    (".docx", ".doc", ".odt", ".rtf", ".pages"): "a text document",
    _ARCHIVES: "an archive of a kind that is not read; zip is",
    (".icloud",): "a placeholder: the file itself stayed in iCloud, and has to be downloaded first",
    (".png", ".jpg", ".jpeg", ".gif", ".heic", ".svg", ".webp"): "a picture",
    (".py",): "a Python script",
    (".txt", ".md"): "a text",
    (".csv", ".tsv", ".xlsx", ".xls", ".ods"): "a table",
}
# Of these a student may think that they are the notebook, or hold it.
_MAY_BE_MEANT = {".html", ".htm", ".pdf", ".docx", ".doc", ".odt", ".icloud", *_ARCHIVES}


@dataclass(frozen=True)
class Whose:
    """What the names above and of a file say: the student (None: nothing), the chapter and the LMS's number.

    arrived   when nbgrader or an LMS says that what lies in the folder arrived, or None.
    cloned    whether the folder is the clone of a repository: not everything in it was handed in.
    """

    student: str | None = None
    chapter: str = ""
    lms: str = ""
    arrived: datetime | None = None
    cloned: bool = False


NOBODY = Whose()


def is_silent(name: str) -> bool:
    """Whether a file or folder of that name is the system's own and not worth a word."""
    return bool(_SILENT.match(name))


def is_nobodys(name: str) -> bool:
    """Whether a loose file of that name is no student's work: an instructor's table, or an LMS's own text."""
    left = _BLACKBOARD_FILE.fullmatch(name) or PurePath(name).suffix.lower() in _TABLES or name == _BRIGHTSPACES
    return bool(left) and whose_file(name, ())[0] is NOBODY


def is_notebook(name: str) -> bool:
    return bool(_NOTEBOOK.fullmatch(name))


def is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def is_candidate(path: str) -> bool:
    """Whether a member of an archive is called like a notebook or a bundle, by its path."""
    name = path.rpartition("/")[2].lower()
    named = is_zip(name) or (is_notebook(name) and ".ipynb" in name)
    return named and not any(map(is_silent, path.split("/")))


def other_kind(name: str) -> str:
    """What a file is that is neither a notebook nor an archive, and what was expected, in one sentence."""
    ending = PurePath(name).suffix.lower()
    known = next((words for endings, words in _KINDS.items() if ending in endings), None)
    what = known or (f"a file of the kind {visible(ending)}" if ending else "a file whose name has no ending")
    return f"This is {what}. The notebook itself was expected, a file that ends with .ipynb."


def visible(name: str) -> str:
    """A name that people may read, bounded: é is one character, control and invisible ones are replaced.

    Two names of which anything was replaced or cut off stay two: each ends with a piece of its hash.
    """
    name = unicodedata.normalize("NFC", name).strip()
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", name)
    if shown != name or len(shown) > NAME_LIMIT:
        shown = f"{shown[: NAME_LIMIT - 9]}~{sha256(name.encode('utf-8', 'surrogatepass'))[:8]}"
    return shown or "(no name)"


def visible_sentence(reason: object) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(reason))[:300]


def from_lms(name: str) -> bool:
    """Whether an LMS gave this name to a folder or file of its download."""
    return bool(lms_folder(name) or whose_file(name, ())[0].lms)


def lms_folder(name: str) -> str:
    """The LMS that gave this name to a student's folder, or ""."""
    patterns = {"Moodle": _MOODLE_FOLDER, "Brightspace": _BRIGHTSPACE_FOLDER, "Sakai": _SAKAI_FOLDER}
    return next((lms for lms, pattern in patterns.items() if pattern.fullmatch(name)), "")


def classroom_assignment(folder: str) -> str:
    """The assignment in the name of the folder into which GitHub Classroom's students are cloned, or ""."""
    return folder.removesuffix(_CLONES) if folder.endswith(_CLONES) else ""


def is_repository(folder: str) -> bool:
    """Whether a folder has the name that GitHub and GitLab give to the one folder in the archive of a repository."""
    return bool(_REPOSITORY.fullmatch(folder))


def is_of_a_repository(name: str) -> bool:
    """Whether a file is of those that a repository has beside the work: not what may have been meant as a notebook."""
    return not is_notebook(name) and not is_zip(name) and PurePath(name).suffix.lower() not in _MAY_BE_MEANT


def is_other_archive(name: str) -> bool:
    return PurePath(name).suffix.lower() in _ARCHIVES


def is_filled_in_by_the_instructor(name: str, folder: str) -> bool:
    """Whether a file or folder in a student's folder was laid there by Sakai, for the instructor."""
    return name in _SAKAIS and bool(_SAKAI_FOLDER.fullmatch(folder))


def doubled(names: Iterable[str]) -> set[str]:
    """The full names that two participants of one download share, from the names of its folders and files."""
    folders, files = (_MOODLE_FOLDER, _BRIGHTSPACE_FOLDER), (_MOODLE_FILE, _BRIGHTSPACE_FILE)
    found = {
        (visible(m["name"]), m["id"])
        for name in names
        for folder, file in zip(folders, files, strict=True)
        if (m := folder.fullmatch(name) or file.match(name))
    }
    return {name for name, count in Counter(name for name, _ in found).items() if count > 1}


def _participant(found: re.Match[str], lms: str, shared: Collection[str]) -> Whose:
    """Whose, for a match of one of an LMS's patterns: the full name, with the number where two share it."""
    name = visible(found["name"])
    student = f"{name} ({found['id']})" if name in shared else name
    return Whose(
        student, lms=f"{lms}:{found['id']}", arrived=_brightspace_time(found["time"]) if lms == "brightspace" else None
    )


def whose_folder(name: str, shared: Collection[str], assignment: str = "") -> Whose:
    """Whose, from the name of a folder that lies in the inbox itself; `shared` as `doubled` returns it.

    assignment   GitHub Classroom's, with which it begins the names of all its folders.
    """
    if assignment and len(name) > len(assignment) + 1 and name.startswith(f"{assignment}-"):
        return Whose(visible(name[len(assignment) + 1 :]))
    if found := _MOODLE_FOLDER.fullmatch(name):
        return _participant(found, "moodle", shared)
    if found := _BRIGHTSPACE_FOLDER.fullmatch(name):
        return _participant(found, "brightspace", shared)
    found = _SAKAI_FOLDER.fullmatch(name)
    return Whose(visible(name), lms=f"sakai:{found['id']}" if found else "")


def whose_file(name: str, shared: Collection[str]) -> tuple[Whose, str]:
    """(Whose, the file's own name), from the name of a file that lies in the inbox itself."""
    if found := _MOODLE_FILE.match(name):
        return _participant(found, "moodle", shared), found["rest"]
    if found := _BRIGHTSPACE_FILE.fullmatch(name):
        return _participant(found, "brightspace", shared), found["rest"]
    if found := _CANVAS_FILE.match(name):
        number = found["id"] or found["anonymous"]
        return Whose(f"{visible(found['name'] or 'anon')} ({number})", lms=f"canvas:{number}"), found["rest"]
    if found := _BLACKBOARD_FILE.fullmatch(name):
        student, time = visible(found["name"]), _attempt_time(found["time"])
        # Beside what was handed in lies a text that Blackboard wrote.
        whose = Whose(student, lms=f"blackboard:{student}", arrived=time) if found["rest"] else NOBODY
        return whose, found["rest"] or name
    student, chapter = _loose(name)
    if not student or PurePath(name).suffix.lower() in _TABLES:
        return NOBODY, name
    return Whose(student, chapter), name


def _attempt_time(text: str) -> datetime | None:
    """When Blackboard says that an attempt was made, in this machine's zone; None for no time."""
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _brightspace_time(text: str) -> datetime | None:
    """When Brightspace says that it was handed in, in this machine's zone; None for words that are not English."""
    day, _, rest = text.rpartition(", ")
    year, clock, *half = [*rest.split(), ""][:3]
    try:
        form = "%b %d %Y %I%M %p" if half[0] else "%b %d %Y %H%M"
        return datetime.strptime(f"{day} {year} {clock.zfill(4)} {half[0]}".strip(), form).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _loose(name: str) -> tuple[str, str]:
    """(student, chapter) from the name of a loose file, `<student>_<chapter>...`; ("", "") for another.

    Google Classroom puts ` - ` between a full name and what the file was called.
    """
    pattern = rf"{_COPY}(?:(?P<name>[^_]+? [^_]+?) - |(?P<student>.+?)_)(?P<chapter>{chapter_pattern()})"
    found = re.match(pattern, name, re.IGNORECASE)
    return (visible(found["name"] or found["student"]), chapter_as_written(found["chapter"])) if found else ("", "")


def loose_student(name: str) -> str:
    """The student that a name of the form <student>_<chapter> begins with, or ""."""
    return _loose(name)[0]


def is_the_courses(folder: str) -> bool:
    """Whether a folder has the name of one that every course has, and no student."""
    return folder.lower() in _OF_A_COURSE


def is_surely_a_chapter(folder: str) -> bool:
    """Whether a folder is named after a chapter in words that are nobody's id, as `hw1` or `ch12` may be."""
    return bool(_CHAPTER_IN_WORDS.match(folder)) and bool(only_a_chapter(folder))


def only_a_chapter(name: str) -> str:
    """The chapter that the name of a folder is and says nothing else, as `01`, `hw1`, `Week 1` or `01_gradients`."""
    found = _CHAPTER_ALONE.fullmatch(name)
    return (found["number"] or found["sheet"]).zfill(2) if found else ""


def may_be_a_student(folder: str) -> bool:
    """Whether the name of a folder in a folder may be a student's: it is no chapter, no version and no kind of work."""
    return not (only_a_chapter(folder) or chapter_by_name(folder) or _ONES_OWN.search(folder))


def hinted_chapter(whose: Whose, name: str) -> str:
    """The chapter that the folders and a file's name speak of, or ""; what is in the file decides."""
    return whose.chapter or chapter_by_name(name) or _loose(name)[1]
