"""Is this answer right? Draw inputs, compute the truth from the definition, compare, name the mistake."""

from course_lib.checks.bank import chapters, exercises, find
from course_lib.checks.drawing import SEED
from course_lib.checks.judging import judge
from course_lib.checks.seat import check, hint, progress

__all__ = ["SEED", "chapters", "check", "exercises", "find", "hint", "judge", "progress"]
