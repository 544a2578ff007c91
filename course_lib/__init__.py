"""From Jacobians to backpropagation: check answers, check derivations, submit.

Everything a learner types is one import away:

>>> from course_lib import check, hint, progress, derive, submit

The parts load when they are first used, so `import course_lib` costs hardly more than `import numpy`.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "check": "course_lib.checks",
    "hint": "course_lib.checks",
    "progress": "course_lib.checks",
    "derive": "course_lib.derivation",
    "practice": "course_lib.derivation",
    "work_out": "course_lib.derivation",
    "submit": "course_lib.grading.bundle",
    "doctor": "course_lib.health",
}
__all__ = ["check", "derive", "doctor", "hint", "practice", "progress", "submit", "work_out"]


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'course_lib' has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__():
    return sorted([*__all__, "__version__"])
