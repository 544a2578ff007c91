"""Is this answer right? Draw inputs, compute the truth from the definition, compare, name the mistake."""

from course_lib.checks.bank import chapters, exercises, find
from course_lib.checks.drawing import SEED
from course_lib.checks.judging import judge
from course_lib.checks.seat import check, hint, progress
from course_lib.checks.specification import derivation, exercise

__all__ = [
    "SEED",
    "chapters",
    "check",
    "derivation",
    "exercise",
    "exercises",
    "find",
    "hint",
    "judge",
    "progress",
]
