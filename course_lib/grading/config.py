"""What an instructor decides, read from `course.toml` in the course root."""

import difflib
import math
import tomllib
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from course_lib.checks.origins import bank_files, course_root
from course_lib.checks.specification import chapter_fault
from course_lib.errors import CourseError

__all__ = ["Config", "Late", "Limits", "config_from", "course_root", "instructors_config", "load_config", "places"]

# What every database holds as a whole number.
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Limits:
    """What one submission and one student may use; each is a key of `[limits]` in course.toml.

    seconds_per_call      processor time of one call of one answer; ten times as long by the clock.
    seconds_per_chapter   the same of a notebook's cells and all calls, fresh starts after a hang included.
    memory_mb             address space of the process that runs the notebook.
    output_kb             how much of what a notebook prints is kept.
    output_mb             after how much printing a notebook is stopped.
    answer_mb             largest value an answer may return.
    notebook_mb           largest notebook that is read, without its outputs.
    file_mb               largest file that is read, outputs and all.
    seconds_per_student   after how much processor time, or waiting for nothing, a student's next ones are put off.
    files_per_student     how many of a student's files are looked at.
    mb_per_student        after how much reading a student's further files are not looked at.
    """

    seconds_per_call: float = 10.0
    seconds_per_chapter: float = 30.0
    memory_mb: int = 2048
    output_kb: int = 16
    output_mb: int = 1024
    answer_mb: int = 64
    notebook_mb: int = 8
    file_mb: int = 100
    seconds_per_student: float = 300.0
    files_per_student: int = 300
    mb_per_student: int = 1000


# Beyond these the kernel or a frame (see `frames`) takes no value, and every notebook would be stopped for it.
MOST = {
    "seconds_per_call": 86_400,
    "seconds_per_chapter": 86_400,
    "memory_mb": 1 << 20,
    "output_kb": 1 << 10,
    "output_mb": 1 << 20,
    "answer_mb": 200,
    "notebook_mb": 80,
    "file_mb": 1 << 10,
    "seconds_per_student": 86_400,
    "files_per_student": 100_000,
    "mb_per_student": 1 << 20,
}


@dataclass(frozen=True)
class Late:
    """Late policy: the share of the points lost per day, and after how many days nothing counts.

    A day is one of the calendar, in the zone of the due time: late on the day itself or on the next one is one day,
    whatever the hour. A cut-off that is no whole number counts from the minute it was due.
    """

    per_day: float = 0.0
    cut_off_days: float | None = None


@dataclass(frozen=True)
class Config:
    """The decisions of one course; every field is a key of course.toml.

    exercises  files with exercises of the course's own, see `checks.origins`.
    chapters   chapters in play; empty: all.
    points     exercise name -> points, where they differ from the exercise's own.
    due        chapter -> time with zone.
    attempts   "latest" or "best": which submission of a chapter counts.
    clock      "arrival": the file's time in the inbox counts for lateness; "claim": what a bundle says of itself, which
               a student can write at will; None: arrival where a bundle was delivered to the inbox, else the claim.
    last_hint  whether `hint` may tell a line of a derivation, after the rule and the line with a gap.
    student, inbox   what `submit` uses when neither an argument nor the environment says otherwise.
    """

    title: str = "From Jacobians to backpropagation"
    exercises: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    points: dict[str, float] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    late: Late = Late()
    attempts: str = "latest"
    clock: str | None = None
    limits: Limits = Limits()
    seed: int | None = None
    last_hint: bool = True
    student: str | None = None
    inbox: str | None = None

    def counting_time(self, row: Any) -> datetime:
        """The time of a submission that counts for lateness and for which one is the latest."""
        return {"arrival": row.received_at, "claim": row.claimed_at, None: row.submitted_at}[self.clock]

    def share_after(self, chapter: str, submitted_at: datetime | None) -> float:
        """The share of a chapter's points that a submission keeps, between 0 and 1; 1 without a due time."""
        due = self.due.get(chapter)
        if due is None or submitted_at is None or submitted_at <= due:
            return 1.0
        # Midnight belongs to the day that it ends: due at 00:00 is due the evening before.
        last, handed_in = (time.astimezone(due.tzinfo) - timedelta.resolution for time in (due, submitted_at))
        days = max(1, (handed_in.date() - last.date()).days)
        most = self.late.cut_off_days
        if most is not None and most < (days if most == int(most) else (submitted_at - due).total_seconds() / 86400):
            return 0.0
        return max(0.0, 1.0 - self.late.per_day * days)


def places(out: str | Path | None = None) -> tuple[Path, Path]:
    """(the course's folder, the folder that grading writes) of the course that this is run in."""
    root = course_root() or Path.cwd()
    return root, Path(out) if out else root / "graded"


def load_config(root: Path | None) -> Config:
    """The Config in `root`/course.toml; the defaults when there is no such file. Raises CourseError."""
    path = Path(root) / "course.toml" if root is not None else None
    if path is None or not path.is_file():
        return Config()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CourseError(f"{path} cannot be read: {error}.") from None
    try:
        return config_from(table)
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from None


def config_from(table: dict[str, Any]) -> Config:
    """A Config from a parsed course.toml; CourseError names the key, what was got and what was expected."""
    _known(table, [f.name for f in fields(Config)], "")
    chosen = {}
    for key, read in _READERS.items():
        if key in table:
            chosen[key] = read(table[key], key)
    return Config(**chosen)


def instructors_config(root: Path) -> Config:
    """`load_config` for who grades: a chapter or an exercise that the course has not is a CourseError as well."""
    from course_lib.checks import chapters, exercises
    from course_lib.checks.origins import sources

    config, banks = load_config(root), sources(root)
    known = chapters(banks)
    for key, names in (("chapters", config.chapters), ("due", config.due)):
        for name in names:
            if name not in known:
                raise CourseError(
                    f"{root / 'course.toml'}: `{key}` has the chapter {name!r}; known are {', '.join(known)}."
                )
    try:
        _known(config.points, [exercise.name for exercise in exercises(banks=banks)], "points.")
    except CourseError as error:
        raise CourseError(f"{root / 'course.toml'}: {error}") from None
    return config


def _known(table, names, prefix):
    for key in table:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            help_text = f"did you mean `{prefix}{near[0]}`?" if near else f"known are {', '.join(sorted(names))}."
            raise CourseError(f"unknown key `{prefix}{key}`; {help_text}")


def _text(value, key):
    if not isinstance(value, str) or not value.strip():
        raise CourseError(f"`{key}` is {value!r}; a text was expected.")
    return value.strip()


def _integer(value, key):
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise CourseError(f"`{key}` is {value!r}; a whole number, 0 or more and at most {LARGEST}, was expected.")
    return value


def _truth(value, key):
    if not isinstance(value, bool):
        raise CourseError(f"`{key}` is {value!r}; true or false was expected.")
    return value


def _number(value, key):
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise CourseError(f"`{key}` is {value!r}; a number, 0 or more, was expected.")
    return float(value)


def _table(value, key):
    if not isinstance(value, dict):
        raise CourseError(f"`{key}` is {value!r}; a table `[{key}]` was expected.")
    return value


def _chapter(value, key):
    if fault := chapter_fault(value):
        raise CourseError(f"`{key}` has the chapter {value!r}; {fault}.")
    return value


def _chapters(value, key):
    if not isinstance(value, list):
        raise CourseError(f'`{key}` is {value!r}; a list such as ["01", "02"] was expected.')
    return tuple(_chapter(item, key) for item in value)


def _points(value, key):
    return {name: _number(number, f"{key}.{name}") for name, number in _table(value, key).items()}


def _due(value, key):
    times = {}
    for chapter, time in _table(value, key).items():
        _chapter(chapter, key)
        if not isinstance(time, datetime) or time.tzinfo is None:
            raise CourseError(
                f"`{key}.{chapter}` is {time}; a time with its zone was expected, such as 2030-10-01T23:59:00+02:00."
            )
        times[chapter] = time
    return times


def _late(value, key):
    _known(_table(value, key), [f.name for f in fields(Late)], f"{key}.")
    late = Late(**{name: _number(number, f"{key}.{name}") for name, number in value.items()})
    if late.per_day > 1:
        raise CourseError(f"`{key}.per_day` is {late.per_day:g}; a share between 0 and 1 was expected.")
    return late


def _limits(value, key):
    kinds = {f.name: f.type for f in fields(Limits)}
    _known(_table(value, key), kinds, f"{key}.")
    chosen = {}
    for name, number in value.items():
        chosen[name] = (_integer if kinds[name] is int else _number)(number, f"{key}.{name}")
        if not 0 < chosen[name] <= MOST[name]:
            raise CourseError(f"`{key}.{name}` is {number}; a number above 0 and at most {MOST[name]} was expected.")
    return Limits(**chosen)


def _attempts(value, key):
    if value not in ("latest", "best"):
        raise CourseError(f'`{key}` is {value!r}; "latest" or "best" was expected.')
    return value


def _clock(value, key):
    if value not in ("arrival", "claim"):
        raise CourseError(f'`{key}` is {value!r}; "arrival" or "claim" was expected.')
    return value


_READERS = {
    "title": _text,
    "exercises": bank_files,
    "chapters": _chapters,
    "points": _points,
    "due": _due,
    "late": _late,
    "attempts": _attempts,
    "clock": _clock,
    "limits": _limits,
    "seed": _integer,
    "last_hint": _truth,
    "student": _text,
    "inbox": _text,
}
