"""Release, collect and grade: nothing that was handed in is trusted."""

import sys

from course_lib.errors import CourseError


def need_linux() -> None:
    """CourseError where grading cannot work: the sandbox is made of what the Linux kernel offers."""
    if not sys.platform.startswith("linux"):
        raise CourseError("Grading needs Linux, because its sandbox does; elsewhere use WSL or a container.")
