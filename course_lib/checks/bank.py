"""All exercises of the course, found in the `chapter_NN` modules beside this one."""

import difflib
import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from course_lib.checks.specification import BANK
from course_lib.errors import CourseError


@cache
def _load():
    for module in sorted(pkgutil.iter_modules([str(Path(__file__).parent)]), key=lambda module: module.name):
        if module.name.startswith("chapter_"):
            import_module(f"course_lib.checks.{module.name}")


def exercises(chapter=None):
    """The exercises in course order: all of them, or those of one chapter ("01")."""
    _load()
    return [exercise for exercise in BANK.values() if chapter in (None, exercise.chapter)]


def chapters():
    """The chapters that have exercises, in order: ["00", "01", ...]."""
    return sorted({exercise.chapter for exercise in exercises()})


def find(name):
    """The exercise of that name; CourseError with the nearest name when there is none."""
    _load()
    if name in BANK:
        return BANK[name]
    near = difflib.get_close_matches(name, BANK, n=1, cutoff=0.5)
    advice = f"did you mean `{near[0]}`?" if near else f"the exercises are {', '.join(BANK)}."
    raise CourseError(f"No exercise is called `{name}`; {advice}")
