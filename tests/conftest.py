"""What all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def course_root():
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def confinement():
    """How this machine confines; where it cannot, a test is skipped, but in continuous integration it fails."""
    from course_lib.errors import CourseError
    from course_lib.grading.sandbox import find_confinement

    try:
        return find_confinement("bwrap")
    except CourseError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"continuous integration must test the sandbox: {error}")
        pytest.skip(str(error))
