"""What all tests share."""

import os
import shutil
import zlib
from pathlib import Path

import hypothesis
import numpy as np
import pytest


def pytest_addoption(parser):
    parser.addoption("--draws", type=int, default=0, help="give every test that draws at random other draws")


def pytest_configure(config):
    """The same examples in every run, unless other draws are asked for; and never a verdict on how long one takes."""
    draws = config.getoption("--draws")
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile(
        "course", derandomize=not draws, database=None, deadline=None, suppress_health_check=slow
    )
    hypothesis.settings.load_profile("course")


def pytest_collection_finish(session):
    """Refuse to go on where pytest and pytest-xdist do not fit together: nothing would fail, all would take longer."""
    if not session.config.getoption("loadgroup", False):
        return
    for item in session.items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} belongs to a group of tests, and pytest-xdist has not noticed")


@pytest.fixture
def rng(request):
    """A generator of this test's own: the same in every run and in any order, another one with --draws."""
    name = f"{request.node.path.name}::{request.node.name}"
    return np.random.default_rng([request.config.getoption("--draws"), zlib.crc32(name.encode())])


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """What a test checks is not kept in the course folder; a test of that asks for it."""
    monkeypatch.setattr("course_lib.checks.memory.place", lambda: None)


@pytest.fixture(scope="session")
def course_root():
    return Path(__file__).resolve().parent.parent


def missing(message):
    """Skip the test, or fail it under CI=true, for something that is not on this machine."""
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def need(program, reason):
    """The path of a system program; without it the test is skipped, or fails under CI=true."""
    found = shutil.which(program)
    if not found:
        missing(f"{program} is not installed: {reason}")
    return found


@pytest.fixture(scope="session")
def chromium():
    return need("chromium", "pages are tested in a real browser")


@pytest.fixture(scope="session")
def pyodide(course_root):
    """The folder with the copy of Pyodide; skipped without one, but under CI=true only if it could not be had."""
    folder = course_root / ".pyodide"
    if (folder / "pyodide-lock.json").is_file():
        return folder
    refused = os.environ.get("COURSE_TEST_NO_PYODIDE")
    message = refused or "no copy of Pyodide: .ci/fetch_pyodide.py fetches one"
    pytest.fail(message) if os.environ.get("CI") == "true" and not refused else pytest.skip(message)
    return None


@pytest.fixture(scope="session")
def mathlive(tmp_path_factory):
    """The folder with MathLive; skipped without npm or what npm brings, but never under CI=true.

    It is fetched aside: the tests leave a clone that was never built as it is.
    """
    from course_lib.errors import CourseError
    from course_lib.page import mathlive

    try:
        return (
            mathlive.MATHLIVE if mathlive.present() else mathlive.fetched(tmp_path_factory.mktemp("npm") / "mathlive")
        )
    except CourseError as error:
        pytest.fail(str(error)) if os.environ.get("CI") == "true" else pytest.skip(str(error))
    return None


@pytest.fixture(scope="session")
def bwrap():
    return need("bwrap", "the grading sandbox is bubblewrap")


@pytest.fixture(scope="session")
def confinement(bwrap):
    """How this machine confines a notebook: tried, not only looked for."""
    from course_lib.grading.sandbox import find_confinement

    return find_confinement("bwrap")
