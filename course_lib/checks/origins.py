"""Where exercises come from besides this package: files that course.toml names, and installed packages.

    exercises = ["my_bank.py"]          in course.toml, files in the course folder

    [project.entry-points."course_lib.exercises"]
    optics = "optics_course.exercises"  in a package's pyproject.toml, a module

This module finds and reads them; `bank` runs them.
"""

import os
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePath

from course_lib.errors import CourseError

GROUP = "course_lib.exercises"
CONFIG = "course.toml"


@dataclass(frozen=True)
class Source:
    """A bank: a file with its text, or the name of a module.

    name  as course.toml says it, or the module's name.
    path  where the file lies, for messages; the text is what counts. "" for a module.
    text  None for a module.
    """

    name: str
    path: str = ""
    text: str | None = None


def course_root(start: str | Path | None = None) -> Path | None:
    """The nearest folder at or above `start` that holds course.toml, or pyproject.toml with exercises/; else None."""
    try:
        start = Path(start or Path.cwd()).resolve()
    except FileNotFoundError:  # the folder that this was started in is gone
        return None
    for folder in [start, *start.parents]:
        if (folder / CONFIG).is_file():
            return folder
        if (folder / "pyproject.toml").is_file() and (folder / "exercises").is_dir():
            return folder
    return None


def sources(root: Path | None = None) -> tuple[Source, ...]:
    """The banks of the course in `root`, by default the one this runs in: its files and every installed package.

    Raises CourseError where course.toml or a file that it names cannot be read.
    """
    root = root or course_root()
    names = _listed(*_state(root / CONFIG)) if root else ()
    return (*(read_bank(root / name, name) for name in names if root), *packages())


@lru_cache(maxsize=1)
def packages() -> tuple[Source, ...]:
    """The modules that installed packages declare as banks, by name."""
    return tuple(Source(name) for name in sorted({entry.value for entry in metadata.entry_points(group=GROUP)}))


def read_bank(path: Path, name: str) -> Source:
    """The Source in a file, which messages call `name`; CourseError where there is none."""
    try:
        return _text(name, *_state(path.resolve()))
    except OSError as error:
        raise CourseError(f"The exercises in {name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CourseError(f"The exercises in {name} cannot be read: the file is not text in UTF-8.") from None


def bank_files(value: object, key: str = "exercises") -> tuple[str, ...]:
    """What stands under `exercises` in course.toml, checked; CourseError says what was expected."""
    wanted = '`{key}` is {value!r}; a list of Python files such as ["my_bank.py"] was expected.'
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise CourseError(wanted.format(key=key, value=value))
    for name in value:
        path = PurePath(name)
        if path.suffix != ".py":
            raise CourseError(wanted.format(key=key, value=value))
        if path.is_absolute() or ".." in path.parts:
            raise CourseError(f"`{key}` has {name!r}; a file inside the course folder was expected.")
    if len(set(value)) < len(value):
        raise CourseError(f"`{key}` names a file twice: {', '.join(value)}.")
    return tuple(value)


def tells_lines(root: Path | None = None) -> bool:
    """Whether `hint` may tell a line of a derivation itself: `last_hint` in course.toml, true where nothing is said.

    Raises CourseError where course.toml cannot be read.
    """
    root = root or course_root()
    return _last_hint(*_state(root / CONFIG)) if root else True


@lru_cache(maxsize=16)
def _last_hint(path: str, changed: int, size: int) -> bool:
    if size < 0:
        return True
    try:
        with open(path, encoding="utf-8-sig") as file:
            said = tomllib.loads(file.read()).get("last_hint", True)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CourseError(f"{path} cannot be read: {error}.") from None
    if not isinstance(said, bool):
        raise CourseError(f"{path}: `last_hint` is {said!r}; true or false was expected.")
    return said


def _state(path: Path) -> tuple[str, int, int]:
    """(path, time of change, size); -1 twice where there is no file."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return str(path), -1, -1
    return str(path), found.st_mtime_ns, found.st_size


@lru_cache(maxsize=16)
def _listed(path: str, changed: int, size: int) -> tuple[str, ...]:
    """The files that a course.toml names; read again when it has changed."""
    if size < 0:
        return ()
    try:
        with open(path, encoding="utf-8-sig") as file:
            table = tomllib.loads(file.read())
        return bank_files(table["exercises"]) if "exercises" in table else ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CourseError(f"{path} cannot be read: {error}.") from None
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from None


@lru_cache(maxsize=64)
def _text(name: str, path: str, changed: int, size: int) -> Source:
    with open(path, encoding="utf-8-sig") as file:
        return Source(name, path, file.read())
