"""Lay out the course in a folder of the student's own and open JupyterLab there.

What a student wrote is never written over. What was laid out is remembered with its sha256 in `.course.json`: a file
that is still as it was laid out gets the new edition; beside one that was changed, the new edition gets a name of its
own.
"""

import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.grading.config import course_root
from course_lib.grading.files import write_whole
from course_lib.grading.notebook import NEW_EDITION, sha256

PACKAGE = Path(__file__).resolve().parent
FOLDERS = ("notebooks", "exercises")
FIRST = "notebooks/00_start_here.ipynb"
MEMORY = ".course.json"
SETTINGS = """# Your course. Without the # in front, `submit()` needs no argument:
# student = "your-id"
# inbox = "folder/that/submissions/are/copied/to"
"""
NO_LAB = (
    "JupyterLab is not installed here; the course lies in {folder}. Get it with "
    "`python -m pip install jupyterlab` and type `course start` again, or open the folder in any editor for notebooks."
)


@dataclass(frozen=True)
class Layout:
    """What was done in the course folder: relative paths of new, renewed and spared files.

    beside   the changed file → its new edition, which lies beside it.
    """

    folder: Path
    added: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()

    def __str__(self):
        lines = [f"The course is in {self.folder}."]
        if self.renewed:
            lines.append(f"Brought up to date: {', '.join(self.renewed)}.")
        lines += [f"You have changed {mine}, so its new edition lies beside it: {new}." for mine, new in self.beside]
        return "\n".join(lines)


def material():
    """The folder that notebooks/ and exercises/ lie in: inside an installed package, else the clone."""
    inside = PACKAGE / "course"
    return inside if inside.is_dir() else PACKAGE.parent


def course_folder(given):
    """The folder to work in, a Path: what was asked for, else the course folder around this one, else course/."""
    if given is None:
        return course_root() or Path.cwd() / "course"
    return Path(given).expanduser().resolve()


def lay_out(folder):
    """Put the course into `folder` (a Path) and return the Layout; CourseError when it cannot be written.

    A clone of the course holds it already and is left alone.
    """
    source = material()
    is_clone = (folder / "pyproject.toml").is_file() and (folder / "exercises").is_dir()
    if folder == source or (is_clone and not (folder / MEMORY).exists()):
        return Layout(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = _remembered(folder)
        layout = _laid_out(source, folder, known)
        if not (folder / "course.toml").exists():
            write_whole(folder / "course.toml", SETTINGS.encode())
        write_whole(folder / MEMORY, (json.dumps(known, indent=1) + "\n").encode())
    except OSError as error:
        raise CourseError(f"The course cannot be laid out in {folder}: {error.strerror}.") from None
    return layout


def _remembered(folder):
    """Relative path → sha256 of the edition that was laid out there last; {} where nothing can be read."""
    try:
        known = json.loads((folder / MEMORY).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _laid_out(source, folder, known):
    """Bring every notebook of `source` to `folder`; `known` is brought up to date."""
    added, renewed, beside = [], [], []
    for path in (path for name in FOLDERS for path in sorted((source / name).glob("*.ipynb"))):
        name, data = path.relative_to(source).as_posix(), path.read_bytes()
        target, edition = folder / name, sha256(data)
        there = sha256(target.read_bytes()) if target.exists() else None
        if there is None:
            target.parent.mkdir(exist_ok=True)
            write_whole(target, data)
            added.append(name)
        elif there != edition and there == known.get(name):
            write_whole(target, data)
            renewed.append(name)
        elif there != edition != known.get(name):
            beside.append((name, _put_beside(target, data).relative_to(folder).as_posix()))
        known[name] = edition
    return Layout(folder, tuple(added), tuple(renewed), tuple(beside))


def _put_beside(path, data):
    """The path of the new edition beside `path`, under the first name that is free or holds just that."""
    number = 1
    while True:
        candidate = path.with_name(f"{path.stem}{NEW_EDITION}{number}{path.suffix}")
        if not candidate.exists():
            write_whole(candidate, data)
        if candidate.read_bytes() == data:
            return candidate
        number += 1


def open_lab(folder, options=()):
    """Run JupyterLab rooted in `folder`, in this process, until it is stopped. CourseError without JupyterLab."""
    if find_spec("jupyterlab") is None:
        raise CourseError(NO_LAB.format(folder=folder))
    os.environ["JUPYTER_CONFIG_PATH"] = config_path()
    os.chdir(folder)
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    from jupyterlab.labapp import main

    main([f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{FIRST}", *root, *options])


def config_path():
    """Where Jupyter looks for settings, the course's first: widgets are saved with a notebook, no news are fetched."""
    return os.pathsep.join(filter(None, [str(PACKAGE / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")]))
