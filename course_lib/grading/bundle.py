"""Hand in a notebook: one zip file with the notebook as it is and a manifest, and a receipt for the learner."""

import ast
import base64
import html
import inspect
import io
import json
import os
import platform
import re
import textwrap
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from course_lib import __version__
from course_lib.browser import IN_BROWSER
from course_lib.checks import chapters, exercises
from course_lib.checks.origins import sources
from course_lib.checks.seat import session_names
from course_lib.errors import CourseError
from course_lib.grading.config import Config, course_root, load_config
from course_lib.grading.files import write_whole
from course_lib.grading.notebook import (
    NEW_EDITION,
    UnreadableError,
    chapter_by_name,
    defined_names,
    read_notebook,
    receipt_code,
    recognised,
    sha256,
)

BUNDLE_FORMAT = 1
MANIFEST = "submission.json"
_STUDENT = re.compile(r"\w[\w.@+-]{0,63}")
# The bundle in the link of an earlier receipt, as a saved notebook holds it.
_LINKED = re.compile(rb'(<a download=\\"[^"\\]*\\" href=\\"data:application/zip;base64,)[\w+/=]+')


@dataclass(frozen=True)
class Receipt:
    """What was handed in: whose, which notebook, the code to quote, where the bundle lies and where it was copied."""

    student: str
    chapter: str
    notebook: str
    code: str
    bundle: Path
    copy: Path | None
    answered: tuple[str, ...]
    missing: tuple[str, ...]
    content: bytes = field(default=b"", repr=False)

    @property
    def _lines(self):
        total = len(self.answered) + len(self.missing)
        lines = [f"{self.notebook} answers {len(self.answered)} of the {total} exercises of chapter {self.chapter}."]
        if self.missing:
            lines.append(f"Not answered: {', '.join(self.missing)}.")
        lines.append(f"The bundle: {self.bundle}")
        lines.append(f"Delivered to {self.copy}" if self.copy else "Hand this file in where your course collects them.")
        return lines

    def __repr__(self):
        head = f"✓ Submitted for {self.student}, receipt {self.code}"
        return "\n".join([head, *(f"  {line}" for line in self._lines)])

    def _repr_html_(self):
        lines = "<br>".join(html.escape(line) for line in self._lines)
        return (
            '<div style="border-left:4px solid #1f77b4;padding:.2em .8em;margin:.2em 0"><strong>✓ Submitted for '
            f"{html.escape(self.student)}</strong>, receipt <code>{self.code}</code><br>{lines}{self._link}</div>"
        )

    @property
    def _link(self):
        """In a browser the bundle lies in the browser's own store; a link that holds it brings it out."""
        if not IN_BROWSER:
            return ""
        data = base64.b64encode(self.content).decode()
        return (
            f'<br><a download="{html.escape(self.bundle.name)}" href="data:application/zip;base64,{data}">'
            f"Download {html.escape(self.bundle.name)}</a>"
        )


@dataclass(frozen=True)
class Refusal:
    """Why nothing was handed in, in one sentence."""

    reason: str

    def __repr__(self):
        return f"✗ Not submitted.\n  {self.reason}"

    def _repr_html_(self):
        return (
            '<div style="border-left:4px solid #d55e00;padding:.2em .8em;margin:.2em 0">'
            f"<strong>✗ Not submitted</strong><br>{html.escape(self.reason)}</div>"
        )


def submit(
    notebook: str | Path | None = None, student: str | None = None, inbox: str | Path | None = None
) -> Receipt | Refusal:
    """Hand in a notebook from within it; shows a receipt, or why nothing was handed in.

    notebook   a path or a chapter such as "01"; by default the notebook this is called in.
    student    your student id; else COURSE_STUDENT, else `student` in course.toml.
    inbox      a folder to copy the bundle to; else COURSE_INBOX, else `inbox` in course.toml, else none.
    """
    try:
        return hand_in(notebook, student, inbox, session=session_names())
    except CourseError as error:
        return Refusal(str(error))


def hand_in(notebook=None, student=None, inbox=None, session=None):
    """Write the bundle and return its Receipt; CourseError says what is missing and what to type.

    session   the variables of the running notebook, {} outside one.
    """
    session = session or {}
    here = course_root()
    student = student_id(student, load_config(here))
    path = notebook_path(notebook, here, session)
    root = course_root(path.parent)
    if root is None:
        raise CourseError(
            f"{path} is in no course folder; one that holds course.toml, or pyproject.toml, was expected."
        )
    config = load_config(root)
    data, notebook = _read(path)
    banks, cells = sources(root), notebook.cells
    chapter = _chapter(path, notebook, banks)
    wanted = [exercise.name for exercise in exercises(chapter, banks)] if chapter else []
    if not wanted:
        raise CourseError(
            f"{path.name} belongs to no chapter with exercises; a name such as 01_title.ipynb was expected."
        )
    _complain_about_unsaved(wanted, session, cells, path)
    bundle, content = _write_bundle(root / "submissions", student, chapter, path.name, data)
    target = inbox or os.environ.get("COURSE_INBOX") or (config.inbox and root / Path(config.inbox).expanduser())
    copy = deliver(bundle, Path(target).expanduser()) if target else None
    written = answered_names(cells)
    answered = tuple(name for name in wanted if name in written)
    missing = tuple(name for name in wanted if name not in written)
    return Receipt(student, chapter, path.name, receipt_code(sha256(data)), bundle, copy, answered, missing, content)


def student_id(given: str | None, config: Config) -> str:
    """The student's id from the argument, the environment or course.toml; CourseError says what to type."""
    student = (given or os.environ.get("COURSE_STUDENT") or config.student or "").strip()
    advice = 'type submit(student="your-id") in a notebook, or course submit --student your-id'
    if not student:
        raise CourseError(f"Whose work is this? Say it: {advice}.")
    if not _STUDENT.fullmatch(student):
        raise CourseError(
            f"{student[:80]!r} cannot be a student id: letters, digits and . _ @ + - are allowed, beginning with a "
            f"letter or digit, 64 at most; {advice}."
        )
    return student


def notebook_path(given: str | Path | None, root: Path | None, session: Any) -> Path:
    """The notebook to hand in: what was asked for, else the one that is running; CourseError when there is none."""
    if given is not None and re.fullmatch(r"\d{1,2}", str(given)):
        return _exercise_notebook(f"{given:0>2}", root)
    if given is not None and given in chapters(sources(root) if root else None):
        return _exercise_notebook(given, root)
    if given is not None:
        path = Path(given).expanduser().resolve()
    else:
        running = session.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
        path = Path(running).resolve() if running else _notebook_of(session)
    if not path.is_file():
        raise CourseError(
            f"There is no file {path}. If the notebook was renamed or moved, say where it is now: "
            f'submit("path/to/notebook.ipynb").'
        )
    return path


def _notebook_of(session):
    """The notebook of this folder that defines the exercises which the session holds, where no frontend names it.

    CourseError asks when none does, or several do.
    """
    if IN_BROWSER and course_root() is None:
        raise CourseError(
            "This browser gives Python no files, as in a private window; File → Download saves the notebook: hand that "
            "file in, or open the course in an ordinary window."
        )
    mine = {exercise.name for exercise in exercises() if exercise.name in session}
    fitting = [path for path in sorted(Path.cwd().glob("*.ipynb")) if mine & _defined_in(path)] if mine else []
    if len(fitting) == 1:
        return fitting[0].resolve()
    choice = f" {', '.join(path.name for path in fitting)} all define them." if fitting else ""
    raise CourseError(
        f'Which notebook?{choice} Give its path or its chapter: submit("01") in a notebook, or course submit 01.'
    )


def _defined_in(path):
    try:
        return set(defined_names(read_notebook(path.read_bytes()).cells))
    except (OSError, UnreadableError):
        return set()


def _exercise_notebook(chapter, root):
    if root is None:
        raise CourseError(f"Chapter {chapter} of which course? Run this inside the course folder, or give a path.")
    sheets, banks = sorted((root / "exercises").glob("*.ipynb")), sources(root)
    sheets = [path for path in sheets if chapter_by_name(path.name, banks) == chapter]
    found = [path for path in sheets if NEW_EDITION not in path.name]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise CourseError(f"One notebook exercises/{chapter}_*.ipynb was expected, there is {names}; give its path.")
    return found[0]


def _read(path):
    """(bytes, Notebook) of the notebook file."""
    try:
        # A bundle holds no earlier one: else each would be larger than the one before.
        data = _LINKED.sub(rb"\1", path.read_bytes())
        return data, read_notebook(data)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    except UnreadableError as refusal:
        raise CourseError(f"{path.name}: {refusal}") from None


def _chapter(path, notebook, banks):
    """The chapter by what is in the notebook, else by its name, or ""; CourseError for one that is to be read."""
    named = chapter_by_name(path.name, banks)
    found = recognised(notebook, exercises(banks=banks), named)
    if found.to_read:
        raise CourseError(
            f"{path.name} is a chapter to read; its exercises are handed in, a notebook in the folder exercises."
        )
    return found.chapter or named


def answered_names(cells: Iterable[str]) -> set[str]:
    """Names that the cells define with more than a stub: a function that only raises NotImplementedError is none yet.

    The cells are the learner's own, on the learner's own machine, so they may be parsed.
    """
    answered: set[str] = set()
    for cell in cells:
        try:
            nodes: dict[str, ast.stmt | None] = {
                name: node for node in ast.parse(cell).body for name in _names_of(node)
            }
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            nodes = dict.fromkeys(defined_names([cell]))  # a magic, or a slip: what can be read as text counts
        for name, node in nodes.items():
            (answered.discard if node is not None and _is_stub(node) else answered.add)(name)
    return answered


def _names_of(node):
    """The names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_stub(node):
    """A body of a docstring and `raise NotImplementedError`, `...` or `pass`; a value of nothing, or of no words."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        value = node.value
        if not isinstance(value, ast.Constant):
            return value is None
        return value.value in (None, ...) or (isinstance(value.value, str) and not _words(value.value))
    if isinstance(node, ast.ClassDef):
        return False
    return all(
        (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        or isinstance(step, ast.Pass)
        or (isinstance(step, ast.Raise) and step.exc is not None and "NotImplementedError" in ast.unparse(step.exc))
        for step in node.body
    )


def _words(text):
    """The lines of a derivation that say something: no comments, no dots."""
    return [line for line in text.splitlines() if line.partition("#")[0].strip(" .…")]


def _complain_about_unsaved(names, session, cells, path):
    """CourseError when a function of this session was written in a cell that the file does not hold."""
    saved = [_essence(cell) for cell in cells]
    for name in names:
        function = session.get(name)
        if not inspect.isfunction(function) or not _from_a_cell(function):
            continue
        try:
            source = _essence(textwrap.dedent(inspect.getsource(function)))
        except (OSError, SyntaxError):  # its cell cannot be shown any more, so nothing can be said of it
            continue
        if not any(source in cell for cell in saved):
            raise CourseError(
                f"`{name}` as it runs here is not in {path.name} on the disk: save first (Ctrl+S), then run this cell "
                "again. If it is saved, run the cell that defines it again."
            )


def _from_a_cell(function):
    filename = function.__code__.co_filename
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<cell"))


def _essence(source):
    """The source without what saving may change: ends of lines and empty lines."""
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip())


def bundle_name(student: str, chapter: str, time: datetime) -> str:
    """A bundle's name without ending, such as `ada_01_20300101T120000Z`."""
    return f"{student}_{chapter}_{time:%Y%m%dT%H%M%SZ}"


def packed(student: str, chapter: str, name: str, data: bytes, time: datetime) -> bytes:
    """The bytes of a bundle that was made at `time`, UTC."""
    manifest = {
        "format": BUNDLE_FORMAT,
        "student": student,
        "chapter": chapter,
        "time": time.isoformat(timespec="seconds"),
        "files": {name: sha256(data)},
        "versions": {
            "python": platform.python_version(),
            "numpy": metadata.version("numpy"),
            "course_lib": __version__,
        },
    }
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w") as archive:
        for member, content in ((name, data), (MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))):
            written = zipfile.ZipInfo(member, time.timetuple()[:6])
            archive.writestr(written, content, zipfile.ZIP_DEFLATED)
    return archived.getvalue()


def _write_bundle(folder, student, chapter, name, data):
    """(path, bytes) of a new bundle in `folder`; a half-written one is never seen."""
    now = datetime.now(UTC)
    stem = bundle_name(student, chapter, now)
    try:
        folder.mkdir(exist_ok=True)
        path, count = folder / f"{stem}.zip", 1
        while path.exists():
            count += 1
            path = folder / f"{stem}-{count}.zip"
        content = packed(student, chapter, name, data, now)
        write_whole(path, content)
    except OSError as error:
        advice = " The browser's store may be full: File → Download saves the notebook itself." if IN_BROWSER else ""
        raise CourseError(f"The bundle cannot be written to {folder}: {error.strerror}.{advice}") from None
    return path, content


def deliver(bundle: Path, inbox: Path) -> Path:
    """Copy the bundle into the inbox; the path of the copy. CourseError says that the bundle itself stays."""
    try:
        if not inbox.is_dir():
            raise CourseError(
                f"The inbox {inbox} is not there; your bundle stays at {bundle}: hand that file in yourself."
            )
        target = inbox / bundle.name
        write_whole(target, bundle.read_bytes())
    except OSError as error:
        raise CourseError(
            f"The inbox {inbox} cannot be written to ({error.strerror}); your bundle stays at {bundle}: hand that file "
            "in yourself, or try again."
        ) from None
    return target
