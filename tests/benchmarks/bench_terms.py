"""Two simulated terms of 200 students and 10 chapters: their marks against an independent script, and how long."""

import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from tests.grading.terms import made_up_course
from tests.grading.test_term import played


def run(students=200):
    """Play both terms and compare all marks after each of ten weeks."""
    for seed in (1, 2):
        course, start = made_up_course(), time.perf_counter()
        with tempfile.TemporaryDirectory() as folder, patch("course_lib.checks.exercises", return_value=course):
            weeks = played(Path(folder), course, seed, students)
        print(f"term {seed}: {students} students, marks right after {weeks} weeks, {time.perf_counter() - start:.0f} s")
